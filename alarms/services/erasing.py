"""What alarms forget: erased people, and runs and alarms beyond their term."""

from datetime import timedelta

from django.db.models import CharField, Q, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from accounting.models import PhoneSystem, User
from accounting.querysets.repeating import UNDO_DAYS
from accounting.services.forgetting import delete_rows
from accounting.services.retention import end_of_term, midnight
from alarms.models import Alarm, AlarmedCall, AlarmRule, RuleRun
from alarms.querysets import AlarmQuerySet
from alarms.services import webhooks

KEPT = timedelta(days=400)
"""How long checks and alarms are kept, where calls are not kept for less."""


def forget_person(person: User, address: str) -> None:
    """Delete the rules of a person; alarms about the person tell no more who it was; nothing is mailed any more."""
    webhooks.forget(person)
    for rule in AlarmRule.objects.filter(owner=person):
        delete_alarms(Alarm.objects.filter(rule=rule))
        delete_rows(RuleRun.objects.filter(rule=rule))
        rule.delete()
    about = Alarm.objects.filter(user_id=person.pk)
    delete_rows(AlarmedCall.objects.filter(alarm__in=about))
    # The key names the line and the day; the pk stands in for it.
    about.update(user_id=None, extension="", note="", query="", key=Concat(Value("erased:"), Cast("pk", CharField())))
    if not address:
        return
    for rule in AlarmRule.objects.exclude(recipients=[]).only("pk", "recipients").iterator():
        others = [one for one in rule.recipients if one.lower() != address.lower()]
        if others != rule.recipients:
            AlarmRule.objects.filter(pk=rule.pk).update(recipients=others)


def forget_old() -> None:
    """Delete rules that were deleted long ago, and checks and alarms beyond their term."""
    now = timezone.now()
    for rule in AlarmRule.objects.deleted_before(now - timedelta(days=UNDO_DAYS)):
        delete_alarms(Alarm.objects.filter(rule=rule))
        rule.delete()
    terms = list(PhoneSystem.objects.values_list("pk", "keep_days"))
    for phone_system, days in terms:
        if days:
            begin = midnight(end_of_term(days))
            delete_rows(AlarmedCall.objects.filter(phone_system_id=phone_system, started_at__lt=begin))
            delete_alarms(Alarm.objects.filter(phone_system_id=phone_system, happened_at__lt=begin))
    longest = max((days or KEPT.days for _pk, days in terms), default=KEPT.days)
    delete_alarms(Alarm.objects.filter(phone_system_id=None, happened_at__lt=now - timedelta(days=longest)))
    delete_alarms(Alarm.objects.filter(raised_at__lt=now - KEPT))
    kept = Q(pk__in=Alarm.objects.values("run_id"))
    delete_rows(RuleRun.objects.filter(Q(due_at__lt=now - KEPT) & ~kept))


def delete_alarms(alarms: AlarmQuerySet) -> None:
    """Delete alarms with the calls that they have kept."""
    delete_rows(AlarmedCall.objects.filter(alarm__in=alarms.order_by().values("pk")))
    delete_rows(alarms)
