"""Lets thresholds act: each once in a period, whoever evaluates it how often; mails follow in services.letters."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import partial
from typing import NamedTuple

from django.db import transaction

from budget.models import Account, BudgetEvent, BudgetPeriod, Happened, ReachedThreshold, Threshold
from budget.services import locking
from budget.services.locking import BULK
from budget.signals import threshold_reached


def act(periods: Sequence[BudgetPeriod], accounts: dict[int, Account]) -> None:
    """Let the thresholds of these periods act, and lock requests follow; inside the ledger's lock."""
    working = [period for period in periods if accounts[period.account_id].budget.active]
    limits = limits_of({accounts[period.account_id].budget_id for period in working if period.spent > 0})
    reached = [
        (period, threshold)
        for period in working
        for threshold in limits.get(accounts[period.account_id].budget_id, ())
        if period.has_reached(threshold.percent)
    ]
    enter(reached)
    wanted = {period.pk for period, threshold in reached if threshold.lock and not period.closed}
    locking.request([one for one in working if one.pk in wanted and not one.lock_requested])
    locking.release([one for one in working if one.pk not in wanted and one.lock_requested])


class Limit(NamedTuple):
    """What acting needs to know of a threshold."""

    percent: int
    lock: bool


def limits_of(budgets: Collection[int]) -> dict[int, list[Limit]]:
    """Return the thresholds of budgets."""
    found: dict[int, list[Limit]] = defaultdict(list)
    rows = Threshold.objects.filter(budget__among=budgets).order_by()
    for budget, percent, lock in rows.values_list("budget_id", "percent", "lock"):
        found[budget].append(Limit(percent, lock))
    return found


def enter(reached: Sequence[tuple[BudgetPeriod, Limit]]) -> None:
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
    return set(ReachedThreshold.objects.filter(period__among=periods).values_list("period_id", "percent"))


def lift(periods: Iterable[BudgetPeriod]) -> None:
    """Let thresholds act again that more credit has put out of reach."""
    found = {period.pk: period for period in periods}
    gone = [(period, percent) for period, percent in known_of(found) if not found[period].has_reached(percent)]
    by_percent: dict[int, list[int]] = defaultdict(list)
    for period, percent in gone:
        by_percent[percent].append(period)
    for percent, ids in by_percent.items():
        for start in range(0, len(ids), BULK):
            ReachedThreshold.objects.filter(percent=percent, period__in=ids[start : start + BULK]).delete()
