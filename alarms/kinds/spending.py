"""What people and units have spent in a time, exactly: from the totals where these have whole days and half-hours."""

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import BigIntegerField, ExpressionWrapper, F, Q, QuerySet, Sum

from accounting.models import ExtensionDay, LineAssignment, UnitHalfHour, UnitKind, User
from accounting.querysets.calls import supervised_by
from alarms.kinds.looking import Look
from alarms.kinds.occasions import Occasion
from callanalytics.lib.money import to_micro

HALF_HOUR = 30
COST = Sum(ExpressionWrapper(F("cost"), output_field=BigIntegerField()))
"""In whole millionths."""
UNITS = {"department": UnitKind.DEPARTMENT, "cost_centre": UnitKind.COST_CENTRE}
Step = tuple[datetime, int]
"""From when on how many millionths more were spent."""


def numbers_of(people: Collection[int]) -> set[str]:
    """Return the extensions that these people ever held: they lead to the index, the person of the call decides."""
    lines = LineAssignment.objects.filter(user_id__among=sorted(people)).order_by()
    return set(lines.values_list("extension__number", flat=True))


def in_scope(owner: User) -> Q:
    """Return the test of visible_to() for totals, which have the same columns."""
    return Q() if owner.is_administrator else Q(user_id=owner.pk) | supervised_by(owner)


def people_spending(
    look: Look, people: Collection[int], extensions: Iterable[str], time: Occasion, currency: str
) -> dict[int, int]:
    """Return what each of these people has spent on calls that the owner sees; `extensions` are known beside theirs."""
    numbers = sorted(numbers_of(people) | set(extensions))
    wanted = Q(extension__among=numbers, user_id__among=sorted(people), currency=currency)
    days = organisation_days(time)
    rows: QuerySet[Any]
    if days is None:
        rows = look.records().filter(wanted, cost__gt=0).in_period(time.start, time.end)
    else:
        rows = ExtensionDay.objects.filter(wanted, in_scope(look.owner), day__gte=days[0], day__lt=days[1])
    sums: Any = rows.order_by().values_list("user_id").annotate(spent=COST)
    return {person: int(spent or 0) for person, spent in sums}


def organisation_days(time: Occasion) -> tuple[date, date] | None:
    """Return a time as first day and the day after the last in the organisation's zone; None if it cuts days."""
    local = [moment.astimezone(ZoneInfo(settings.TIME_ZONE)) for moment in (time.start, time.end)]
    whole = all(not (one.hour or one.minute or one.second) for one in local)
    return (local[0].date(), local[1].date()) if whole else None


def units_spending(look: Look, kind: str, units: Collection[int], time: Occasion, currency: str) -> dict[int, int]:
    """Return what each unit by itself, without those below, has spent."""
    if not time.start.minute % HALF_HOUR and not time.end.minute % HALF_HOUR:
        rows = slots_of(kind, units, time, currency).values("unit_id").annotate(spent=COST)
        return {row["unit_id"]: int(row["spent"] or 0) for row in rows}
    records = look.records().filter(**{f"{kind}_id__among": sorted(units)}, currency=currency, cost__gt=0)
    sums = records.in_period(time.start, time.end).order_by().values(f"{kind}_id").annotate(spent=COST)
    return {row[f"{kind}_id"]: int(row["spent"] or 0) for row in sums}


def slots_of(kind: str, units: Collection[int], time: Occasion, currency: str) -> QuerySet[UnitHalfHour]:
    """Return the totals of units in a time."""
    return UnitHalfHour.objects.filter(
        unit_kind=UNITS[kind], unit_id__in=sorted(units), slot__gte=time.start, slot__lt=time.end, currency=currency
    ).order_by()


def steps_of_units(kind: str, units: Collection[int], time: Occasion, currency: str) -> Iterator[Step]:
    """Yield what units have spent together, half-hour by half-hour, each at its end."""
    rows = slots_of(kind, units, time, currency).values("slot").annotate(spent=COST).order_by("slot")
    for row in rows:
        yield row["slot"].astimezone(UTC) + timedelta(minutes=HALF_HOUR), int(row["spent"] or 0)


def steps_of_person(
    look: Look, person: int, extensions: Iterable[str], time: Occasion, currency: str
) -> Iterator[Step]:
    """Yield what a person has spent, call by call, each at its end."""
    numbers = sorted(numbers_of([person]) | set(extensions))
    records = look.records().filter(extension__among=numbers, user_id=person, currency=currency, cost__gt=0)
    rows = records.in_period(time.start, time.end).order_by("started_at", "pk").values_list("ended_at", "cost")
    for ended, cost in rows:
        yield ended, to_micro(cost or 0)


def reached_at(steps: Iterable[Step], limit: int) -> datetime | None:
    """Return when more than so much was spent; None if never."""
    spent = 0
    for moment, more in steps:
        spent += more
        if spent > limit:
            return moment
    return None
