#!/bin/bash
# Checks the code without running it: every check runs, and any failure fails the whole.
set -uo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin
status=0

check() {
    local name=$1
    shift
    printf '\033[1m==>\033[0m %s\n' "$name"
    "$@" </dev/null || { echo "FAILED: $name" >&2; status=1; }
}

# The settings of a production portal, made up for this check; nothing is contacted.
production() {
    env DATA_DIR="$scratch" SECRET_KEY="$(head -c 48 /dev/urandom | base64)" HTTPS=1 ALLOWED_HOSTS=portal.example.com \
        DATABASE_URL=postgres://portal@localhost/portal REDIS_URL=redis://localhost/0 \
        "$bin/python" manage.py check --deploy --fail-level WARNING
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

check "Style (ruff)" "$bin/ruff" check --quiet .
check "Format (ruff)" "$bin/ruff" format --check --quiet .
check "Types (mypy)" "$bin/mypy" --no-error-summary
check "Layers (import-linter)" "$bin/lint-imports" --no-logo
check "Templates (djlint)" "$bin/djlint" --lint --quiet templates
check "Migrations" env DATA_DIR="$scratch" "$bin/python" manage.py makemigrations --check --dry-run --verbosity 1
check "Deployment settings" production
check "Catalogues" "$bin/python" scripts/check_catalogues.py
exit "$status"
