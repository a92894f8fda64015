"""The last word of a person's computers and programs about the own lock."""

from django.conf import settings
from django.db import models


class LatestWord(models.Model):
    """When the newest event happened that a person's computers have told: older ones come too late (LOCK-6)."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "latest word"
        verbose_name_plural = "latest words"

    def __str__(self) -> str:
        return f"{self.person_id}: {self.at}"
