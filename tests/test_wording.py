"""One thing has one word: the check of catalogues finds rivals in translations, English texts and guides."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from callanalytics.settings import BASE_DIR

HEAD = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\nPlural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'


def checked(root: Path, english: str, german: str, guide: str = "") -> tuple[int, str]:
    """Check one German text and one guide in a folder of their own; return the exit code and what is said."""
    catalogue = root / "locale" / "de" / "LC_MESSAGES" / "django.po"
    catalogue.parent.mkdir(parents=True)
    catalogue.write_text(f'{HEAD}msgid "{english}"\nmsgstr "{german}"\n', encoding="utf-8")
    (root / "docs").mkdir()
    (root / "README.md").write_text(guide, encoding="utf-8")
    shutil.copytree(BASE_DIR / "scripts", root / "scripts")
    done = subprocess.run(
        [sys.executable, root / "scripts" / "check_catalogues.py"],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("english", "german", "guide", "said"),
    [
        ("Muted rule", "Stumme Alarmregel", "", "“Alarmregel” is called “geplanter Alarm”"),
        ("Choose an extension.", "Wählen Sie einen Apparat.", "", "no “nebenstelle”"),
        ("Open the alarm rule", "Alarm öffnen", "", "“alarm rule” is called “scheduled alarm”"),
        ("Calls", "Anrufe", "People log in once.", "“log in” is called “sign in, sign out”"),
    ],
)
def test_rival_words_are_found(tmp_path: Path, english: str, german: str, guide: str, said: str) -> None:
    code, text = checked(tmp_path, english, german, guide)
    assert code == 1
    assert said in text


def test_the_words_themselves_placeholders_and_code_are_no_rivals(tmp_path: Path) -> None:
    texts = "%(extension)s is called by <b>scheduled alarm</b>", "%(extension)s folgt aus <b>geplantem Alarm</b>"
    assert checked(tmp_path, *texts, "Column `email`; `log in` stands in code.") == (0, "")
