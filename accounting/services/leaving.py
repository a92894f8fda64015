"""Closes the accounts of people whose day of leaving has come; their units and lines end by their own dates."""

import structlog
from django.utils import timezone

from accounting.models import User

log = structlog.get_logger(__name__)


def close_leavers() -> int:
    """Close every account whose date of leaving has passed; return how many. The last administrator stays."""
    closed = 0
    for person in User.objects.filter(is_active=True, left_at__lte=timezone.now()):
        if person.is_administrator and not others_rule(person):
            log.warning("last_administrator_stays", person=person.pk)
            continue
        person.is_active = False
        person.save(update_fields=["is_active", "is_staff"])
        closed += 1
    return closed


def others_rule(person: User) -> bool:
    """Return whether there is another active administrator."""
    others = User.objects.exclude(pk=person.pk).filter(is_active=True, is_staff=True)
    return any(other.is_administrator for other in others)
