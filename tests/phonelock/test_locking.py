"""Reasons are held apart, everything is in the history, and engines get their work."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounting.models import Extension, User
from phonelock.models import (
    EngineKind,
    Happened,
    LineState,
    LineStatus,
    Lock,
    LockEvent,
    LockSetUp,
    Pin,
    Reason,
    Through,
)
from phonelock.services import pins
from phonelock.services.locking import Actor, end_what_is_over, lines_of, lock, release
from phonelock.services.seeing import LineView, views_of
from tests import factories as make

pytestmark = pytest.mark.django_db
ITSELF = Actor(Through.BUDGET)


@pytest.fixture
def eva() -> User:
    return make.person("eva", extension="211", last_name="Eva")


def line_of(person: User) -> Extension:
    return Extension.objects.get(pk__in=lines_of([person.pk]))


def view_of(line: Extension) -> LineView:
    return views_of([line])[0]


def test_each_reason_is_lifted_by_its_own_side_only(eva: User, admin: User) -> None:
    line = line_of(eva)
    make.lock_set_up(line.phone_system)
    own, boss = Actor(Through.PORTAL, eva), Actor(Through.PORTAL, admin)
    assert lock([line.pk], Reason.SELF, own) == 1
    assert lock([line.pk], Reason.ADMINISTRATION, boss, note="Lost badge") == 1
    assert lock([line.pk], Reason.BUDGET, ITSELF) == 1
    assert release([line.pk], Reason.SELF, own) == 1
    assert release([line.pk], Reason.SELF, own) == 0
    view = view_of(line)
    assert [one.reason for one in view.reasons] == [Reason.ADMINISTRATION, Reason.BUDGET]
    assert view.status == LineStatus.LOCKED
    assert release([line.pk], Reason.BUDGET, ITSELF) == release([line.pk], Reason.ADMINISTRATION, boss) == 1
    assert view_of(line).status == LineStatus.OPEN
    told = LockEvent.objects.order_by("pk").values_list("kind", "reason", "locked", "person")
    assert list(told) == [
        (Happened.LOCKED, Reason.SELF, True, eva.pk),
        (Happened.LOCKED, Reason.ADMINISTRATION, True, eva.pk),
        (Happened.LOCKED, Reason.BUDGET, True, eva.pk),
        (Happened.RELEASED, Reason.SELF, True, eva.pk),
        (Happened.RELEASED, Reason.BUDGET, True, eva.pk),
        (Happened.RELEASED, Reason.ADMINISTRATION, False, eva.pk),
    ]


def test_supervisors_do_not_lift_what_administrators_have_locked(eva: User, admin: User) -> None:
    line, unit = line_of(eva), make.department()
    chief = make.supervisor(of=unit)
    lock([line.pk], Reason.ADMINISTRATION, Actor(Through.PORTAL, chief))
    assert release([line.pk], Reason.ADMINISTRATION, Actor(Through.PORTAL, chief)) == 1
    lock([line.pk], Reason.ADMINISTRATION, Actor(Through.PORTAL, chief))
    lock([line.pk], Reason.ADMINISTRATION, Actor(Through.PORTAL, admin))
    assert release([line.pk], Reason.ADMINISTRATION, Actor(Through.PORTAL, chief)) == 0
    lock([line.pk], Reason.ADMINISTRATION, Actor(Through.PORTAL, chief), until=timezone.now())
    assert [one.until for one in Lock.objects.all()] == [None]


def test_a_line_is_not_called_locked_before_the_phone_system_says_so(eva: User) -> None:
    line = line_of(eva)
    LockSetUp.objects.create(phone_system=line.phone_system, engine=EngineKind.AXL)
    lock([line.pk], Reason.SELF, Actor(Through.PORTAL, eva))
    assert view_of(line).status == LineStatus.LOCKING
    state = LineState.objects.get()
    assert state.due_at is not None
    LineState.objects.update(applied=True, due_at=None)
    assert view_of(line).status == LineStatus.LOCKED
    release([line.pk], Reason.SELF, Actor(Through.PORTAL, eva))
    assert view_of(line).status == LineStatus.OPENING


def test_a_lock_ends_by_itself(eva: User) -> None:
    line = line_of(eva)
    lock([line.pk], Reason.SELF, Actor(Through.PORTAL, eva), until=timezone.now() - timedelta(seconds=1))
    assert not view_of(line).is_locked
    assert end_what_is_over() == 1
    assert not Lock.objects.exists()
    assert LockEvent.objects.first().kind == Happened.RELEASED  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("engine", "status"), [(EngineKind.CALL_CONTROL, LineStatus.OPEN), (EngineKind.AXL, LineStatus.OPENING)]
)
def test_a_lock_that_is_over_is_shown_as_over_before_anybody_clears_it_away(
    eva: User, engine: str, status: str
) -> None:
    line = line_of(eva)
    make.lock_set_up(line.phone_system, engine=engine)
    lock([line.pk], Reason.SELF, Actor(Through.PORTAL, eva))
    LineState.objects.update(applied=True, due_at=None)
    assert view_of(line).status == LineStatus.LOCKED
    Lock.objects.update(until=timezone.now())
    assert view_of(line).status == status
    end_what_is_over()
    assert view_of(line).status == status


def test_a_lock_that_is_over_stands_in_nobodys_way(eva: User, admin: User) -> None:
    line = line_of(eva)
    lock([line.pk], Reason.ADMINISTRATION, Actor(Through.PORTAL, admin), until=timezone.now() - timedelta(seconds=1))
    assert lock([line.pk], Reason.ADMINISTRATION, Actor(Through.PORTAL, make.person("ben"))) == 1
    assert view_of(line).administration.by_administrator is False  # type: ignore[union-attr]
    told = LockEvent.objects.order_by("pk").values_list("kind", flat=True)
    assert list(told) == [Happened.LOCKED, Happened.RELEASED, Happened.LOCKED]
    assert end_what_is_over() == 0


def test_a_pin_blocks_after_five_wrong_tries_and_is_kept_as_a_hash(eva: User) -> None:
    phone = Actor(Through.PHONE, eva)
    assert pins.check_pin(eva, "4711", phone) == pins.PinCheck(right=False)
    pins.set_pin(eva, "4711", phone)
    assert "4711" not in Pin.objects.get().hashed
    assert pins.check_pin(eva, "4711", phone).right
    found = [pins.check_pin(eva, "9999", phone) for _try in range(pins.TRIES)]
    assert [bool(one.blocked_until) for one in found] == [False] * 4 + [True]
    blocked = pins.check_pin(eva, "4711", phone)
    assert not blocked.right
    assert blocked.blocked_until is not None
    Pin.objects.update(blocked_until=timezone.now())
    assert pins.check_pin(eva, "4711", phone).right
    assert LockEvent.objects.filter(kind=Happened.PIN_WRONG).count() == pins.TRIES
    assert not LockEvent.objects.filter(note__contains="9999").exists()


@pytest.mark.parametrize("typed", ["", "123", "0000", "1234", "4321", "1212", "1987", "12a4", "٤٧١١", "1" * 13])
def test_pins_that_are_guessed_first_are_refused(eva: User, typed: str) -> None:
    with pytest.raises(ValidationError):
        pins.set_pin(eva, typed, Actor(Through.PORTAL, eva))
    assert not Pin.objects.exists()
