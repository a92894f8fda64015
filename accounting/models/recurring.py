"""What is done again and again at its times: scheduled reports, alarms."""

from datetime import time
from zoneinfo import ZoneInfo

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from callanalytics.lib.recurrence import LAST_DAY, Recurrence, Unit


class Recurring(models.Model):
    """The rule of the due times, and the next of them."""

    class Units(models.TextChoices):
        """What is counted between two due times."""

        MINUTES = Unit.MINUTES.value, _("Minutes")
        DAYS = Unit.DAYS.value, _("Days")
        WEEKS = Unit.WEEKS.value, _("Weeks")
        MONTHS = Unit.MONTHS.value, _("Months")

    unit = models.CharField(_("repeat"), max_length=8, choices=Units.choices, default=Units.WEEKS)
    every = models.PositiveSmallIntegerField(_("every"), default=1)
    weekdays = models.JSONField(_("weekdays"), default=list, blank=True)
    """For weeks: numbers, 0 is Monday."""
    day_of_month = models.PositiveSmallIntegerField(_("day of the month"), default=1)
    """For months; LAST_DAY is the last one."""
    at = models.TimeField(_("time"), default=time(7))
    zone = models.CharField(_("time zone"), max_length=64)
    first_day = models.DateField(_("first day"), default=timezone.localdate)
    next_run = models.DateTimeField(_("next run"), null=True, blank=True, db_index=True)
    """None while it is paused or deleted."""

    class Meta:
        abstract = True

    @property
    def recurrence(self) -> Recurrence:
        """The rule of its due times; LookupError, ValueError or OSError when it cannot be read any more."""
        return Recurrence(
            Unit(self.unit), self.every, self.at, ZoneInfo(self.zone), self.first_day,
            frozenset(self.weekdays), min(self.day_of_month, LAST_DAY),
        )  # fmt: skip
