"""Budgets in the programming interface: accounts in scope, one with its forecast, and its history (EX-13)."""

from datetime import date, datetime
from typing import Annotated, Literal

from django.http import Http404, HttpRequest
from django.utils.translation import gettext_lazy
from ninja import Field, Query, Router

from accounting.api.door import caller_of
from accounting.api.shapes import ONE, READ, Cursor, Id, Limit, PersonOut, Shape, Strict, Text, number_of
from accounting.models import Scope, User
from budget.models import Account, Budget, BudgetEvent, BudgetPeriod, Happened, Unit
from budget.services.cycles import A_DAY
from budget.services.forecast import outlook
from budget.services.narrowing import accounts_of, narrowed
from budget.services.seeing import Seen, latest, with_locks
from budget.services.words import rule_in_words
from callanalytics.lib.money import from_micro

router = Router(tags=["budgets"])
MOST_PERIODS = 14
HolderKind = Literal["person", "department", "cost_centre"]


class HolderOut(Shape):
    """Who holds an account: a person, or the unit that shares it."""

    kind: HolderKind
    name: str
    person: PersonOut | None


class PeriodOut(Shape):
    """One period of an account; amounts are exact decimals of the currency, or whole seconds of talk time."""

    first: date
    last: date
    """Included."""
    assigned: str
    carried_in: str
    topped_up: str
    available: str
    """Assigned, carried over and topped up together."""
    spent: str
    left: str
    """Below 0: overspent."""
    percent: int
    """Used, rounded down."""
    calls: int
    closed: bool
    """Whether the next period has begun; late calls are still counted."""


class LockOut(Shape):
    """Whether the budget asks for the phone to be locked."""

    requested: bool
    status: str
    """What has become of it, in words."""


class AccountOut(Shape):
    """A budget as it holds for one person, or for all who share it."""

    account: int
    """By which requests name it."""
    budget: str
    rule: str
    """What is counted and when it begins anew, in words."""
    holder: HolderOut
    unit: Literal["money", "seconds"]
    currency: str | None
    active: bool
    period: PeriodOut | None
    """The latest; null before the first one."""
    lock: LockOut


class AccountsOut(Shape):
    """One page of accounts."""

    budgets: list[AccountOut]
    next: str | None
    """The value of “cursor” for the next page; null on the last one."""


class ForecastOut(Shape):
    """How the latest period goes on at the pace of the last four weeks."""

    expected: str
    """What will be used at its end."""
    runs_out: date | None
    """The day on which nothing is left; null: it lasts."""


class AccountWhole(AccountOut):
    """An account with its forecast, thresholds and earlier periods."""

    thresholds: list[int]
    """Percent."""
    forecast: ForecastOut | None
    periods: list[PeriodOut]
    """The last 14, the latest first."""


class EventOut(Shape):
    """One thing that happened to an account."""

    id: int
    at: datetime
    kind: Happened
    period: date
    """The first day of the period."""
    percent: int | None
    amount: str | None
    before: str | None
    """What the amount was before."""
    text: str
    by: str
    mailed_to: list[str]


class EventsOut(Shape):
    """One page of the history of an account."""

    events: list[EventOut]
    next: str | None
    """The value of “cursor” for the next page; null on the last one."""


class AccountsIn(Strict):
    """Which accounts are listed."""

    mine: bool = False
    """The person's own, and the pots that the person shares, only."""
    show: Literal["all", "near", "over", "locked"] = "all"
    """Near the limit (80 percent), overspent, or those that ask for a lock."""
    search: Annotated[Text, Field(max_length=80)] = ""
    """Words in the names of people, units and budgets."""
    cursor: Cursor = ""
    limit: Limit = 100


class EventsIn(Strict):
    """Which lines of the history are listed."""

    cursor: Cursor = ""
    limit: Limit = 100


LIST = gettext_lazy("The budgets that you may see, each with its latest period.")
WHOLE = gettext_lazy("One budget with its forecast and its earlier periods.")
HISTORY = gettext_lazy("Everything that budget control did with a budget, newest first.")


@router.get("", response={200: AccountsOut, **READ}, openapi_extra={"description": LIST})
def list_budgets(request: HttpRequest, asked: Query[AccountsIn]) -> AccountsOut:
    """Tell one page of the accounts that the caller may see."""
    caller = caller_of(request, Scope.READ_BUDGETS, asked)
    accounts = Account.objects.own(caller.user) if asked.mine else Account.objects.visible_to(caller.user)
    found = accounts_of(narrowed(accounts, asked.show, asked.search)).filter(pk__gt=number_of(asked.cursor))
    rows = list(found.order_by("pk")[: asked.limit + 1])
    shown = rows[: asked.limit]
    following = str(shown[-1].pk) if len(rows) > asked.limit else None
    return AccountsOut(budgets=accounts_out(shown, caller.user), next=following)


@router.get("/{account}", response={200: AccountWhole, **ONE}, openapi_extra={"description": WHOLE})
def one_budget(request: HttpRequest, account: Id) -> AccountWhole:
    """Tell one account."""
    caller = caller_of(request, Scope.READ_BUDGETS)
    found = find(caller.user, account)
    (told,) = accounts_out([found], caller.user)
    periods = list(found.periods.order_by("-start")[:MOST_PERIODS])
    return AccountWhole(
        **told.model_dump(), thresholds=list(found.budget.thresholds.values_list("percent", flat=True)),
        forecast=forecast_of(found, periods[0]) if periods else None,
        periods=[period_out(found.budget, one) for one in periods],
    )  # fmt: skip


@router.get("/{account}/history", response={200: EventsOut, **ONE}, openapi_extra={"description": HISTORY})
def budget_history(request: HttpRequest, account: Id, asked: Query[EventsIn]) -> EventsOut:
    """Tell one page of what happened to an account."""
    caller = caller_of(request, Scope.READ_BUDGETS, asked)
    found, start = find(caller.user, account), number_of(asked.cursor)
    events = found.events.select_related("period").order_by("-pk")
    rows = list((events.filter(pk__lt=start) if start else events)[: asked.limit + 1])
    shown = rows[: asked.limit]
    following = str(shown[-1].pk) if len(rows) > asked.limit else None
    return EventsOut(events=[event_out(found.budget, one) for one in shown], next=following)


def find(reader: User, pk: int) -> Account:
    """Return an account in the reader's scope; 404 otherwise."""
    account = accounts_of(Account.objects.visible_to(reader)).filter(pk=pk).first()
    if account is None:
        raise Http404
    return account


def accounts_out(accounts: list[Account], reader: User) -> list[AccountOut]:
    """Return accounts with their latest periods; a fixed number of queries."""
    seen = {one.account.pk: one for one in with_locks(latest(accounts), reader)}
    return [account_out(account, seen.get(account.pk)) for account in accounts]


def account_out(account: Account, seen: Seen | None) -> AccountOut:
    """Return one account."""
    budget = account.budget
    return AccountOut(
        account=account.pk, budget=budget.name, rule=rule_in_words(budget), holder=holder_out(account),
        unit="money" if budget.unit == Unit.MONEY else "seconds", currency=budget.currency or None,
        active=budget.active, period=period_out(budget, seen.period) if seen else None,
        lock=LockOut(requested=bool(seen and seen.period.lock_requested), status=seen.lock if seen else ""),
    )  # fmt: skip


def holder_out(account: Account) -> HolderOut:
    """Return who holds an account."""
    person = account.person
    kind: HolderKind = "person" if person else "department" if account.budget.department_id else "cost_centre"
    named = PersonOut(username=person.username, name=str(person)) if person else None
    return HolderOut(kind=kind, name=str(account.holder), person=named)


def period_out(budget: Budget, period: BudgetPeriod) -> PeriodOut:
    """Return one period."""
    names = ("assigned", "carried_in", "topped_up", "available", "spent", "left")
    return PeriodOut(
        first=period.start, last=period.end - A_DAY, percent=period.percent, calls=period.calls, closed=period.closed,
        **{name: quantity(budget, getattr(period, name)) for name in names},
    )  # fmt: skip


def forecast_of(account: Account, period: BudgetPeriod) -> ForecastOut:
    """Return how a period goes on."""
    outcome = outlook(account, period)
    return ForecastOut(expected=quantity(account.budget, outcome.expected), runs_out=outcome.runs_out)


def quantity(budget: Budget, amount: int) -> str:
    """Return an amount of the ledger: an exact decimal of the currency, or whole seconds."""
    return f"{from_micro(amount):f}" if budget.unit == Unit.MONEY else str(amount)


def event_out(budget: Budget, event: BudgetEvent) -> EventOut:
    """Return one line of the history."""
    amount, before = (None if one is None else quantity(budget, one) for one in (event.quantity, event.before))
    return EventOut(
        id=event.pk, at=event.at, kind=Happened(event.kind), period=event.period.start, percent=event.percent,
        amount=amount, before=before, text=event.text, by=event.by, mailed_to=event.mailed_to,
    )  # fmt: skip
