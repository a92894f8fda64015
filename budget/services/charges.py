"""The charge days: what calls add up to by extension and day, computed anew from the calls for just what has changed.

A slice is an extension of a phone system on one day of the organisation's zone, as the day totals have it. The calls of
a slice are few, so charging does not depend on how many calls a period has.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from accounting.models import PRIVATE, CallRecord, Direction, Kind, Office, Pricing
from accounting.services.forgetting import delete_rows
from budget.models import ChargeDay
from callanalytics.lib.bulk import day_value, insert_rows

A_DAY = timedelta(days=1)
COLUMNS = [
    "phone_system_id", "extension", "slice", "day", "user_id", "department_id", "cost_centre_id", "call_type",
    "currency", "private", "calls", "seconds", "cost",
]  # fmt: skip
READ = (
    "extension", "started_at", "user_id", "department_id", "cost_centre_id", "office_id", "call_type", "currency",
    "purpose", "talk_seconds", "cost",
)  # fmt: skip


class Slice(NamedTuple):
    """An extension on one day of the organisation's zone."""

    extension: str
    day: date


class Charge(NamedTuple):
    """What calls that have all this in common are charged to."""

    day: date
    user_id: int | None
    department_id: int | None
    cost_centre_id: int | None
    call_type: int
    currency: str
    private: bool


class Sums(NamedTuple):
    """How many calls, seconds of talk time and millionths of cost."""

    calls: int
    seconds: int
    cost: int

    def plus(self, other: "Sums", sign: int = 1) -> "Sums":
        """Return the sums with others added, or taken away (sign -1)."""
        return Sums(self.calls + sign * other.calls, self.seconds + sign * other.seconds, self.cost + sign * other.cost)


NOTHING = Sums(0, 0, 0)
Charges = dict[tuple[Slice, Charge], Sums]
Changes = dict[Charge, Sums]
"""What was added to each charge; negative: taken away."""


@dataclass(frozen=True, slots=True)
class Zones:
    """The zones that decide on which day a call was made."""

    organisation: ZoneInfo
    offices: dict[int, ZoneInfo]

    @classmethod
    def read(cls) -> "Zones":
        """Return the zones as they are entered now; one query."""
        names = Office.objects.values_list("pk", "time_zone")
        return cls(ZoneInfo(settings.TIME_ZONE), {pk: ZoneInfo(name) for pk, name in names})

    def of(self, office_id: int | None) -> ZoneInfo:
        """Return the zone of an office, the organisation's for calls without one."""
        return self.offices.get(office_id, self.organisation) if office_id else self.organisation

    def bounds(self, day: date) -> tuple[datetime, datetime]:
        """Return when a day of the organisation begins and ends, in UTC."""
        begin, end = (datetime.combine(one, time.min, self.organisation) for one in (day, day + A_DAY))
        return begin.astimezone(UTC), end.astimezone(UTC)


def refresh(phone_system_id: int, slices: Collection[Slice]) -> Changes:
    """Charge the calls of these slices anew, inside the caller's transaction; return what that has changed."""
    zones = Zones.read()
    found = charges_of(read_calls(phone_system_id, slices, zones), zones)
    return replace(phone_system_id, slices, found)


def refresh_day(phone_system_id: int, day: date) -> Changes:
    """Charge all calls of one day of a phone system anew; return what that has changed."""
    zones = Zones.read()
    begin, end = zones.bounds(day)
    records = chargeable().filter(phone_system_id=phone_system_id).in_period(begin, end)
    found = charges_of(rows_of(records.values_list(*READ).iterator(5000)), zones)
    known = ChargeDay.objects.filter(phone_system_id=phone_system_id, slice=day)
    extensions = set(known.values_list("extension", flat=True)) | {slice_.extension for slice_, _ in found}
    return replace(phone_system_id, [Slice(extension, day) for extension in extensions], found)


def chargeable() -> Any:
    """Return the call records that budgets count."""
    return (
        CallRecord.objects.filter(direction=Direction.OUTGOING, kind=Kind.PUBLIC)
        .exclude(pricing=Pricing.NOT_CHARGEABLE)
        .order_by()
    )


def rows_of(values: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Yield rows of READ with the cost in millionths."""
    for row in values:
        cost = row[-1]
        yield (*row[:-1], 0 if cost is None else int(cost.scaleb(6)))


def read_calls(phone_system_id: int, slices: Collection[Slice], zones: Zones) -> Iterator[tuple[Any, ...]]:
    """Yield the chargeable calls of slices as rows of READ, the cost in millionths; one query."""
    if not slices:
        return
    bounds = {day: zones.bounds(day) for day in {one.day for one in slices}}
    names = ", ".join(f"r.{name}" for name in READ)
    condition = (
        " r.extension = wanted.extension AND r.started_at >= wanted.begun AND r.started_at < wanted.ended"
        " AND r.phone_system_id = %s AND r.direction = %s AND r.kind = %s AND r.pricing <> %s"
    )
    parameters = [phone_system_id, int(Direction.OUTGOING), int(Kind.PUBLIC), int(Pricing.NOT_CHARGEABLE)]
    source, wanted = wanted_slices(slices, bounds)
    table = CallRecord._meta.db_table
    with connection.cursor() as cursor:
        # Not the planner's choice: it would read a table that has grown since it was analysed from end to end.
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        query = f"SELECT {names} FROM {source} CROSS JOIN {table} r WHERE {condition}"  # noqa: S608  (names)
        cursor.execute(query, [*wanted, *parameters])
        rows = cursor.fetchall()
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = on")
    for row in rows:
        yield (row[0], aware(row[1]), *row[2:-1], row[-1] or 0)


def aware(moment: datetime) -> datetime:
    """Return a moment as a bare cursor gives it; SQLite's are those of UTC and do not say so."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def wanted_slices(slices: Iterable[Slice], bounds: dict[date, tuple[datetime, datetime]]) -> tuple[str, list[Any]]:
    """Return an SQL source of extensions with begin and end, and its parameters."""
    rows = [(one.extension, *bounds[one.day]) for one in slices]
    if connection.vendor == "postgresql":
        columns: list[Any] = [list(column) for column in zip(*rows, strict=True)]
        return "unnest(%s::varchar[], %s::timestamptz[], %s::timestamptz[]) AS wanted(extension, begun, ended)", columns
    as_value = connection.ops.adapt_datetimefield_value
    texts = [(extension, as_value(begun), as_value(ended)) for extension, begun, ended in rows]
    parts = ", ".join(
        f"json_extract(value, '$[{place}]') AS {name}" for place, name in enumerate(("extension", "begun", "ended"))
    )
    return f"(SELECT {parts} FROM json_each(%s)) AS wanted", [json.dumps(texts)]  # noqa: S608  (names)


def charges_of(rows: Iterable[tuple[Any, ...]], zones: Zones) -> Charges:
    """Return what calls add up to, by slice and charge."""
    calls: Counter[tuple[Slice, Charge]] = Counter()
    seconds: Counter[tuple[Slice, Charge]] = Counter()
    costs: Counter[tuple[Slice, Charge]] = Counter()
    organisation = zones.organisation
    for extension, started, user, department, centre, office, call_type, currency, purpose, talk, cost in rows:
        slice_day = started.astimezone(organisation).date()
        zone = zones.of(office)
        day = slice_day if zone is organisation else started.astimezone(zone).date()
        key = (
            Slice(extension, slice_day),
            Charge(day, user, department, centre, call_type, currency, purpose in PRIVATE),
        )
        calls[key] += 1
        seconds[key] += talk
        costs[key] += cost
    return {key: Sums(count, seconds[key], costs[key]) for key, count in calls.items()}


def replace(phone_system_id: int, slices: Collection[Slice], found: Charges) -> Changes:
    """Store what the calls of these slices add up to in place of what was there; return the difference."""
    known = stored(phone_system_id, slices)
    changed = {key[0] for key in known.keys() | found.keys() if known.get(key) != found.get(key)}
    if not changed:
        return {}
    delete(phone_system_id, changed)
    insert_rows(
        ChargeDay,
        COLUMNS,
        (
            (phone_system_id, slice_.extension, day_value(slice_.day), day_value(charge.day), *charge[1:], *sums)
            for (slice_, charge), sums in found.items()
            if slice_ in changed
        ),
    )
    changes: Changes = {}
    for sign, side in ((-1, known), (1, found)):
        for (slice_, charge), sums in side.items():
            if slice_ in changed:
                changes[charge] = changes.get(charge, NOTHING).plus(sums, sign)
    return {charge: sums for charge, sums in changes.items() if any(sums)}


def stored(phone_system_id: int, slices: Iterable[Slice]) -> Charges:
    """Return what is stored of these slices."""
    found: Charges = {}
    for day, extensions in by_day(slices).items():
        rows = ChargeDay.objects.filter(phone_system_id=phone_system_id, slice=day)
        for row in rows.filter(extension__among=extensions).values_list(*COLUMNS[1:]):
            key = (Slice(row[0], row[1]), Charge(*row[2:9]))
            sums = Sums(row[9], row[10], int(row[11].scaleb(6)))
            found[key] = found.get(key, NOTHING).plus(sums)
    return found


def delete(phone_system_id: int, slices: Iterable[Slice]) -> None:
    """Delete what is stored of these slices."""
    for day, extensions in by_day(slices).items():
        rows = ChargeDay.objects.filter(phone_system_id=phone_system_id, slice=day)
        delete_rows(rows.filter(extension__among=extensions))


def by_day(slices: Iterable[Slice]) -> dict[date, list[str]]:
    """Return the extensions of slices, day by day."""
    found: dict[date, list[str]] = {}
    for one in slices:
        found.setdefault(one.day, []).append(one.extension)
    return found
