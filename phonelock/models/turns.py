"""Whose turn it is to talk to a phone system, and how often it may be asked."""

from django.db import models

from accounting.models import PhoneSystem


class EngineTurn(models.Model):
    """The talk with one phone system: one worker at a time changes it, and faults make all of them wait."""

    phone_system = models.OneToOneField(PhoneSystem, models.CASCADE, related_name="+")
    held_until = models.DateTimeField(null=True)
    """The lease of the worker that changes lines now; also its token: each renewal is another moment."""
    paused_until = models.DateTimeField(null=True)
    """When a phone system that was away, busy or refused us is tried again."""
    faults = models.PositiveIntegerField(default=0)
    """In a row, of those that concern every line."""
    fault = models.CharField(max_length=300, blank=True)
    compare_at = models.DateTimeField(null=True)
    """When its lines are next compared; None: never compared yet."""
    asked = models.JSONField(default=list)
    """Seconds of the epoch at which registrations were asked for in the last minute, by all processes."""

    def __str__(self) -> str:
        return str(self.phone_system_id)
