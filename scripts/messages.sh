#!/bin/bash
# Collects the visible strings of code and templates into the catalogues of the six languages beside English.
set -euo pipefail
cd "$(dirname "$0")/.."

languages=(de fr es ar pl it)
options=(--no-location --no-obsolete --ignore .venv --ignore node_modules --ignore static/vendor --ignore staticfiles
    --ignore tests --ignore benchmarks --ignore var --ignore build)
for language in "${languages[@]}"; do options+=(--locale "$language"); done
mkdir -p locale
.venv/bin/python manage.py makemessages "${options[@]}" --verbosity 0
if grep -qrs gettext static/js; then .venv/bin/python manage.py makemessages --domain djangojs "${options[@]}" --verbosity 0; fi
# A date of its own would make every run a change.
for catalogue in locale/*/LC_MESSAGES/*.po; do
    msgcat --sort-output --no-location --output-file "$catalogue" "$catalogue"
    sed -i '/^"POT-Creation-Date:/d; /^"PO-Revision-Date:/d; /^"Last-Translator:/d; /^"Language-Team:/d' "$catalogue"
done
.venv/bin/python scripts/check_catalogues.py || true
