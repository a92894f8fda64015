"""Files read by a process of their own, so that reading and writing do not take turns on one processor.

The importing process asks for one file at a time, by its path. The answer is what read_file returns, in Python's own
binary form (marshal: both ends are the same program) with the legs by column, which both ends take apart and put
together in a quarter of the time that reading takes.
"""

import gc
import logging
import marshal
import os
import signal
import subprocess
import sys
from dataclasses import astuple
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from accounting.sources.base import Leg, Quality, Reading, Rejected
from accounting.sources.files import CallFile, read_file

logger = logging.getLogger(__name__)
LENGTH_BYTES = 8
"""Each message begins with its length."""


class ReadingProcess:
    """A process that reads files on demand; it ends with the `with` block, or when this process is no more."""

    def __init__(self) -> None:
        """Start it; it takes some tenths of a second to be ready, and nobody needs to wait for that."""
        command = [sys.executable, "-m", __name__]
        root = Path(__file__).parents[2]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root)

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it: without questions it has nothing more to do, whatever it is doing now."""
        self._process.kill()
        self._process.communicate()

    def read(self, kind: str, path: Path) -> CallFile | None:
        """Return what read_file says of a file; reads it here when the process is gone."""
        try:
            send(self._process.stdin, (kind, os.fsencode(path)))
            message = receive(self._process.stdout)
        except (OSError, ValueError):
            logger.warning("the reading process has ended; files are read beside the writing now")
            return read_file(kind, path)
        return unpacked(path, message) if message else None


def serve(questions: IO[bytes], answers: IO[bytes]) -> None:
    """Read the files that are asked for until nobody asks any more."""
    gc.disable()  # among the rows of a file are no cycles
    while True:
        try:
            kind, path = receive(questions)
        except BrokenPipeError:
            return
        file = read_file(kind, Path(os.fsdecode(path)))
        send(answers, packed(file) if file else ())


def send(pipe: IO[bytes] | None, message: tuple[Any, ...]) -> None:
    """Write a message; raises OSError when nobody reads it."""
    if pipe is None:
        raise BrokenPipeError
    content = marshal.dumps(message)
    pipe.write(len(content).to_bytes(LENGTH_BYTES, "little"))
    pipe.write(content)
    pipe.flush()


def receive(pipe: IO[bytes] | None) -> tuple[Any, ...]:
    """Return the next message; raises OSError when the other end is gone."""
    length = int.from_bytes(pipe.read(LENGTH_BYTES), "little") if pipe else 0
    content = pipe.read(length) if pipe and length else b""
    if not content or len(content) < length:
        raise BrokenPipeError
    message: tuple[Any, ...] = marshal.loads(content)  # noqa: S302  (written by this program)
    return message


def packed(file: CallFile) -> tuple[Any, ...]:
    """Return a file as plain values, its legs by column."""
    rows: tuple[Any, ...] = ()
    if reading := file.reading:
        qualities, rejected = list(map(astuple, reading.qualities)), list(map(astuple, reading.rejected))
        rows = (reading.kind, reading.records, list(zip(*reading.legs, strict=True)), qualities, rejected)
    return file.name, file.size, file.modified_ns, file.sha256, rows, file.reason, file.detail


def unpacked(path: Path, message: tuple[Any, ...]) -> CallFile:
    """Return the file that was packed."""
    name, size, modified, sha256, rows, reason, detail = message
    reading = None
    if rows:
        kind, records, columns, qualities, rejected = rows
        legs = list(map(Leg._make, zip(*columns, strict=True)))
        reading = Reading(
            kind, records, legs, [Quality(*one) for one in qualities], [Rejected(*one) for one in rejected]
        )
    return CallFile(path, name, size, modified, sha256, reading, reason, detail)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the importing process; this one ends with it
    serve(sys.stdin.buffer, sys.stdout.buffer)
