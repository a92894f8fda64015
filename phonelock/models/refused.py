"""Numbers that locked lines may always call, and calls that were refused."""

from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounting.models import Extension, Office, PhoneSystem
from phonelock.querysets import RefusedQuerySet


class AllowedNumber(models.Model):
    """A number or prefix that may be called from locked lines; emergency numbers need no entry (LOCK-8)."""

    digits = models.CharField(
        _("number"), max_length=32,
        validators=[RegexValidator(r"^\+?[0-9*#]+$", _("Digits, * and # only, with + at the beginning if need be."))],
        help_text=_("As dialled, with the outside line, or as an international number with +."),
    )  # fmt: skip
    is_prefix = models.BooleanField(_("all numbers that begin so"), default=False)
    office = models.ForeignKey(
        Office, models.CASCADE, null=True, blank=True, verbose_name=_("office"), help_text=_("Empty: all offices.")
    )
    note = models.CharField(_("note"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("allowed number")
        verbose_name_plural = _("allowed numbers")
        ordering = ["digits", "pk"]

    def __str__(self) -> str:
        return self.digits


class RefusedCall(models.Model):
    """A call that was refused because its line was locked (EX-12)."""

    at = models.DateTimeField(_("when"), default=timezone.now)
    phone_system = models.ForeignKey(PhoneSystem, models.CASCADE, related_name="+", verbose_name=_("phone system"))
    extension = models.ForeignKey(Extension, models.SET_NULL, null=True, related_name="refused_calls")
    number = models.CharField(_("extension"), max_length=50)
    user_id = models.BigIntegerField(null=True)
    """Who held the line then, and the units, as in call records: ids without constraints."""
    department_id = models.BigIntegerField(null=True)
    cost_centre_id = models.BigIntegerField(null=True)
    office_id = models.BigIntegerField(null=True)
    called = models.CharField(_("called number"), max_length=64)
    device_name = models.CharField(_("device name"), max_length=129, blank=True)
    reasons = models.JSONField(_("reasons"), default=list)
    """Values of Reason that held."""

    objects = RefusedQuerySet.as_manager()

    class Meta:
        verbose_name = _("refused call")
        verbose_name_plural = _("refused calls")
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["at"], name="refused_by_time"),
            models.Index(fields=["user_id", "-at"], name="refused_by_person"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.at:%Y-%m-%d %H:%M}"
