"""What rules have raised: which calls and whose, never a number or a name, so that each reader's scope holds."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alarms.models.rules import AlarmRule, RuleRun
from alarms.querysets import AlarmQuerySet
from callanalytics.lib.money import MoneyField


class Told(models.TextChoices):
    """Whether the recipients have heard of an alarm."""

    WAITING = "waiting", _("Waiting")
    TOLD = "told", _("Told")
    MUTED = "muted", _("Muted")
    NOBODY = "nobody", _("No recipients")


class Alarm(models.Model):
    """One thing that a rule has found, about one line, person, unit or gateway."""

    rule = models.ForeignKey(AlarmRule, models.CASCADE, related_name="alarms", verbose_name=_("scheduled alarm"))
    version = models.PositiveIntegerField()
    key = models.CharField(max_length=120)
    """The occasion, within the rule and its version: it is raised once, however often it is seen."""
    run = models.ForeignKey(RuleRun, models.CASCADE, related_name="alarms", verbose_name=_("check"))
    raised_at = models.DateTimeField(_("raised"))
    happened_at = models.DateTimeField(_("happened"))
    """When the first of its calls began, or what it is about."""
    until = models.DateTimeField(_("until"), null=True, blank=True)
    phone_system_id = models.BigIntegerField(null=True)
    extension = models.CharField(_("extension"), max_length=50, blank=True)
    user_id = models.BigIntegerField(null=True)
    department_id = models.BigIntegerField(null=True)
    cost_centre_id = models.BigIntegerField(null=True)
    office_id = models.BigIntegerField(null=True)
    gateway_id = models.BigIntegerField(null=True)
    calls = models.PositiveIntegerField(_("calls"), default=0)
    amount = MoneyField(_("amount"), null=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    facts: models.JSONField[Any, dict[str, Any]] = models.JSONField(default=dict)
    """What the sentence of its kind says beside that: limits, usual values, days. No numbers, no names."""
    query = models.CharField(max_length=500, blank=True)
    """The question to the report of calls that shows them, for kinds that do not keep each call; without names."""
    told = models.CharField(_("told"), max_length=8, choices=Told.choices, default=Told.WAITING)
    told_at = models.DateTimeField(_("told at"), null=True, blank=True)
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    note = models.CharField(_("note"), max_length=300, blank=True)

    objects = AlarmQuerySet.as_manager()

    class Meta:
        verbose_name = _("alarm")
        verbose_name_plural = _("alarms")
        ordering = ["-raised_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["rule", "version", "key"], name="alarm_raised_once")]
        indexes = [
            models.Index(fields=["rule", "told"], name="alarm_untold", condition=Q(told="waiting")),
            models.Index(fields=["-raised_at"], name="alarm_open", condition=Q(acknowledged_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.rule_id} {self.key}"


class AlarmedCall(models.Model):
    """A call record of an alarm; what names it survives that the call is assembled anew when more of it arrives."""

    alarm = models.ForeignKey(Alarm, models.CASCADE, related_name="its_calls")
    rule = models.ForeignKey(AlarmRule, models.CASCADE, related_name="+")
    version = models.PositiveIntegerField()
    phone_system_id = models.BigIntegerField()
    started_at = models.DateTimeField()
    extension = models.CharField(max_length=50)
    leg = models.BigIntegerField()
    direction = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "version", "started_at", "extension", "leg", "direction", "phone_system_id"],
                name="alarmed_call_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.alarm_id} {self.extension} {self.started_at}"
