"""Work during which Python does not look for reference cycles: looking takes a tenth to a fifth of it."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

pausing, paused = Lock(), 0


@contextmanager
def cycle_search_paused(*, look_after: bool = True) -> Iterator[None]:
    """Let Python not look for reference cycles within; only where there are none, or until a look of one's own.

    Works of several threads may overlap: the search stays off until all are done, but for one look after each; without
    `look_after`, for work that leaves no cycles beside one that is looked after.
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
            if not paused:
                gc.enable()
            elif look_after:
                gc.collect(0)
