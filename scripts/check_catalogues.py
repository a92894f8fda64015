"""Checks that every catalogue is complete and well formed; prints what is missing and returns 1 if anything is."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polib

LOCALE = Path(__file__).resolve().parent.parent / "locale"
SHOWN = 5


def faults(path: Path) -> Iterator[str]:
    """Yield one line for each kind of fault of a catalogue."""
    catalogue = polib.pofile(str(path))
    for kind, entries in (("untranslated", catalogue.untranslated_entries()), ("fuzzy", catalogue.fuzzy_entries())):
        if entries:
            texts = "; ".join(repr(entry.msgid) for entry in entries[:SHOWN])
            yield f"{len(entries)} {kind}: {texts}{' ...' if len(entries) > SHOWN else ''}"
    # msgfmt knows the plural forms of each language and compares placeholders.
    command = ["msgfmt", "--check", "--output-file=/dev/null", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        yield done.stderr.strip()


def main() -> int:
    """Check every catalogue under locale/."""
    wrong = 0
    for path in sorted(LOCALE.glob("*/LC_MESSAGES/*.po")):
        for fault in faults(path):
            wrong = 1
            print(f"{path.relative_to(LOCALE.parent)}: {fault}")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
