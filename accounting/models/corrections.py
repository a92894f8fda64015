"""Changes to past calls on request: prices anew, or another owner; journalled, so that they can be undone."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounting.models.jobs import Job


class CorrectionKind(models.TextChoices):
    """What is corrected."""

    COST = "cost", _("Re-costing")
    OWNER = "owner", _("Re-assignment")


class CorrectionState(models.TextChoices):
    """How far a correction is."""

    DRAFT = "draft", _("Dry run under way")
    READY = "ready", _("Dry run finished")
    APPLYING = "applying", _("Being applied")
    APPLIED = "applied", _("Applied")
    UNDOING = "undoing", _("Being undone")
    UNDONE = "undone", _("Undone")
    DISCARDED = "discarded", _("Discarded")
    FAILED = "failed", _("Failed")


UNDER_WAY = (CorrectionState.DRAFT, CorrectionState.APPLYING, CorrectionState.UNDOING)


class Correction(models.Model):
    """One correction of past calls: what it concerns, what it would change, how far it is."""

    kind = models.CharField(_("kind"), max_length=10, choices=CorrectionKind.choices)
    selection = models.JSONField(default=dict)
    """Which calls: period (ISO moments), phone system, gateway, extension, prefix, only unpriced ..."""
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=CorrectionState.choices, default=CorrectionState.DRAFT)
    records = models.PositiveBigIntegerField(_("calls looked at"), default=0)
    changed = models.PositiveBigIntegerField(_("calls changed"), default=0)
    summary = models.JSONField(default=dict)
    """The dry run's differences by unit, carrier and currency; amounts in millionths."""
    job = models.ForeignKey(Job, models.SET_NULL, null=True, blank=True, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="corrections", verbose_name=_("by")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    applied_at = models.DateTimeField(_("applied"), null=True)
    undone_at = models.DateTimeField(_("undone"), null=True)
    undo_reason = models.CharField(_("reason for undoing"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    @property
    def is_at_work(self) -> bool:
        """Whether a job of it waits or runs."""
        return self.job is not None and self.job.is_active

    @property
    def is_interrupted(self) -> bool:
        """Whether a step was begun and its job has ended without finishing it."""
        return self.state in UNDER_WAY and not self.is_at_work


class CorrectedRecord(models.Model):
    """The journal: what one call record held before and after a correction; written by bulk copy."""

    id = models.BigAutoField(primary_key=True)
    correction_id = models.BigIntegerField()
    record_id = models.BigIntegerField()
    started_at = models.DateTimeField()
    before = models.JSONField()
    """The corrected columns by name, in the database's values (cost in millionths)."""
    after = models.JSONField()

    class Meta:
        verbose_name = _("corrected call record")
        verbose_name_plural = _("corrected call records")
        indexes = [
            models.Index(fields=["correction_id", "id"], name="corrected_by_correction"),
            models.Index(fields=["record_id"], name="corrected_by_record"),
        ]

    def __str__(self) -> str:
        return f"{self.correction_id}: {self.record_id}"
