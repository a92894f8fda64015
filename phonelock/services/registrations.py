"""Where phones are registered: asked of the phone system within its query limit, and remembered for a while."""

import time
from collections.abc import Iterable
from datetime import timedelta

from django.core.cache import cache
from django.db import transaction
from django.utils.translation import gettext as _

from accounting.services.axl import Publisher
from phonelock.engines.base import EngineFault
from phonelock.engines.ris import MOST, Registration, RisClient, is_too_often
from phonelock.engines.soap import SoapFault
from phonelock.models import EngineTurn, LockSetUp

MOST_A_MINUTE = 12
"""Of the 15 that UCM answers by default for all applications together: others ask, too."""
WINDOW = 60.0
KNOWN_FOR = timedelta(minutes=10)
UNKNOWN_FOR = timedelta(minutes=1)


def addresses_of(set_up: LockSetUp, device_names: Iterable[str]) -> dict[str, Registration]:
    """Return where these phones are, by name; those that nobody knows are left out.

    Raises EngineFault when the phone system cannot be asked, or not yet; `wait` says in how many seconds.
    """
    names = sorted(set(device_names))
    found = {
        name: value
        for name, value in ((name, cache.get(key_of(set_up, name))) for name in names)
        if value is not None
    }  # fmt: skip
    missing = [name for name in names if name not in found]
    client = RisClient(Publisher.of(set_up.phone_system))
    try:
        for start in range(0, len(missing), MOST):
            part = missing[start : start + MOST]
            found |= ask(set_up, client, part)
    finally:
        client.close()
    return {name: one for name, one in found.items() if one.device_name}


def key_of(set_up: LockSetUp, device_name: str) -> str:
    """Return under what a phone is remembered."""
    return f"registration:{set_up.phone_system_id}:{device_name.encode().hex()}"


def ask(set_up: LockSetUp, client: RisClient, names: list[str]) -> dict[str, Registration]:
    """Ask for some phones, and remember also which of them nobody knows."""
    count_question(set_up.phone_system_id)
    try:
        answer = client.registrations(names)
    except SoapFault as fault:
        if is_too_often(fault):
            fill_up(set_up.phone_system_id)
            raise EngineFault(too_often(), wait=WINDOW) from fault
        raise
    nobody = Registration("")
    for name in names:
        one = answer.get(name, nobody)
        known_for = KNOWN_FOR if one.registered else UNKNOWN_FOR
        cache.set(key_of(set_up, name), one, known_for.total_seconds())
    return {name: answer.get(name, nobody) for name in names}


def count_question(phone_system: int) -> None:
    """Count one question of all processes; raises EngineFault with the seconds to wait when there were too many."""
    EngineTurn.objects.get_or_create(phone_system_id=phone_system)
    with transaction.atomic():
        turn = locked_turn(phone_system)
        now = time.time()
        recent = [moment for moment in turn.asked if now - WINDOW < moment <= now]
        if len(recent) >= MOST_A_MINUTE:
            raise EngineFault(too_often(), wait=recent[0] + WINDOW - now)
        turn.asked = [*recent, now]
        turn.save(update_fields=["asked"])


def fill_up(phone_system: int) -> None:
    """Ask nothing for a minute: the phone system has had enough."""
    with transaction.atomic():
        turn = locked_turn(phone_system)
        turn.asked = [time.time()] * MOST_A_MINUTE
        turn.save(update_fields=["asked"])


def locked_turn(phone_system: int) -> EngineTurn:
    """Return the row, held against others that count."""
    return EngineTurn.objects.select_for_update().get(phone_system=phone_system)


def too_often() -> str:
    """Return why the phone system is not asked."""
    return _("The phone system is not asked for registrations more often than it allows; it is asked again soon.")
