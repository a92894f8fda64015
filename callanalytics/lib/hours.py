"""Hours of the day as people write them: 08:00-12:00, 13:00-17:30; one window may go on after midnight."""

import re

Window = tuple[int, int]
"""Minutes of the day: from, and until just before."""
WRITTEN = re.compile(r"(\d{1,2}):(\d\d)\s*[-–]\s*(\d{1,2}):(\d\d)", re.ASCII)
DAY = 24 * 60


def read_window(text: str) -> Window:
    """Return one window; raises ValueError for anything else."""
    match = WRITTEN.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    start, end = (int(match[place]) * 60 + int(match[place + 1]) for place in (1, 3))
    if max(start, end) > DAY or start == end or int(match[2]) > 59 or int(match[4]) > 59:
        raise ValueError(text)
    return start, end


def read_windows(text: str) -> tuple[Window, ...]:
    """Return all windows of a comma-separated list; raises ValueError for anything else."""
    return tuple(map(read_window, text.split(",")))
