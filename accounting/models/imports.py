"""The ledger of collected files, and the rows that could not be taken."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounting.models.lines import PhoneSystem


class FileState(models.TextChoices):
    """What became of a file."""

    IMPORTED = "imported", _("Imported")
    SET_ASIDE = "set_aside", _("Set aside")


class ImportBatch(models.Model):
    """One committed transaction of files; its id is the arrival mark of the calls that it wrote."""

    phone_system = models.ForeignKey(
        PhoneSystem, models.PROTECT, related_name="batches", verbose_name=_("phone system")
    )
    committed_at = models.DateTimeField(_("imported"), auto_now_add=True, db_index=True)
    first_record = models.BigIntegerField(null=True, editable=False)
    last_record = models.BigIntegerField(null=True, editable=False)
    """Between which ids the call records of this batch lie, among those of other phone systems; None without any."""
    taken_from = models.JSONField(null=True, editable=False)
    """The ids of people whose stored call records this batch took back; None where it may be anybody."""

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")

    def __str__(self) -> str:
        return f"{self.phone_system} {self.committed_at:%Y-%m-%d %H:%M:%S}"


class ImportFile(models.Model):
    """One collected file; the row is committed together with the calls of the file."""

    phone_system = models.ForeignKey(PhoneSystem, models.PROTECT, related_name="files", verbose_name=_("phone system"))
    batch = models.ForeignKey(ImportBatch, models.PROTECT, null=True, related_name="files", verbose_name=_("import"))
    name = models.CharField(_("file"), max_length=255)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField(_("size"))
    kind = models.CharField(_("format"), max_length=20, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=FileState.choices)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    reason_code = models.CharField(max_length=40, blank=True)
    imported_at = models.DateTimeField(_("imported"), auto_now_add=True)
    newest_record_at = models.DateTimeField(_("newest record"), null=True, blank=True)
    records = models.PositiveIntegerField(_("records"), default=0)
    call_records = models.PositiveIntegerField(_("call records"), default=0)
    duplicates = models.PositiveIntegerField(_("duplicates"), default=0)
    rejected = models.PositiveIntegerField(_("rejected"), default=0)
    unanswered = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("collected file")
        verbose_name_plural = _("collected files")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["phone_system", "name", "sha256"], name="file_once_in_system")]
        indexes = [models.Index(fields=["phone_system", "imported_at"], name="file_by_system_and_time")]

    def __str__(self) -> str:
        return self.name


class RejectedRow(models.Model):
    """A row that could not be read, kept whole so that it can be run again after a fix."""

    file = models.ForeignKey(ImportFile, models.CASCADE, related_name="rejected_rows", verbose_name=_("file"))
    line = models.PositiveIntegerField(_("line"))
    reason_code = models.CharField(_("reason"), max_length=40)
    reason = models.CharField(_("detail"), max_length=200, blank=True)
    header = models.TextField(_("header"), blank=True)
    content = models.TextField(_("content"))

    class Meta:
        verbose_name = _("rejected row")
        verbose_name_plural = _("rejected rows")
        ordering = ["file", "line"]

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"
