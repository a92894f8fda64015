"""Many at the same moment: tries of one PIN, and locks, releases and confirmations of one line."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Event

import pytest
from django.db import connection, transaction

from accounting.models import User
from phonelock.models import EngineKind, Happened, LineState, Lock, LockEvent, Pin, Reason, Through
from phonelock.services import pins
from phonelock.services.locking import Actor, lines_of, lock, release
from phonelock.services.telling import enter
from tests import factories as make

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def eva() -> User:
    """Eva with the line 211."""
    return make.person("eva", extension="211")


def together(*work: Callable[[], object]) -> None:
    """Do all of it side by side, each with a connection of its own."""

    def alone(one: Callable[[], object]) -> None:
        try:
            one()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(work)) as threads:
        list(threads.map(alone, work))


@pytest.mark.parametrize("tries", [8, 24])
def test_tries_at_the_same_time_do_not_outrun_the_block(eva: User, tries: int) -> None:
    pins.set_pin(eva, "4711", Actor(Through.PORTAL, eva))
    phone = Actor(Through.PHONE, eva)
    together(*(lambda typed=f"9{number:03}": pins.check_pin(eva, typed, phone) for number in range(tries)))  # type: ignore[misc]
    assert LockEvent.objects.filter(kind=Happened.PIN_WRONG).count() == pins.TRIES
    assert LockEvent.objects.filter(kind=Happened.PIN_BLOCKED).count() == 1
    assert Pin.objects.get().blocked_until
    assert not pins.check_pin(eva, "4711", phone).right


def test_history_locks_and_state_agree_after_a_crowd(eva: User, admin: User) -> None:
    [line] = lines_of([eva.pk])
    make.lock_set_up(make.phone_system(), engine=EngineKind.AXL)
    random = Random(5)
    actors = {Reason.SELF: Actor(Through.PORTAL, eva), Reason.ADMINISTRATION: Actor(Through.PORTAL, admin)}
    actors |= {Reason.BUDGET: Actor(Through.BUDGET), Reason.TIMETABLE: Actor(Through.TIMETABLE)}
    orders = [(random.choice((lock, release)), reason) for reason in actors for _time in range(6)]
    random.shuffle(orders)
    together(*(lambda act=act, reason=reason: act([line], reason, actors[reason]) for act, reason in orders))  # type: ignore[misc]
    held = set(Lock.objects.values_list("reason", flat=True))
    assert LineState.objects.get().wanted == bool(held)
    standing: set[str] = set()
    for event in LockEvent.objects.exclude(reason="").order_by("pk"):
        is_new = event.reason not in standing
        assert is_new == (event.kind == Happened.LOCKED)
        standing ^= {event.reason}
        assert event.locked == bool(standing)
    assert standing == held


def test_workers_that_confirm_and_people_who_lock_do_not_wait_in_a_ring(eva: User) -> None:
    [line] = lines_of([eva.pk])
    make.lock_set_up(make.phone_system(), engine=EngineKind.AXL)
    lock([line], Reason.BUDGET, Actor(Through.BUDGET))
    confirmed = Event()

    def confirm() -> None:
        with transaction.atomic():
            LineState.objects.update(applied=True)
            confirmed.set()
            time.sleep(0.5)
            enter(LineState.objects.get(), Happened.TOLD)

    def order() -> None:
        confirmed.wait(5)
        release([line], Reason.BUDGET, Actor(Through.BUDGET))

    together(confirm, order)
    assert LineState.objects.get().wanted is False
    assert LockEvent.objects.filter(kind=Happened.TOLD).count() == 1
