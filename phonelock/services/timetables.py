"""When timetables lock whom: by the clock, business hours and holidays of each person's office, to the minute."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain

from accounting.models import Office, User
from accounting.querysets.organization import subtree
from accounting.querysets.validity import member_rows
from accounting.services.business_hours import Site, in_force_on, moment_of, rest_of_day, site_of
from callanalytics.lib.hours import DAY, Window, read_windows
from callanalytics.lib.spans import joined
from phonelock.models import Holidays, Timetable, TimetableExemption
from phonelock.services.locking import lines_by_holder

FARTHEST = 40
"""Days that are looked ahead for the next change; what locks for longer has no end."""


@dataclass(frozen=True, slots=True)
class Span:
    """Whether it is locked, and until when that stays so; None: for longer than is looked ahead."""

    locked: bool
    until: datetime | None


def locked_minutes(timetable: Timetable, site: Site, day: date) -> list[Window]:
    """Return the minutes of a day's wall clock in which a timetable locks, in order.

    Hours that go on after midnight belong to the day on which they begin; what holds on public holidays holds from
    midnight to midnight.
    """
    if timetable.holidays != Holidays.ORDINARY and day in site.holidays:
        return [(0, DAY)] if timetable.holidays == Holidays.LOCKED else []
    if timetable.outside_business_hours:
        return rest_of_day(in_force_on(day, site.hours, lambda weekday: weekday not in site.weekend))
    days = set(timetable.weekdays)
    return in_force_on(day, read_windows(timetable.hours), lambda weekday: not days or weekday in days)


def span_at(timetables: Sequence[Timetable], site: Site, now: datetime) -> Span:
    """Return whether any of these timetables locks at a moment, and until when that stays so."""
    end: datetime | None = None
    today = now.astimezone(site.zone).date()
    for ahead in range(-1, FARTHEST):
        day = today + timedelta(days=ahead)
        for first, last in joined(chain.from_iterable(locked_minutes(one, site, day) for one in timetables)):
            start, stop = moment_of(day, first, site.zone), moment_of(day, last, site.zone)
            if stop <= now:
                continue
            if start > (end or now):
                return Span(locked=end is not None, until=end or start)
            end = max(stop, end or stop)
    return Span(locked=end is not None, until=None)


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom timetables concern: by person the places of the timetables, and the office by whose clock they hold."""

    places: Mapping[int, frozenset[int]]
    offices: Mapping[int, int]


def reach_of(timetables: Sequence[Timetable]) -> Reach:
    """Return whom these timetables concern at present, without regard to exemptions; some queries for everybody."""
    by_office: dict[int, set[int]] = {}
    by_department: dict[int, set[int]] = {}
    for place, one in enumerate(timetables):
        if one.office_id:
            by_office.setdefault(one.office_id, set()).add(place)
        for department in subtree([one.department_id]) if one.department_id else ():
            by_department.setdefault(department, set()).add(place)
    places: dict[int, set[int]] = {}
    offices: dict[int, int] = {}
    rows = member_rows().filter(user__is_active=True).order_by("pk")
    for person, department, office in rows.values_list("user_id", "department_id", "office_id").iterator(5_000):
        if office:
            offices[person] = office
        found = by_office.get(office, set()) | by_department.get(department, set())
        if found:
            places.setdefault(person, set()).update(found)
    return Reach({person: frozenset(found) for person, found in places.items()}, offices)


Exempt = Mapping[int, set[int]]
"""By person the places of the timetables that leave the person's lines alone."""


def exempt_from(timetables: Sequence[Timetable]) -> Exempt:
    """Return the stored exemptions."""
    place_of = {one.pk: place for place, one in enumerate(timetables)}
    found: dict[int, set[int]] = {}
    for timetable, person in TimetableExemption.objects.filter(timetable__in=place_of).values_list(
        "timetable_id", "person_id"
    ):
        found.setdefault(person, set()).add(place_of[timetable])
    return found


def spans_of_lines(timetables: Sequence[Timetable], exempt: Exempt, now: datetime) -> dict[int, list[Span]]:
    """Return for each line that timetables concern what holds for it at a moment, by each of its holders.

    A timetable leaves a line alone when it leaves any of its holders alone.
    """
    reach = reach_of(timetables)
    sites: dict[int | None, Site] = {one.pk: site_of(one) for one in Office.objects.prefetch_related("holidays")}
    known: dict[tuple[int | None, frozenset[int]], Span] = {}

    def span_of(person: int, left_alone: set[int]) -> Span | None:
        holding = reach.places.get(person, frozenset()) - left_alone
        if not holding:
            return None
        key = (reach.offices.get(person), holding)
        if key not in known:
            site = sites[key[0]] if key[0] in sites else site_of(None)
            known[key] = span_at([timetables[place] for place in sorted(holding)], site, now)
        return known[key]

    found: dict[int, list[Span]] = {}
    for line, holders in lines_by_holder(chain(reach.places, exempt)).items():
        left_alone = set(chain.from_iterable(exempt.get(person, ()) for person in holders))
        spans = [span for person in holders if (span := span_of(person, left_alone))]
        if spans:
            found[line] = spans
    return found


def wanted_by_timetables(now: datetime) -> dict[int, datetime | None]:
    """Return the lines that timetables want locked at a moment, and until when (EX-12)."""
    timetables = list(Timetable.objects.filter(active=True))
    if not timetables:
        return {}
    wanted: dict[int, datetime | None] = {}
    for line, spans in spans_of_lines(timetables, exempt_from(timetables), now).items():
        ends = [span.until for span in spans if span.locked]
        if ends:
            wanted[line] = None if None in ends else max(end for end in ends if end)
    return wanted


@dataclass(frozen=True, slots=True)
class Effect:
    """What one timetable does now."""

    lines: int
    """Lines that it concerns."""
    locked: int
    """Those of them that it locks now."""
    next_change: datetime | None


def effect_of(timetable: Timetable, exempt: Iterable[User], now: datetime) -> Effect:
    """Return what a timetable, stored or not, does at a moment."""
    spans = spans_of_lines([timetable], {person.pk: {0} for person in exempt}, now)
    changes = [span.until for some in spans.values() for span in some if span.until]
    locked = sum(any(span.locked for span in some) for some in spans.values())
    return Effect(len(spans), locked, min(changes, default=None))
