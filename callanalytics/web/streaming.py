"""Answers that are sent while they are read, as the reader reads: after the request's own settings have ended."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from django.utils import timezone, translation

Line = TypeVar("Line")


def for_reader(lines: Iterable[Line]) -> Iterator[Line]:
    """Return the lines, each made in the language and zone that hold now; a stream is read after the request."""
    return _within(iter(lines), translation.get_language(), timezone.get_current_timezone_name())


def _within(lines: Iterator[Line], language: str | None, zone: str) -> Iterator[Line]:
    """Yield the lines; the settings hold while one is made, not while it is sent."""
    while True:
        with translation.override(language), timezone.override(zone):
            try:
                line = next(lines)
            except StopIteration:
                return
        yield line
