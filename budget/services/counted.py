"""The calls that count against an account, newest first."""

from datetime import UTC, datetime, time, timedelta

from accounting.models import PRIVATE, CallRecord, Outcome, User
from budget.models import Budget, BudgetPeriod, Unit
from budget.services.charges import Zones, chargeable

LOOKED_AT = 100
"""Calls around a period's ends may be of another day in their office's zone and are left out afterwards."""
A_DAY = timedelta(days=1)


def latest_counted(person: User, budget: Budget, period: BudgetPeriod, most: int, zones: Zones) -> list[CallRecord]:
    """Return a person's own newest calls that count in a period of a budget; one query, seldom two."""
    begin, end = (datetime.combine(day, time.min, UTC) for day in (period.start - A_DAY, period.end + A_DAY))
    found = chargeable().own(person).in_period(begin, end)
    if budget.unit == Unit.MONEY:
        found = found.filter(currency=budget.currency, cost__isnull=False)
    else:
        found = found.filter(outcome=Outcome.ANSWERED)
    if not budget.count_private:
        found = found.exclude(purpose__in=PRIVATE)
    if budget.call_types:
        found = found.filter(call_type__in=budget.call_types)
    for looked_at in (2 * most, LOOKED_AT):
        rows = list(found.newest_first()[:looked_at])
        inside = [one for one in rows if period.holds(one.started_at.astimezone(zones.of(one.office_id)).date())]
        if len(inside) >= most or len(rows) < looked_at:
            break
    return inside[:most]
