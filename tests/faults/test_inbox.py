"""Inboxes as they go wrong: odd folders, files, names and clocks never stop the other files and phone systems."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from accounting.demo.records import cdr_file, cmr_file, cmr_row
from accounting.models import CallLeg, FileState, ImportBatch, ImportFile, PhoneSystem
from accounting.services import reading_ahead
from accounting.services.collecting import collect
from tests.accounting.test_importing import row

pytestmark = pytest.mark.django_db(transaction=True)
BAD, GOOD = "cdr_c_01_202511010000_1", "cdr_c_01_202511010001_2"


@pytest.fixture
def clusters(inbox: Path) -> None:
    """Two phone systems with inboxes, a and b."""
    for name in ("a", "b"):
        PhoneSystem.objects.create(name=name)
        (inbox / name).mkdir()


def put(path: Path, content: bytes, age: float = 20) -> Path:
    """Write a file as if some seconds ago."""
    path.write_bytes(content)
    os.utime(path, (time.time() - age, time.time() - age))
    return path


def calls() -> set[str]:
    """Return the call numbers of all records imported."""
    return {ref.rsplit("/", 1)[1] for ref in CallLeg.objects.values_list("call_ref", flat=True)}


def damaged(content: bytes) -> Callable[[Path], object]:
    """Return what puts a file with this content."""
    return lambda path: put(path, content)


ENDLESS_QUALITY = cmr_row(
    "15", globalCallID_callId=1, callIdentifier=10, dateTimeStamp=1_760_000_000, varVQMetrics="MLQK=inf"
)
ODD: dict[str, Callable[[Path], object]] = {
    "byte order mark only": damaged(b"\xef\xbb\xbf"),
    "carriage return within a row": damaged(cdr_file([row(9).replace("1760000000", "1760000000\r")], "15")),
    "number of 5000 digits": damaged(cdr_file([row(9, origLegCallIdentifier="9" * 5000)], "15")),
    "digit of another script": damaged(cdr_file([row(9, calledPartyPatternUsage="²")], "15")),
    "endless quality": damaged(cmr_file([ENDLESS_QUALITY], "15")),
    "link to itself": lambda path: path.symlink_to(path),
    "pipe": os.mkfifo,
    "file that cannot be read": lambda path: path.symlink_to("/proc/self/mem"),
    "folder": lambda path: path.mkdir(),
    "name that is no UTF-8": lambda path: put(
        Path(os.fsdecode(os.fsencode(path.parent) + b"/cdr_B\xfcro_01_202501010000_1")), cdr_file([row(9)], "15")
    ),
    "longest name, twice": lambda path: [
        put(path.with_name("x" * 255), b"hello\n"), put(path.with_name("x" * 254 + "y"), b"hello\n")
    ],
}  # fmt: skip


@pytest.mark.parametrize("oddity", ODD)
def test_an_odd_file_stops_no_other(oddity: str, clusters: None, inbox: Path) -> None:
    """The other file of its inbox and the other phone system's are imported, at the first look and at the next."""
    ODD[oddity](inbox / "a" / BAD)
    put(inbox / "a" / GOOD, cdr_file([row(1)], "15"))
    put(inbox / "b" / GOOD, cdr_file([row(2)], "15"))
    for _ in range(3):
        collect()
    assert {"1", "2"} <= calls()
    assert not (inbox / "a" / GOOD).exists()


def test_an_archive_that_cannot_be_written_stops_nothing(
    clusters: None, inbox: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls come in though no file can be moved, each once; later looks write nothing."""
    monkeypatch.setattr(reading_ahead, "BATCH_FILES", 1)
    Path(settings.ARCHIVE_DIR).write_text("a file where the folder should be")
    for number in (1, 2, 3):
        put(inbox / "a" / f"cdr_c_01_20251101000{number}_{number}", cdr_file([row(number)], "15"))
    put(inbox / "b" / GOOD, cdr_file([row(4)], "15"))
    for _ in range(3):
        collect()
    assert calls() == {"1", "2", "3", "4"}
    assert ImportBatch.objects.count() == 4


@pytest.mark.parametrize("kind", ["asterisk", "cucm"])
def test_a_phone_system_that_cannot_be_collected(kind: str, inbox: Path) -> None:
    """Its format is not known, or a file stands where its folder should be: the others are collected."""
    PhoneSystem.objects.create(name="a", kind=kind)
    PhoneSystem.objects.create(name="b")
    (inbox / "b").mkdir()
    if kind == "cucm":
        (inbox / "a").write_text("a file where the folder should be")
    else:
        (inbox / "a").mkdir()
        put(inbox / "a" / GOOD, cdr_file([row(1)], "15"))
    put(inbox / "b" / GOOD, cdr_file([row(2)], "15"))
    for _ in range(2):
        collect()
    assert calls() == {"2"}


def test_a_time_to_come_is_no_sign_of_writing(clusters: None, inbox: Path) -> None:
    """The phone system's clock is a day ahead."""
    put(inbox / "a" / GOOD, cdr_file([row(1)], "15"), age=-86_400)
    collect()
    assert calls() == {"1"}


def test_foreign_files_of_one_content_are_all_listed(clusters: None, inbox: Path) -> None:
    """Each under its own name."""
    for name in ("one", "two"):
        put(inbox / "a" / name, b"hello\n")
        collect()
    assert ImportFile.objects.filter(state=FileState.SET_ASIDE).count() == 2


def test_a_file_name_writes_no_log_line(clusters: None, inbox: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A line end in a name stands escaped in the log."""
    put(inbox / "a" / "x\n2026-01-01 [info] all is well", b"hello\n")
    collect()
    assert "set aside" in caplog.text
    assert "\n2026-01-01" not in caplog.text
