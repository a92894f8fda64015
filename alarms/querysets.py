"""Alarm rules and what they have raised, narrowed to what a person may see."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

if TYPE_CHECKING:
    from accounting.models import User
    from alarms.models import Alarm, AlarmRule  # noqa: F401  (named in strings)

UNDO_DAYS = 30
"""A deleted rule can be brought back for so long."""


class AlarmRuleQuerySet(models.QuerySet["AlarmRule"]):
    """Alarm rules; administrators see all, supervisors their own, everybody else none."""

    def kept(self) -> Self:
        """Keep those that are not deleted."""
        return self.filter(deleted_at__isnull=True)

    def visible_to(self, user: "User") -> Self:
        """Keep what the person may see and change, deleted ones too."""
        if user.is_administrator:
            return self
        return self.filter(owner=user) if user.is_overseer else self.none()

    def recently_deleted(self) -> Self:
        """Keep those that are deleted and can be brought back, the latest first."""
        return self.filter(deleted_at__gte=timezone.now() - timedelta(days=UNDO_DAYS)).order_by("-deleted_at")

    def deleted_before(self, moment: datetime) -> Self:
        """Keep those that were deleted before a moment."""
        return self.filter(deleted_at__lt=moment)

    def due(self, moment: datetime) -> Self:
        """Keep those whose time has come, the longest waiting first."""
        return self.kept().filter(next_run__lte=moment).order_by("next_run", "pk")

    def ownerless(self) -> Self:
        """Keep those whose owner has left or no longer exists."""
        return self.filter(Q(owner__isnull=True) | Q(owner__is_active=False))


class AlarmQuerySet(models.QuerySet["Alarm"]):
    """What was raised; seen by who may see the rule."""

    def visible_to(self, user: "User") -> Self:
        """Keep the alarms of the rules that the person may see."""
        if user.is_administrator:
            return self
        return self.filter(rule__owner=user) if user.is_overseer else self.none()

    def open(self) -> Self:
        """Keep those that nobody has acknowledged."""
        return self.filter(acknowledged_at__isnull=True)
