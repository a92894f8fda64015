"""Counts periods again from the charge days, and the charge days from the calls; mends what differs."""

from collections.abc import Sequence
from datetime import date

from accounting.models import PhoneSystem
from accounting.services.retention import end_of_term
from budget.models import BudgetEvent, BudgetPeriod, Happened
from budget.services.ledger import carry_on
from budget.services.opening import BULK, event
from budget.services.sums import count_periods
from budget.services.thresholds import act
from callanalytics.lib.updating import update_rows


def complete_from() -> date | None:
    """Return the first day of which no calls have been given up yet, None when all are kept."""
    terms = PhoneSystem.objects.exclude(keep_days=None).values_list("keep_days", flat=True)
    return max((end_of_term(days or 0) for days in terms), default=None)


def recount(periods: Sequence[BudgetPeriod]) -> list[BudgetPeriod]:
    """Count periods again, inside the ledger's lock; return those that were wrong, now right and in their history.

    Each with `account__budget`. Periods whose calls are not all kept any more stay as they were counted.
    """
    first = complete_from()
    periods = [period for period in periods if first is None or period.start >= first]
    accounts = {period.account_id: period.account for period in periods}
    used = count_periods(periods, accounts)
    wrong, events = [], []
    for period in periods:
        if used[period.pk] == (period.spent, period.calls):
            continue
        before = period.spent
        period.spent, period.calls = used[period.pk]
        wrong.append(period)
        events.append(event(period, Happened.MENDED, before=before, quantity=period.spent))
    update_rows(BudgetPeriod, ["spent", "calls"], [(one.pk, one.spent, one.calls) for one in wrong])
    BudgetEvent.objects.bulk_create(events, batch_size=BULK)
    present = {period.pk: period for period in [*wrong, *carry_on(wrong)]}
    act(list(present.values()), accounts)
    return wrong
