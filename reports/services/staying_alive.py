"""Signs of life of a worker during a long step: a thread beside it extends its lease."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from django.db import DatabaseError, connection

log = structlog.get_logger(__name__)
EVERY = 10.0  # seconds


@contextmanager
def staying_alive(beat: Callable[[], object]) -> Iterator[None]:
    """Call `beat` every ten seconds, on a database connection of its own, until the block ends."""
    ended = threading.Event()
    thread = threading.Thread(target=keep_beating, args=(beat, ended), name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def keep_beating(beat: Callable[[], object], ended: threading.Event) -> None:
    """Beat until told to end; a database that is away for a moment is asked again at the next beat."""
    try:
        while not ended.wait(EVERY):
            try:
                beat()
            except DatabaseError as error:
                log.warning("lease_not_extended", error=str(error))
    finally:
        connection.close()
