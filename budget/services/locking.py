"""Lock requests of budgets: stored with their history, announced after the commit to whoever locks phones."""

from collections.abc import Sequence
from functools import partial

from django.db import transaction

from budget.models import BudgetEvent, BudgetPeriod, Happened
from budget.signals import period_released

BULK = 2_000


def release(periods: Sequence[BudgetPeriod]) -> None:
    """Lift the lock requests of these periods."""
    mark(periods, requested=False)
    for period in periods:
        facts = {"sender": BudgetPeriod, "period_id": period.pk, "account_id": period.account_id}
        transaction.on_commit(partial(period_released.send, **facts), robust=True)


def request(periods: Sequence[BudgetPeriod]) -> None:
    """Ask for the phones of these periods' holders to be locked."""
    mark(periods, requested=True)


def mark(periods: Sequence[BudgetPeriod], *, requested: bool) -> None:
    """Store whether a lock is requested, and enter it in the history."""
    kind = Happened.LOCK if requested else Happened.RELEASED
    for period in periods:
        period.lock_requested = requested
    ids = [period.pk for period in periods]
    for start in range(0, len(ids), BULK):
        BudgetPeriod.objects.filter(pk__in=ids[start : start + BULK]).update(lock_requested=requested)
    BudgetEvent.objects.bulk_create(
        [BudgetEvent(account_id=period.account_id, period=period, kind=kind) for period in periods], batch_size=BULK
    )
