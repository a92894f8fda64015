"""The audit log: who changed which setting, exported what, and saw whose calls unmasked (ORG-3)."""

from typing import Any, NoReturn

from django.db import models
from django.utils.translation import gettext_lazy as _


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
    UNDONE = "undone", _("Undone")
    SIGNED_IN = "signed_in", _("Signed in")
    REFUSED = "refused", _("Refused")


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

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        ordering = ["-id"]
        indexes = [models.Index(fields=["subject_type", "subject_id"], name="audit_by_subject")]

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
