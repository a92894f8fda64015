"""Alarm rules: what is watched, how often, for whom; and each time that was done."""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounting.models import Recurring
from alarms.querysets import AlarmRuleQuerySet

if TYPE_CHECKING:
    from alarms.models.webhooks import Webhook


class PausedBecause(models.TextChoices):
    """Why a rule does not look by itself."""

    NO = "", _("Active")
    ASKED = Recurring.ASKED, _("Paused")
    LEFT = Recurring.LEFT, _("Without owner")
    BROKEN = Recurring.BROKEN, _("Cannot be checked")


class AlarmRule(Recurring):
    """What is watched, with the rights that its owner has at each look, and who is told."""

    kind = models.CharField(_("kind"), max_length=40)
    """The slug of one of alarms.kinds.KINDS."""
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="alarm_rules",
        verbose_name=_("owner"),
    )  # fmt: skip
    parameters: models.JSONField[Any, dict[str, Any]] = models.JSONField(_("parameters"), default=dict, blank=True)
    """What its kind's form has accepted, as JSON."""
    version = models.PositiveIntegerField(default=1, editable=False)
    """Raised with each change of the parameters: what was raised under others does not keep new alarms quiet."""
    recipients = models.JSONField(_("recipients"), default=list, blank=True)
    """E-mail addresses."""
    webhooks: "models.ManyToManyField[Webhook, Any]" = models.ManyToManyField(
        "Webhook", blank=True, related_name="rules", verbose_name=_("webhooks")
    )
    text = models.TextField(_("text"), blank=True)
    """What the recipients should know or do."""
    language = models.CharField(_("language"), max_length=8, blank=True)
    """Empty: the owner's."""
    send_quiet = models.BooleanField(_("send also when there is nothing to report"), default=False)
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)
    """In its zone; what is raised in quiet hours is told in one letter when they end."""
    muted_until = models.DateTimeField(_("muted until"), null=True, blank=True)
    """What is raised until then is listed but never told."""

    marks: models.JSONField[Any, dict[str, int]] = models.JSONField(default=dict, editable=False)
    """The last import that was looked at, by phone system: what arrives later, however old, is looked at next."""
    looked_at = models.DateTimeField(_("last good check"), null=True, blank=True, editable=False)
    paused_because = models.CharField(
        _("state"), max_length=8, choices=PausedBecause.choices, default=PausedBecause.NO, blank=True
    )
    failures = models.PositiveSmallIntegerField(default=0, editable=False)
    """Checks that failed since the last good one."""

    objects = AlarmRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("scheduled alarm")
        verbose_name_plural = _("scheduled alarms")
        ordering = ["name", "pk"]
        constraints = [models.CheckConstraint(condition=Q(every__gte=1), name="alarm_rule_comes_round")]


class Result(models.TextChoices):
    """What a look has come to; that there was nothing to look at is not the same as that all is well."""

    FIRED = "fired", _("Fired")
    QUIET = "quiet", _("Quiet")
    NO_DATA = "no_data", _("No data")
    FAILED = "failed", _("Could not be checked")


class RuleRun(models.Model):
    """One look of a rule, worked off once; it is stored together with what it has raised and the new marks."""

    rule = models.ForeignKey(AlarmRule, models.CASCADE, related_name="runs", verbose_name=_("scheduled alarm"))
    due_at = models.DateTimeField(_("due"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    """Who asked for it, None when its time had come."""
    looked_at = models.DateTimeField(_("checked"))
    result = models.CharField(_("result"), max_length=8, choices=Result.choices)
    reason = models.CharField(_("reason"), max_length=20, blank=True)
    """Why it could not be checked, or why there was nothing: one of alarms.services.reasons."""
    calls = models.PositiveIntegerField(_("calls"), default=0)
    """Call records that had arrived since the last good look, in the owner's scope."""
    raised = models.PositiveIntegerField(_("alarms"), default=0)
    milliseconds = models.PositiveIntegerField(_("took"), default=0)
    told: models.JSONField[Any, dict[str, int]] = models.JSONField(default=dict, editable=False)
    """How many were told of it, and who not: numbers by the keys of alarms.services.telling.TOLD."""

    class Meta:
        verbose_name = _("check of a scheduled alarm")
        verbose_name_plural = _("checks of scheduled alarms")
        ordering = ["-due_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["rule", "due_at"], name="alarm_rule_run_once")]

    def __str__(self) -> str:
        return f"{self.rule_id} {self.due_at:%Y-%m-%d %H:%M} {self.result}"
