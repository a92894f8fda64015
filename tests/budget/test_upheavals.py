"""Budgets stay right when the organisation changes under them: units, zones, members, rules and terms."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounting.models import Department, OutgoingMail, User
from budget.models import Account, Budget, BudgetPeriod, Mode, Unit
from budget.services import changing
from budget.services.checking import check
from budget.services.following import follow
from tests import factories as make
from tests.budget.world import arrive, assert_agrees, budget

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def november() -> Iterator[Any]:
    """A Wednesday in November."""
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def client_of(user: User) -> Client:
    """Return a signed-in browser."""
    client = Client()
    client.force_login(user)
    return client


def values(**others: Any) -> dict[str, Any]:
    """Return what the form of a new budget sends."""
    return {
        "owners": "people", "people": "ana", "mode": "each", "name": "New", "unit": "money", "amount": "10",
        "currency": "EUR", "cycle": "month", "month_day": "1", "valid_from": "2026-11-01", "t0-percent": "100",
        "t0-mail_person": "on",
    } | others  # fmt: skip


def test_a_department_that_moves_in_the_tree_takes_its_calls_along(ana: User) -> None:
    sales, export = make.department("Sales"), make.department("Export")
    pot = budget(department=sales, mode=Mode.POT, amount=1_000_000)
    pot.thresholds.create(percent=100)
    make.membership(ana, department=export)
    arrive(ana, NOW, cost=Decimal("1.5"), department_id=export.pk)
    follow()
    period = BudgetPeriod.objects.get(account__budget=pot, closed=False)
    assert period.spent == 0
    export.parent = sales
    export.save()
    follow()
    assert_agrees()
    period.refresh_from_db()
    assert period.spent == 1_500_000
    assert period.reached.exists()
    assert check().is_right


def test_a_changed_zone_of_an_office_moves_its_calls_between_periods(ana: User) -> None:
    berlin = make.office("Berlin")
    budget(person=ana)
    arrive(ana, datetime(2026, 10, 31, 23, 30, tzinfo=UTC), cost=Decimal("0.5"), office_id=berlin.pk)
    follow()
    berlin.time_zone = "America/New_York"
    berlin.save()
    follow()
    assert_agrees()
    assert BudgetPeriod.objects.get(start=date(2026, 10, 1)).spent == 500_000
    assert check().is_right


def test_the_first_call_of_a_member_can_already_reach_a_threshold(ana: User) -> None:
    sales = make.department("Support")
    each = budget(department=sales, mode=Mode.EACH, amount=1_000_000)
    each.thresholds.create(percent=100, lock=True)
    follow()
    arrive(ana, NOW, cost=Decimal("1.5"), department_id=sales.pk)
    follow()
    period = BudgetPeriod.objects.get(account__budget=each)
    assert period.lock_requested
    assert OutgoingMail.objects.count() == 1


def test_who_joins_with_calls_already_made_is_told(ana: User) -> None:
    support = make.department("Support")
    own = budget(department=support, mode=Mode.EACH, amount=1_000_000)
    own.thresholds.create(percent=100, lock=True)
    own.exceptions.create(person=ana, amount=None)
    follow()
    arrive(ana, NOW, cost=Decimal("1.5"), department_id=support.pk)
    make.membership(ana, department=support)
    follow()
    assert not Account.objects.exists()
    own.exceptions.all().delete()
    make.membership(make.person("new"), department=support)
    follow()
    assert BudgetPeriod.objects.get(account__person=ana).lock_requested


def test_a_period_that_begins_with_calls_acts_at_once(ana: User, november: Any) -> None:
    """Calls of the new day in Sydney belong to a period that begins hours later in Berlin."""
    mine = budget(person=ana, amount=1_000_000)
    mine.thresholds.create(percent=100, lock=True)
    sydney = make.office("Sydney", time_zone="Australia/Sydney")
    november.move_to(datetime(2026, 11, 30, 15, tzinfo=UTC))
    follow()
    arrive(ana, datetime(2026, 11, 30, 14, tzinfo=UTC), cost=Decimal("1.5"), office_id=sydney.pk)
    follow()
    november.move_to(datetime(2026, 11, 30, 23, 1, tzinfo=UTC))
    follow()
    december = BudgetPeriod.objects.get(account__budget=mine, closed=False)
    assert (december.spent, december.lock_requested) == (1_500_000, True)


def test_who_is_no_longer_exempt_has_a_budget_again(ana: User, admin: User, sales: Department) -> None:
    rule = budget(department=sales, mode=Mode.EACH)
    arrive(ana, NOW, cost=Decimal("0.5"), department_id=sales.pk)
    follow()
    client, address = client_of(admin), reverse("edit_budget", args=[rule.pk])
    client.post(address, values(exceptions="ana = none"))
    assert not BudgetPeriod.objects.filter(account__person=ana, closed=False).exists()
    client.post(address, values(exceptions=""))
    follow()
    present = BudgetPeriod.objects.get(account__person=ana, closed=False)
    assert (present.start, present.end, present.spent) == (date(2026, 11, 1), date(2026, 12, 1), 500_000)
    assert_agrees()


def test_a_last_day_that_has_passed_is_refused_or_ends_the_budget(ana: User, admin: User) -> None:
    rule = budget(person=ana)
    follow()
    address = reverse("edit_budget", args=[rule.pk])
    client_of(admin).post(address, values(valid_until="2026-10-15"))
    follow()
    assert not BudgetPeriod.objects.filter(end__lte=date(2026, 10, 31)).exists()
    for one in BudgetPeriod.objects.all():
        assert one.start < one.end
    assert_agrees()


def test_amounts_of_minutes_survive_being_changed(ana: User, admin: User, sales: Department) -> None:
    rule = budget(department=sales, mode=Mode.EACH, unit=Unit.MINUTES, amount=6000)
    rule.exceptions.create(person=ana, amount=12_000)
    follow()
    client, address = client_of(admin), reverse("edit_budget", args=[rule.pk])
    page = client.get(address).content.decode()
    assert "E+" not in page
    initial = client.get(address).context["form"].initial
    sent = values(exceptions=initial["exceptions"], amount=initial["amount"])
    assert client.post(address, sent).status_code == 302
    assert rule.exceptions.get().amount == 12_000


def test_a_budget_of_money_needs_a_currency(ana: User, admin: User) -> None:
    page = client_of(admin).post(reverse("add_budget"), values(currency=""))
    assert page.status_code == 200
    assert not Budget.objects.exists()


@pytest.mark.parametrize("query", ["deleted=" + "9" * 5000, "page=" + "9" * 5000, "deleted=٣", "search=%00", "page=²"])
def test_absurd_addresses(query: str, admin: User) -> None:
    assert client_of(admin).get(reverse("budgets") + "?" + query).status_code in (200, 404)


def test_a_check_finds_wrong_carry_overs_and_top_ups(ana: User, admin: User) -> None:
    budget(person=ana, carry_over=True)
    follow()
    present = BudgetPeriod.objects.get(closed=False)
    changing.top_up(present.pk, 500_000, "Fair", admin)
    assert check().is_right
    BudgetPeriod.objects.filter(pk=present.pk).update(carried_in=7)
    assert not check().is_right
    present.refresh_from_db()
    assert present.carried_in == 2_000_000
    BudgetPeriod.objects.filter(pk=present.pk).update(topped_up=7)
    assert not check().is_right
    present.refresh_from_db()
    assert present.topped_up == 500_000


def test_changing_what_was_deleted_meanwhile_does_not_bring_it_back(ana: User, admin: User) -> None:
    rule = budget(person=ana)
    follow()
    stale = Budget.objects.get(pk=rule.pk)
    changing.delete(Budget.objects.get(pk=rule.pk))
    stale.name = "Other"
    with pytest.raises(Budget.DoesNotExist):
        changing.change(stale, lambda _budget: None, "Ada Novak")
    rule.refresh_from_db()
    assert rule.deleted_at


def test_topping_up_a_period_that_has_just_ended(ana: User, admin: User, november: Any) -> None:
    budget(person=ana)
    follow()
    account = Account.objects.get()
    account.periods.update(closed=True)
    page = client_of(admin).post(reverse("top_up_budget", args=[account.pk]), {"amount": 1, "reason": "x"})
    assert page.status_code == 302


def test_two_columns_of_a_spreadsheet_are_exceptions(ana: User, cleo: User, admin: User, sales: Department) -> None:
    rule = budget(department=sales, mode=Mode.EACH)
    follow()
    client, address = client_of(admin), reverse("edit_budget", args=[rule.pk])
    assert client.post(address, values(exceptions="ana\t7,50\nCleo\tnone\n\n")).status_code == 302
    assert set(rule.exceptions.values_list("person", "amount")) == {(ana.pk, 7_500_000), (cleo.pk, None)}


def test_used_and_left_minutes_make_the_whole(ana: User) -> None:
    budget(person=ana, unit=Unit.MINUTES, amount=90 * 60, currency="")
    arrive(ana, NOW, talk_seconds=45 * 60 + 20)
    follow()
    page = client_of(ana).get(reverse("my_budgets")).content.decode()
    assert "45 min</bdi> of" in page
    assert "45 min</bdi></b>" in page
