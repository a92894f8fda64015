"""Budgets in the programming interface: whose, exactly, with forecast and history."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from accounting.models import Department, Scope, User
from budget.models import Account, Mode, Unit
from budget.services import changing
from budget.services.following import follow
from tests import factories as make
from tests.budget.world import arrive, budget
from tests.programs import Program

pytestmark = pytest.mark.django_db
BUDGETS = "/api/v1/budgets"
NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def november() -> Iterator[None]:
    """A Wednesday in November."""
    with time_machine.travel(NOW, tick=False):
        yield


def reader(user: User) -> Program:
    return Program(user, Scope.READ_BUDGETS)


@pytest.fixture
def account(ana: User, cleo: User) -> Account:
    """Ana's account of 2 EUR, of which 0.50 are used, beside one of cleo's in minutes."""
    extension = make.Extension.objects.create(phone_system=make.phone_system(), number="2001")
    make.LineAssignment.objects.create(extension=extension, user=ana)
    budget(person=ana, name="Ana's calls")
    budget(person=cleo, name="Cleo's calls", unit=Unit.MINUTES, amount=3600)
    arrive(ana, NOW, cost=Decimal("0.500001"))
    follow()
    return Account.objects.get(person=ana)


def names(program: Program, query: str = "") -> list[str]:
    return [one["budget"] for one in program.get(f"{BUDGETS}{query}").json()["budgets"]]


def test_each_role_reads_the_budgets_of_its_scope(
    account: Account, ana: User, ben: User, cleo: User, admin: User
) -> None:
    assert names(reader(ana)) == names(reader(ben)) == ["Ana's calls"]
    assert names(reader(cleo)) == ["Cleo's calls"]
    assert sorted(names(reader(admin))) == ["Ana's calls", "Cleo's calls"]
    assert names(reader(ben), "?mine=true") == names(reader(admin), "?mine=1") == []
    assert names(reader(admin), "?search=cleo") == ["Cleo's calls"]
    for path in (f"{BUDGETS}/{account.pk}", f"{BUDGETS}/{account.pk}/history"):
        assert reader(ben).get(path).status_code == 200
        assert reader(cleo).get(path).status_code == 404


def test_amounts_are_exact(account: Account, admin: User) -> None:
    told = reader(admin).get(f"{BUDGETS}/{account.pk}").json()
    period = told["period"]
    assert (told["unit"], told["currency"]) == ("money", "EUR")
    assert (period["spent"], period["left"], period["available"]) == ("0.500001", "1.499999", "2.000000")
    assert (period["first"], period["last"], period["percent"]) == ("2026-11-01", "2026-11-30", 25)
    assert told["holder"] == {
        "kind": "person", "name": "Ana Ruiz", "person": {"username": "ana", "name": "Ana Ruiz"},
    }  # fmt: skip
    assert told["forecast"]["expected"] >= period["spent"]
    assert told["periods"][0]["first"] == "2026-11-01"
    (minutes,) = reader(admin).get(f"{BUDGETS}?search=cleo").json()["budgets"]
    assert (minutes["unit"], minutes["currency"], minutes["period"]["left"]) == ("seconds", None, "3600")


def test_the_history_is_read_page_by_page(account: Account, ana: User, admin: User) -> None:
    period = account.periods.get(start="2026-11-01")
    changing.top_up(period.pk, 1_000_000, "Fair", admin)
    path = f"{BUDGETS}/{account.pk}/history"
    whole = reader(ana).get(path).json()["events"]
    assert (whole[0]["kind"], whole[0]["amount"], whole[0]["by"]) == ("topped_up", "1.000000", "Ada Novak")
    assert [one for page in reader(ana).pages(f"{path}?limit=1", "events") for one in page] == whole
    assert set(reader(ana).wrong(f"{path}?cursor=x&limit=1")) == {"cursor"}


def test_a_pot_is_seen_by_those_who_share_it(ana: User, cleo: User, sales: Department) -> None:
    budget(department=sales, mode=Mode.POT, name="All of Sales")
    follow()
    (told,) = reader(ana).get(BUDGETS).json()["budgets"]
    assert told["holder"] == {"kind": "department", "name": "Sales", "person": None}
    assert names(reader(cleo)) == []


def test_pages_hold_every_budget_once_at_the_same_cost(
    admin: User, django_assert_max_num_queries: Any, sales: Department
) -> None:
    for number in range(30):
        make.membership(make.person(f"p{number}"), department=sales)
    budget(department=sales, mode=Mode.EACH)
    follow()
    program = reader(admin)
    pages = program.pages(f"{BUDGETS}?limit=12", "budgets")
    assert [len(page) for page in pages] == [12, 12, 6]
    assert len({one["account"] for page in pages for one in page}) == 30
    with django_assert_max_num_queries(10):
        program.get(f"{BUDGETS}?limit=500")
    assert set(program.wrong(f"{BUDGETS}?show=some&limit=0")) == {"show", "limit"}
