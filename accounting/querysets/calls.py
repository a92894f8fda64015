"""Reads over call records; every page, export, gadget and mail begins with visible_to(user)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.apps import apps
from django.db import models
from django.db.models import Q

from accounting.querysets.organization import subtree

if TYPE_CHECKING:
    from datetime import datetime

    from accounting.models import CallRecord, User  # noqa: F401  (CallRecord is named in a string)


class CallRecordQuerySet(models.QuerySet["CallRecord"]):
    """Call records, narrowed step by step."""

    def visible_to(self, user: User) -> Self:
        """Keep the records that this person may see: own, those of the supervised units, or all (ACC-3)."""
        if not user.is_active:
            return self.none()
        if user.is_administrator:
            return self
        own = Q(user_id=user.pk)
        if not user.is_supervisor:
            return self.own(user)
        return self.filter(own | supervised_by(user))

    def own(self, user: User) -> Self:
        """Keep the records of this person's own calls.

        The numbers that the person ever held lead to the index; user_id, fixed at the time of the call, decides.
        """
        assignment = apps.get_model("accounting", "LineAssignment")
        numbers = assignment.objects.filter(user=user).values_list("extension__number", flat=True)
        return self.filter(extension__in=list(numbers.distinct()), user_id=user.pk)

    def in_period(self, start: datetime, end: datetime) -> Self:
        """Keep the records that started in [start, end)."""
        return self.filter(started_at__gte=start, started_at__lt=end)

    def of_call(self, *call_ids: int) -> Self:
        """Keep all records of these calls; the starts of their legs lead to the time-led index."""
        leg = apps.get_model("accounting", "CallLeg")
        starts = leg.objects.filter(call_id__in=call_ids).values_list("originated_at", flat=True).distinct()
        return self.filter(started_at__in=list(starts), call_id__in=call_ids)

    def newest_first(self) -> Self:
        """Order by start, newest first, ties in a stable order."""
        return self.order_by("-started_at", "-id")


def supervised_by(user: User) -> Q:
    """Return the condition that a record belongs to a unit which this person supervises."""
    scopes = list(user.supervisions.values_list("department_id", "cost_centre_id", "office_id"))
    departments = subtree([department for department, _, _ in scopes if department])
    cost_centres = [cost_centre for _, cost_centre, _ in scopes if cost_centre]
    offices = [office for _, _, office in scopes if office]
    return Q(department_id__in=departments) | Q(cost_centre_id__in=cost_centres) | Q(office_id__in=offices)
