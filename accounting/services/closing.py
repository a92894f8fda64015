"""Closes people who have left: account, lines and units end, past calls keep their person."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounting.models import LineAssignment, Membership, User


def open_lines(people: Iterable[User]) -> int:
    """Return how many lines of these people go on after now."""
    now = timezone.now()
    return LineAssignment.objects.filter(Q(valid_to=None) | Q(valid_to__gt=now), user__in=list(people)).count()


@transaction.atomic
def close(people: Iterable[User]) -> int:
    """End accounts, lines and units now, each with an entry in the audit log; return how many people were closed."""
    now, closed = timezone.now(), 0
    for person in people:
        lasting = Q(valid_to=None) | Q(valid_to__gt=now)
        spells: list[LineAssignment | Membership] = [
            *person.lines.filter(lasting).select_related("extension"),
            *person.memberships.filter(lasting),
        ]
        for held in spells:
            held.valid_to = max(now, held.valid_from) if held.valid_from else now
            held.save(update_fields=["valid_to"])
        if person.is_active:
            person.is_active, person.left_at = False, now
            person.save(update_fields=["is_active", "left_at", "is_staff"])
            closed += 1
    return closed
