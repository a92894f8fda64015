"""Lets budgets and timetables lock and release: compares whom they want locked now with whom they hold locked."""

from datetime import datetime, time
from functools import partial

from celery import current_app
from django.db import transaction
from django.utils import timezone

from budget.models import BudgetPeriod
from budget.services.holders import Calendar, members_of
from phonelock.models import Lock, Reason, Through
from phonelock.services.locking import Actor, end_what_is_over, lines_by_holder, lock, release
from phonelock.services.timetables import wanted_by_timetables

TASK = "phonelock.tasks.follow_rules"
Wanted = dict[int, datetime | None]
"""Lines that a rule wants locked, and until when."""


def follow_soon() -> None:
    """Ask for the rules to be followed as soon as what was changed is stored; they are every half a minute anyway."""
    transaction.on_commit(partial(current_app.send_task, TASK, expires=60), robust=True)


def follow_rules() -> None:
    """Bring the reasons of budgets and timetables up to now; running twice, or late, changes nothing more."""
    end_what_is_over()
    follow(Reason.BUDGET, Through.BUDGET, wanted_by_budgets())
    follow(Reason.TIMETABLE, Through.TIMETABLE, wanted_by_timetables(timezone.now()))


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
    """Return the lines of people whose budget asks for a lock in the present period, until it ends (BUD-5).

    Own accounts and pots count alike; the day ends where the account's day does (budget.services.holders.Calendar).
    """
    periods = BudgetPeriod.objects.filter(
        lock_requested=True, closed=False, account__budget__active=True, account__budget__deleted_at=None
    ).select_related("account__budget")
    ends: dict[int, datetime] = {}
    calendar = Calendar.of(period.account.person_id for period in periods)
    for period in periods:
        account = period.account
        end = datetime.combine(period.end, time(), calendar.zone(account.person_id))
        for person in {account.person_id} if account.person_id else members_of(account.budget):
            ends[person] = max(end, ends.get(person, end))
    now = timezone.now()
    holders = lines_by_holder(person for person, end in ends.items() if end > now)
    return {line: max(ends[person] for person in people) for line, people in holders.items()}
