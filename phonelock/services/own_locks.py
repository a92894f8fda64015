"""Carries out what a person's computers say about the own lock, in the order in which it happened, not arrived."""

from datetime import datetime

from django.db import transaction

from accounting.models import User
from phonelock.models import Happened, LatestWord, LockEvent, Reason, Through
from phonelock.services.locking import Actor, lines_of, lock, release

FROM_AFAR = (Through.DESKTOP, Through.API)
"""Whose events may arrive late; everything else happens when it is said."""


def carry_out(user: User, locked: bool, at: datetime, through: Through) -> bool:
    """Lock or release a person's own lines for an event of this moment; return False when a later one is known.

    Only the person's own reason is touched (LOCK-6). Saying the same again changes nothing.
    """
    with transaction.atomic():
        word = LatestWord.objects.select_for_update().get_or_create(person=user)[0]
        known = [moment for moment in (word.at, last_said_elsewhere(user)) if moment]
        if known and at < max(known):
            return False
        change = lock if locked else release
        change(lines_of([user.pk]), Reason.SELF, Actor(through, user))
        word.at = at
        word.save(update_fields=["at"])
    return True


def last_said_elsewhere(user: User) -> datetime | None:
    """Return when the person's own lock last changed at the portal, at a phone or by its end."""
    events = LockEvent.objects.filter(person=user, reason=Reason.SELF, kind__in=(Happened.LOCKED, Happened.RELEASED))
    return events.exclude(through__in=FROM_AFAR).order_by("-pk").values_list("at", flat=True).first()
