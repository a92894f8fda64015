"""The inbox: what is taken, what is left, and where files go."""

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from accounting.demo.records import cdr_file
from accounting.models import CallRecord, ImportFile, PhoneSystem
from accounting.services.collecting import collect
from tests.accounting.test_importing import row

pytestmark = pytest.mark.django_db


@pytest.fixture
def cluster() -> PhoneSystem:
    """A phone system that is collected."""
    return PhoneSystem.objects.create(name="cluster")


def drop(inbox: Path, name: str, content: bytes, age: float = 5) -> Path:
    """Put a file into the cluster's inbox as if it had been written some seconds ago."""
    folder = inbox / "cluster"
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    os.utime(path, (time.time() - age, time.time() - age))
    return path


def test_complete_files_are_imported_and_archived(cluster: PhoneSystem, inbox: Path) -> None:
    """A file moves to the archive only after its calls are in."""
    path = drop(inbox, "cdr_c_01_202511010000_1", cdr_file([row(1)], "15"))
    assert collect().call_records == 2
    assert not path.exists()
    assert [found.name for found in (inbox.parent / "archive").rglob("cdr_*")] == [path.name]


def test_foreign_files_go_aside(cluster: PhoneSystem, inbox: Path) -> None:
    """They leave the inbox, whole."""
    drop(inbox, "letter.docx", b"Dear ...\n")
    assert collect().set_aside == 1
    assert (inbox.parent / "set_aside" / "cluster" / "letter.docx").read_bytes() == b"Dear ...\n"


@pytest.mark.parametrize(
    ("name", "age", "cut"),
    [("_cdr_c_01_202511010000_1", 60, 0), ("cdr.tmp", 60, 0), (".cdr", 60, 0), ("cdr_c_01_202511010000_1", 0, 0),
     ("cdr_c_01_202511010000_1", 5, 1)],
)  # fmt: skip
def test_unfinished_files_are_left(name: str, age: float, cut: int, cluster: PhoneSystem, inbox: Path) -> None:
    """By their name, by their age, or because the last line has no end yet."""
    content = cdr_file([row(1)], "15")
    path = drop(inbox, name, content[: len(content) - cut], age)
    assert collect().files == 0
    assert path.exists()


def test_a_file_in_the_ledger_is_only_moved(cluster: PhoneSystem, inbox: Path) -> None:
    """A worker killed between commit and move leaves the file; the next one sees that it is in."""
    content = cdr_file([row(1)], "15")
    drop(inbox, "cdr_c_01_202511010000_1", content)
    collect()
    path = drop(inbox, "cdr_c_01_202511010000_1", content)
    assert collect().call_records == 0
    assert not path.exists()
    assert ImportFile.objects.count() == 1
    assert CallRecord.objects.count() == 2


def test_a_leased_inbox_is_left_to_its_collector_until_the_lease_ends(cluster: PhoneSystem, inbox: Path) -> None:
    """Two workers do not read the same files; a dead one is followed after its lease."""
    drop(inbox, "cdr_c_01_202511010000_1", cdr_file([row(1)], "15"))
    PhoneSystem.objects.update(collecting_until=timezone.now() + timedelta(seconds=30))
    assert collect().files == 0
    PhoneSystem.objects.update(collecting_until=timezone.now() - timedelta(seconds=1))
    assert collect().files == 1


def test_a_disabled_system_is_not_collected(cluster: PhoneSystem, inbox: Path) -> None:
    """Its files wait."""
    path = drop(inbox, "cdr_c_01_202511010000_1", cdr_file([row(1)], "15"))
    PhoneSystem.objects.update(enabled=False)
    assert collect().files == 0
    assert path.exists()


def test_two_clusters_keep_apart(cluster: PhoneSystem, inbox: Path) -> None:
    """The same record ids in two phone systems are different calls."""
    PhoneSystem.objects.create(name="other")
    drop(inbox, "cdr_c_01_202511010000_1", cdr_file([row(1)], "15"))
    (inbox / "other").mkdir()
    path = inbox / "other" / "cdr_c_01_202511010000_1"
    path.write_bytes(cdr_file([row(1)], "15"))
    os.utime(path, (time.time() - 5, time.time() - 5))
    assert collect().call_records == 4
