"""Unusual traffic: a day far above the extension's own history (EX-7)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounting.models import Direction, User
from alarms.kinds import KINDS
from tests import factories as make
from tests.alarms.rules import look, raised, rule
from tests.budget.world import arrive

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def admin() -> User:
    """Return somebody who sees all calls."""
    return make.administrator()


def calls(number: int, day: datetime, **fields: Any) -> None:
    """Let so many calls of extension 2001 arrive on a day."""
    for place in range(number):
        arrive(None, day + timedelta(minutes=place), **fields)


def test_far_above_the_usual_day_and_once_a_day(admin: User) -> None:
    for week in range(1, 6):
        calls(2, NOON - week * 7 * DAY)
    one = rule("unusual", admin, factor=4, minimum=8)
    calls(7, NOON)
    assert look(one).raised == 0
    calls(1, NOON + timedelta(hours=1))
    (alarm,) = raised(one)
    assert (alarm.extension, alarm.calls, alarm.facts["usual"]) == ("2001", 8, "2")
    assert KINDS["unusual"].sentence(alarm) == "8 outgoing calls on one day, usual are 2"
    calls(5, NOON + timedelta(hours=2))
    assert look(one).raised == 0


def test_below_the_minimum_or_with_days_that_differ_much_nothing_is_told(admin: User) -> None:
    for week, number in enumerate((1, 12, 1, 12, 2, 9, 3), 1):
        calls(number, NOON - week * 7 * DAY)
    small, wide = rule("unusual", admin, factor=1.5, minimum=100), rule("unusual", admin, factor=1.5, minimum=2)
    calls(11, NOON)
    calls(30, NOON, direction=Direction.INCOMING)
    assert (look(small).raised, look(wide).raised) == (0, 0)


def test_the_first_day_of_a_line_and_old_history(admin: User) -> None:
    calls(20, NOON - timedelta(weeks=8, days=1))
    one = rule("unusual", admin, measure="minutes", minimum=10)
    calls(10, NOON)
    (alarm,) = raised(one)
    assert KINDS["unusual"].sentence(alarm) == (
        "10 minutes of outgoing calls on one day, without any in the eight weeks before"
    )


def test_costs_of_each_currency_and_the_owners_scope(admin: User) -> None:
    sales = make.department("Sales")
    one = rule("unusual", admin, measure="cost", minimum=1)
    scoped = rule("unusual", make.supervisor(of=sales), measure="cost", minimum=1)
    calls(10, NOON, cost=Decimal("0.09"), currency="EUR")
    calls(1, NOON, cost=Decimal("1.00"), currency="CHF")
    (alarm,) = raised(one)
    assert (alarm.amount, alarm.currency) == (Decimal("1.00"), "CHF")
    assert look(scoped).raised == 0
