"""Units of the organisation, who belongs to them when, and who supervises them."""

from zoneinfo import available_timezones

import phonenumbers
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from callanalytics.lib.hours import read_windows


def validate_zone(value: str) -> None:
    """Refuse a time zone that is in no time zone database."""
    if value not in available_timezones():
        raise ValidationError(_("“%(value)s” is not a time zone, for instance Europe/Berlin."), params={"value": value})


def validate_hours(value: str) -> None:
    """Refuse hours of the day that cannot be read."""
    try:
        read_windows(value)
    except ValueError as error:
        text = _("“%(value)s” are no hours, for instance 08:00-18:00 or 08:00-12:00, 13:00-17:00.")
        raise ValidationError(text, params={"value": value}) from error


class Office(models.Model):
    """A location: its country, area and zone decide how numbers dialled there are read and priced."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    country = models.CharField(_("country"), max_length=2, help_text=_("Two letters, for instance DE."))
    subdivision = models.CharField(
        _("state or region"), max_length=8, blank=True, help_text=_("For public holidays, for instance BE for Berlin.")
    )
    area_code = models.CharField(
        _("area code"),
        max_length=8,
        blank=True,
        help_text=_("Without the national prefix, for instance 30 for Berlin."),
    )
    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        default="Europe/Berlin",
        validators=[validate_zone],
        help_text=_("For instance Europe/Berlin."),
    )
    business_hours = models.CharField(
        _("business hours"),
        max_length=60,
        default="08:00-18:00",
        validators=[validate_hours],
        help_text=_("On working days, for instance 08:00-18:00 or 08:00-12:00, 13:00-17:00."),
    )
    access_code = models.CharField(
        _("outside line"),
        max_length=4,
        blank=True,
        help_text=_("What people dial first for the public network, for instance 0."),
    )
    private_prefix = models.CharField(
        _("private prefix"),
        max_length=8,
        blank=True,
        validators=[RegexValidator(r"^[0-9*#]+$", _("Digits, * and # only."))],
        help_text=_("What people dial before a private call, for instance 8: before the outside line or in its place."),
    )
    extension_digits = models.PositiveSmallIntegerField(
        _("longest extension"),
        default=6,
        help_text=_("Numbers with at most this many digits are taken for extensions."),
    )

    class Meta:
        verbose_name = _("office")
        verbose_name_plural = _("offices")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse an area code that is not written as it stands in international numbers."""
        prefix = phonenumbers.ndd_prefix_for_region(self.country.upper(), strip_non_digits=True) or ""
        if self.area_code and not (self.area_code.isascii() and self.area_code.isdigit()):
            text = _("“%(value)s” is not an area code.")
            raise ValidationError({"area_code": ValidationError(text, params={"value": self.area_code})})
        # Area codes may begin with other national prefixes: 812 of Saint Petersburg, whose prefix is 8.
        if prefix.startswith("0") and self.area_code.startswith(prefix):
            text = _("Enter the area code without the national prefix %(prefix)s.")
            raise ValidationError({"area_code": ValidationError(text, params={"prefix": prefix})})
        if self.private_prefix and self.access_code.startswith(self.private_prefix):
            text = _("The outside line begins with it: every call would be private.")
            raise ValidationError({"private_prefix": text})


class Department(models.Model):
    """A department; departments form a tree."""

    name = models.CharField(_("name"), max_length=80)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("part of")
    )

    class Meta:
        verbose_name = _("department")
        verbose_name_plural = _("departments")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["parent", "name"], name="department_once_in_parent"),
            # Databases take two empty parents for two different ones.
            models.UniqueConstraint(fields=["name"], condition=Q(parent=None), name="department_once_at_top"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a second department of one name in the same place; sheets and directories tell them by their path."""
        siblings = Department.objects.filter(parent=self.parent_id).exclude(pk=self.pk)
        if self.name.casefold() in (name.casefold() for name in siblings.values_list("name", flat=True)):
            place = self.parent.name if self.parent else ""
            at_top = _("There is a department “%(name)s” at the top already.")
            below = _("There is a department “%(name)s” in “%(place)s” already.")
            raise ValidationError({"name": (below if place else at_top) % {"name": self.name, "place": place}})


class CostCentre(models.Model):
    """An accounting unit to which call costs are charged."""

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=80)

    class Meta:
        verbose_name = _("cost centre")
        verbose_name_plural = _("cost centres")
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Membership(models.Model):
    """The units of a person from one day to another: calls keep the units that were valid when they were made."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships", verbose_name=_("person")
    )
    department = models.ForeignKey(Department, models.PROTECT, null=True, blank=True, verbose_name=_("department"))
    cost_centre = models.ForeignKey(CostCentre, models.PROTECT, null=True, blank=True, verbose_name=_("cost centre"))
    office = models.ForeignKey(Office, models.PROTECT, null=True, blank=True, verbose_name=_("office"))
    valid_from = models.DateTimeField(_("valid from"), null=True, blank=True, help_text=_("Empty: since ever."))
    valid_to = models.DateTimeField(
        _("valid to"), null=True, blank=True, help_text=_("Not included. Empty: until further notice.")
    )

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        ordering = ["user", "valid_from"]

    def __str__(self) -> str:
        return f"{self.user}: {self.department or self.cost_centre or self.office}"


class Supervision(models.Model):
    """One unit whose calls a supervisor sees: a department with all below it, a cost centre or an office."""

    supervisor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="supervisions", verbose_name=_("supervisor")
    )
    department = models.ForeignKey(Department, models.CASCADE, null=True, blank=True, verbose_name=_("department"))
    cost_centre = models.ForeignKey(CostCentre, models.CASCADE, null=True, blank=True, verbose_name=_("cost centre"))
    office = models.ForeignKey(Office, models.CASCADE, null=True, blank=True, verbose_name=_("office"))

    class Meta:
        verbose_name = _("supervision")
        verbose_name_plural = _("supervisions")
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(department__isnull=False, cost_centre__isnull=True, office__isnull=True)
                    | Q(department__isnull=True, cost_centre__isnull=False, office__isnull=True)
                    | Q(department__isnull=True, cost_centre__isnull=True, office__isnull=False)
                ),
                name="supervision_of_one_unit",
            )
        ]

    def __str__(self) -> str:
        return f"{self.supervisor}: {self.department or self.cost_centre or self.office}"
