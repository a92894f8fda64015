"""Thresholds act once in a period, tell the right people in their language, and locks follow the figures."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from accounting.models import OutgoingMail, User
from budget.models import Account, Budget, BudgetEvent, BudgetPeriod, Happened, Mode, ReachedThreshold
from budget.services import changing
from budget.services.following import follow
from budget.signals import period_released, threshold_reached
from tests import factories as make
from tests.budget.world import arrive, budget, go, recost

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def november() -> Iterator[Any]:
    """A Wednesday in November."""
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def heard() -> Iterator[list[tuple[str, Any]]]:
    """What was announced to whoever locks phones."""
    told: list[tuple[str, Any]] = []

    def reached(sender: Any, percent: int, lock: bool, **_others: Any) -> None:
        told.append(("reached", (percent, lock)))

    def released(sender: Any, account_id: int, **_others: Any) -> None:
        told.append(("released", account_id))

    threshold_reached.connect(reached)
    period_released.connect(released)
    yield told
    threshold_reached.disconnect(reached)
    period_released.disconnect(released)


@pytest.fixture
def mine(ana: User) -> Budget:
    """A budget of 2 EUR for ana, who is told at 50 %; at 100 % her supervisor and administrators are, and a lock."""
    User.objects.filter(pk=ana.pk).update(language="de")
    make.LineAssignment.objects.create(
        extension=make.Extension.objects.create(phone_system=make.phone_system(), number="2001"), user=ana
    )
    found = budget(person=ana, carry_over=True)
    found.thresholds.create(percent=50)
    found.thresholds.create(percent=100, mail_supervisor=True, mail_administrators=True, lock=True)
    follow()
    return found


def mails() -> list[tuple[str, str]]:
    """Return to whom which subjects were posted."""
    rows = OutgoingMail.objects.order_by("pk").select_related("letter")
    return sorted((mail.recipient, mail.letter.subject) for mail in rows)


def spend(user: User, cost: str) -> Any:
    """Let a call arrive, and Budget Control look twice."""
    call = arrive(user, NOW - timedelta(hours=1), cost=Decimal(cost))
    follow()
    follow()
    return call


def test_each_threshold_acts_once_and_tells_everybody_in_their_language(
    mine: Budget, ana: User, ben: User, admin: User, heard: list[Any]
) -> None:
    spend(ana, "2.1")
    assert [recipient for recipient, _subject in mails()] == ["ana@example.com"]
    assert OutgoingMail.objects.get().letter.language == "de"
    spend(ana, "0.3")
    assert len(mails()) == 1
    spend(ana, "2.7")
    assert len(mails()) == 4
    told = {recipient for recipient, _subject in mails()}
    assert told == {"ana@example.com", "ben@example.com", "admin@example.com"}
    assert ("ben@example.com", "Ana Ruiz: 100 % of the budget “Calls” used") in mails()
    assert heard == [("reached", (50, False)), ("reached", (100, True))]
    assert BudgetPeriod.objects.get(closed=False).lock_requested
    event = BudgetEvent.objects.get(kind=Happened.REACHED, percent=100)
    assert set(event.mailed_to) == {"Ana Ruiz", "Ben Adler", "Ada Novak"}


def test_of_several_thresholds_crossed_at_once_each_hears_of_the_highest(mine: Budget, ana: User) -> None:
    spend(ana, "4.5")
    assert ReachedThreshold.objects.count() == 2
    assert len(mails()) == 1


def test_a_top_up_lifts_the_lock_and_arms_the_thresholds_again(
    mine: Budget, ana: User, admin: User, heard: list[Any]
) -> None:
    spend(ana, "4.5")
    period = BudgetPeriod.objects.get(closed=False)
    assert (period.available, period.lock_requested) == (4_000_000, True)
    changing.top_up(period.pk, 4_000_000, "A trade fair", admin)
    period.refresh_from_db()
    assert (period.available, period.lock_requested) == (8_000_000, False)
    assert list(ReachedThreshold.objects.values_list("percent", flat=True)) == [50]
    spend(ana, "4")
    assert [one for one in heard if one[0] == "reached"] == [
        ("reached", (50, False)), ("reached", (100, True)), ("reached", (100, True)),
    ]  # fmt: skip
    assert BudgetEvent.objects.filter(kind=Happened.TOPPED_UP, text="A trade fair", by="Ada Novak").exists()


def test_a_lock_follows_corrections_but_no_mail_is_sent_twice(mine: Budget, ana: User, heard: list[Any]) -> None:
    call = spend(ana, "4.5")
    posted = mails()
    recost(call, Decimal("0.5"))
    follow()
    assert not BudgetPeriod.objects.get(closed=False).lock_requested
    recost(call, Decimal("4.5"))
    follow()
    assert BudgetPeriod.objects.get(closed=False).lock_requested
    go(call)
    follow()
    assert not BudgetPeriod.objects.get(closed=False).lock_requested
    assert mails() == posted
    assert [one[0] for one in heard].count("released") == 2


def test_the_next_period_releases_the_lock_and_carries_over(
    mine: Budget, ana: User, november: Any, heard: list[Any]
) -> None:
    spend(ana, "4.5")
    november.move_to(datetime(2026, 11, 30, 22, 59, tzinfo=UTC))
    follow()
    assert BudgetPeriod.objects.filter(lock_requested=True).exists()
    november.move_to(datetime(2026, 11, 30, 23, 0, tzinfo=UTC))  # midnight in Berlin
    follow()
    assert not BudgetPeriod.objects.filter(lock_requested=True).exists()
    assert heard[-1] == ("released", Account.objects.get(budget=mine).pk)
    december = BudgetPeriod.objects.get(closed=False)
    assert (december.start.month, december.carried_in) == (12, 0)


def test_a_paused_budget_counts_but_does_nothing(mine: Budget, ana: User, heard: list[Any]) -> None:
    changing.pause(mine, "Ada Novak")
    spend(ana, "4.5")
    assert (mails(), heard, BudgetPeriod.objects.get(closed=False).spent) == ([], [], 4_500_000)
    changing.resume(mine, "Ada Novak")
    follow()
    assert len(mails()) == 1
    assert BudgetPeriod.objects.get(closed=False).lock_requested


def test_deleting_lifts_the_lock_and_undoing_counts_what_came_meanwhile(mine: Budget, ana: User) -> None:
    spend(ana, "4.5")
    changing.delete(mine)
    assert not BudgetPeriod.objects.filter(lock_requested=True).exists()
    spend(ana, "0.5")
    mine.refresh_from_db()
    changing.restore(mine)
    follow()
    period = BudgetPeriod.objects.get(closed=False)
    assert (period.spent, period.lock_requested) == (5_000_000, True)


def test_an_erased_person_leaves_no_budget_but_the_pot_keeps_its_sum(mine: Budget, ana: User, sales: Any) -> None:
    pot = budget(department=sales, mode=Mode.POT)
    arrive(ana, NOW, cost=Decimal(1), department_id=sales.pk)
    follow()
    from accounting.services.erasing import Erased, close_account  # noqa: PLC0415

    close_account(ana, Erased())
    assert not Budget.objects.filter(pk=mine.pk).exists()
    assert not Account.objects.filter(person=ana).exists()
    assert BudgetPeriod.objects.get(account__budget=pot, closed=False).spent == 1_000_000
