"""What is done again and again at its times: scheduled reports, alarms."""

from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from callanalytics.lib.recurrence import LAST_DAY, Recurrence, Unit


class TimesTrouble(models.TextChoices):
    """Why due times cannot be computed: zones can vanish with an update of the system."""

    NONE = "", _("None")
    ZONE_GONE = "zone_gone", _("Its time zone no longer exists. Choose another one.")
    NO_TIMES = "no_times", _("Its times cannot be computed. Choose them anew.")


class Recurring(models.Model):
    """The rule of the due times, the next of them, and what else all have that are done again and again."""

    ASKED, LEFT, BROKEN = "asked", "left", "broken"
    """Why it is paused: somebody wanted it, its owner has left, or it cannot be done any more."""
    paused_because: "models.CharField[Any, str]"
    """Each has choices of its own; empty while it goes on."""

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
    name = models.CharField(_("name"), max_length=80)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)
    deleted_at = models.DateTimeField(_("deleted"), null=True, blank=True, db_index=True)
    """When it was deleted; it can be brought back for a while."""

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def is_paused(self) -> bool:
        """Whether it waits until somebody resumes it."""
        return self.paused_because != ""

    @property
    def recurrence(self) -> Recurrence:
        """The rule of its due times; LookupError, ValueError or OSError when it cannot be read any more."""
        return Recurrence(
            Unit(self.unit), self.every, self.at, ZoneInfo(self.zone), self.first_day,
            frozenset(self.weekdays), min(self.day_of_month, LAST_DAY),
        )  # fmt: skip

    @property
    def trouble_with_times(self) -> TimesTrouble:
        """Why its due times cannot be computed; NONE when they can."""
        try:
            _rule = self.recurrence
        except LookupError:
            return TimesTrouble.ZONE_GONE
        except (ValueError, OSError):
            return TimesTrouble.NO_TIMES
        return TimesTrouble.NONE

    def set_due(self, now: datetime | None = None) -> None:
        """Compute the next due time anew, none for what is paused or deleted; the caller saves.

        Pauses what has no times that can be computed.
        """
        if self.trouble_with_times and not self.is_paused:
            self.paused_because = self.BROKEN
        sleeps = self.is_paused or self.deleted_at is not None
        self.next_run = None if sleeps else self.recurrence.after(now or timezone.now())
