"""Acknowledging: somebody has taken note of alarms; it can be undone."""

from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from accounting.models import AuditedAction, User
from accounting.services.auditing import record
from alarms.models import Alarm
from alarms.querysets import AlarmQuerySet


def acknowledge(alarms: AlarmQuerySet, by: User, note: str = "") -> list[int]:
    """Note that a person has taken care of open alarms among these; return the ids of those that were open."""
    with transaction.atomic():
        keys = list(alarms.open().order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
        Alarm.objects.filter(pk__in=keys).update(acknowledged_at=timezone.now(), acknowledged_by=by, note=note)
        tell(AuditedAction.CHANGED, keys, note)
    return keys


def reopen(alarms: AlarmQuerySet, by: User) -> list[int]:
    """Undo the own acknowledgement of alarms, an administrator that of others, too; return the ids of those."""
    with transaction.atomic():
        done = alarms.exclude(acknowledged_at=None)
        if not by.is_administrator:
            done = done.filter(acknowledged_by=by)
        keys = list(done.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
        Alarm.objects.filter(pk__in=keys).update(acknowledged_at=None, acknowledged_by=None, note="")
        tell(AuditedAction.UNDONE, keys)
    return keys


def tell(action: AuditedAction, keys: Collection[int], note: str = "") -> None:
    """Tell the audit log which alarms were acknowledged, or are open again."""
    if not keys:
        return
    names = Alarm.objects.filter(pk__in=keys).order_by().values_list("rule__name", flat=True).distinct()
    one = min(keys) if len(keys) == 1 else ""
    record(action, "alarm", ", ".join(names[:5]), subject_id=one, rows=len(keys), note=note)
