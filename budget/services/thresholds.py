"""Lets thresholds act: each once in a period, whoever evaluates it how often; mails follow in services.letters."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import partial

from django.db import transaction

from budget.models import Account, BudgetEvent, BudgetPeriod, Happened, ReachedThreshold, Threshold
from budget.services import locking
from budget.services.opening import BULK
from budget.signals import threshold_reached


def act(periods: Sequence[BudgetPeriod], accounts: dict[int, Account]) -> None:
    """Let the thresholds of these periods act, and lock requests follow; inside the ledger's lock."""
    working = [period for period in periods if accounts[period.account_id].budget.active]
    thresholds = thresholds_of({accounts[period.account_id].budget_id for period in working})
    reached = [
        (period, threshold)
        for period in working
        for threshold in thresholds.get(accounts[period.account_id].budget_id, ())
        if period.has_reached(threshold.percent)
    ]
    enter(reached)
    wanted = {period.pk for period, threshold in reached if threshold.lock and not period.closed}
    locking.request([one for one in working if one.pk in wanted and not one.lock_requested])
    locking.release([one for one in working if one.pk not in wanted and one.lock_requested])


def thresholds_of(budgets: Collection[int]) -> dict[int, list[Threshold]]:
    """Return the thresholds of budgets, lowest first."""
    found: dict[int, list[Threshold]] = defaultdict(list)
    for threshold in Threshold.objects.filter(budget__in=budgets).order_by("percent"):
        found[threshold.budget_id].append(threshold)
    return found


def enter(reached: Sequence[tuple[BudgetPeriod, Threshold]]) -> None:
    """Store the thresholds that had not acted in their period yet, with their history, and announce them."""
    known = known_of({period.pk for period, _ in reached})
    new = [(period, threshold) for period, threshold in reached if (period.pk, threshold.percent) not in known]
    ReachedThreshold.objects.bulk_create(
        [ReachedThreshold(period=period, percent=threshold.percent) for period, threshold in new], batch_size=BULK
    )
    BudgetEvent.objects.bulk_create(
        [
            BudgetEvent(
                account_id=period.account_id, period=period, kind=Happened.REACHED, percent=threshold.percent,
                quantity=period.spent,
            )
            for period, threshold in new
        ],
        batch_size=BULK,
    )  # fmt: skip
    for period, threshold in new:
        facts = {"period_id": period.pk, "account_id": period.account_id, "percent": threshold.percent}
        lock = threshold.lock and not period.closed
        transaction.on_commit(partial(threshold_reached.send, sender=ReachedThreshold, lock=lock, **facts), robust=True)


def known_of(periods: Collection[int]) -> set[tuple[int, int]]:
    """Return period and percent of the thresholds that have acted."""
    ids, found = sorted(periods), set()
    for start in range(0, len(ids), BULK):
        rows = ReachedThreshold.objects.filter(period__in=ids[start : start + BULK])
        found |= set(rows.values_list("period_id", "percent"))
    return found


def lift(periods: Iterable[BudgetPeriod]) -> None:
    """Let thresholds act again that more credit has put out of reach."""
    for period in periods:
        for one in ReachedThreshold.objects.filter(period=period):
            if not period.has_reached(one.percent):
                one.delete()
