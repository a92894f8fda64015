"""The audit log: who changed which setting, exported what, and saw whose calls unmasked (ORG-3)."""

from typing import Any, NoReturn

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounting.models.jobs import Job


class AuditedAction(models.TextChoices):
    """What was done."""

    ADDED = "added", _("Added")
    CHANGED = "changed", _("Changed")
    DELETED = "deleted", _("Deleted")
    IMPORTED = "imported", _("Imported")
    EXPORTED = "exported", _("Exported")
    SENT = "sent", _("Sent")
    VIEWED = "viewed", _("Viewed unmasked")
    STARTED = "started", _("Started")
    DRY_RUN = "dry_run", _("Dry run")
    FAILED = "failed", _("Failed")
    UNDONE = "undone", _("Undone")
    SIGNED_IN = "signed_in", _("Signed in")
    SIGNED_OUT = "signed_out", _("Signed out")
    REFUSED = "refused", _("Refused")
    LOCKED_OUT = "locked_out", _("Locked out")


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    """Entries of the audit log: they can be read and added, nothing else; the database refuses the rest, too."""

    def update(self, **kwargs: Any) -> NoReturn:
        """Refuse."""
        raise TypeError("The audit log cannot be changed.")

    def delete(self) -> NoReturn:
        """Refuse."""
        raise TypeError("The audit log cannot be changed.")


class AuditEntry(models.Model):
    """One entry of the audit log; it names people and things in words, so that it outlives them."""

    at = models.DateTimeField(_("time"), auto_now_add=True, db_index=True)
    actor_id = models.BigIntegerField(null=True, db_index=True)
    actor = models.CharField(_("by"), max_length=200, blank=True)
    """Name and user name; empty: the product itself, for instance its timetable."""
    address = models.GenericIPAddressField(_("address"), null=True)
    action = models.CharField(_("action"), max_length=12, choices=AuditedAction.choices)
    subject_type = models.CharField(_("kind"), max_length=40, blank=True)
    """Model name in lower case ("tariff"), or the kind of what was exported, viewed or started."""
    subject_id = models.CharField(max_length=40, blank=True)
    subject = models.CharField(_("what"), max_length=255, blank=True)
    changes = models.JSONField(_("changes"), default=dict)
    """By field name: [before, after] as text; secrets as asterisks."""
    details = models.JSONField(_("details"), default=dict)
    """Further facts, for instance {"rows": 12, "file": "rates.csv"}."""
    whole_id = models.BigIntegerField(null=True)
    """The entry of the work (an import, a synchronisation, an undo) of which this one tells a single row."""
    erasure_id = models.BigIntegerField(null=True)
    """The entry of the erasure that has taken a person's names out of this one: all that can ever change."""

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["subject_type", "subject_id"], name="audit_by_subject"),
            # An import of 40,000 rates lies between two entries of the list.
            models.Index(fields=["at", "id"], name="audit_wholes", condition=models.Q(whole_id=None)),
            models.Index(fields=["whole_id", "id"], name="audit_by_whole", condition=models.Q(whole_id__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor}: {self.action} {self.subject}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the entry; refuse to change one."""
        if self._state.adding is False:
            raise TypeError("The audit log cannot be changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse."""
        raise TypeError("The audit log cannot be changed.")


class ChangeJournal(models.Model):
    """The rows that one piece of work has changed, with their values before and after, so that it can be undone."""

    entry_id = models.BigIntegerField(unique=True)
    """The work's entry in the audit log."""
    rows = models.BinaryField(default=bytes)
    """Compressed JSON; empty once it is too old to be undone, or holds an erased person."""
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, blank=True, related_name="+")
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    """Why it was undone."""
    undone_at = models.DateTimeField(_("undone"), null=True)
    undone_by = models.CharField(_("by"), max_length=200, blank=True)
    outcome = models.JSONField(default=dict)
    """How many rows went back and how many were left alone."""

    class Meta:
        verbose_name = _("journal of changes")
        verbose_name_plural = _("journals of changes")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.entry_id}"
