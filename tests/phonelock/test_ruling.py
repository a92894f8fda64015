"""Budgets lock the lines of their holders until the period ends, and nobody else's."""

from datetime import UTC, date, datetime

import pytest
import time_machine

from accounting.models import User
from budget.models import BudgetPeriod, Threshold
from budget.services.following import follow as charge
from phonelock.models import Lock, Reason, Through
from phonelock.services.locking import Actor, lines_of, lock
from phonelock.services.ruling import follow_rules
from tests import factories as make
from tests.budget.world import arrive, budget

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 10, 14, 10, 0, tzinfo=UTC)


@pytest.fixture
def eva() -> User:
    return make.person("eva", extension="211")


def test_a_used_up_budget_locks_until_its_period_ends(eva: User) -> None:
    (line,) = lines_of([eva.pk])
    with time_machine.travel(NOON, tick=False):
        Threshold.objects.create(budget=budget(person=eva), percent=100, lock=True)
        arrive(eva, NOON, cost=3_000_000, currency="EUR")
        charge()
        follow_rules()
        (held,) = Lock.objects.all()
        assert (held.extension_id, held.reason) == (line, Reason.BUDGET)
        assert held.until == datetime(2026, 10, 31, 23, 0, tzinfo=UTC)  # midnight in Berlin
        lock([line], Reason.SELF, Actor(Through.PORTAL, eva))
    with time_machine.travel(datetime(2026, 10, 31, 23, 0, tzinfo=UTC), tick=False):
        follow_rules()  # before the ledger has opened the new period
        assert [one.reason for one in Lock.objects.all()] == [Reason.SELF]
        charge()
        follow_rules()
        assert [one.reason for one in Lock.objects.all()] == [Reason.SELF]
        assert BudgetPeriod.objects.latest("start").start == date(2026, 11, 1)
