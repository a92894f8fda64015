"""How fast an account is used: day by day, and when it will have run out at the pace of the last weeks."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import BigIntegerField, ExpressionWrapper, F, Sum

from budget.models import Account, BudgetPeriod, ChargeDay, Ledger
from budget.services.charges import A_DAY, Sums
from budget.services.holders import Calendar
from budget.services.sums import unit_of, used_of

WEEKS = 4
"""So many weeks before today tell the pace, each weekday by itself."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What will become of a period."""

    today: date
    runs_out: date | None
    """The day on which nothing is left; None: not within the period."""
    expected: int
    """What will be used at its end."""
    daily: list[tuple[date, int]]
    """What each day of the period has used, up to today."""
    expected_daily: list[tuple[date, int]]
    """And what each day after it is expected to use."""


def use_by_day(account: Account, first: date, end: date) -> dict[date, int]:
    """Return what each day from `first` until before `end` has used; days without calls are left out."""
    budget = account.budget
    days = ChargeDay.objects.filter(day__gte=first, day__lt=end)
    days = days.filter(user_id=account.person_id) if account.person_id else days
    days = days if budget.person_id else days.filter(unit_of(budget))
    cost = Sum(ExpressionWrapper(F("cost"), output_field=BigIntegerField()))
    rows = (
        days.order_by()
        .values("day", "call_type", "currency", "private")
        .annotate(n=Sum("calls"), s=Sum("seconds"), c=cost)
    )
    found: dict[date, int] = defaultdict(int)
    for row in rows:
        if budget.counts(row["call_type"], row["currency"], row["private"]):
            found[row["day"]] += used_of(budget, Sums(int(row["n"]), int(row["s"]), int(row["c"])))[0]
    return dict(found)


def outlook(account: Account, period: BudgetPeriod, calendar: Calendar | None = None) -> Outlook:
    """Return how an account goes on until the end of a period."""
    today = (calendar or Calendar.of([account.person_id])).today(account.person_id)
    first = min(period.start, today - A_DAY * 7 * WEEKS)
    use = use_by_day(account, first, max(today, period.start) + A_DAY)
    pace = pace_of(use, today)
    daily = [(day, use.get(day, 0)) for day in days_from(period.start, min(today + A_DAY, period.end))]
    later = [(day, pace[day.weekday()]) for day in days_from(max(today + A_DAY, period.start), period.end)]
    return Outlook(
        today, runs_out_on(period, daily, later), period.spent + sum(amount for _, amount in later), daily, later
    )


def pace_of(use: Mapping[date, int], today: date) -> list[int]:
    """Return what each weekday uses on average, Monday first, over the last weeks of which calls are charged."""
    ledger = Ledger.objects.filter(pk=1).first()
    filled = ledger.filled_from if ledger and ledger.filled_from else today
    known = [day for day in (today - A_DAY * number for number in range(1, 7 * WEEKS + 1)) if day >= filled]
    mean = round(sum(use.get(day, 0) for day in known) / len(known)) if known else 0
    found = []
    for weekday in range(7):
        same = [use.get(day, 0) for day in known if day.weekday() == weekday]
        found.append(round(sum(same) / len(same)) if same else mean)
    return found


def runs_out_on(period: BudgetPeriod, daily: list[tuple[date, int]], later: list[tuple[date, int]]) -> date | None:
    """Return the day on which the whole budget is, or will be, used; None when it lasts."""
    used = 0
    for day, amount in [*daily, *later]:
        used += amount
        if used >= period.available and used > 0:
            return day
    return None


def days_from(first: date, end: date) -> list[date]:
    """Return the days from one until before another."""
    return [first + timedelta(days=number) for number in range(max(0, (end - first).days))]
