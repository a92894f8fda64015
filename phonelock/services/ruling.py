"""Lets budgets and timetables lock and release: compares whom they want locked now with whom they hold locked."""

from datetime import datetime

from budget.models import BudgetPeriod
from budget.services.holders import members_of
from phonelock.models import Lock, Reason, Through
from phonelock.services.locking import Actor, end_what_is_over, lines_of, lock, release

Wanted = dict[int, datetime | None]
"""Lines that a rule wants locked, and until when."""


def follow_rules() -> None:
    """Bring the reasons of budgets and timetables up to now; running twice, or late, changes nothing more."""
    end_what_is_over()
    follow(Reason.BUDGET, Through.BUDGET, wanted_by_budgets())


def follow(reason: Reason, through: Through, wanted: Wanted) -> int:
    """Lock the lines that are wanted and not held by this reason, release those held and not wanted any more."""
    held = dict(Lock.objects.in_force().filter(reason=reason).values_list("extension_id", "until"))
    actor = Actor(through)
    by_end: dict[datetime | None, list[int]] = {}
    for line, until in wanted.items():
        if line not in held or held[line] != until:
            by_end.setdefault(until, []).append(line)
    changed = sum(lock(lines, reason, actor, until=until) for until, lines in by_end.items())
    return changed + release(held.keys() - wanted.keys(), reason, actor)


def wanted_by_budgets() -> Wanted:
    """Return the lines of people whose budget asks for a lock in the present period: own accounts and pots (BUD-5)."""
    periods = BudgetPeriod.objects.filter(
        lock_requested=True, closed=False, account__budget__active=True, account__budget__deleted_at=None
    ).select_related("account__budget")
    people: set[int] = set()
    for period in periods:
        account = period.account
        people |= {account.person_id} if account.person_id else members_of(account.budget)
    return dict.fromkeys(lines_of(people))
