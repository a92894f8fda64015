"""Saved and scheduled reports, narrowed to what a person may see."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounting.querysets.organization import ancestors
from accounting.querysets.validity import member_rows

if TYPE_CHECKING:
    from accounting.models import User
    from reports.models import ReportSchedule, SavedReport  # noqa: F401  (named in strings)

UNDO_DAYS = 30
"""A deleted report can be brought back for so long."""


class SavedReportQuerySet(models.QuerySet["SavedReport"]):
    """Saved reports; those that are deleted, but can be brought back, are in a step of their own."""

    def kept(self) -> Self:
        """Keep those that are not deleted."""
        return self.filter(deleted_at__isnull=True)

    def owned_by(self, user: "User") -> Self:
        """Keep a person's own reports."""
        return self.filter(owner=user)

    def shared_with(self, user: "User") -> Self:
        """Keep the reports of others that are shared with a unit to which the person belongs now."""
        return self.kept().exclude(owner=user).filter(owner__is_active=True).filter(shared_with_units_of(user))

    def visible_to(self, user: "User") -> Self:
        """Keep own reports and those shared with the person's units, none that are deleted."""
        return self.kept().filter(Q(owner=user) | (Q(owner__is_active=True) & shared_with_units_of(user)))

    def recently_deleted(self) -> Self:
        """Keep those that are deleted and can be brought back, the latest first."""
        return self.filter(deleted_at__gte=timezone.now() - timedelta(days=UNDO_DAYS)).order_by("-deleted_at")

    def deleted_before(self, moment: datetime) -> Self:
        """Keep those that were deleted before a moment."""
        return self.filter(deleted_at__lt=moment)


class ReportScheduleQuerySet(models.QuerySet["ReportSchedule"]):
    """Scheduled reports; administrators see all, everybody else their own."""

    def kept(self) -> Self:
        """Keep those that are not deleted."""
        return self.filter(deleted_at__isnull=True)

    def visible_to(self, user: "User") -> Self:
        """Keep what the person may see and change, deleted ones too."""
        return self if user.is_administrator else self.filter(owner=user)

    def recently_deleted(self) -> Self:
        """Keep those that are deleted and can be brought back, the latest first."""
        return self.filter(deleted_at__gte=timezone.now() - timedelta(days=UNDO_DAYS)).order_by("-deleted_at")

    def deleted_before(self, moment: datetime) -> Self:
        """Keep those that were deleted before a moment."""
        return self.filter(deleted_at__lt=moment)

    def due(self, moment: datetime) -> Self:
        """Keep those whose time has come, the longest waiting first."""
        return self.kept().filter(next_run__lte=moment).order_by("next_run", "pk")

    def ownerless(self) -> Self:
        """Keep those whose owner has left or no longer exists."""
        return self.filter(Q(owner__isnull=True) | Q(owner__is_active=False))


def shared_with_units_of(user: "User") -> Q:
    """Return the test of being shared with the person's units; a department stands for all below it."""
    units = units_of(user)
    return (
        Q(department__in=ancestors(units["department"]))
        | Q(cost_centre__in=units["cost_centre"])
        | Q(office__in=units["office"])
    )


def units_of(user: "User") -> dict[str, set[int]]:
    """Return the ids of the units to which a person belongs now, by kind."""
    kinds = ("department", "cost_centre", "office")
    rows = list(member_rows().filter(user=user).values_list(*kinds))
    return {kind: {row[place] for row in rows if row[place]} for place, kind in enumerate(kinds)}
