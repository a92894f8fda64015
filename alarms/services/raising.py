"""Stores what a look has found, each occasion and each call once."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.utils import timezone

from accounting.models import CallRecord
from alarms.kinds.base import Finding, finding_of
from alarms.models import Alarm, AlarmedCall, AlarmRule, RuleRun, Told

AT_ONCE = 500
"""Keys that are asked for in one question."""


class CallKey(NamedTuple):
    """What names a call record also when its call is assembled anew."""

    phone_system_id: int
    started_at: datetime
    extension: str
    leg: int
    direction: int


def key_of(call: CallRecord | AlarmedCall) -> CallKey:
    """Return what names a call record."""
    return CallKey(call.phone_system_id, call.started_at, call.extension, call.leg, call.direction)


def raise_once(rule: AlarmRule, run: RuleRun, findings: Iterable[Finding]) -> int:
    """Store the new ones among findings as alarms of a stored run; return how many. The rule's row is locked."""
    found = list(findings)
    fresh = [*new_calls(rule, [one for one in found if not one.key])]
    fresh += new_occasions(rule, [one for one in found if one.key])
    fresh.sort(key=lambda one: one.happened_at)
    alarms = Alarm.objects.bulk_create([alarm_of(rule, run, one, place) for place, one in enumerate(fresh)])
    calls = [
        AlarmedCall(alarm=alarm, rule=rule, version=rule.version, **key_of(record)._asdict())
        for alarm, one in zip(alarms, fresh, strict=True)
        for record in one.records
    ]
    # An occasion may share calls with another, such as bursts around midnight: they stay with the first.
    AlarmedCall.objects.bulk_create(calls, batch_size=1000, ignore_conflicts=True)
    return len(alarms)


def new_calls(rule: AlarmRule, findings: Sequence[Finding]) -> Iterable[Finding]:
    """Yield findings about calls without those that the rule has raised already."""
    moments = {record.started_at for one in findings for record in one.records}
    raised = AlarmedCall.objects.filter(rule=rule, version=rule.version)
    known: set[CallKey] = set()
    if moments:
        span = raised.filter(started_at__gte=min(moments), started_at__lte=max(moments))
        known = {key_of(call) for call in span.iterator(5000)}
    for one in findings:
        records = [record for record in one.records if key_of(record) not in known]
        known |= {key_of(record) for record in records}
        if len(records) == len(one.records):
            yield one
        elif records:
            yield finding_of(records)


def new_occasions(rule: AlarmRule, findings: Sequence[Finding]) -> Iterable[Finding]:
    """Yield findings whose occasion the rule has not raised under its parameters."""
    keys = list({one.key: one for one in findings}.values())
    known: set[str] = set()
    for start in range(0, len(keys), AT_ONCE):
        names = [one.key for one in keys[start : start + AT_ONCE]]
        raised = Alarm.objects.filter(rule=rule, version=rule.version, key__in=names)
        known |= set(raised.values_list("key", flat=True))
    return [one for one in keys if one.key not in known]


def alarm_of(rule: AlarmRule, run: RuleRun, one: Finding, place: int) -> Alarm:
    """Return the row of a finding; those about calls are named by the run, since their calls are what is unique."""
    subject = one.subject
    sum_: dict[str, Any] = {"amount": one.amount, "currency": one.currency}
    return Alarm(
        rule=rule, version=rule.version, key=one.key or f"run:{run.pk}:{place}", run=run, raised_at=timezone.now(),
        happened_at=one.happened_at, until=one.until, phone_system_id=subject.phone_system_id,
        extension=subject.extension, user_id=subject.user_id, department_id=subject.department_id,
        cost_centre_id=subject.cost_centre_id, office_id=subject.office_id, gateway_id=subject.gateway_id,
        calls=one.calls, facts=dict(one.facts), query=one.query, told=Told.WAITING, **sum_,
    )  # fmt: skip
