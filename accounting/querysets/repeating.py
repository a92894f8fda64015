"""Rows that can be brought back after deleting, and those of them that are done again and again at their times."""

from datetime import datetime, timedelta
from typing import Self, TypeVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

Row = TypeVar("Row", bound=models.Model)
UNDO_DAYS = 30
"""A deleted row can be brought back for so long."""


class RestorableQuerySet(models.QuerySet[Row]):
    """Rows with the moment of their deletion, None for those that are there."""

    def kept(self) -> Self:
        """Keep those that are not deleted."""
        return self.filter(deleted_at__isnull=True)

    def recently_deleted(self) -> Self:
        """Keep those that are deleted and can be brought back, the latest first."""
        return self.filter(deleted_at__gte=timezone.now() - timedelta(days=UNDO_DAYS)).order_by("-deleted_at")

    def deleted_before(self, moment: datetime) -> Self:
        """Keep those that were deleted before a moment."""
        return self.filter(deleted_at__lt=moment)


class RepeatingQuerySet(RestorableQuerySet[Row]):
    """Rows with an owner and a next due time (accounting.models.Recurring)."""

    def due(self, moment: datetime) -> Self:
        """Keep those whose time has come, the longest waiting first."""
        return self.kept().filter(next_run__lte=moment).order_by("next_run", "pk")

    def ownerless(self) -> Self:
        """Keep those whose owner has left or no longer exists."""
        return self.filter(Q(owner__isnull=True) | Q(owner__is_active=False))
