"""Checks that every catalogue is complete, well formed and true to docs/wording.md, and that the guides are true to it.

Prints what is wrong, and returns 1 if anything is.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polib
from wording import RIVALS, STEMS

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "locale"
SHOWN = 5
MARKUP = re.compile(r"%\(\w+\)[sd]|<[^>]*>")
CODE = re.compile(r"```.*?```|`[^`]*`|\]\([^)]*\)", re.DOTALL)
FOREIGN = {"Failed Logins"}
"""Texts of other programs that are shown as they are, or only translated here."""


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


def rivals_in(text: str, language: str) -> Iterator[str]:
    """Yield one line for each word that the language has another word for."""
    for pattern, instead in RIVALS[language].items():
        if found := re.search(pattern, text):
            yield f"“{found[0]}” is called “{instead}”: {text[:100]!r}"


def stray_words(path: Path) -> Iterator[str]:
    """Yield one line for each translation with a rival word, or without the word for a term of its English text."""
    language = path.parts[-3]
    for entry in polib.pofile(str(path)):
        english = MARKUP.sub("", f"{entry.msgid} {entry.msgid_plural}")
        said = MARKUP.sub("", " ".join([entry.msgstr, *entry.msgstr_plural.values()]))
        yield from rivals_in(said, language)
        for term, stems in STEMS.items():
            if re.search(term, english, re.IGNORECASE) and not re.search(stems[language], said, re.IGNORECASE):
                yield f"no “{stems[language]}” for {term}: {said[:100]!r}"


def stray_english(path: Path) -> Iterator[str]:
    """Yield one line for each rival word among the English texts of a catalogue."""
    for entry in polib.pofile(str(path)):
        if entry.msgid not in FOREIGN:
            yield from rivals_in(MARKUP.sub("", f"{entry.msgid} {entry.msgid_plural}"), "en")


def stray_in_guide(path: Path) -> Iterator[str]:
    """Yield one line for each rival word in a guide; code and links are left out."""
    for line in CODE.sub("", path.read_text(encoding="utf-8")).splitlines():
        yield from rivals_in(line, "en")


def all_faults() -> Iterator[tuple[Path, str]]:
    """Yield what is wrong, with the file in which it is."""
    catalogues = sorted(LOCALE.glob("*/LC_MESSAGES/*.po"))
    for path in catalogues:
        yield from ((path, fault) for fault in (*faults(path), *stray_words(path)))
    # The English texts are the same in all.
    yield from ((path, fault) for path in catalogues[:1] for fault in stray_english(path))
    guides = {ROOT / "README.md", *(ROOT / "docs").rglob("*.md")} - {ROOT / "docs" / "wording.md"}
    yield from ((path, fault) for path in sorted(guides) for fault in stray_in_guide(path))


def main() -> int:
    """Check every catalogue under locale/, and the guides."""
    wrong = 0
    for path, fault in all_faults():
        wrong = 1
        print(f"{path.relative_to(ROOT)}: {fault}")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
