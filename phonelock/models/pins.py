"""The PIN by which a person locks and unlocks at a desk phone."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class Pin(models.Model):
    """A person's PIN, hashed, and the wrong tries since the last right one (LOCK-9)."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="lock_pin")
    hashed = models.CharField(max_length=200)
    changed_at = models.DateTimeField()
    is_temporary = models.BooleanField(default=False)
    """Given by somebody else: the person is asked to change it."""
    failures = models.PositiveIntegerField(default=0)
    """Wrong tries in a row."""
    blocked_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "PIN"
        verbose_name_plural = "PINs"

    def __str__(self) -> str:
        return str(self.user_id)

    @property
    def is_blocked(self) -> bool:
        """Whether wrong tries have blocked it for now."""
        return self.blocked_until is not None and self.blocked_until > timezone.now()
