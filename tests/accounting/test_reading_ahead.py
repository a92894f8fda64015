"""Files read ahead: all in their order, as many at once as are there, no more than there is room for, and an end."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from accounting.services import reading_ahead
from accounting.services.reading_ahead import FilesAhead, batches_read_ahead
from accounting.sources.base import Reading
from accounting.sources.files import CallFile
from tests.accounting.traffic import generated, write

RECORDS = reading_ahead.LEAST_RECORDS
LONG = 10
"""Seconds in which anything must have happened."""


def files(count: int, read: threading.Semaphore) -> Iterator[CallFile]:
    """Give files that are a batch each, and tell of each that is asked for after the first."""
    for number in range(count):
        name = str(number)
        yield CallFile(Path(name), name, 1, 0, reading=Reading("cdr", RECORDS))
        read.release()


def names(batch: list[CallFile]) -> list[int]:
    """Return the numbers of files."""
    return [int(file.name) for file in batch]


def room_for(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let so many files be read ahead."""
    for vendor in reading_ahead.MOST_RECORDS:
        monkeypatch.setitem(reading_ahead.MOST_RECORDS, vendor, count * RECORDS)


def test_what_has_been_read_meanwhile_is_one_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    room_for(5, monkeypatch)
    read = threading.Semaphore(0)
    ahead = FilesAhead(files(4, read))
    thread = threading.Thread(target=ahead.fill, daemon=True)
    thread.start()
    thread.join(LONG)
    assert names(ahead.take()) == [0, 1, 2, 3]
    assert ahead.take() == []


def test_no_more_is_read_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    room_for(2, monkeypatch)
    read = threading.Semaphore(0)
    ahead = FilesAhead(files(9, read))
    thread = threading.Thread(target=ahead.fill, daemon=True)
    thread.start()
    assert read.acquire(timeout=LONG)
    assert not read.acquire(timeout=0.2)  # the third would have been asked for
    taken = names(ahead.take())
    assert taken == [0, 1]
    while batch := names(ahead.take()):
        assert 1 <= len(batch) <= 2
        taken += batch
    assert taken == list(range(9))
    thread.join(LONG)
    assert not thread.is_alive()


@pytest.mark.parametrize("backlog", [False, True])
def test_who_leaves_early_leaves_nobody_behind(backlog: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the thread, which waits for room, nor the process that reads for it."""
    monkeypatch.setattr(reading_ahead, "BATCH_FILES", 1)
    monkeypatch.setattr(reading_ahead, "BACKLOG_BYTES", 1 if backlog else 1 << 40)
    paths = write(tmp_path, generated(records_per_file=20))
    before = set(threading.enumerate())
    with batches_read_ahead("cucm", paths) as batches:
        assert [file.path for file in next(batches)] == paths[:1]
    assert set(threading.enumerate()) <= before, "those of earlier tests may end meanwhile"


def test_an_error_of_the_reader_is_told_after_what_was_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = write(tmp_path, generated())
    whole = reading_ahead.read_file

    def read(kind: str, path: Path) -> CallFile | None:
        if path == paths[-1]:
            raise RuntimeError("no memory")
        return whole(kind, path)

    monkeypatch.setattr(reading_ahead, "read_file", read)
    found: list[Path] = []

    def take_all() -> None:
        with batches_read_ahead("cucm", paths) as batches:
            for batch in batches:
                found.extend(file.path for file in batch)

    with pytest.raises(RuntimeError, match="no memory"):
        take_all()
    assert found == paths[:-1]
