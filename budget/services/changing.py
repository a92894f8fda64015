"""What administrators do to budgets in force: amounts, exceptions, top-ups, pause, deletion and its undoing."""

from collections.abc import Callable, Iterable

from django.db.models import F
from django.utils import timezone

from accounting.models import AuditedAction, User
from accounting.services.auditing import record
from budget.models import Budget, BudgetEvent, BudgetPeriod, Happened, TopUp
from budget.services import locking
from budget.services.cycles import end_of
from budget.services.holders import Calendar, amounts_of, earliest_today, exempt_from
from budget.services.ledger import locked
from budget.services.locking import BULK
from budget.services.opening import admit, close, event, open_due
from budget.services.quantities import entered
from budget.services.recounting import recount
from budget.services.thresholds import act, lift
from callanalytics.lib.updating import update_rows

RULES = ["name", "amount", "cycle", "first_day", "carry_over", "carry_ceiling", "valid_until"]
"""What can be changed of a budget."""


class NotToppedUpError(ValueError):
    """More is to be taken back than was topped up."""


def change(budget: Budget, keep_parts: Callable[[Budget], None], by: str) -> None:
    """Store changed rules, with the parts that `keep_parts` stores, and let them hold; raise Budget.DoesNotExist.

    In one transaction under the ledger's lock, so that no round sees half of it; what others have changed meanwhile
    (a pause, a deletion) stays.
    """
    with locked():
        present = Budget.objects.in_force().get(pk=budget.pk)
        budget.settled, budget.active = present.settled, present.active
        budget.save(update_fields=RULES)
        keep_parts(budget)
        if budget.settled:
            enforce(budget, by)


def set_amount(budget: Budget, amount: int, by: str) -> None:
    """Change nothing but the amount: other rules stay as somebody may just have set them. Raises as change() does."""
    with locked():
        present = Budget.objects.in_force().get(pk=budget.pk)
        present.amount = amount
        change(present, lambda _budget: None, by)


def enforce(budget: Budget, by: str) -> None:
    """Let a changed budget hold for the periods that are open now: amounts, exceptions, ends and thresholds."""
    if budget.per_person:
        exempt = exempt_from(budget)
        end_early([period for period in open_periods(budget) if period.account.person_id in exempt], by)
        reopen(budget, exempt, by)
    assign(open_periods(budget), budget, by)
    open_due([budget.pk])
    admit([budget])
    periods = open_periods(budget)
    lift(periods)
    act(periods, {period.account_id: period.account for period in periods})


def end_early(periods: list[BudgetPeriod], by: str) -> None:
    """Close the present periods of people who no longer have a budget."""
    close(periods)
    BudgetEvent.objects.bulk_create([event(one, Happened.PAUSED, by=by) for one in periods], batch_size=BULK)


def reopen(budget: Budget, exempt: set[int], by: str) -> None:
    """Open the present periods again of people who have had none by exception and have a budget again."""
    closed = BudgetPeriod.objects.filter(account__budget=budget, closed=True, end__gt=earliest_today())
    ended = [period for period in closed.select_related("account") if period.account.person_id not in exempt]
    calendar = Calendar.of(period.account.person_id for period in ended)
    back = [period for period in ended if period.end > calendar.today(period.account.person_id)]
    for start in range(0, len(back), BULK):
        BudgetPeriod.objects.filter(pk__in=[one.pk for one in back[start : start + BULK]]).update(closed=False)
    BudgetEvent.objects.bulk_create([event(one, Happened.RESUMED, by=by) for one in back], batch_size=BULK)


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
    update_rows(BudgetPeriod, ["assigned", "end"], [(one.pk, one.assigned, one.end.isoformat()) for one in changed])
    BudgetEvent.objects.bulk_create(events, batch_size=BULK)
    recount(moved)


def top_up(period_id: int, quantity: int, reason: str, by: User) -> BudgetPeriod:
    """Add to an open period once; thresholds that are out of reach then may act again, and locks are lifted.

    A negative quantity takes back. Raises NotToppedUpError for more than was topped up, BudgetPeriod.DoesNotExist when
    the period has ended meanwhile.
    """
    with locked():
        period = BudgetPeriod.objects.select_related("account__budget", "account__person").get(
            pk=period_id, closed=False
        )
        if period.topped_up + quantity < 0:
            raise NotToppedUpError
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
        if budget.active == active or budget.deleted_at is not None:
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
