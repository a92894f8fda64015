"""The site's own rules for numbers, and the rules that hide digits."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounting.models.calls import CallType, Direction
from accounting.models.organization import Office
from accounting.models.users import Role


class NumberRule(models.Model):
    """One rule of a site's dial plan; rules come before the public number plans, the longest prefix wins."""

    class Kind(models.TextChoices):
        """What a number that the rule meets is."""

        EXTENSION = "extension", _("Own extension")
        VOICEMAIL = "voicemail", _("Voicemail")
        EMERGENCY = "emergency", _("Emergency number")
        SERVICE = "service", _("Service or short number")
        OVERRIDE = "override", _("Prefix with a call type of its own")

    office = models.ForeignKey(
        Office,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="number_rules",
        verbose_name=_("office"),
        help_text=_("Empty: all offices."),
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    first = models.CharField(
        _("number or prefix"),
        max_length=32,
        help_text=_(
            "For extensions the first number of a range; for the others the number or, for prefixes, its beginning."
        ),
    )
    last = models.CharField(_("last of range"), max_length=32, blank=True)
    call_type = models.PositiveSmallIntegerField(_("call type"), choices=CallType.choices, null=True, blank=True)
    destination = models.CharField(_("destination"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("number rule")
        verbose_name_plural = _("number rules")
        ordering = ["office", "kind", "first"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.first}{'–' + self.last if self.last else ''}"


class MaskingRule(models.Model):
    """How many last digits of public numbers a role does not see, for which directions and call types (HOME-5)."""

    role = models.CharField(_("role"), max_length=16, choices=Role.choices)
    digits = models.PositiveSmallIntegerField(_("hidden digits"), default=3)
    direction = models.PositiveSmallIntegerField(
        _("direction"), choices=Direction.choices, null=True, blank=True, help_text=_("Empty: both.")
    )
    call_type = models.PositiveSmallIntegerField(
        _("call type"), choices=CallType.choices, null=True, blank=True, help_text=_("Empty: all.")
    )
    own_calls = models.BooleanField(_("own calls too"), default=False)

    class Meta:
        verbose_name = _("masking rule")
        verbose_name_plural = _("masking rules")
        ordering = ["role"]

    def __str__(self) -> str:
        return f"{self.get_role_display()}: {self.digits}"
