"""Pictures of tariffs: which holds when on a line of years, and the bands on the hours of a week."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounting.models import Tariff, TariffBand
from accounting.services.rating.calendars import DAY_SECONDS, HOLIDAY, band_of
from accounting.services.tariff_review import gaps

WIDTH = 1000
NARROWEST = 4
YEARS_BACK, YEARS_AHEAD = 4, 2
BAND_TONES = 6
"""How many bands have a colour of their own."""
DAY_NAMES: tuple[tuple[str, str | Promise], ...] = (
    ("1", _("Monday")), ("2", _("Tuesday")), ("3", _("Wednesday")), ("4", _("Thursday")), ("5", _("Friday")),
    ("6", _("Saturday")), ("7", _("Sunday")), (HOLIDAY, _("Public holidays")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a line, in thousandths of its width."""

    kind: str
    start: int
    width: int

    @property
    def mirrored(self) -> int:
        """The start seen from the other side, for languages written from right to left."""
        return WIDTH - self.start - self.width


@dataclass(frozen=True, slots=True)
class TariffLine:
    """One tariff on the line of years."""

    tariff: Tariff
    stretch: Stretch | None
    """None when it lies outside of the years shown."""
    state: str
    """past, current or coming."""


@dataclass(frozen=True, slots=True)
class TimeLine:
    """The tariffs of one carrier and the days without one."""

    lines: list[TariffLine]
    gaps: list[Stretch]


@dataclass(frozen=True, slots=True)
class Years:
    """The years on which time lines stand, all of the same width."""

    first: int
    last: int
    today: date

    @property
    def names(self) -> list[str]:
        """The years as text, ungrouped."""
        return [str(year) for year in range(self.first, self.last + 1)]

    @property
    def now(self) -> Stretch:
        """Where today stands."""
        return Stretch("now", min(self.place(self.today), WIDTH - 2), 2)

    def place(self, day: date) -> int:
        """Return where a day stands, at an end of the line when it lies outside."""
        if day.year < self.first:
            return 0
        if day.year > self.last:
            return WIDTH
        length = (date(day.year + 1, 1, 1) - date(day.year, 1, 1)).days if day.year < date.max.year else 365
        share = (day - date(day.year, 1, 1)).days / length
        return round((day.year - self.first + share) / (self.last - self.first + 1) * WIDTH)

    def stretch(self, kind: str, begin: date | None, end: date | None) -> Stretch | None:
        """Return the part of the line from one day to another, None when all of it lies outside."""
        start, stop = self.place(begin or date.min), self.place(end or date.max)
        if stop <= start and (stop in (0, WIDTH)):
            return None
        width = max(stop - start, NARROWEST)
        return Stretch(kind, min(start, WIDTH - width), width)


def years_of(tariffs: Iterable[Tariff], today: date) -> Years:
    """Return the years that the dates of these tariffs reach, at most a few before and after this one."""
    days = [day for tariff in tariffs for day in (tariff.valid_from, tariff.valid_to) if day]
    first = min([today.year - 1, *(day.year for day in days)])
    last = max([today.year, *(day.year for day in days)])
    return Years(max(first, today.year - YEARS_BACK), min(last, today.year + YEARS_AHEAD), today)


def time_line(tariffs: Sequence[Tariff], years: Years) -> TimeLine:
    """Return the tariffs of one carrier on the line of years, and the days without one between them."""
    ordered = sorted(tariffs, key=lambda tariff: (tariff.valid_from or date.min, tariff.pk))
    found = (years.stretch("gap", begin, end) for begin, end in gaps(ordered))
    lines = [tariff_line(tariff, years) for tariff in ordered]
    return TimeLine(lines, [stretch for stretch in found if stretch])


def tariff_line(tariff: Tariff, years: Years) -> TariffLine:
    """Return one tariff on the line of years."""
    state = "current"
    if tariff.valid_to and tariff.valid_to <= years.today:
        state = "past"
    elif tariff.valid_from and tariff.valid_from > years.today:
        state = "coming"
    return TariffLine(tariff, years.stretch(state, tariff.valid_from, tariff.valid_to), state)


@dataclass(frozen=True, slots=True)
class BandOfWeek:
    """One band with its colour."""

    band: TariffBand
    tone: str
    days: list[str | Promise]


@dataclass(frozen=True, slots=True)
class DayOfWeek:
    """One day with the hours of the bands."""

    name: str | Promise
    stretches: list[Stretch]


@dataclass(frozen=True, slots=True)
class WeekPicture:
    """The bands of a tariff on the hours of the week."""

    bands: list[BandOfWeek]
    days: list[DayOfWeek]


def week_picture(rows: Sequence[TariffBand]) -> WeekPicture:
    """Return the bands of one tariff on seven days, and on public holidays where a band names them."""
    toned = [(row, f"band-{number % BAND_TONES + 1}") for number, row in enumerate(rows)]
    names_holidays = any(HOLIDAY in row.days.upper() for row in rows)
    days = [
        DayOfWeek(name, [part for row, tone in toned for part in band_stretches(row, tone, sign)])
        for sign, name in DAY_NAMES
        if sign != HOLIDAY or names_holidays
    ]
    bands = [
        BandOfWeek(row, tone, [name for sign, name in DAY_NAMES if sign in row.days.upper()]) for row, tone in toned
    ]
    return WeekPicture(bands, days)


def band_stretches(row: TariffBand, tone: str, sign: str) -> list[Stretch]:
    """Return the hours of a band on one day of the week: two stretches for one that ends before it begins."""
    band = band_of(row.pk, row.name, row.days, row.start, row.end)
    if sign not in band.days:
        return []
    if band.start < band.end:
        parts = [(band.start, band.end)]
    else:
        parts = [(0, band.end), (band.start, DAY_SECONDS)]
    return [
        Stretch(tone, round(begin * WIDTH / DAY_SECONDS), max(round((end - begin) * WIDTH / DAY_SECONDS), NARROWEST))
        for begin, end in parts
        if end > begin
    ]
