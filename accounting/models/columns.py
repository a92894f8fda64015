"""What the columnar copy of the call records holds, and which days have changed since (services/columns)."""

from django.db import models
from django.utils import timezone


class TouchedDay(models.Model):
    """A UTC day of which a transaction has changed call records; the copy of that day is out of date.

    Rows are only added, so that writers never wait for each other; copying the day deletes those it has seen.
    """

    id = models.BigAutoField(primary_key=True)
    day = models.DateField()
    touched_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.day.isoformat()


class CopiedDays(models.Model):
    """A run of UTC days whose call records stand in one file of the columnar copy; runs never overlap."""

    first = models.DateField(unique=True)
    last = models.DateField()
    file = models.CharField(max_length=80)
    records = models.BigIntegerField()
    copied_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["first"]

    def __str__(self) -> str:
        return f"{self.first} – {self.last}: {self.file}"
