"""Saved and scheduled reports, narrowed to what a person may see."""

from typing import TYPE_CHECKING, Self

from django.db.models import Q

from accounting.querysets.organization import ancestors
from accounting.querysets.repeating import RepeatingQuerySet, RestorableQuerySet
from accounting.querysets.validity import member_rows

if TYPE_CHECKING:
    from accounting.models import User
    from reports.models import ReportSchedule, SavedReport  # noqa: F401  (named in strings)


class SavedReportQuerySet(RestorableQuerySet["SavedReport"]):
    """Saved reports; those that are deleted, but can be brought back, are in a step of their own."""

    def owned_by(self, user: "User") -> Self:
        """Keep a person's own reports."""
        return self.filter(owner=user)

    def shared_with(self, user: "User") -> Self:
        """Keep the reports of others that are shared with a unit to which the person belongs now."""
        return self.kept().exclude(owner=user).filter(owner__is_active=True).filter(shared_with_units_of(user))

    def visible_to(self, user: "User") -> Self:
        """Keep own reports and those shared with the person's units, none that are deleted."""
        return self.kept().filter(Q(owner=user) | (Q(owner__is_active=True) & shared_with_units_of(user)))


class ReportScheduleQuerySet(RepeatingQuerySet["ReportSchedule"]):
    """Scheduled reports; administrators see all, everybody else their own."""

    def visible_to(self, user: "User") -> Self:
        """Keep what the person may see and change, deleted ones too."""
        return self if user.is_administrator else self.filter(owner=user)


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
