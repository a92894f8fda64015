"""Facts that hold from one moment to another, such as who holds a line: which of them hold now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps
from django.db.models import Q, QuerySet
from django.utils import timezone

if TYPE_CHECKING:
    from datetime import date

    from accounting.models import LineAssignment, Membership


def holding(at: date | None = None, prefix: str = "") -> Q:
    """Return the condition that a fact holds at a moment or on a day, else now; `prefix` leads to it from other rows.

    The beginning is included, the end is not; an empty one has none.
    """
    when = at or timezone.now()
    begun = Q(**{f"{prefix}valid_from": None}) | Q(**{f"{prefix}valid_from__lte": when})
    return begun & (Q(**{f"{prefix}valid_to": None}) | Q(**{f"{prefix}valid_to__gt": when}))


def held_now() -> QuerySet[LineAssignment]:
    """Return the line assignments that hold now."""
    rows: QuerySet[LineAssignment] = apps.get_model("accounting", "LineAssignment").objects.filter(holding())
    return rows.order_by()


def member_rows() -> QuerySet[Membership]:
    """Return the memberships that hold now."""
    rows: QuerySet[Membership] = apps.get_model("accounting", "Membership").objects.filter(holding())
    return rows.order_by()
