#!/bin/sh
# Installs the named Debian packages that are missing; touches neither apt nor the network when none is.
# usage: scripts/debian_packages.sh PACKAGE...
set -eu

if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "Not a Debian system: please see to it that these are installed: $*" >&2
    exit 0
fi
missing=
for package in "$@"; do
    state=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
        echo "Missing packages:$missing" >&2
        echo "Install them as root (apt-get install$missing), or install sudo." >&2
        exit 1
    fi
    as_root="sudo"
fi
echo "Installing from Debian:$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@" >"$log" 2>&1 </dev/null ||
        { cat "$log" >&2; return 1; }
}
# The lists of a fresh image are empty or old; packages that are found without them need no update.
apt install --yes --no-install-recommends $missing 2>/dev/null ||
    { apt update && apt install --yes --no-install-recommends $missing; }
