"""What a budget would have done in the last whole period, as a preview: from the day totals, before it is stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import BigIntegerField, ExpressionWrapper, F, Q, Sum

from accounting.models import Direction, ExtensionDay, Kind, Outcome, User
from budget.models import Budget
from budget.services.charges import Sums
from budget.services.cycles import A_DAY, boundary_until
from budget.services.holders import earliest_today, members_of
from budget.services.sums import Table, added, unit_of

SHOWN = 10


@dataclass(frozen=True, slots=True)
class Tried:
    """What one account would have used."""

    holder: object
    used: int
    amount: int

    @property
    def percent(self) -> int:
        """The share of the budget."""
        if self.used <= 0:
            return 0
        return self.used * 100 // self.amount if self.amount else 100


@dataclass(frozen=True, slots=True)
class Trial:
    """What the budgets of a form would have done."""

    start: date
    end: date
    accounts: int
    reached: list[tuple[int, int]]
    """By percent: how many accounts would have reached the threshold."""
    highest: list[Tried]
    total: int


def try_out(budgets: Sequence[Budget], percents: Sequence[int], amounts: dict[int, int | None]) -> Trial:
    """Return what budgets that are not stored would have done; `amounts` are the exceptions, None: no budget."""
    model = budgets[0]
    end = boundary_until(earliest_today(), model.cycle, model.first_day)
    start = boundary_until(end - A_DAY, model.cycle, model.first_day)
    found = [one for budget in budgets for one in tried(budget, start, end, amounts)]
    found.sort(key=lambda one: -one.percent)
    reached = [(percent, sum(one.used > 0 and one.percent >= percent for one in found)) for percent in percents]
    return Trial(start, end, len(found), reached, found[:SHOWN], sum(one.used for one in found))


def tried(budget: Budget, start: date, end: date, amounts: dict[int, int | None]) -> list[Tried]:
    """Return what each account of one budget would have used."""
    owner = Q(user_id=budget.person_id) if budget.person_id else unit_of(budget)
    table = table_of(owner, start, end, by_user=budget.per_person)
    if not budget.per_person:
        return [Tried(budget.owner, added(budget, table.get(None, {}))[0], budget.amount)]
    people = User.objects.in_bulk(list(members_of(budget)))
    return [
        Tried(person, added(budget, table.get(pk, {}))[0], amount)
        for pk, person in people.items()
        if (amount := amounts.get(pk, budget.amount)) is not None
    ]


def table_of(owner: Q, start: date, end: date, *, by_user: bool) -> Table:
    """Return what the day totals of answered outgoing public calls add up to, as services.sums has it.

    They do not tell private calls from others: all count as business here.
    """
    days = ExtensionDay.objects.filter(
        owner, day__gte=start, day__lt=end, direction=Direction.OUTGOING, kind=Kind.PUBLIC, outcome=Outcome.ANSWERED
    )
    names = (["user_id"] if by_user else []) + ["call_type", "currency"]
    cost = Sum(ExpressionWrapper(F("cost"), output_field=BigIntegerField()))
    table: Table = {}
    for row in days.order_by().values(*names).annotate(n=Sum("calls"), s=Sum("talk_seconds"), c=cost):
        sums = Sums(int(row["n"]), int(row["s"]), int(row["c"]))
        table.setdefault(row.get("user_id"), {})[row["call_type"], row["currency"], False] = sums
    return table
