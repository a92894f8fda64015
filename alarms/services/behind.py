"""The calls behind an alarm, as one reader may see them: those it has kept, or those that its question finds."""

from datetime import time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import BigIntegerField, Case, Exists, F, OuterRef, When
from django.http import QueryDict
from django.urls import reverse

from accounting.models import CallRecord, CallType, Direction, Kind, Outcome, User
from accounting.querysets.calls import CallRecordQuerySet
from accounting.querysets.organization import subtree
from alarms.models import Alarm, AlarmedCall
from callanalytics.middleware import ZONES

CHOICES: dict[str, type[models.IntegerChoices]] = {
    "direction": Direction, "kind": Kind, "outcome": Outcome, "call_type": CallType,
}  # fmt: skip
"""The filters of a stored question that can be told here; the others only the report of calls can."""
SUBJECT = ("extension", "phone_system_id", "user_id", "department_id", "cost_centre_id", "office_id", "gateway_id")
OF_A_LINE = frozenset({"extension", "phone_system_id", "user_id"})


def calls_of(alarm: Alarm, reader: User) -> CallRecordQuerySet:
    """Return the calls behind an alarm that the reader may see, newest first.

    Empty where the alarm has kept no calls and its question can only be answered by the report of calls_address().
    """
    seen = CallRecord.objects.visible_to(reader).newest_first()
    kept = AlarmedCall.objects.filter(alarm_id=alarm.pk)
    starts = set(kept.values_list("started_at", flat=True))
    if starts:
        named = {name: OuterRef(name) for name in ("phone_system_id", "started_at", "extension", "direction")}
        # As raising.key_of names calls that reached no device.
        seen = seen.alias(
            named_leg=Case(When(leg=0, then=-F("call_id")), default=F("leg"), output_field=BigIntegerField())
        )
        return seen.filter(Exists(kept.filter(**named, leg=OuterRef("named_leg"))), started_at__in=starts)
    if not has_calls(alarm):
        return seen.none()
    filters = told_filters(alarm)
    if filters is None or alarm.until is None:
        return seen.none()
    return seen.filter(**subject_filters(alarm), **filters).in_period(alarm.happened_at, alarm.until)


def has_calls(alarm: Alarm) -> bool:
    """Return whether an alarm tells of calls: it has counted some, or its question or gateway narrows them."""
    return bool(alarm.calls or alarm.query or alarm.gateway_id)


def subject_filters(alarm: Alarm) -> dict[str, object]:
    """Return what narrows calls to those of the alarm's line, person, unit or gateway."""
    found: dict[str, object] = {name: getattr(alarm, name) for name in subject_fields(alarm)}
    if "department_id" in found:
        found["department_id__in"] = subtree([int(str(found.pop("department_id")))])
    return found


def subject_fields(alarm: Alarm) -> list[str]:
    """Return the fields that say what the alarm is about: a line or person is told without its units."""
    named = [name for name in SUBJECT if getattr(alarm, name)]
    of_a_line = [name for name in named if name in OF_A_LINE]
    return of_a_line if {"extension", "user_id"} & set(of_a_line) else named


def told_filters(alarm: Alarm) -> dict[str, object] | None:
    """Return the filters of a stored question by column; None when it has one that only the report knows."""
    found: dict[str, object] = {}
    for key, value in QueryDict(alarm.query).items():
        if key == "hour":
            # The occasion says it, too.
            continue
        if key not in CHOICES:
            return None
        members = {member.name.lower(): member.value for member in CHOICES[key]}
        values = str(value).split(",")
        if not set(values) <= members.keys():
            return None
        found[f"{key}__in"] = [members[one] for one in values]
    return found


def zone_of(alarm: Alarm) -> ZoneInfo:
    """Return the zone in whose days an alarm is told: the rule's, or the organisation's where it covers days of it."""
    organisation = ZoneInfo(settings.TIME_ZONE)
    # Zones can vanish with an update of the system; the calls are to be found nevertheless.
    zone = ZoneInfo(alarm.rule.zone) if alarm.rule.zone in ZONES else organisation
    return organisation if covers_days(alarm, organisation) and not covers_days(alarm, zone) else zone


def covers_days(alarm: Alarm, zone: ZoneInfo) -> bool:
    """Return whether an alarm lasts from a midnight of a zone until another."""
    if alarm.until is None:
        return False
    return alarm.happened_at.astimezone(zone).time() == alarm.until.astimezone(zone).time() == time()


def calls_address(alarm: Alarm) -> str:
    """Return the report of calls on the days of an alarm, within the portal; zone_of() says which days."""
    zone = zone_of(alarm)
    last = max(alarm.happened_at, (alarm.until or alarm.happened_at) - timedelta(seconds=1))
    asked = QueryDict(alarm.query, mutable=True)
    asked["from"] = alarm.happened_at.astimezone(zone).date().isoformat()
    asked["to"] = last.astimezone(zone).date().isoformat()
    asked["zone"] = zone.key
    for name in subject_fields(alarm):
        value = getattr(alarm, name)
        asked["person" if name == "user_id" else name.removesuffix("_id")] = (
            f"id:{value}" if name == "user_id" else value
        )
    return f"{reverse('report', args=['calls'])}?{asked.urlencode()}"
