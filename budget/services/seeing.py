"""Accounts as pages show them: with their latest period, how it goes on, and the calls behind it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from accounting.models import Direction, Kind, Outcome, User
from budget.models import Account, BudgetPeriod, Unit
from budget.services.cycles import A_DAY
from budget.services.quantities import in_words, left_in_words
from budget.services.words import days_in_words

LocksTold = Callable[[Collection[int]], Mapping[int, str]]
"""Says of people whose budget asks for a lock what has become of it, in words."""
TELLERS: list[LocksTold] = []


def tells_locks(teller: LocksTold) -> LocksTold:
    """Enter who knows whether phones are locked; an application above does."""
    TELLERS.append(teller)
    return teller


@dataclass(frozen=True, slots=True)
class Seen:
    """One account with one of its periods, in words."""

    account: Account
    period: BudgetPeriod
    runs_out: date | None = None
    lock: str = ""
    """What has become of the lock that it asks for, as far as somebody knows."""

    @property
    def state(self) -> str:
        """How far it is used: good, warn or bad."""
        return "bad" if self.period.percent >= 100 else "warn" if self.period.percent >= 80 else "good"

    @property
    def bar(self) -> int:
        """The width of its bar in percent."""
        return min(100, self.period.percent)

    @property
    def days(self) -> str:
        """The days of the period."""
        return days_in_words(self.period.start, self.period.end)

    @property
    def left(self) -> str:
        """What is left."""
        return left_in_words(self.account.budget, self.period.left)

    @property
    def over(self) -> str:
        """By how much it is exceeded, else nothing."""
        return left_in_words(self.account.budget, -self.period.left) if self.period.left < 0 else ""

    @property
    def spent(self) -> str:
        """What is used."""
        return in_words(self.account.budget, self.period.spent)

    @property
    def available(self) -> str:
        """What may be used in all."""
        return in_words(self.account.budget, self.period.available)

    @property
    def assigned(self) -> str:
        """What was given at the begin of the period."""
        return in_words(self.account.budget, self.period.assigned)

    @property
    def carried_in(self) -> str:
        """What the period before has left."""
        return in_words(self.account.budget, self.period.carried_in) if self.period.carried_in else ""

    @property
    def topped_up(self) -> str:
        """What was added."""
        return in_words(self.account.budget, self.period.topped_up) if self.period.topped_up else ""


def latest(accounts: Sequence[Account]) -> list[Seen]:
    """Return these accounts with their latest period; those without any are left out. One query."""
    held = {account.pk: account for account in accounts}
    periods: dict[int, BudgetPeriod] = {}
    for period in BudgetPeriod.objects.filter(account__in=held).order_by("start"):
        periods[period.account_id] = period
    return [Seen(account, periods[pk]) for pk, account in held.items() if pk in periods]


def open_periods() -> Any:
    """Return the periods that are open."""
    return BudgetPeriod.objects.filter(closed=False)


def used_to(share: int) -> Any:
    """Return the open periods of which so many percent are used."""
    return open_periods().extra(
        where=["spent > 0 AND spent * 100 >= %s * (assigned + carried_in + topped_up)"], params=[share]
    )


def with_locks(cards: Sequence[Seen], reader: User) -> list[Seen]:
    """Return cards with what has become of the locks that they ask for: their people's, of a pot the reader's own."""
    asking = {card.account.pk: card.account.person_id or reader.pk for card in cards if card.period.lock_requested}
    told: dict[int, str] = {}
    for teller in TELLERS if asking else ():
        told |= teller(set(asking.values()))
    return [replace(card, lock=told.get(asking.get(card.account.pk, 0), "")) for card in cards]


def calls_behind(account: Account, period: BudgetPeriod, reader: User) -> str:
    """Return the address of the list of calls that count, as far as its filters can tell them."""
    budget = account.budget
    query: dict[str, str] = {
        "period": "custom", "from": period.start.isoformat(), "to": (period.end - A_DAY).isoformat(),
        "direction": str(int(Direction.OUTGOING)), "kind": str(int(Kind.PUBLIC)),
    }  # fmt: skip
    if budget.unit == Unit.MONEY:
        query["price"] = "priced"
    else:
        query["outcome"] = str(int(Outcome.ANSWERED))
    if not budget.count_private:
        query["purpose"] = "business"
    if len(budget.call_types) == 1:
        query["call_type"] = str(budget.call_types[0])
    query |= owner_filter(account, reader)
    return f"{reverse('calls')}?{urlencode(query)}"


def owner_filter(account: Account, reader: User) -> dict[str, str]:
    """Return the filter of calls for the holder of an account."""
    budget = account.budget
    if account.person_id == reader.pk or not reader.is_overseer:
        return {"mine": "1"}
    found = {"person": account.person.username} if account.person else {}
    if budget.department_id:
        found["department"] = str(budget.department_id)
    elif budget.cost_centre_id:
        found["cost_centre"] = str(budget.cost_centre_id)
    return found
