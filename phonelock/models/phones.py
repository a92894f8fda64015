"""Forms that desk phones were given to fill in: each is taken once, and says whose PIN it asks for."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounting.models import Extension


class PhoneForm(models.Model):
    """One form on one phone; its token stands in the address to which the phone sends what was typed."""

    token = models.CharField(max_length=32, unique=True)
    purpose = models.CharField(max_length=10)
    """What happens when the PIN is right; a word of xmlservices.views.pages, or of its lists."""
    device_name = models.CharField(max_length=129)
    address = models.GenericIPAddressField(null=True)
    """From where the phone asked: wrong PINs are counted by it, too."""
    extension = models.ForeignKey(Extension, models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True)
    failed = models.BooleanField(default=False)
    """Whether the PIN was wrong."""

    class Meta:
        indexes = [
            models.Index(fields=["made_at"], name="phone_form_by_time"),
            models.Index(fields=["address", "used_at"], name="phone_form_failed", condition=models.Q(failed=True)),
        ]

    def __str__(self) -> str:
        return f"{self.device_name}: {self.purpose}"
