"""The lock indicator of phones: which phone should show which lines, and where it is reached."""

from collections.abc import Collection, Iterable
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from accounting.models import Device, Extension
from phonelock.engines.base import EngineFault
from phonelock.models import LineState, LineStatus, LockSetUp, PhoneDisplay
from phonelock.services.locking import parts
from phonelock.services.registrations import addresses_of
from phonelock.services.seeing import views_of

LATELY = timedelta(minutes=5)
DESK_PHONE = "SEP"
"""With what the names of desk phones begin."""


def follow(extensions: Iterable[int]) -> int:
    """Let the phones of these lines show what is true for them now; return how many have something new to show.

    A lock is shown when the phone system has confirmed it, not before.
    """
    return sum(follow_part(part) for part in parts(extensions))


def follow_part(extensions: list[int]) -> int:
    """Follow some lines at once; five queries for any number of them."""
    shown_in = pushing_systems()
    views = views_of(Extension.objects.filter(pk__in=extensions))
    wanted = {
        view.extension.pk: view.status == LineStatus.LOCKED and view.extension.phone_system_id in shown_in
        for view in views
    }
    rows = {(row.device_name, row.extension_id): row for row in PhoneDisplay.objects.filter(extension__in=wanted)}
    now = timezone.now()
    new = [
        PhoneDisplay(phone_system_id=system, device_name=name, extension_id=line, wanted=True, due_at=now)
        for system, name, line in phones_of([view.extension for view in views if wanted[view.extension.pk]])
        if (name, line) not in rows
    ]
    PhoneDisplay.objects.bulk_create(new, ignore_conflicts=True)
    changed = [row for row in rows.values() if row.wanted != wanted[row.extension_id]]
    for row in changed:
        row.wanted, row.due_at, row.attempts, row.error = wanted[row.extension_id], now, 0, ""
    PhoneDisplay.objects.bulk_update(changed, ["wanted", "due_at", "attempts", "error"], batch_size=500)
    return len(new) + len(changed)


def pushing_systems() -> set[int]:
    """Return the phone systems whose phones show locks."""
    return set(LockSetUp.objects.filter(push=True).values_list("phone_system_id", flat=True))


def phones_of(lines: list[Extension]) -> list[tuple[int, str, int]]:
    """Return phone system, device name and line of each desk phone that has one of these lines."""
    by_number = {(line.phone_system_id, line.number): line.pk for line in lines}
    return [
        (phone.phone_system_id, phone.name, by_number[phone.phone_system_id, phone.number])
        for phone in desk_phones(by_number)
    ]


def desk_phones(lines: Collection[tuple[int, str]]) -> list[Device]:
    """Return the desk phones with one of these lines (phone system and number), by name.

    Soft phones (CSF, TCT, BOT, TAB) take no messages.
    """
    seen = Device.objects.filter(
        phone_system__in={system for system, _number in lines}, number__in={number for _system, number in lines},
        name__startswith=DESK_PHONE,
    )  # fmt: skip
    return [one for one in seen.order_by("name") if (one.phone_system_id, one.number) in lines]


def sweep(*, everything: bool = False) -> int:
    """Find lines whose phones show something else than what is true, also when a message was lost.

    Of locked lines those are looked at that were locked lately, or all: most without a phone never show anything.
    """
    states = LineState.objects.filter(wanted=True, applied=True, phone_system__in=pushing_systems())
    shown = PhoneDisplay.objects.filter(wanted=True)
    over = shown.exclude(extension__in=states.values("extension")).values_list("extension_id", flat=True)
    if not everything:
        since = timezone.now() - LATELY
        states = states.filter(Q(changed_at__gt=since) | Q(confirmed_at__gt=since))
    locked = states.exclude(extension__in=shown.values("extension")).values_list("extension_id", flat=True)
    return follow({*over, *locked})


def shown_on(device_name: str) -> list[Extension]:
    """Return the lines that a phone should show as locked."""
    rows = PhoneDisplay.objects.filter(device_name=device_name, wanted=True).select_related("extension")
    return [row.extension for row in rows.order_by("extension__number")]


def phone_seen(device_name: str, model: str) -> None:
    """Keep the model that a phone has named, since it decides what is sent to it."""
    rows = PhoneDisplay.objects.filter(Q(device_name=device_name) & ~Q(model=model))
    if model and rows.exists():
        rows.update(model=model)


def address_of(set_up: LockSetUp, device_name: str) -> str:
    """Return the address at which the phone system knows a phone; '' when it does not, or cannot be asked."""
    try:
        found = addresses_of(set_up, [device_name])
    except EngineFault:
        return ""
    return found[device_name].address if device_name in found else ""
