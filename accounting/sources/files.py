"""One call file as a whole: its size, its content's hash, and its rows or the reason against it."""

import hashlib
import logging
import os
from dataclasses import dataclass
from pathlib import Path

from accounting.sources import SOURCES
from accounting.sources.base import ForeignFileError, Reading

logger = logging.getLogger(__name__)
LARGEST_FILE = 128 << 20  # reading takes about five times its size in memory; a full day of a large cluster is less


@dataclass(slots=True)
class CallFile:
    """One file as read: its content's hash, and its rows or the reason why it is none of ours."""

    path: Path
    name: str
    size: int
    modified_ns: int
    sha256: str = ""
    reading: Reading | None = None
    reason: str = ""
    detail: str = ""

    @property
    def records(self) -> int:
        """How many rows the file has."""
        return self.reading.records if self.reading else 0


def read_file(kind: str, path: Path) -> CallFile | None:
    """Return a file of a kind of phone system with its rows, or with the reason against it; None when it is gone."""
    try:
        stat = path.stat()
    except OSError:
        return None
    file = CallFile(path, printable(path.name), stat.st_size, stat.st_mtime_ns)
    if stat.st_size > LARGEST_FILE:
        file.reason, file.detail = "unreadable", f"{stat.st_size} bytes"
        return file
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        file.reason, file.detail = "unreadable", str(error)[:200]
        return file
    file.sha256 = hashlib.sha256(content).hexdigest()
    try:
        file.reading = SOURCES[kind].read(content)
    except ForeignFileError as error:
        file.reason, file.detail = error.code, error.detail.replace("\0", "\\0")[:200]
    except Exception as error:
        logger.exception("%r cannot be read as a file of %s", file.name, kind)
        file.reason, file.detail = "failed", str(error).replace("\0", "")[:200]
    return file


def printable(name: str) -> str:
    """Return a file's name as every database can keep it: bytes that are no UTF-8 are shown as such."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")[:255]
