"""Reads wider than one filter; visible_to(user) decides whose lines a person sees, may lock or release."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.apps import apps
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounting.querysets.calls import supervised_by
from budget.querysets import member_rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounting.models import LineAssignment, User
    from phonelock.models import Lock, LockEvent, RefusedCall  # noqa: F401  (named in strings)


class LockQuerySet(models.QuerySet["Lock"]):
    """Reasons that lock lines, narrowed step by step."""

    def in_force(self) -> Self:
        """Leave out those whose end has come, also before anybody has cleared them away."""
        return self.filter(Q(until=None) | Q(until__gt=timezone.now()))

    def of_numbers(self, phone_system: int, numbers: Iterable[str]) -> Self:
        """Keep those that hold now for any of these numbers of a phone system: one read of an index."""
        return self.in_force().filter(phone_system_id=phone_system, number__in=list(numbers))


class EventQuerySet(models.QuerySet["LockEvent"]):
    """The history of locks, narrowed step by step."""

    def visible_to(self, user: User) -> Self:
        """Keep what happened to lines while they were held by people whom this person oversees, or by this person."""
        if user.is_administrator:
            return self
        return self.filter(Q(person=user) | Q(person__in=people_led_by(user).values("pk")))


class RefusedQuerySet(models.QuerySet["RefusedCall"]):
    """Refused calls, narrowed step by step."""

    def visible_to(self, user: User) -> Self:
        """Keep those of own lines, of the supervised units at the time of the call, or all (ACC-3)."""
        if not user.is_active:
            return self.none()
        if user.is_administrator:
            return self
        own = Q(user_id=user.pk)
        return self.filter(own | supervised_by(user)) if user.is_supervisor else self.filter(own)


def held_now() -> models.QuerySet[LineAssignment]:
    """Return the line assignments that hold now."""
    now = timezone.now()
    begun = Q(valid_from=None) | Q(valid_from__lte=now)
    rows: models.QuerySet[LineAssignment] = apps.get_model("accounting", "LineAssignment").objects.all()
    return rows.filter(begun, Q(valid_to=None) | Q(valid_to__gt=now)).order_by()


def people_led_by(user: User) -> models.QuerySet[User]:
    """Return the active people whose lines this person may see and lock for the administration: present members."""
    people: models.QuerySet[User] = apps.get_model("accounting", "User").objects.filter(is_active=True)
    if user.is_administrator:
        return people
    if not user.is_supervisor:
        return people.none()
    return people.filter(pk__in=member_rows().filter(supervised_by(user)).values("user_id"))
