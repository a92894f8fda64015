"""Turns of large transactions on SQLite, which has one writer at a time: none follows another without a pause.

A writer that waits looks at SQLite's lock now and then, at the longest every 100 ms. Where one batch of a backlog
followed the other, a sign-in found the lock taken whenever it looked and waited for the whole backlog (measured: 40 s).
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.db import connection, transaction

PAUSE = 0.25
"""Seconds for others after a large transaction, at most as long as it took; a waiting writer sleeps less, twice."""
LONGEST_WAIT, LOOK_EVERY = 60.0, 0.02  # seconds


@contextmanager
def bulk_transaction() -> Iterator[None]:
    """Open a transaction that writes much; on SQLite when it is its turn, within another transaction at once."""
    with turn(), transaction.atomic():
        yield


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Let writes within wait for SQLite's lock no longer than this; then they raise OperationalError."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        usual = int(cursor.fetchone()[0])
        cursor.execute(f"PRAGMA busy_timeout = {round(seconds * 1000)}")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {usual}")


@contextmanager
def turn() -> Iterator[None]:
    """Let large transactions of all processes pass one by one, each after a pause; other databases need none."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    line = open_line()
    if line is None:
        yield
        return
    try:
        # The pause is for those in line, too: who comes from the last transaction goes behind them.
        time.sleep(pause_left(line))
        stand_in_line(line)
        time.sleep(pause_left(line))
        begun = time.monotonic()
        try:
            yield
        finally:
            ended = time.monotonic()
            # What is committed has succeeded, even when the disk has no room left for these few bytes.
            with suppress(OSError):
                os.pwrite(line, f"{ended + min(PAUSE, ended - begun):020.6f}".encode(), 0)
    finally:
        os.close(line)


def open_line() -> int | None:
    """Open the file in which large transactions stand in line; None where this account may not: then nobody waits."""
    database = connection.settings_dict["NAME"]
    try:
        line = os.open(f"{database}-turn", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError:
        return None
    # What a command of the superuser creates would lock the portal's account out: SQLite gives its own files away, too.
    with suppress(OSError):
        owner, mine = Path(database).stat(), os.fstat(line)
        if os.geteuid() == 0 and mine.st_uid != owner.st_uid and mine.st_nlink == 1:
            os.fchown(line, owner.st_uid, owner.st_gid)
    return line


def stand_in_line(line: int) -> None:
    """Wait for one's turn, but not for ever: it is a courtesy, the database's own lock decides."""
    deadline = time.monotonic() + LONGEST_WAIT
    while time.monotonic() < deadline:
        try:
            fcntl.flock(line, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(LOOK_EVERY)
        except OSError:  # a file system without such locks
            return
        else:
            return


def pause_left(line: int) -> float:
    """Return the seconds until the next large transaction may begin; the clock began anew if they are absurd."""
    text = os.pread(line, 32, 0).decode(errors="replace")
    try:
        left = float(text) - time.monotonic()
    except ValueError:
        return 0.0
    return left if 0 < left < 2 * PAUSE else 0.0
