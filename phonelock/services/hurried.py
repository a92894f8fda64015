"""Reads of the database for which a call waits: a quarter of a second at the most, whatever hangs."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier, BoundedSemaphore
from threading import Lock as Mutex
from typing import TypeVar

from django.db import DatabaseError, InterfaceError, connection

log = logging.getLogger(__name__)
Found = TypeVar("Found")
THREADS = 8
LONGEST_WAIT = 0.25
"""Seconds; UCM waits two, then does what its profile says about failures."""
PAUSE = 0.2
"""Seconds for which nothing is asked after a read that has failed or was too late."""


class TooLateError(Exception):
    """The database has not answered in time, or did not a moment ago."""


class HurriedReads:
    """Threads of their own, with connections of their own, so that those who ask can leave a hanging read behind.

    Neither a statement's time limit nor one for connecting helps against a server that has stopped: only somebody
    else's thread can wait for it.
    """

    def __init__(self) -> None:
        """Start no thread yet: a server may still divide into processes."""
        self._pool: ThreadPoolExecutor | None = None
        self._free = BoundedSemaphore(THREADS)
        self._starting = Mutex()
        self._paused_until = 0.0
        self._is_failing = False

    def read(self, work: Callable[[], Found]) -> Found:
        """Return what the work returns; raises TooLateError, or what the database has raised."""
        began = time.monotonic()
        if began < self._paused_until:
            raise TooLateError
        if not self._free.acquire(timeout=LONGEST_WAIT):
            self._fail("does not answer")
            raise TooLateError
        future = self._submit(work)
        try:
            found = future.result(max(0.0, LONGEST_WAIT - (time.monotonic() - began)))
        except TimeoutError:
            self._fail("does not answer")
            raise TooLateError from None
        except (DatabaseError, InterfaceError) as error:
            self._fail(type(error).__name__)
            raise
        self._succeed()
        return found

    def start(self, work: Callable[[], object]) -> None:
        """Let work be done beside; where no thread is free, it is left out."""
        if time.monotonic() >= self._paused_until and self._free.acquire(blocking=False):
            self._submit(work)

    def forget(self) -> None:
        """End the threads and their connections; later reads start new ones."""
        pool, self._pool, self._paused_until = self._pool, None, 0.0
        if pool is None:
            return
        together = Barrier(THREADS)
        for _thread in range(THREADS):
            pool.submit(end_with, together)
        pool.shutdown()

    def _submit(self, work: Callable[[], Found]) -> Future[Found]:
        with self._starting:
            self._pool = self._pool or ThreadPoolExecutor(THREADS, "call-control")
            future = self._pool.submit(tried_twice, work)
        future.add_done_callback(lambda _done: self._free.release())
        return future

    def _fail(self, why: str) -> None:
        self._paused_until = time.monotonic() + PAUSE
        if not self._is_failing:
            self._is_failing = True
            log.error("Calls are answered without the database, as the set-up says: %s", why)

    def _succeed(self) -> None:
        if self._is_failing:
            self._is_failing = False
            log.warning("Calls are answered by the locks in the database again")


def tried_twice(work: Callable[[], Found]) -> Found:
    """Do the work, a second time on a new connection: the first may have gone with a server that was restarted."""
    try:
        return work()
    except (DatabaseError, InterfaceError):
        connection.close()
    try:
        return work()
    except (DatabaseError, InterfaceError):
        connection.close()
        raise


def end_with(others: Barrier) -> None:
    """Close this thread's connection when all threads are here, so that each of them does it."""
    others.wait(LONGEST_WAIT)
    connection.close()


READS = HurriedReads()
