"""Marks stored calls as private or business: people their own ones within some days, administrators with a reason."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounting.models import (
    PRIVATE,
    AuditedAction,
    CallRecord,
    Direction,
    ExtensionDay,
    ImportBatch,
    Kind,
    PrivateCallRule,
    Purpose,
    User,
)
from accounting.querysets.calls import CallRecordQuerySet
from accounting.services.auditing import record
from accounting.services.columns.touching import day_of, touch
from accounting.services.correcting import lock
from accounting.services.recording import DAY_COLUMNS
from accounting.signals import calls_corrected
from callanalytics.lib.bulk import day_value, insert_rows

AUDITED_AS = "private_calls"
MOST_AT_ONCE = 500
"""Calls that are marked in one transaction."""
TURNED = {True: Purpose.BUSINESS, False: Purpose.MARKED}
"""What a person's calls must be to become private, or business again."""


def can_be_private(call: CallRecord) -> bool:
    """Return whether a call is of a kind that can be private: outgoing, to the public network."""
    return call.direction == Direction.OUTGOING and call.kind == Kind.PUBLIC


def last_moment(call: CallRecord, rule: PrivateCallRule) -> datetime:
    """Return until when the person of a call may mark it."""
    return call.started_at + timedelta(days=rule.marking_days)


def is_markable(call: CallRecord, person: User, rule: PrivateCallRule) -> bool:
    """Return whether this person may now say of a call that it is private, or business after all."""
    own = call.user_id == person.pk and call.purpose in TURNED.values()
    return own and can_be_private(call) and last_moment(call, rule) > timezone.now()


def markable(person: User) -> CallRecordQuerySet:
    """Return the calls that this person may mark now."""
    since = timezone.now() - timedelta(days=PrivateCallRule.current().marking_days)
    own = CallRecord.objects.own(person).filter(started_at__gt=since, purpose__in=TURNED.values())
    return own.filter(direction=Direction.OUTGOING, kind=Kind.PUBLIC)


def mark(person: User, ids: Sequence[int], *, private: bool) -> list[int]:
    """Mark those of these calls that the person may mark, and that are the other thing; return which these were."""
    chosen = markable(person).filter(pk__in=ids[:MOST_AT_ONCE], purpose=TURNED[private])
    purpose = Purpose.MARKED if private else Purpose.BUSINESS
    return store(chosen, purpose, person, private=private)


def correct(call: CallRecord, reason: str, *, private: bool) -> bool:
    """Correct what a call is, for an administrator who says why; return whether that has changed anything."""
    if not can_be_private(call) or call.is_private == private:
        return False
    chosen = CallRecord.objects.filter(pk=call.pk, purpose=call.purpose)
    person = User.objects.filter(pk=call.user_id or 0).first()
    purpose = Purpose.MARKED if private else Purpose.RULED_BUSINESS
    return bool(store(chosen, purpose, person, private=private, reason=reason))


@transaction.atomic
def store(chosen: CallRecordQuerySet, purpose: Purpose, person: User | None, **facts: Any) -> list[int]:
    """Give calls a purpose, with arrival marks of their own and an audit entry about their person; return their ids.

    Waits for the importer: a call is not put together anew in the meantime.
    """
    for phone_system_id in sorted(set(chosen.order_by().values_list("phone_system_id", flat=True))):
        lock(phone_system_id)
    calls = list(chosen.order_by("phone_system_id", "started_at"))
    if not calls:
        return []
    batches = {pk: ImportBatch.objects.create(phone_system_id=pk).pk for pk in {one.phone_system_id for one in calls}}
    for phone_system_id, batch_id in batches.items():
        same = [one.pk for one in calls if one.phone_system_id == phone_system_id]
        CallRecord.objects.filter(pk__in=same).update(purpose=purpose, batch_id=batch_id)
    touch(day_of(one.started_at) for one in calls)
    insert_rows(ExtensionDay, DAY_COLUMNS, told_to_budgets(calls))
    name = str(person or calls[0].extension)
    record(AuditedAction.CHANGED, AUDITED_AS, name, subject_id=person.pk if person else "", calls=len(calls), **facts)
    moments = sorted(one.started_at for one in calls)
    transaction.on_commit(
        lambda: calls_corrected.send(CallRecord, started=moments[0], ended=moments[-1], correction_id=None)
    )
    return [one.pk for one in calls]


def told_to_budgets(calls: Iterable[CallRecord]) -> Iterable[tuple[Any, ...]]:
    """Yield rows of DAY_COLUMNS that add nothing: by them whoever follows the totals sees which days have changed."""
    zone = ZoneInfo(settings.TIME_ZONE)
    for one in calls:
        owner = (one.user_id, one.department_id, one.cost_centre_id, one.office_id)
        measures = (one.direction, one.kind, one.outcome, one.call_type, one.currency)
        day = day_value(one.started_at.astimezone(zone).date())
        yield day, one.phone_system_id, one.extension, *owner, *measures, 0, 0, 0, 0, 0


def private_of(person: User, since: datetime) -> CallRecordQuerySet:
    """Return a person's private calls from a moment on."""
    return CallRecord.objects.own(person).filter(started_at__gte=since, purpose__in=PRIVATE)
