"""Copy the front-end files that pages use from node_modules into static/vendor (git-ignored), by an explicit list."""

import shutil
import sys
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
NODE_MODULES = BASE_DIR / "node_modules"
VENDOR = BASE_DIR / "static" / "vendor"

BOOTSTRAP = "bootstrap/dist"
INTER = "@fontsource-variable/inter"
PLEX_ARABIC = "@fontsource/ibm-plex-sans-arabic"

# Source maps come along because the static files storage refuses a file that names a missing map.
FILES = {
    f"{BOOTSTRAP}/css/bootstrap.min.css": "bootstrap/bootstrap.min.css",
    f"{BOOTSTRAP}/css/bootstrap.min.css.map": "bootstrap/bootstrap.min.css.map",
    f"{BOOTSTRAP}/css/bootstrap.rtl.min.css": "bootstrap/bootstrap.rtl.min.css",
    f"{BOOTSTRAP}/css/bootstrap.rtl.min.css.map": "bootstrap/bootstrap.rtl.min.css.map",
    f"{BOOTSTRAP}/js/bootstrap.bundle.min.js": "bootstrap/bootstrap.bundle.min.js",
    f"{BOOTSTRAP}/js/bootstrap.bundle.min.js.map": "bootstrap/bootstrap.bundle.min.js.map",
    "bootstrap/LICENSE": "bootstrap/LICENSE",
    "gridstack/dist/gridstack-all.js": "gridstack/gridstack-all.js",
    "gridstack/dist/gridstack-all.js.map": "gridstack/gridstack-all.js.map",
    "gridstack/dist/gridstack.css": "gridstack/gridstack.css",
    "gridstack/LICENSE": "gridstack/LICENSE",
    f"{INTER}/files/inter-latin-wght-normal.woff2": "fonts/inter-latin.woff2",
    f"{INTER}/files/inter-latin-ext-wght-normal.woff2": "fonts/inter-latin-ext.woff2",
    f"{INTER}/LICENSE": "fonts/LICENSE-inter",
    f"{PLEX_ARABIC}/files/ibm-plex-sans-arabic-arabic-400-normal.woff2": "fonts/plex-arabic-400.woff2",
    f"{PLEX_ARABIC}/files/ibm-plex-sans-arabic-arabic-500-normal.woff2": "fonts/plex-arabic-500.woff2",
    f"{PLEX_ARABIC}/files/ibm-plex-sans-arabic-arabic-600-normal.woff2": "fonts/plex-arabic-600.woff2",
    f"{PLEX_ARABIC}/LICENSE": "fonts/LICENSE-plex-arabic",
}


def main() -> int:
    """Copy every listed file; returns 1 and names what is missing when npm ci has not run."""
    missing = [source for source in FILES if not (NODE_MODULES / source).is_file()]
    if missing:
        print("Missing, run npm ci --ignore-scripts first:", *missing, sep="\n  ", file=sys.stderr)
        return 1
    shutil.rmtree(VENDOR, ignore_errors=True)
    for source, target in FILES.items():
        (VENDOR / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(NODE_MODULES / source, VENDOR / target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
