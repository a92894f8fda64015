"""The check that every table of totals says what the call records say."""

from collections import Counter
from zoneinfo import ZoneInfo

from django.conf import settings

from accounting.models import CallRecord, ExtensionDay, UnitHalfHour, UnitKind
from callanalytics.lib.money import to_micro

FIELDS = ("direction", "kind", "outcome", "call_type", "currency")
SUMS = ("calls", "talk_seconds", "ring_seconds", "cost", "unpriced")


def assert_totals_agree() -> None:
    """Sum the totals and the records and compare each group."""
    zone = ZoneInfo(settings.TIME_ZONE)
    days: Counter[tuple[object, ...]] = Counter()
    slots: Counter[tuple[object, ...]] = Counter()
    for record in CallRecord.objects.all():
        measures = tuple(getattr(record, name) for name in FIELDS)
        sums = (1, record.talk_seconds, record.ring_seconds, to_micro(record.cost or 0), int(record.is_unpriced))
        day = record.started_at.astimezone(zone).date()
        owner = (record.user_id, record.department_id, record.cost_centre_id, record.office_id)
        add(days, (day, record.phone_system_id, record.extension, *owner, *measures), sums)
        slot = int(record.started_at.timestamp()) // 1800 * 1800
        gateway = record.gateway_id if record.carries_trunk else None
        units = zip(UnitKind.values, (*owner[1:], gateway), strict=True)
        for kind, unit in units:
            if unit is not None:
                add(slots, (slot, kind, unit, *measures), sums)
    assert stored_days() == +days
    assert stored_slots() == +slots


def add(table: Counter[tuple[object, ...]], key: tuple[object, ...], sums: tuple[int, ...]) -> None:
    """Add measures under a key."""
    for name, value in zip(SUMS, sums, strict=True):
        table[*key, name] += value


def stored_days() -> Counter[tuple[object, ...]]:
    """Return what the day totals add up to."""
    found: Counter[tuple[object, ...]] = Counter()
    for row in ExtensionDay.objects.all():
        key = (
            row.day,
            row.phone_system_id,
            row.extension,
            row.user_id,
            row.department_id,
            row.cost_centre_id,
            row.office_id,
        )
        add(found, (*key, *(getattr(row, name) for name in FIELDS)), sums_of(row))
    return +found


def stored_slots() -> Counter[tuple[object, ...]]:
    """Return what the half-hour totals add up to."""
    found: Counter[tuple[object, ...]] = Counter()
    for row in UnitHalfHour.objects.all():
        key = (int(row.slot.timestamp()), row.unit_kind, row.unit_id)
        add(found, (*key, *(getattr(row, name) for name in FIELDS)), sums_of(row))
    return +found


def sums_of(row: ExtensionDay | UnitHalfHour) -> tuple[int, ...]:
    """Return the measures of a row."""
    return (row.calls, row.talk_seconds, row.ring_seconds, to_micro(row.cost), row.unpriced)
