"""Stores what a look has found, each occasion and each call once."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.utils import timezone

from accounting.models import CallLeg, CallRecord
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
    """Return what names a call record; one without a leg, as no device was reached, bears its call's number below 0."""
    leg = call.leg or -call.call_id if isinstance(call, CallRecord) else call.leg
    return CallKey(call.phone_system_id, call.started_at, call.extension, leg, call.direction)


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
    found = {key_of(record): record for one in findings for record in one.records}
    if not found:
        return
    raised = AlarmedCall.objects.filter(rule=rule, version=rule.version)
    begin, end = min(key.started_at for key in found), max(record.ended_at for record in found.values())
    near = {key_of(call): call for call in raised.filter(started_at__gte=begin, started_at__lte=end).iterator(5000)}
    fresh = {key: record for key, record in found.items() if key not in near}
    fresh = without_followed(fresh, near)
    for one in findings:
        # Taken out, so that a call which is named twice is raised once.
        records = [record for record in one.records if fresh.pop(key_of(record), None)]
        if len(records) == len(one.records):
            yield one
        elif records:
            yield finding_of(records)


def without_followed(
    fresh: Mapping[CallKey, CallRecord], near: Mapping[CallKey, AlarmedCall]
) -> dict[CallKey, CallRecord]:
    """Return records without those that were raised under another name before more of their call arrived.

    With a part that comes late a call may begin earlier, or on another leg. What was raised follows it.
    """
    of_line: dict[tuple[int, str, int], list[AlarmedCall]] = {}
    for call in near.values():
        of_line.setdefault((call.phone_system_id, call.extension, call.direction), []).append(call)
    likely = [
        (key, record, call)
        for key, record in fresh.items()
        for call in of_line.get((key.phone_system_id, key.extension, key.direction), ())
        if record.started_at <= call.started_at <= record.ended_at
    ]
    left = dict(fresh)
    if likely:
        calls = CallsAnew(record.call_id for _, record, _ in likely)
        for key, record, call in likely:
            if key in left and calls.had(record, call):
                del left[key]
                calls.follow(call, key)
    return left


class CallsAnew:
    """Calls as they are assembled now, to tell what has become of records that are no longer there."""

    def __init__(self, call_ids: Iterable[int]) -> None:
        ids = list(set(call_ids))
        self.legs: dict[int, set[int]] = {}
        self.standing: set[CallKey] = set()
        for start in range(0, len(ids), AT_ONCE):
            some = ids[start : start + AT_ONCE]
            legs = CallLeg.objects.filter(call_id__in=some).values_list("call_id", "orig_leg", "dest_leg")
            for call_id, *both in legs:
                self.legs.setdefault(call_id, set()).update(both)
            self.standing |= {key_of(record) for record in CallRecord.objects.of_call(*some)}

    def had(self, record: CallRecord, call: AlarmedCall) -> bool:
        """Return whether what was raised is of the same call as the record, and no longer there itself."""
        return call.leg in self.legs.get(record.call_id, ()) and key_of(call) not in self.standing

    def follow(self, call: AlarmedCall, key: CallKey) -> None:
        """Let what was raised name the record as it is now."""
        AlarmedCall.objects.filter(pk=call.pk).update(**key._asdict())
        self.standing.add(key_of(call))


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
