"""What the charge days of accounts add up to: for new periods, and to check those that are kept up to date."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from django.db.models import BigIntegerField, ExpressionWrapper, F, Q, Sum

from accounting.querysets.organization import subtree
from budget.models import Account, Budget, BudgetPeriod, ChargeDay, Unit
from budget.services.charges import NOTHING, Sums

Used = tuple[int, int]
"""How much of a budget, in its unit, and how many calls."""
AT_ONCE = 5_000


def used_of(budget: Budget, sums: Sums) -> Used:
    """Return what sums use of a budget."""
    return (sums.cost if budget.unit == Unit.MONEY else sums.seconds), sums.calls


def count_periods(periods: Sequence[BudgetPeriod], accounts: dict[int, Account]) -> dict[int, Used]:
    """Return by the periods' ids what their calls use; a few queries for many periods of the same days."""
    spans: dict[tuple[date, date], list[BudgetPeriod]] = defaultdict(list)
    for period in periods:
        spans[period.start, period.end].append(period)
    found: dict[int, Used] = {}
    for (start, end), members in spans.items():
        days = ChargeDay.objects.filter(day__gte=start, day__lt=end)
        found |= dict(of_people(days, members, accounts))
        found |= dict(of_units(days, members, accounts))
    return found


def of_people(days: Any, periods: Iterable[BudgetPeriod], accounts: dict[int, Account]) -> Iterator[tuple[int, Used]]:
    """Yield what the budgets of single persons have used on these days."""
    own = [period for period in periods if accounts[period.account_id].budget.person_id]
    for start in range(0, len(own), AT_ONCE):
        part = own[start : start + AT_ONCE]
        people = {accounts[period.account_id].person_id for period in part}
        table = table_of(days.filter(user_id__in=people))
        for period in part:
            account = accounts[period.account_id]
            yield period.pk, added(account.budget, table.get(account.person_id, {}))


def of_units(days: Any, periods: Iterable[BudgetPeriod], accounts: dict[int, Account]) -> Iterator[tuple[int, Used]]:
    """Yield what the pots and the members of units have used on these days."""
    by_budget: dict[int, list[BudgetPeriod]] = defaultdict(list)
    for period in periods:
        if not accounts[period.account_id].budget.person_id:
            by_budget[accounts[period.account_id].budget_id].append(period)
    for members in by_budget.values():
        budget = accounts[members[0].account_id].budget
        table = table_of(days.filter(unit_of(budget)), by_user=budget.per_person)
        for period in members:
            yield period.pk, added(budget, table.get(accounts[period.account_id].person_id, {}))


def unit_of(budget: Budget) -> Q:
    """Return the condition that charges belong to the unit of a budget."""
    if budget.department_id:
        return Q(department_id__in=subtree([budget.department_id]))
    return Q(cost_centre_id=budget.cost_centre_id)


Kind = tuple[int, str, bool]
"""Call type, currency, and whether the calls are private."""
Table = dict[int | None, dict[Kind, Sums]]


def table_of(days: Any, *, by_user: bool = True) -> Table:
    """Return what charge days add up to by person (else None) and kind."""
    cost = Sum(ExpressionWrapper(F("cost"), output_field=BigIntegerField()))
    names = (["user_id"] if by_user else []) + ["call_type", "currency", "private"]
    rows = days.order_by().values(*names).annotate(n=Sum("calls"), s=Sum("seconds"), c=cost)
    table: Table = {}
    for row in rows:
        key = (row["call_type"], row["currency"], row["private"])
        table.setdefault(row.get("user_id"), {})[key] = Sums(int(row["n"]), int(row["s"]), int(row["c"]))
    return table


def added(budget: Budget, sums: dict[Kind, Sums]) -> Used:
    """Return what those of the sums that count use of a budget."""
    whole = NOTHING
    for kind, found in sums.items():
        if budget.counts(*kind):
            whole = whole.plus(found)
    return used_of(budget, whole)
