"""Files of people, units, extensions or rates that somebody uploads: previewed first, applied on request."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounting.models.jobs import Job
from accounting.models.tariffs import Tariff


class SheetState(models.TextChoices):
    """How far an uploaded sheet is."""

    READING = "reading", _("Being read")
    PREVIEW = "preview", _("Preview")
    APPLIED = "applied", _("Applied")
    DISCARDED = "discarded", _("Discarded")
    FAILED = "failed", _("Failed")


class SheetImport(models.Model):
    """One uploaded CSV or XLSX file (or one reading of the directory) and the changes that it would make."""

    kind = models.SlugField(_("kind"), max_length=30)
    """A key of accounting.sheets.SHEETS."""
    tariff = models.ForeignKey(Tariff, models.CASCADE, null=True, blank=True, verbose_name=_("tariff"))
    """Of rates only."""
    effective_on = models.DateField(
        _("prices change on"), null=True, blank=True,
        help_text=_("The old rates end and the new ones begin on this day. Empty: prices are corrected as a whole."),
    )  # fmt: skip
    """Of rates only."""
    file_name = models.CharField(_("file"), max_length=255, blank=True)
    content = models.BinaryField(default=bytes)
    """The file as uploaded, so that the preview can be made anew when the data has changed meanwhile."""
    remove_missing = models.BooleanField(
        _("remove what is missing"), default=False,
        help_text=_("What is not in the file is removed, or closed where past calls need it."),
    )  # fmt: skip
    state = models.CharField(_("state"), max_length=10, choices=SheetState.choices, default=SheetState.READING)
    counts = models.JSONField(default=dict)
    """Rows by kind of change: added, changed, removed, unchanged, errors."""
    plan = models.BinaryField(default=bytes)
    """The previewed changes as compressed JSON."""
    plan_digest = models.CharField(max_length=64, blank=True)
    """Of the changes: what is applied is what was shown, or it is shown again."""
    job = models.ForeignKey(Job, models.SET_NULL, null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="sheet_imports", verbose_name=_("by")
    )
    created_at = models.DateTimeField(_("uploaded"), auto_now_add=True)
    applied_at = models.DateTimeField(_("applied"), null=True)

    class Meta:
        verbose_name = _("sheet import")
        verbose_name_plural = _("sheet imports")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.file_name}"
