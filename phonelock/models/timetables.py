"""Timetables by which the lines of an office or department are locked (EX-12)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounting.models import Department, Office
from accounting.models.organization import validate_hours


class Holidays(models.TextChoices):
    """What a timetable does on public holidays of the person's office."""

    ORDINARY = "ordinary", _("As on any other day")
    LOCKED = "locked", _("Locked all day")
    OPEN = "open", _("Not locked")


class Timetable(models.Model):
    """Hours of the week in which lines are locked, at the clock of each person's own office."""

    name = models.CharField(_("name"), max_length=80)
    office = models.ForeignKey(Office, models.CASCADE, null=True, blank=True, verbose_name=_("office"))
    department = models.ForeignKey(
        Department, models.CASCADE, null=True, blank=True, verbose_name=_("department"),
        help_text=_("With all departments below it."),
    )  # fmt: skip
    outside_business_hours = models.BooleanField(
        _("outside the business hours"), default=True,
        help_text=_("Of each person's office. Off: in the hours entered below."),
    )  # fmt: skip
    hours = models.CharField(
        _("locked hours"), max_length=120, blank=True, validators=[validate_hours],
        help_text=_("For instance 19:00-07:00 or 12:00-13:00, 19:00-07:00."),
    )  # fmt: skip
    weekdays = models.JSONField(_("on"), default=list, blank=True)
    """Days 1 (Monday) to 7 on which the hours begin; empty: every day. Not for business hours."""
    holidays = models.CharField(
        _("on public holidays"), max_length=8, choices=Holidays.choices, default=Holidays.LOCKED
    )
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("timetable")
        verbose_name_plural = _("timetables")
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(office__isnull=False, department__isnull=True)
                | Q(office__isnull=True, department__isnull=False),
                name="timetable_of_one_unit",
            )
        ]

    def __str__(self) -> str:
        return self.name


class TimetableExemption(models.Model):
    """A person whose lines a timetable leaves alone, for instance the night watch."""

    timetable = models.ForeignKey(Timetable, models.CASCADE, related_name="exemptions")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("person"))

    class Meta:
        verbose_name = _("exemption")
        verbose_name_plural = _("exemptions")
        constraints = [models.UniqueConstraint(fields=["timetable", "person"], name="exempt_once_from_timetable")]

    def __str__(self) -> str:
        return f"{self.timetable}: {self.person}"
