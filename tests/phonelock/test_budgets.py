"""BUD-5 with locks: threshold, lock, the new period; pots, moved lines, people without lines; other reasons hold on."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounting.models import Department, Extension, LineAssignment, User
from budget.models import Budget, BudgetPeriod, Mode
from budget.services import changing
from budget.services.following import follow as charge
from phonelock.models import EngineKind, LineState, Lock, LockSetUp, Reason, Through
from phonelock.services.locking import Actor, lines_of, lock, release
from phonelock.services.ruling import follow_rules
from tests import factories as make
from tests.budget.world import arrive, budget

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def november() -> Iterator[Any]:
    """A Wednesday in November."""
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def eva(sales: Department) -> User:
    """Eva of the sales department holds the line 211 of a phone system that asks the portal about calls."""
    eva = make.person("eva", extension="211", last_name="Wolf")
    make.membership(eva, department=sales)
    make.lock_set_up(make.phone_system())
    return eva


def limited(**fields: Any) -> Budget:
    """Return a budget of 2 EUR that locks when it is used up."""
    found = budget(**fields)
    found.thresholds.create(percent=100, lock=True)
    return found


def spend(user: User, cost: str) -> None:
    """Let a call arrive, and everything follow."""
    arrive(user, NOON, cost=Decimal(cost))
    settle()


def settle() -> None:
    charge()
    charge()
    follow_rules()


def reasons(number: str = "211") -> list[str]:
    return sorted(Lock.objects.in_force().filter(number=number).values_list("reason", flat=True))


def my_budgets(user: User) -> str:
    client = Client()
    client.force_login(user)
    return client.get(reverse("my_budgets")).content.decode()


def test_a_used_up_budget_locks_is_shown_and_released_with_the_new_period(eva: User, november: Any) -> None:
    limited(person=eva)
    spend(eva, "1.5")
    assert reasons() == []
    spend(eva, "1")
    assert reasons() == [Reason.BUDGET]
    assert "Line locked" in my_budgets(eva)
    LockSetUp.objects.update(engine=EngineKind.AXL)
    LineState.objects.update(applied=False)
    assert "Line being locked" in my_budgets(eva)
    november.move_to(datetime(2026, 12, 1, 0, 1, tzinfo=UTC))
    settle()
    assert reasons() == []
    assert "Line locked" not in my_budgets(eva)


def test_a_top_up_releases_the_budgets_reason_only(eva: User, admin: User) -> None:
    limited(person=eva)
    lines = lines_of([eva.pk])
    lock(lines, Reason.SELF, Actor(Through.PORTAL, eva))
    lock(lines, Reason.ADMINISTRATION, Actor(Through.PORTAL, admin))
    spend(eva, "3")
    assert reasons() == [Reason.ADMINISTRATION, Reason.BUDGET, Reason.SELF]
    release(lines, Reason.SELF, Actor(Through.PORTAL, eva))
    release(lines, Reason.ADMINISTRATION, Actor(Through.PORTAL, admin))
    settle()
    assert reasons() == [Reason.BUDGET]
    lock(lines, Reason.SELF, Actor(Through.PORTAL, eva))
    changing.top_up(BudgetPeriod.objects.get(closed=False).pk, 4_000_000, "Fair", admin)
    settle()
    assert reasons() == [Reason.SELF]


def test_a_pot_locks_everybody_who_belongs_to_it_now(eva: User, sales: Department) -> None:
    fay = make.person("fay", extension="212")
    make.membership(fay, department=sales)
    make.person("gus", extension="213")
    limited(department=sales, mode=Mode.POT)
    arrive(eva, NOON, cost=Decimal(3), department_id=sales.pk)
    settle()
    assert [reasons(number) for number in ("211", "212", "213")] == [[Reason.BUDGET], [Reason.BUDGET], []]
    assert "Line locked" in my_budgets(fay)
    fay.memberships.update(valid_to=NOON)
    settle()
    assert [reasons(number) for number in ("211", "212")] == [[Reason.BUDGET], []]


def test_the_lock_follows_the_person_to_another_line(eva: User) -> None:
    limited(person=eva)
    spend(eva, "3")
    LineAssignment.objects.filter(user=eva).update(valid_to=NOON)
    other = Extension.objects.create(phone_system=make.phone_system(), number="299")
    LineAssignment.objects.create(extension=other, user=eva, valid_from=NOON)
    settle()
    assert (reasons("211"), reasons("299")) == ([], [Reason.BUDGET])


def test_a_budget_of_somebody_without_a_line_locks_nothing(sales: Department) -> None:
    ida = make.person("ida")
    limited(person=ida)
    spend(ida, "3")
    assert not Lock.objects.exists()
    assert "No line to lock" in my_budgets(ida)


def test_a_paused_or_deleted_budget_lets_go(eva: User) -> None:
    rule = limited(person=eva, valid_from=date(2026, 11, 1))
    spend(eva, "3")
    changing.pause(rule, "Ada")
    settle()
    assert reasons() == []
    changing.resume(rule, "Ada")
    settle()
    assert reasons() == [Reason.BUDGET]
    changing.delete(rule)
    settle()
    assert reasons() == []
