"""Work during which Python does not look for reference cycles: looking takes a tenth to a fifth of it."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

pausing, paused = Lock(), 0


@contextmanager
def cycle_search_paused() -> Iterator[None]:
    """Let Python not look for reference cycles within; only where there are none, or until a look of one's own.

    Works of several threads may overlap: the search stays off until all are done, but for one look after each.
    """
    global paused  # noqa: PLW0603  (the search is the whole process's)
    with pausing:
        gc.disable()
        paused += 1
    try:
        yield
    finally:
        with pausing:
            paused -= 1
            if paused:
                gc.collect(0)
            else:
                gc.enable()
