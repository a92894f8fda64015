"""Files read by a process of their own: the same as read here, whatever they hold and whatever becomes of it."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from accounting.demo.records import cdr_file, cdr_row
from accounting.models import CallLeg, PhoneSystem
from accounting.services import reading_ahead
from accounting.services.importing import import_files
from accounting.services.stored_calls import load_legs
from accounting.sources.base import Leg
from accounting.sources.beside import ReadingProcess
from accounting.sources.files import CallFile, read_file
from tests.accounting.agreement import assert_totals_agree
from tests.accounting.traffic import generated, picture, write

ODD = {
    "empty": b"",
    "foreign": b"date;caller;called\n2026-01-01;1;2\n",
    "damaged": cdr_file([cdr_row("15", callingPartyNumber="2001"), "1,2,3", "no row"], "15"),
    "cut": cdr_file([cdr_row("15")], "15")[:-40],
    os.fsdecode(b"name-\xff"): b"x",
}  # fmt: skip


@pytest.fixture(scope="module")
def beside() -> Iterator[ReadingProcess]:
    """A reading process for several tests."""
    with ReadingProcess() as process:
        yield process


def compared(file: CallFile | None) -> CallFile:
    """Return the file; there must be one."""
    assert file is not None
    return file


def test_a_day_of_traffic_is_read_the_same(beside: ReadingProcess, tmp_path: Path) -> None:
    """Call records and quality reports of a day with every feature."""
    paths = write(tmp_path, generated())
    files = [compared(beside.read("cucm", path)) for path in paths]
    assert files == [read_file("cucm", path) for path in paths]
    assert {file.reading.kind for file in files if file.reading} == {"cdr", "cmr"}


@pytest.mark.parametrize("name", ODD)
def test_odd_files_are_read_the_same(name: str, beside: ReadingProcess, tmp_path: Path) -> None:
    """Rejected rows, reasons and names come whole."""
    path = tmp_path / name
    path.write_bytes(ODD[name])
    assert compared(beside.read("cucm", path)) == read_file("cucm", path)


def test_a_file_that_is_gone_is_none(beside: ReadingProcess, tmp_path: Path) -> None:
    """Another worker may have taken it."""
    assert beside.read("cucm", tmp_path / "gone") is None


def test_a_killed_process_stops_nothing(tmp_path: Path) -> None:
    """Files are read here then."""
    paths = write(tmp_path, generated())[:3]
    with ReadingProcess() as process:
        first = process.read("cucm", paths[0])
        os.kill(process.pid, signal.SIGKILL)
        rest = [process.read("cucm", path) for path in paths[1:]]
    assert [first, *rest] == [read_file("cucm", path) for path in paths]


def stored(phone_system: PhoneSystem) -> list[Leg]:
    """Return all legs of a phone system."""
    calls = CallLeg.objects.filter(phone_system_id=phone_system.pk).values_list("call_id", flat=True)
    return sorted(leg for legs in load_legs(calls).values() for leg in legs)


@pytest.mark.django_db
def test_a_backlog_is_imported_as_few_files_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the process and without it: the legs as they were read, the same calls, and totals that agree."""
    paths = write(tmp_path, generated())
    few, many = (PhoneSystem.objects.create(name=name) for name in ("few", "many"))
    import_files(few, paths)
    monkeypatch.setattr(reading_ahead, "BACKLOG_BYTES", sum(path.stat().st_size for path in paths))
    summary = import_files(many, paths)
    assert (summary.duplicates, summary.rejected, summary.set_aside) == (0, 0, 0)
    read = sorted(
        leg for path in paths if (reading := compared(read_file("cucm", path)).reading) for leg in reading.legs
    )
    assert stored(few) == read
    assert stored(many) == read
    assert picture(many) == picture(few)
    assert_totals_agree()
