"""What alarms hold about one person, for the export of the person's data."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounting.models import User
from accounting.services.personal_tables import PersonalTable
from alarms.models import Alarm, AlarmRule

RULES = (
    "name", "owner__username", "kind", "parameters", "text", "recipients", "unit", "every", "at", "zone",
    "paused_because", "created_at", "changed_at", "deleted_at",
)  # fmt: skip
ALARMS = (
    "rule__kind", "raised_at", "happened_at", "until", "extension", "calls", "amount", "currency", "told_at",
    "acknowledged_at", "acknowledged_by__username", "note",
)  # fmt: skip


def tables(person: User) -> Iterator[PersonalTable]:
    """Yield own scheduled alarms, those of others that are told to the person, and alarms about or seen by them."""
    keys = [*AlarmRule.objects.filter(owner=person).values_list("pk", flat=True), *told_to(person)]
    rules = AlarmRule.objects.filter(pk__in=keys).order_by("pk").values_list(*RULES)
    yield PersonalTable("scheduled_alarms.csv", _("Scheduled alarms"), named(RULES), rules, readable)
    about = Alarm.objects.filter(Q(user_id=person.pk) | Q(acknowledged_by=person)).order_by("pk")
    yield PersonalTable("alarms.csv", _("Alarms"), named(ALARMS), about.values_list(*ALARMS))


def named(columns: Sequence[str]) -> tuple[str, ...]:
    """Return the names of columns as the file has them."""
    return tuple("kind" if column == "rule__kind" else column.partition("__")[0] for column in columns)


def told_to(person: User) -> list[int]:
    """Return the rules of others that have the person's address among their recipients."""
    if not person.email:
        return []
    others = AlarmRule.objects.exclude(owner=person).values_list("pk", "recipients").iterator()
    return [pk for pk, recipients in others if person.email.lower() in (one.lower() for one in recipients)]


def readable(row: Sequence[Any]) -> list[Any]:
    """Return the row of a rule with lists as text."""
    return [", ".join(value) if isinstance(value, list) else value for value in row]
