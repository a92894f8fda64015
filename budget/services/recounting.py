"""Counts periods again from the charge days, and the charge days from the calls; mends what differs."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from django.db.models import Sum

from accounting.models import PhoneSystem
from accounting.services.retention import end_of_term
from budget.models import BudgetEvent, BudgetPeriod, Happened, TopUp
from budget.services.ledger import carry_on
from budget.services.locking import BULK
from budget.services.opening import event
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
    # The first hours of an office's day may belong to the organisation's day before, which is given up already.
    periods = [period for period in periods if first is None or period.start > first]
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


def recount_credits(periods: Sequence[BudgetPeriod]) -> list[BudgetPeriod]:
    """Compute anew what was topped up and carried over, inside the ledger's lock; return those that were wrong.

    All periods of some accounts, each with `account__budget`, counted already and in the order of their days.
    """
    topped_up = topped_up_of(periods)
    before: dict[int, BudgetPeriod] = {}
    wrong, events = [], []
    for period in periods:
        last, had = before.get(period.account_id), (period.topped_up, period.carried_in)
        period.topped_up = topped_up.get(period.pk, 0)
        period.carried_in = period.carried_from(last) if last else 0
        before[period.account_id] = period
        if (period.topped_up, period.carried_in) != had:
            wrong.append(period)
            events += credits_in_history(period, *had)
    update_rows(BudgetPeriod, ["topped_up", "carried_in"], [(one.pk, one.topped_up, one.carried_in) for one in wrong])
    BudgetEvent.objects.bulk_create(events, batch_size=BULK)
    act(wrong, {period.account_id: period.account for period in wrong})
    return wrong


def credits_in_history(period: BudgetPeriod, topped_up: int, carried_in: int) -> list[BudgetEvent]:
    """Return the lines of the history for credits that are other than they were."""
    changes = [(Happened.TOPPED_UP, topped_up, period.topped_up), (Happened.CARRIED, carried_in, period.carried_in)]
    return [event(period, kind, before=was, quantity=now) for kind, was, now in changes if was != now]


def topped_up_of(periods: Sequence[BudgetPeriod]) -> dict[int, int]:
    """Return what was added to periods, by their ids; those without top-ups are left out."""
    ids, found = [period.pk for period in periods], defaultdict[int, int](int)
    for start in range(0, len(ids), BULK):
        rows = TopUp.objects.filter(period__in=ids[start : start + BULK]).order_by().values_list("period")
        found |= dict(rows.annotate(sum=Sum("quantity")))
    return found
