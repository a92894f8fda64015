"""What administrators do to budgets in force: amounts, exceptions, top-ups, pause, deletion and its undoing."""

from collections.abc import Iterable

from django.db.models import F
from django.utils import timezone

from accounting.models import AuditedAction, User
from accounting.services.auditing import record
from budget.models import Budget, BudgetEvent, BudgetPeriod, Happened, TopUp
from budget.services import locking
from budget.services.cycles import end_of
from budget.services.holders import amounts_of, exempt_from
from budget.services.ledger import locked
from budget.services.opening import BULK, admit, close, event, open_due
from budget.services.quantities import entered
from budget.services.recounting import recount
from budget.services.thresholds import act, lift


def enforce(budget: Budget, by: str) -> None:
    """Let a changed budget hold for the periods that are open now: amounts, exceptions, ends and thresholds."""
    with locked():
        if not Budget.objects.filter(pk=budget.pk, settled=True).exists():
            return
        periods = open_periods(budget)
        exempt = exempt_from(budget) if budget.per_person else set()
        close(period for period in periods if period.account.person_id in exempt)
        assign([period for period in periods if period.account.person_id not in exempt], budget, by)
        open_due([budget.pk])
        admit([budget])
        periods = open_periods(budget)
        lift(periods)
        act(periods, {period.account_id: period.account for period in periods})


def open_periods(budget: Budget) -> list[BudgetPeriod]:
    """Return the periods of a budget that are open, each with its account."""
    periods = list(BudgetPeriod.objects.filter(account__budget=budget, closed=False).select_related("account"))
    for period in periods:
        period.account.budget = budget
    return periods


def assign(periods: Iterable[BudgetPeriod], budget: Budget, by: str) -> None:
    """Give open periods the amounts and the last day that the budget rules now."""
    amounts, changed, moved, events = amounts_of([budget]), [], [], []
    for period in periods:
        amount, end = amounts.get((budget.pk, period.account.person_id), budget.amount), end_of(budget, period.start)
        if amount != period.assigned:
            events.append(event(period, Happened.CHANGED, before=period.assigned, quantity=amount, by=by))
        if end != period.end:
            moved.append(period)
        if (amount, end) != (period.assigned, period.end):
            period.assigned, period.end = amount, end
            changed.append(period)
    BudgetPeriod.objects.bulk_update(changed, ["assigned", "end"], batch_size=BULK)
    BudgetEvent.objects.bulk_create(events, batch_size=BULK)
    recount(moved)


def top_up(period_id: int, quantity: int, reason: str, by: User) -> BudgetPeriod:
    """Add to an open period once; thresholds that are out of reach then may act again, and locks are lifted."""
    with locked():
        period = BudgetPeriod.objects.select_related("account__budget", "account__person").get(
            pk=period_id, closed=False
        )
        TopUp.objects.create(period=period, quantity=quantity, reason=reason, by=str(by))
        BudgetPeriod.objects.filter(pk=period.pk).update(topped_up=F("topped_up") + quantity)
        period.refresh_from_db(fields=["topped_up"])
        event(period, Happened.TOPPED_UP, quantity=quantity, text=reason, by=str(by)).save()
        lift([period])
        act([period], {period.account_id: period.account})
        record(
            AuditedAction.CHANGED, "budget", str(period.account), subject_id=period.account.budget_id,
            reason=reason, topped_up=amount_in_log(period.account.budget, quantity),
        )  # fmt: skip
    return period


def amount_in_log(budget: Budget, quantity: int) -> str:
    """Return a quantity as the audit log keeps it: in no language."""
    return f"{entered(budget.unit, quantity):f} {budget.currency or 'min'}"


def pause(budget: Budget, by: str) -> None:
    """Let no threshold act until the budget is resumed; calls are counted, lock requests are lifted."""
    switch(budget, by, active=False)


def resume(budget: Budget, by: str) -> None:
    """Let thresholds act again, at once where they are reached."""
    switch(budget, by, active=True)


def switch(budget: Budget, by: str, *, active: bool) -> None:
    """Store whether a budget acts, with its history, and let locks follow."""
    with locked():
        budget.refresh_from_db()
        if budget.active == active:
            return
        budget.active = active
        budget.save(update_fields=["active"])
        periods = open_periods(budget)
        kind = Happened.RESUMED if active else Happened.PAUSED
        BudgetEvent.objects.bulk_create([event(period, kind, by=by) for period in periods], batch_size=BULK)
        locking.release([period for period in periods if period.lock_requested and not active])
        act(periods, {period.account_id: period.account for period in periods})


def delete(budget: Budget) -> None:
    """Take a budget out of force; it can be restored as it was."""
    with locked():
        locking.release([period for period in open_periods(budget) if period.lock_requested])
        budget.deleted_at = timezone.now()
        budget.settled = False
        budget.save(update_fields=["deleted_at", "settled"])


def restore(budget: Budget) -> None:
    """Put a deleted budget into force again; the next round counts what came meanwhile."""
    with locked():
        budget.deleted_at = None
        budget.save(update_fields=["deleted_at"])
