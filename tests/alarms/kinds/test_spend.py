"""Who spends more than an amount: exact sums, by day, week and month of the rule's zone (ALM-3)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from accounting.models import User
from alarms.kinds import KINDS, reasons
from alarms.models import Result
from alarms.services.behind import calls_of
from alarms.services.trying import try_out
from tests import factories as make
from tests.alarms.rules import errors, look, raised, rule
from tests.alarms.test_trying import DAILY
from tests.budget.world import arrive, recost

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 17, 23, 0, tzinfo=UTC)
"""In Berlin."""
SECOND = timedelta(seconds=1)
AMOUNT = Decimal("0.30")


@pytest.fixture(autouse=True)
def at_noon() -> object:
    """Let it be noon of a Wednesday."""
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def admin() -> User:
    """Return somebody who sees all calls."""
    return make.administrator()


def test_exactly_the_amount_is_not_too_much_and_a_day_begins_at_midnight(admin: User) -> None:
    anna = make.person("anna", extension="2001", first_name="Anna", last_name="Berg")
    one = rule("spend", admin, amount="0.24", period="day")
    arrive(anna, MIDNIGHT - SECOND)
    arrive(anna, MIDNIGHT), arrive(anna, MIDNIGHT + SECOND)
    assert look(one).raised == 0
    third = arrive(anna, NOW)
    (alarm,) = raised(one)
    assert (alarm.user_id, alarm.amount, alarm.currency) == (anna.pk, Decimal("0.36"), "EUR")
    assert (alarm.happened_at, alarm.until) == (MIDNIGHT, MIDNIGHT + timedelta(days=1))
    assert datetime.fromisoformat(alarm.facts["reached"]) == third.ended_at
    assert KINDS["spend"].sentence(alarm).startswith("Spent more than €0.24, reached on 18")
    assert calls_of(alarm, admin).count() == 3
    arrive(anna, NOW + SECOND)
    assert look(one).raised == 0


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kathmandu", "America/New_York"])
def test_each_person_in_any_zone_over_several_lines(admin: User, zone: str) -> None:
    anna = make.person("anna", extension="2001")
    one = rule("spend", admin, zone, amount=AMOUNT, period="week")
    start = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)
    arrive(anna, start), arrive(anna, start + SECOND, extension="2002")
    arrive(anna, start + 2 * SECOND, currency="CHF")
    arrive(make.person("ben", extension="2003"), start)
    assert look(one).raised == 0
    arrive(anna, start - timedelta(days=7)), arrive(anna, start + timedelta(days=1))
    make.person("held", extension="2002").lines.update(user=anna)
    arrive(anna, start + timedelta(days=2))
    (alarm,) = raised(one)
    assert (alarm.user_id, alarm.amount) == (anna.pk, Decimal("0.48"))


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kathmandu"])
def test_departments_with_all_below_them(admin: User, zone: str) -> None:
    sales, support = make.department("Sales"), make.department("Support")
    inside = make.department("Inside", parent=sales)
    chosen = rule("spend", admin, zone, amount=AMOUNT, who="departments", departments=[sales.pk])
    each = rule("spend", admin, zone, amount=AMOUNT, who="each_department")
    for place, unit in enumerate((sales, inside, inside, support, support)):
        arrive(None, NOW + place * SECOND, department_id=unit.pk)
    assert [(alarm.department_id, alarm.amount) for alarm in raised(chosen)] == [(sales.pk, Decimal("0.36"))]
    assert [alarm.department_id for alarm in raised(each)] == [sales.pk]
    assert "each with all below it" in " ".join(KINDS["spend"].in_words(chosen.parameters))


def test_cost_centres_of_the_month_and_calls_priced_anew(admin: User) -> None:
    centre = make.cost_centre()
    one = rule("spend", admin, amount=AMOUNT, who="cost_centres", cost_centres=[centre.pk])
    call = arrive(None, NOW - timedelta(days=10), cost_centre_id=centre.pk)
    assert look(one).raised == 0
    recost(call, Decimal("0.31"))
    (alarm,) = raised(one)
    assert (alarm.cost_centre_id, alarm.amount) == (centre.pk, Decimal("0.31"))
    assert alarm.happened_at == datetime(2026, 10, 31, 23, 0, tzinfo=UTC)


def test_certain_people_within_the_owners_scope() -> None:
    sales = make.department("Sales")
    anna, ben = make.person("anna", extension="2001"), make.person("ben", extension="2002")
    make.membership(anna, department=sales)
    boss = make.supervisor(of=sales)
    assert "people" in errors("spend", boss, people="ben", who="people", amount=1, period="day", currency="EUR")
    one = rule("spend", boss, amount=AMOUNT, who="people", people="2001")
    for place in range(3):
        arrive(anna, NOW + place * SECOND, department_id=None)
        arrive(ben, NOW + place * SECOND, department_id=sales.pk)
    assert look(one).raised == 0
    for place in range(3):
        arrive(anna, NOW + timedelta(minutes=place), department_id=sales.pk)
    assert [(alarm.user_id, alarm.amount) for alarm in raised(one)] == [(anna.pk, Decimal("0.36"))]
    anna.delete()
    run = look(one)
    assert (run.result, run.reason) == (Result.FAILED, reasons.WRONG_PARAMETERS)


def test_a_trial_counts_what_was_reached_within_its_days(admin: User) -> None:
    anna = make.person("anna", extension="2001")
    arrive(anna, NOW - timedelta(days=48), cost=Decimal(1))
    arrive(anna, NOW - timedelta(days=20), cost=Decimal(1))
    arrive(anna, NOW - timedelta(days=2), cost=Decimal(1))
    one = rule("spend", admin, amount=AMOUNT)
    found = try_out(KINDS["spend"], one.parameters, admin, DAILY, NOW)
    assert [finding.key for finding in found.findings] == [f"person:{anna.pk}:2026-11"]
    assert found.letters == 1


def test_forms_say_what_is_missing(admin: User) -> None:
    for wrong in ({"who": "departments"}, {"who": "people"}, {"who": "people", "people": "nobody"}):
        said = errors("spend", admin, amount=1, currency="EUR", period="day", **wrong)
        assert wrong["who"] in said
    assert "who" in errors("spend", make.supervisor(of=make.office()), who="each_department")
