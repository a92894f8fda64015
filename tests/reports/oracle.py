"""Answers questions the slow way: one call after the other, without the database's help."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from accounting.models import CallRecord, Direction, Outcome
from callanalytics.lib.money import to_micro
from reports.engine.conditions import Comparison, Condition

KEYS: dict[str, Callable[[CallRecord, Any], Any]] = {
    "extension": lambda record, local: record.extension,
    "department": lambda record, local: record.department_id,
    "call_type": lambda record, local: record.call_type,
    "direction": lambda record, local: record.direction,
    "number": lambda record, local: record.other_number,
    "country": lambda record, local: record.country,
    "day": lambda record, local: local.date(),
    "week": lambda record, local: local.date() - timedelta(days=local.weekday()),
    "month": lambda record, local: local.date().replace(day=1),
    "weekday": lambda record, local: local.isoweekday(),
    "hour": lambda record, local: local.hour,
    "half_hour": lambda record, local: local.hour * 60 + local.minute // 30 * 30,
}


def groups(
    records: Iterable[CallRecord], levels: tuple[str, ...], zone: ZoneInfo
) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Return calls, answered calls, missed calls, talk time and cost by currency of each innermost group."""
    found: dict[tuple[Any, ...], dict[str, Any]] = defaultdict(
        lambda: {"calls": 0, "answered": 0, "missed": 0, "talk": 0, "cost": defaultdict(int)}
    )
    for record in records:
        local = record.started_at.astimezone(zone)
        sums = found[tuple(KEYS[level](record, local) for level in levels)]
        answered = record.outcome == Outcome.ANSWERED
        sums["calls"] += 1
        sums["answered"] += answered
        sums["missed"] += not answered and record.direction == Direction.INCOMING
        sums["talk"] += record.talk_seconds if answered else 0
        if record.currency and record.cost is not None:
            sums["cost"][record.currency] += to_micro(record.cost)
    return found


def meets(record: CallRecord, condition: Condition, zone: ZoneInfo) -> bool:
    """Return whether a call meets a condition."""
    if not isinstance(condition, Comparison):
        parts = [meets(record, part, zone) for part in condition.parts]
        return {"all": all(parts), "any": any(parts), "not": not parts[0]}[condition.joint]
    local = record.started_at.astimezone(zone)
    value = {
        "number": record.other_number,
        "extension": record.extension,
        "talk": record.talk_seconds,
        "direction": Direction(record.direction).name.lower(),
        "department": "none" if record.department_id is None else str(record.department_id),
        "weekday": str(local.isoweekday()),
        "hour": str(local.hour),
    }[condition.field]
    if condition.operator in ("is", "not"):
        return (value in condition.values) == (condition.operator == "is")
    if condition.operator == "begins":
        return any(str(value).startswith(one) for one in condition.values)
    limit = int(condition.values[0])
    return value >= limit if condition.operator == "ge" else value <= limit
