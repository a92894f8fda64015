"""The pages of Budget Control: who sees whose budgets, setting them, and what bad input is told."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounting.models import AuditEntry, User
from budget.models import Account, Budget, BudgetEvent, BudgetPeriod, Happened, Mode, TopUp
from budget.services import changing
from budget.services.following import follow
from callanalytics.lib.money import to_micro
from tests import factories as make
from tests.budget.world import arrive, budget

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def november() -> Iterator[None]:
    """A Wednesday in November."""
    with time_machine.travel(NOW, tick=False):
        yield


def client_of(user: User) -> Client:
    """Return a signed-in browser."""
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def account(ana: User) -> Account:
    """Ana's account of 2 EUR, of which 0.50 are used."""
    extension = make.Extension.objects.create(phone_system=make.phone_system(), number="2001")
    make.LineAssignment.objects.create(extension=extension, user=ana)
    budget(person=ana, name="Ana's calls")
    arrive(ana, NOW, cost=Decimal("0.5"))
    follow()
    return Account.objects.get(person=ana)


def values(**others: Any) -> dict[str, Any]:
    """Return what the form of a new budget sends."""
    return {
        "owners": "people", "people": "ana, cleo", "mode": "each", "name": "New", "unit": "money", "amount": "10",
        "currency": "EUR", "cycle": "month", "month_day": "1", "valid_from": "2026-11-01", "t0-percent": "80",
        "t0-mail_person": "on", "t1-percent": "100", "t1-lock": "on",
    } | others  # fmt: skip


def test_my_budgets_show_what_is_left_and_the_history(account: Account, ana: User) -> None:
    page = client_of(ana).get(reverse("my_budgets"))
    assert "€1.50" in page.content.decode()
    page = client_of(ana).get(reverse("budget_account", args=[account.pk]))
    assert "from=2026-11-01&amp;to=2026-11-30" in page.content.decode()
    page = client_of(ana).get(reverse("budget_history", args=[account.pk]))
    assert "A period began with" in page.content.decode()
    assert "<title>History · Ana&#x27;s calls " in page.content.decode()


def test_calls_that_count_are_those_of_the_list(account: Account, ana: User) -> None:
    page = client_of(ana).get(reverse("budget_account", args=[account.pk]))
    listed = client_of(ana).get(page.context["calls"])
    assert listed.status_code == 200
    assert listed.content.decode().count("+49 30 1234567") == 1


def test_nobody_sees_budgets_out_of_scope(account: Account, ana: User, ben: User, cleo: User, admin: User) -> None:
    for name in ("budget_account", "budget_history"):
        address = reverse(name, args=[account.pk])
        answers = [client_of(user).get(address).status_code for user in (ana, ben, admin, cleo)]
        assert answers == [200, 200, 200, 404]
        assert Client().get(address).status_code == 302
    people = reverse("team_budgets")
    assert [client_of(user).get(people).status_code for user in (ana, ben, admin)] == [404, 200, 200]
    assert "Ana Ruiz" in client_of(ben).get(people).content.decode()


def test_only_administrators_set_budgets(account: Account, ana: User, ben: User, admin: User) -> None:
    rule = account.budget_id
    for name, arguments in (("budgets", []), ("add_budget", []), ("edit_budget", [rule])):
        answers = [client_of(user).get(reverse(name, args=arguments)).status_code for user in (ana, ben, admin)]
        assert answers == [403, 403, 200]
    for name in ("pause_budget", "resume_budget", "delete_budget", "restore_budget"):
        assert client_of(ben).post(reverse(name, args=[rule])).status_code == 403
        assert client_of(admin).get(reverse(name, args=[rule])).status_code == 405
    assert client_of(ben).post(reverse("top_up_budget", args=[account.pk])).status_code == 403


def test_many_budgets_are_set_at_once_with_preview(account: Account, ana: User, cleo: User, admin: User) -> None:
    client = client_of(admin)
    last_month = datetime(2026, 10, 12, 9, tzinfo=UTC)
    arrive(ana, last_month, cost=Decimal(9))
    page = client.post(reverse("add_budget"), values(preview="1"))
    assert [(one.accounts, one.reached) for one in [page.context["trial"]]] == [(2, [(80, 1), (100, 0)])]
    assert Budget.objects.count() == 1
    assert client.post(reverse("add_budget"), values()).status_code == 302
    assert set(Budget.objects.filter(name="New").values_list("person__username", flat=True)) == {"ana", "cleo"}
    periods = BudgetPeriod.objects.filter(account__budget__name="New").order_by("account__person__username")
    assert [(one.assigned, one.spent) for one in periods] == [(10_000_000, 500_000), (10_000_000, 0)]
    assert AuditEntry.objects.filter(subject_type="budget", action="added", subject="New").count() == 2


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"people": "nobody-at-all"}, "Nobody is called “nobody-at-all”."),
        ({"people": ""}, "Choose at least one."),
        ({"owners": "departments", "departments": ["999"]}, "999 is not one of the available choices"),
        ({"amount": "-1"}, "greater than or equal to 0"),
        ({"amount": "ten"}, "Enter a number."),
        ({"valid_until": "2026-10-01"}, "The last day is before the first one."),
        ({"valid_from": "1990-01-01"}, "The first day must lie within thirteen months of today."),
        ({"t1-percent": "80"}, "Two thresholds have the same percentage."),
        ({"exceptions": "ana 50"}, "Line 1: write a name, “=”, and an amount or “none”."),
        ({"month_day": "31"}, "less than or equal to 28"),
    ],
)
def test_wrong_input_is_told_and_nothing_is_stored(ana: User, cleo: User, admin: User, wrong: Any, told: str) -> None:
    page = client_of(admin).post(reverse("add_budget"), values(**wrong))
    assert told in page.content.decode()
    assert "Nothing was stored" in page.content.decode()
    assert not Budget.objects.exists()


def test_changing_amount_and_exceptions_holds_at_once(ana: User, cleo: User, sales: Any, admin: User) -> None:
    make.membership(cleo, department=sales)
    rule = budget(department=sales, mode=Mode.EACH)
    follow()
    sent = values(amount="5", exceptions="ana = 7\ncleo = none", cycle="month")
    assert client_of(admin).post(reverse("edit_budget", args=[rule.pk]), sent).status_code == 302
    found = BudgetPeriod.objects.filter(account__budget=rule, closed=False)
    assert list(found.values_list("account__person", "assigned")) == [(ana.pk, 7_000_000)]
    event = BudgetEvent.objects.get(kind=Happened.CHANGED)
    assert (event.before, event.quantity, event.by) == (2_000_000, 7_000_000, "Ada Novak")


def test_a_month_can_become_weeks(account: Account, admin: User) -> None:
    sent = values(cycle="week", weekday="1")
    assert client_of(admin).post(reverse("edit_budget", args=[account.budget_id]), sent).status_code == 302
    present = account.periods.get(closed=False)
    assert (present.start, present.end, present.spent) == (date(2026, 11, 16), date(2026, 11, 23), 500_000)
    assert account.periods.get(start=date(2026, 11, 1)).spent == 0


def test_topping_up_needs_a_reason(account: Account, admin: User) -> None:
    address = reverse("top_up_budget", args=[account.pk])
    page = client_of(admin).post(address, {"amount": "3", "reason": ""})
    assert "This field is required." in page.content.decode()
    assert not TopUp.objects.exists()
    assert client_of(admin).post(address, {"amount": "3", "reason": "Fair"}).status_code == 302
    assert account.periods.get(closed=False).available == 5_000_000
    assert AuditEntry.objects.filter(subject_type="budget", details__reason="Fair").exists()


def test_a_wrong_top_up_can_be_taken_back_but_no_more(account: Account, admin: User) -> None:
    client, address = client_of(admin), reverse("top_up_budget", args=[account.pk])
    client.post(address, {"amount": "30", "reason": "A trade fair"})
    page = client.post(address, {"amount": "-30.01", "reason": "A slip"})
    assert "No more can be taken back than was topped up" in page.content.decode()
    assert "Enter how much is to be added" in client.post(address, {"amount": "0", "reason": "x"}).content.decode()
    assert client.post(address, {"amount": "-27", "reason": "3, not 30"}).status_code == 302
    assert account.periods.get(closed=False).available == 5_000_000
    history = client.get(reverse("budget_history", args=[account.pk])).content.decode()
    assert "Top-up taken back" in history
    assert "3, not 30" in history


def test_many_budgets_are_changed_at_once(account: Account, ana: User, ben: User, cleo: User, admin: User) -> None:
    for user in (ben, cleo):
        budget(person=user, name="Others")
    follow()
    client, address = client_of(admin), reverse("change_budgets")
    assert 'name="budget"' in client.get(reverse("budgets")).content.decode()
    client.post(address, {"budget": [account.budget_id], "act": "amount", "amount": "7"})
    assert BudgetPeriod.objects.filter(closed=False, assigned=7_000_000).count() == 1
    client.post(address, {"all": "1", "search": "others", "act": "amount", "amount": "9.50"})
    found = BudgetPeriod.objects.filter(closed=False).values_list("account__person__username", "assigned")
    assert dict(found) == {"ana": 7_000_000, "ben": 9_500_000, "cleo": 9_500_000}
    client.post(address, {"all": "1", "act": "pause"})
    assert not Budget.objects.filter(active=True).exists()
    for sent, told in (
        ({"act": "pause"}, "Choose at least one budget."),
        ({"act": "amount", "all": "1"}, "Enter the new amount."),
        ({"act": "amount", "amount": "-1", "all": "1"}, "greater than or equal to 0"),
        ({"act": "burn", "budget": ["x", "9" * 5000]}, "burn is not one of the available choices"),
    ):
        assert told in client.post(address, sent, follow=True).content.decode()
    assert client_of(ben).post(address, {"all": "1", "act": "resume"}).status_code == 403


def test_an_amount_for_many_leaves_what_others_have_just_set(account: Account) -> None:
    listed = Budget.objects.get(pk=account.budget_id)
    Budget.objects.filter(pk=listed.pk).update(name="Renamed meanwhile", carry_over=not listed.carry_over)
    changing.set_amount(listed, to_micro(Decimal(77)), "admin")
    present = Budget.objects.get(pk=listed.pk)
    assert (present.name, present.carry_over) == ("Renamed meanwhile", not listed.carry_over)
    assert account.periods.get(closed=False).assigned == present.amount == to_micro(Decimal(77))
    changing.delete(present)
    with pytest.raises(Budget.DoesNotExist):
        changing.set_amount(listed, 1, "admin")


def test_deleting_can_be_undone(account: Account, admin: User, ana: User) -> None:
    client = client_of(admin)
    page = client.post(reverse("delete_budget", args=[account.budget_id]), follow=True)
    assert "is deleted and limits nothing any more" in page.content.decode()
    assert "You have no budget" in client_of(ana).get(reverse("my_budgets")).content.decode()
    client.post(reverse("restore_budget", args=[account.budget_id]))
    assert "€1.50" in client_of(ana).get(reverse("my_budgets")).content.decode()


def test_the_list_of_people_takes_as_many_queries_for_one_as_for_many(
    account: Account, admin: User, django_assert_num_queries: Any
) -> None:
    client = client_of(admin)
    with CaptureQueriesContext(connection) as few:
        client.get(reverse("team_budgets"))
    for number in range(30):
        budget(person=make.person(f"p{number}"))
    follow()
    with django_assert_num_queries(len(few)):
        assert "p29" in client.get(reverse("team_budgets")).content.decode()


def test_reports_show_the_state_and_who_overspent(account: Account, ana: User, ben: User, cleo: User) -> None:
    arrive(ana, datetime(2026, 10, 5, 9, tzinfo=UTC), cost=Decimal("2.25"))
    follow()
    state = client_of(ben).get(reverse("report", args=["budgets"])).content.decode()
    assert "Ana's calls" in state.replace("&#x27;", "'")
    assert "€1.50" in state
    overspent = client_of(ben).get(reverse("report", args=["overspending"])).content.decode()
    assert "€2.25" in overspent
    assert "€2.25" not in client_of(cleo).get(reverse("report", args=["overspending"])).content.decode()
