"""Spans of minutes or of time: from, and until just before."""

from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

Point = TypeVar("Point", int, datetime)


def joined(spans: Iterable[tuple[Point, Point]]) -> list[tuple[Point, Point]]:
    """Return spans in order, those that touch each other as one."""
    found: list[tuple[Point, Point]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found
