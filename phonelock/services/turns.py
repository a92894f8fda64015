"""Turns: one worker at a time changes the lines of a phone system, and faults make the next one wait."""

import random
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from phonelock.engines.base import EngineFault
from phonelock.models import EngineTurn, LockSetUp

LEASE = timedelta(seconds=60)
"""How long a turn lasts unless it is renewed, which it is before each change; a request ends well before."""
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 300.0  # seconds


class TurnLostError(Exception):
    """Another worker has the turn by now: nothing more may be changed."""


class Turn:
    """The right to change the lines of one phone system."""

    def __init__(self, phone_system: int, until: datetime) -> None:
        """Hold the turn until a moment, which is also its token."""
        self.phone_system, self.until = phone_system, until

    def renew(self) -> None:
        """Hold it for another lease; raises TurnLostError."""
        until = timezone.now() + LEASE
        if not self.mine().update(held_until=until):
            raise TurnLostError
        self.until = until

    def end(self) -> None:
        """Leave it to others."""
        self.mine().update(held_until=None)

    def succeed(self) -> None:
        """Note that the phone system works again."""
        if self.mine().exclude(faults=0).update(faults=0, fault="", paused_until=None):
            LockSetUp.objects.filter(phone_system=self.phone_system).update(fault="")

    def pause(self, fault: EngineFault) -> None:
        """Leave the phone system alone for as long as it asks, else for longer and longer, at most five minutes."""
        faults = EngineTurn.objects.get(phone_system=self.phone_system).faults
        seconds = pause_after(faults, fault.wait)
        text = str(fault)[:300]
        until = timezone.now() + timedelta(seconds=seconds)
        self.mine().update(faults=F("faults") + 1, fault=text, paused_until=until)
        LockSetUp.objects.filter(phone_system=self.phone_system).update(fault=text)

    def mine(self) -> QuerySet[EngineTurn]:
        """Return the row while the turn is held."""
        return EngineTurn.objects.filter(phone_system=self.phone_system, held_until=self.until)


def take_turn(phone_system: int) -> Turn | None:
    """Take the turn of a phone system; None when somebody has it, or while it is left alone."""
    EngineTurn.objects.get_or_create(phone_system_id=phone_system)
    now = timezone.now()
    until = now + LEASE
    free = Q(held_until=None) | Q(held_until__lt=now)
    ready = Q(paused_until=None) | Q(paused_until__lte=now)
    taken = EngineTurn.objects.filter(free, ready, phone_system=phone_system).update(held_until=until)
    return Turn(phone_system, until) if taken else None


def resume(phone_system: int) -> None:
    """Try again at once: somebody has changed how the phone system is reached."""
    EngineTurn.objects.filter(phone_system=phone_system).update(paused_until=None, faults=0)


def pause_after(faults: int, wait: float | None, longest: float = LONGEST_PAUSE) -> float:
    """Return the seconds to wait after so many faults before this one, spread so that not all come back at once."""
    seconds = wait if wait is not None else FIRST_PAUSE * 2 ** min(faults, 12)
    spread = random.uniform(1.0, 1.25)  # noqa: S311  (no secret)
    return min(max(seconds, FIRST_PAUSE) * spread, longest)
