"""Files read while earlier ones are written: the writer takes what is there once that is enough for a batch."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from itertools import chain, repeat
from pathlib import Path
from threading import Condition

from django.db import connection

from accounting.sources.beside import ReadingProcess
from accounting.sources.files import CallFile, read_file
from callanalytics.lib.cycles import cycle_search_paused

LEAST_RECORDS, BATCH_FILES = 10_000, 500
"""From how many records or files on a batch is written; less only at the end."""
MOST_RECORDS = {"postgresql": 35_000, "sqlite": 20_000}
"""Read ahead, and so written at once, with what the last file has beyond. Fewer on SQLite: others wait to write."""
BACKLOG_BYTES = 8 << 20
"""From this size on, all files together, a process for reading pays: more than the first batch, 700 bytes a record."""
Read = Callable[[str, Path], CallFile | None]


class FilesAhead:
    """Files that a thread has read and the writer has not taken yet."""

    def __init__(self, files: Iterator[CallFile]) -> None:
        """Take files that are read one by one when they are asked for."""
        self._files = files
        self._most = MOST_RECORDS[connection.vendor]
        self._read: deque[CallFile] = deque()
        self._records = 0
        self._ended = False
        self._changed = Condition()

    def fill(self) -> None:
        """Read on whenever there is room, until all files are read or the writer has ended."""
        try:
            while self._wait_for_room() and (file := next(self._files, None)):
                with self._changed:
                    self._read.append(file)
                    self._records += file.records
                    self._changed.notify_all()
        finally:
            self.end()

    def _wait_for_room(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._ended or not self._is_enough(self._most))
            return not self._ended

    def _is_enough(self, records: int) -> bool:
        return self._records >= records or len(self._read) >= BATCH_FILES

    def end(self) -> None:
        """Let nobody wait any more."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def take(self) -> list[CallFile]:
        """Return all files that are there, as soon as they are enough for a batch; none after the last."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._is_enough(LEAST_RECORDS))
            batch = list(self._read)
            self._read.clear()
            self._records = 0
            self._changed.notify_all()
        return batch

    def batches(self, filling: Future[None]) -> Iterator[list[CallFile]]:
        """Yield batches until all files are read; raises what has stopped the reading."""
        yield from iter(self.take, [])
        filling.result()


@contextmanager
def batches_read_ahead(kind: str, paths: Sequence[Path]) -> Iterator[Iterator[list[CallFile]]]:
    """Give the files of a kind of phone system in batches, in their order."""
    with ExitStack() as stack:
        read: Read = read_file
        if bytes_of(paths) >= BACKLOG_BYTES:
            read = stack.enter_context(ReadingProcess()).read
        ahead = FilesAhead(files_of(kind, paths, read))
        filling = stack.enter_context(ThreadPoolExecutor(1)).submit(ahead.fill)
        stack.callback(ahead.end)
        yield ahead.batches(filling)


def files_of(kind: str, paths: Sequence[Path], read: Read) -> Iterator[CallFile]:
    """Read files one by one: the first of them here, since a process for reading has only been started."""
    for path, reading in zip(paths, chain([read_file], repeat(read)), strict=False):
        with cycle_search_paused(look_after=False):
            file = reading(kind, path)
        if file:
            yield file


def bytes_of(paths: Sequence[Path]) -> int:
    """Return the size of all files that are there."""
    found = 0
    for path in paths:
        with suppress(OSError):
            found += path.stat().st_size
    return found
