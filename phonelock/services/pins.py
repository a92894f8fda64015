"""PINs: set, checked, reset; wrong tries are counted in the database and block for longer and longer (LOCK-9)."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from accounting.models import User
from phonelock.models import Happened, LockEvent, Pin
from phonelock.services.locking import Actor

SHORTEST, LONGEST = 4, 12
TRIES = 5
"""Wrong tries in a row after which a PIN is blocked."""
FIRST_BLOCK = timedelta(minutes=15)
LONGEST_BLOCK = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class PinCheck:
    """What became of a PIN that somebody typed."""

    right: bool
    blocked_until: datetime | None = None


def check_pin(user: User, typed: str, actor: Actor) -> PinCheck:
    """Compare a typed PIN, and count wrong tries; a blocked PIN is not compared at all.

    A try is counted before it is compared, and every fifth one blocks before it is: tries at the same time cannot
    outrun the count.
    """
    while True:
        pin = Pin.objects.filter(user=user).first()
        if pin is None:
            return PinCheck(right=False)
        if pin.is_blocked:
            return PinCheck(right=False, blocked_until=pin.blocked_until)
        if counted(pin):
            break
    if check_password(peppered(typed), pin.hashed):
        Pin.objects.filter(pk=pin.pk, hashed=pin.hashed).update(failures=0, blocked_until=None)
        return PinCheck(right=True)
    with transaction.atomic():
        enter(user, Happened.PIN_WRONG, actor)
        if pin.blocked_until:
            enter(user, Happened.PIN_BLOCKED, actor, until=pin.blocked_until)
    return PinCheck(right=False, blocked_until=pin.blocked_until)


def counted(pin: Pin) -> bool:
    """Count a try as wrong for now, and block at every fifth one; False when others have tried since it was read."""
    same = Pin.objects.filter(
        pk=pin.pk, hashed=pin.hashed, failures=pin.failures, blocked_until=pin.blocked_until
    )  # fmt: skip
    pin.failures += 1
    pin.blocked_until = None if pin.failures % TRIES else timezone.now() + block_after(pin.failures)
    return bool(same.update(failures=pin.failures, blocked_until=pin.blocked_until))


def block_after(failures: int) -> timedelta:
    """Return for how long so many wrong tries in a row block, each time twice as long."""
    doublings = min(failures // TRIES - 1, 10)
    return min(FIRST_BLOCK * (1 << doublings), LONGEST_BLOCK)


def set_pin(user: User, typed: str, actor: Actor) -> None:
    """Give a person the PIN that they chose; raises ValidationError with what is wrong with it."""
    validate_pin(typed)
    store(user, typed, temporary=False)
    enter(user, Happened.PIN_SET, actor)


def reset_pin(user: User, actor: Actor) -> str:
    """Give a person a random PIN and return it, to be told once; it is theirs to change."""
    while True:
        typed = "".join(secrets.choice("0123456789") for _place in range(SHORTEST + 2))
        if not is_trivial(typed):
            break
    store(user, typed, temporary=True)
    enter(user, Happened.PIN_RESET, actor)
    return typed


def store(user: User, typed: str, *, temporary: bool) -> None:
    """Keep the hash; wrong tries are forgotten."""
    values = {
        "hashed": make_password(peppered(typed)), "changed_at": timezone.now(), "is_temporary": temporary,
        "failures": 0, "blocked_until": None,
    }  # fmt: skip
    Pin.objects.update_or_create(user=user, defaults=values)


def validate_pin(typed: str) -> None:
    """Refuse what is no PIN, and PINs that are guessed first."""
    if not (typed.isascii() and typed.isdigit() and SHORTEST <= len(typed) <= LONGEST):
        text = _("A PIN has %(shortest)s to %(longest)s digits.")
        raise ValidationError(text % {"shortest": SHORTEST, "longest": LONGEST}, code="no_pin")
    if is_trivial(typed):
        raise ValidationError(_("This PIN is too easy to guess. Choose another one."), code="trivial")


def is_trivial(typed: str) -> bool:
    """Return whether a PIN is among those that are guessed first: one digit, steps, a repeated half, a year."""
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(typed)}
    half = len(typed) // 2
    is_repeated = len(typed) % 2 == 0 and typed[:half] == typed[half:]
    is_year = len(typed) == SHORTEST and typed[:2] in {"19", "20"}
    return (len(steps) == 1 and steps <= {0, 1, 9}) or is_repeated or is_year


def peppered(typed: str) -> str:
    """Return what is hashed: the PIN with a key that the database does not hold."""
    return salted_hmac("phonelock.pin", typed, secret=settings.PIN_PEPPER, algorithm="sha256").hexdigest()


def enter(user: User, kind: Happened, actor: Actor, until: datetime | None = None) -> None:
    """Add a line to the history."""
    LockEvent.objects.create(
        kind=kind, person=user, through=actor.through, by=actor.name, by_user=actor.user, until=until
    )
