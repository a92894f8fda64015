"""Reads wider than one filter; visible_to(user) decides whose lines a person sees, may lock or release."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.apps import apps
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounting.querysets.calls import supervised_by
from accounting.querysets.validity import member_rows

if TYPE_CHECKING:
    from accounting.models import User
    from phonelock.models import Lock, LockEvent, RefusedCall  # noqa: F401  (named in strings)


class LockQuerySet(models.QuerySet["Lock"]):
    """Reasons that lock lines, narrowed step by step."""

    def in_force(self) -> Self:
        """Leave out those whose end has come, also before anybody has cleared them away."""
        return self.filter(Q(until=None) | Q(until__gt=timezone.now()))


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


def people_led_by(user: User) -> models.QuerySet[User]:
    """Return the active people whose lines this person may see and lock for the administration: present members."""
    people: models.QuerySet[User] = apps.get_model("accounting", "User").objects.filter(is_active=True)
    if user.is_administrator:
        return people
    if not user.is_supervisor:
        return people.none()
    return people.filter(pk__in=member_rows().filter(supervised_by(user)).values("user_id"))
