"""Alarm rules and what they have raised, narrowed to what a person may see."""

from typing import TYPE_CHECKING, Self

from django.db import models

from accounting.querysets.repeating import RepeatingQuerySet

if TYPE_CHECKING:
    from accounting.models import User
    from alarms.models import Alarm, AlarmRule  # noqa: F401  (named in strings)


class AlarmRuleQuerySet(RepeatingQuerySet["AlarmRule"]):
    """Alarm rules; administrators see all, supervisors their own, everybody else none."""

    def visible_to(self, user: "User") -> Self:
        """Keep what the person may see and change, deleted ones too."""
        if user.is_administrator:
            return self
        return self.filter(owner=user) if user.is_overseer else self.none()


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
