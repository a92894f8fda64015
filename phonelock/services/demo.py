"""Phone Lock in the demo organisation: lines locked for every reason, weeks of history, refused calls, a timetable."""

import secrets
from datetime import datetime, timedelta
from random import Random

from django.utils import timezone
from django.utils.translation import gettext as _

from accounting.models import CallRecord, Direction, Extension, Kind, Office, PhoneSystem, User
from accounting.querysets.validity import held_now
from phonelock.models import (
    EngineKind,
    Happened,
    LockEvent,
    LockSetUp,
    Reason,
    RefusedCall,
    Through,
    Timetable,
    TimetableExemption,
)
from phonelock.querysets import people_led_by
from phonelock.services import pins
from phonelock.services.demo_cluster import LOCKED_CSS, PARTITION
from phonelock.services.locking import Actor, lines_of, lock
from phonelock.services.refusal_log import Refusal, Units, row_of, units_of
from phonelock.services.ruling import follow_rules

PIN = "4711"
"""Of the people who sign in to the demo; told with their sign-ins."""
PEOPLE = ("anna", "sami", "admin")
LOOPBACK = "127.0.0.0/8"
"""Where the demo's simulated phones are."""
DAYS = 42
WATCHED = 24
"""People with a past."""


def set_demo_locks() -> None:
    """Set up Phone Lock once, with a past."""
    people = {person.username: person for person in User.objects.filter(username__in=PEOPLE)}
    if len(people) < len(PEOPLE) or LockSetUp.objects.exists():
        return
    for place, phone_system in enumerate(PhoneSystem.objects.order_by("pk")):
        LockSetUp.objects.create(
            phone_system=phone_system, call_control_key=secrets.token_urlsafe(24), push=True, phone_networks=LOOPBACK,
            engine=EngineKind.AXL if place else EngineKind.CALL_CONTROL,
            route_partition=PARTITION, locked_css=LOCKED_CSS, line_text=bool(place),
        )  # fmt: skip
    for person in people.values():
        pins.set_pin(person, PIN, Actor(Through.PORTAL, person))
    remember_past(Random(4711), people["admin"])  # noqa: S311  (a past that is the same each time)
    lock_some(people["anna"], people["sami"], people["admin"])
    follow_rules()


def lock_some(anna: User, sami: User, admin: User) -> None:
    """Let lines be locked by people, the administration and a timetable; a budget locks by itself."""
    lines = some_lines(exclude={anna.pk, sami.pk, admin.pk})
    for place, (line, person) in enumerate(lines[:5]):
        lock([line.pk], Reason.SELF, Actor((Through.PHONE, Through.DESKTOP)[place % 2], person))
    left = [line.pk for line, _person in lines[5:6]]
    lock(left, Reason.ADMINISTRATION, Actor(Through.PORTAL, admin), note=_("Phone reported lost"))
    empty = sorted(lines_of(people_led_by(sami).exclude(pk=sami.pk).values_list("pk", flat=True)))[3:30:13]
    lock(empty, Reason.ADMINISTRATION, Actor(Through.PORTAL, sami), note=_("Desk not occupied"))
    if office := Office.objects.order_by("pk").first():
        night = Timetable.objects.create(name=_("Nights and weekends"), office=office)
        TimetableExemption.objects.bulk_create(
            TimetableExemption(timetable=night, person=person) for person in (anna, admin)
        )


def some_lines(exclude: set[int]) -> list[tuple[Extension, User]]:
    """Return lines with their holders, some of each office."""
    rows = held_now().exclude(user__in=exclude).filter(user__is_active=True).select_related("extension", "user")
    found = [(row.extension, row.user) for row in rows.order_by("pk")]
    return found[:: max(1, len(found) // WATCHED)][:WATCHED]


def remember_past(chance: Random, admin: User) -> None:
    """Enter weeks of evenings on which people locked their phones, and the calls that were refused meanwhile."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    events: list[LockEvent] = []
    refused: list[RefusedCall] = []
    for line, person in some_lines(exclude={admin.pk}):
        numbers, units = called_numbers(person), units_of({person.pk})
        for back in range(DAYS, 0, -1):
            evening = midnight - timedelta(days=back) + timedelta(hours=17, minutes=chance.randrange(100))
            if evening.weekday() > 4 or chance.random() < 0.6:
                continue
            events += evening_of(line, person, evening, chance.choice((Through.PHONE, Through.DESKTOP, Through.PORTAL)))
            if numbers and chance.random() < 0.25:
                at = evening + timedelta(minutes=chance.randrange(5, 600))
                refused.append(refused_call(line, at, chance.choice(numbers), person, units))
    LockEvent.objects.bulk_create(sorted(events, key=lambda event: event.at), batch_size=500)
    RefusedCall.objects.bulk_create(sorted(refused, key=lambda call: call.at), batch_size=500)


def evening_of(line: Extension, person: User, evening: datetime, through: Through) -> list[LockEvent]:
    """Return the lock of an evening, and its release on the next morning."""
    fields = {
        "extension": line, "number": line.number, "person": person, "reason": Reason.SELF, "through": through,
        "by": str(person), "by_user": person,
    }  # fmt: skip
    return [
        LockEvent(at=evening, kind=Happened.LOCKED, locked=True, **fields),
        LockEvent(at=evening + timedelta(hours=14), kind=Happened.RELEASED, locked=False, **fields),
    ]


def refused_call(line: Extension, at: datetime, called: str, person: User, units: dict[int, Units]) -> RefusedCall:
    """Return a call that was refused."""
    refusal = Refusal(at, line.phone_system_id, line.pk, line.number, called, "", (Reason.SELF,))
    return row_of(refusal, person.pk, units)


def called_numbers(person: User) -> list[str]:
    """Return numbers that a person has called."""
    calls = CallRecord.objects.own(person).filter(direction=Direction.OUTGOING, kind=Kind.PUBLIC)
    return list(calls.order_by("-started_at").values_list("other_number", flat=True)[:20])
