"""The small column picture of a trial: how many alarms each day would have had, as coordinates for the template."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils import formats
from django.utils.translation import get_language_bidi, ngettext

from callanalytics.templatetags.ui import number

WIDTH, TOP, BOTTOM = 600.0, 6.0, 96.0
FILLED = 0.72
"""How much of a day's room its column takes."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A day with alarms."""

    x: float
    y: float
    width: float
    height: float
    words: str


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that the template draws."""

    bars: list[Bar]
    first: str
    last: str
    most: int
    """How many the highest column stands for."""


def picture_of(days: Sequence[tuple[date, int]]) -> Picture:
    """Return the picture of some days in order, at least one of them with alarms."""
    most, room, rtl = max(count for _day, count in days), WIDTH / len(days), get_language_bidi()
    bars = []
    for place, (day, count) in enumerate(days):
        if not count:
            continue
        height = max(2.0, (BOTTOM - TOP) * count / most)
        column = len(days) - 1 - place if rtl else place
        x = column * room + room * (1 - FILLED) / 2
        bars.append(
            Bar(round(x, 1), round(BOTTOM - height, 1), round(room * FILLED, 1), round(height, 1), said(day, count))
        )
    first, last = (formats.date_format(day, "SHORT_DATE_FORMAT") for day in (days[0][0], days[-1][0]))
    return Picture(bars, first, last, most)


def said(day: date, count: int) -> str:
    """Return what a column says when it is pointed at."""
    text = ngettext("%(day)s: %(number)s alarm", "%(day)s: %(number)s alarms", count)
    return text % {"day": formats.date_format(day, "SHORT_DATE_FORMAT"), "number": number(count)}
