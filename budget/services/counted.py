"""The calls that count against an account, newest first."""

from datetime import UTC, datetime, time, timedelta
from operator import attrgetter

from accounting.models import PRIVATE, CallRecord, Outcome, User
from budget.models import Budget, BudgetPeriod, Unit
from budget.services.charges import Zones, chargeable

LOOKED_AT = 100
"""Calls around a period's ends may be of another day in their office's zone and are left out afterwards."""
A_DAY = timedelta(days=1)


def latest_counted(person: User, budget: Budget, period: BudgetPeriod, most: int) -> list[CallRecord]:
    """Return a person's own newest calls that count in a period of a budget; some queries."""
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
    zones = Zones.read()
    rows = list(found.newest_first()[:LOOKED_AT])
    inside = [
        one for one in rows if period.start <= one.started_at.astimezone(zones.of(one.office_id)).date() < period.end
    ]
    return sorted(inside, key=attrgetter("started_at", "pk"), reverse=True)[:most]
