#!/bin/bash
# Runs all tests on SQLite, then on PostgreSQL; fails when either run does. Arguments go to pytest.
set -uo pipefail
cd "$(dirname "$0")/.."

scripts/debian_packages.sh postgresql-15 redis-server slapd ldap-utils chromium fonts-noto-core \
    dbus-daemon python3-dbusmock || exit 1

status=0
for database in sqlite postgresql; do
    printf '\033[1m==>\033[0m Tests on %s\n' "$database"
    TEST_DATABASE=$database .venv/bin/python -m pytest -n "${TEST_PROCESSES:-2}" "$@" </dev/null || status=1
done
exit "$status"
