"""Opens accounts and their periods: for new budgets, for new members, and when a period is over."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date

from budget.models import Account, Budget, BudgetEvent, BudgetPeriod, Happened
from budget.services import locking
from budget.services.cycles import end_of, is_valid_on, start_at
from budget.services.holders import Calendar, amounts_of, exempt_from, holders_of, latest_today, members_of
from budget.services.locking import BULK
from budget.services.sums import count_periods
from budget.services.thresholds import act
from callanalytics.lib.updating import update_rows


def admit(budgets: Sequence[Budget]) -> None:
    """Open an account for everybody who should have one and has no open period; inside the ledger's lock."""
    by_pk = {budget.pk: budget for budget in budgets}
    wanted = {(budget.pk, person) for budget in budgets for person in holders_of(budget)}
    known = set(Account.objects.filter(budget__in=by_pk).values_list("budget_id", "person_id"))
    new = [Account(budget_id=budget, person_id=person) for budget, person in wanted - known]
    Account.objects.bulk_create(new, batch_size=BULK)
    waiting = Account.objects.filter(budget__in=by_pk).exclude(periods__closed=False)
    accounts = [account for account in waiting if (account.budget_id, account.person_id) in wanted]
    held = {account.pk: with_budget(account, by_pk[account.budget_id]) for account in accounts}
    earlier = BudgetPeriod.objects.filter(account__in=waiting.values("pk")).order_by("start")
    periods = list(first_periods(accounts, {period.account_id: period for period in earlier}, amounts_of(budgets)))
    begin(periods, held)
    # Those of new budgets may reach far back: they act when all have been opened.
    act([period for period in periods if period.account.budget.settled], held)


def first_periods(
    accounts: Sequence[Account], earlier: dict[int, BudgetPeriod], amounts: dict[tuple[int, int | None], int]
) -> Iterator[BudgetPeriod]:
    """Yield the periods with which accounts begin, or go on after their last one of `earlier` (by account)."""
    calendar, latest = Calendar.of(account.person_id for account in accounts), latest_today()
    for account in accounts:
        budget, last = account.budget, earlier.get(account.pk)
        # The first accounts reach back to the begin of the budget; who joins later begins with the present period.
        present = start_at(budget, calendar.today(account.person_id)) if budget.settled else budget.valid_from
        start = max(present, last.end) if last else present
        if start <= latest and is_valid_on(budget, start):
            period = new_period(budget, account, start, amounts)
            period.carried_in = period.carried_from(last) if last else 0
            yield period


def admit_for(budget: Budget, first_calls: dict[int, date]) -> None:
    """Open accounts for people whose calls show that they belong to the unit, from the period of their first call."""
    amounts, exempt = amounts_of([budget]), exempt_from(budget)
    people = [person for person in first_calls if person not in exempt]
    accounts = Account.objects.bulk_create([Account(budget=budget, person_id=one) for one in people], batch_size=BULK)
    starts = {person: start_at(budget, first_calls[person]) for person in people}
    held = {account.pk: with_budget(account, budget) for account in accounts}
    periods = [
        new_period(budget, account, starts[account.person_id], amounts)
        for account in accounts
        if account.person_id and is_valid_on(budget, starts[account.person_id])
    ]
    begin(periods, held)
    calendar = Calendar.of(people)
    act([period for period in periods if period.end > calendar.today(period.account.person_id)], held)
    open_due([budget.pk])


def with_budget(account: Account, budget: Budget) -> Account:
    """Return an account whose budget is not read again."""
    account.budget = budget
    return account


def new_period(
    budget: Budget, account: Account, start: date, amounts: dict[tuple[int, int | None], int]
) -> BudgetPeriod:
    """Return the period of an account that begins on a day, as the budget rules now."""
    return BudgetPeriod(
        account=account, start=start, end=end_of(budget, start),
        assigned=amounts.get((budget.pk, account.person_id), budget.amount),
        carries=budget.carry_over, carry_ceiling=budget.carry_ceiling if budget.carry_over else None,
    )  # fmt: skip


def begin(periods: list[BudgetPeriod], accounts: dict[int, Account]) -> None:
    """Store new periods with what their calls have used so far, and enter them in the history."""
    if not periods:
        return
    BudgetPeriod.objects.bulk_create(periods, batch_size=BULK)
    used = count_periods(periods, accounts)
    for period in periods:
        period.spent, period.calls = used[period.pk]
    rows = [(period.pk, period.spent, period.calls) for period in periods if period.calls]
    update_rows(BudgetPeriod, ["spent", "calls"], rows)
    events = [event(period, Happened.OPENED, quantity=period.assigned) for period in periods]
    events += [event(period, Happened.CARRIED, quantity=period.carried_in) for period in periods if period.carried_in]
    BudgetEvent.objects.bulk_create(events, batch_size=BULK)


def event(period: BudgetPeriod, kind: Happened, **facts: object) -> BudgetEvent:
    """Return a line of the history, not stored yet."""
    return BudgetEvent(account_id=period.account_id, period=period, kind=kind, **facts)


def open_due(budgets: Collection[int] | None = None) -> None:
    """Close the periods that are over, open the next ones, as many as have passed, and let thresholds act."""
    touched: dict[int, BudgetPeriod] = {}
    while due := due_periods(budgets):
        touched |= {period.pk: period for period in [*due, *follow_on(due)]}
    act(list(touched.values()), {period.account_id: period.account for period in touched.values()})


def due_periods(budgets: Collection[int] | None) -> list[BudgetPeriod]:
    """Return the open periods that are over where their holders are."""
    periods = BudgetPeriod.objects.filter(closed=False, end__lte=latest_today(), account__budget__deleted_at=None)
    if budgets is not None:
        periods = periods.filter(account__budget__in=budgets)
    found = list(periods.select_related("account__budget"))
    calendar = Calendar.of(period.account.person_id for period in found)
    return [period for period in found if period.end <= calendar.today(period.account.person_id)]


def follow_on(due: list[BudgetPeriod]) -> list[BudgetPeriod]:
    """Close periods and open the next one of each account that goes on; return the new ones."""
    budgets = {period.account.budget_id: period.account.budget for period in due}
    members = {pk: members_of(budget) for pk, budget in budgets.items() if budget.per_person}
    amounts = amounts_of(list(budgets.values()))
    following = []
    for period in due:
        account, budget = period.account, period.account.budget
        goes_on = account.person_id in members[budget.pk] if budget.per_person else True
        if goes_on and is_valid_on(budget, period.end):
            after = new_period(budget, account, period.end, amounts)
            after.carried_in = after.carried_from(period)
            following.append(after)
    close(due)
    begin(following, {period.account_id: period.account for period in due})
    return following


def close(periods: Iterable[BudgetPeriod]) -> None:
    """Close periods; what was locked is released."""
    periods = list(periods)
    locking.release([period for period in periods if period.lock_requested])
    for period in periods:
        period.closed = True
    ids = [period.pk for period in periods]
    for start in range(0, len(ids), BULK):
        BudgetPeriod.objects.filter(pk__in=ids[start : start + BULK]).update(closed=True)
