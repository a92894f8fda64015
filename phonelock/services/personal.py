"""What Phone Lock holds about one person, for the export of the person's data."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounting.models import User
from accounting.services.personal_tables import PersonalTable
from phonelock.models import Lock, LockEvent, Pin, RefusedCall
from phonelock.services.locking import lines_of

LOCKS = ("number", "reason", "since", "until", "by", "note")
EVENTS = ("at", "kind", "number", "reason", "through", "by", "until", "locked", "note")
REFUSED = ("at", "number", "called", "device_name", "reasons")
PINS = ("changed_at", "is_temporary", "failures", "blocked_until")


def tables(person: User) -> Iterator[PersonalTable]:
    """Yield why the person's lines are locked, their history, refused calls, and about the PIN all but the PIN."""
    mine = Q(extension__in=lines_of([person.pk])) | Q(by_user=person)
    locks = Lock.objects.filter(mine).order_by("pk").values_list(*LOCKS)
    yield PersonalTable("locks.csv", _("Locks"), LOCKS, locks)
    happened = LockEvent.objects.filter(Q(person=person) | Q(by_user=person)).order_by("pk").values_list(*EVENTS)
    yield PersonalTable("history_of_locks.csv", _("Lock events"), EVENTS, happened)
    refused = RefusedCall.objects.filter(user_id=person.pk).order_by("at", "pk").values_list(*REFUSED)
    yield PersonalTable("refused_calls.csv", _("Refused calls"), REFUSED, refused, readable)
    yield PersonalTable(
        "pin.csv", _("PIN, without the PIN itself"), PINS, Pin.objects.filter(user=person).values_list(*PINS)
    )


def readable(row: Sequence[Any]) -> list[Any]:
    """Return a row with lists as text."""
    return [", ".join(value) if isinstance(value, list) else value for value in row]
