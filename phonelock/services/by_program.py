"""Locks and unlocks the lines that a program names, for the administration: a few at once, many as a job (LOCK-10)."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from accounting.models import Job, User
from accounting.services import jobs
from accounting.services.jobs import Progress
from phonelock.models import Lock, Reason, Through
from phonelock.services.finding import Choice, led_lines
from phonelock.services.locking import Actor
from phonelock.services.many import AT_ONCE, change_in_steps, change_lines, finish, overseer_of, title_of

JOB = "lock_named_lines"


@dataclass(frozen=True, slots=True)
class Order:
    """What a program wants for the lines of a choice."""

    locked: bool
    choice: Choice
    through: Through
    until: datetime | None = None
    note: str = ""
    in_words: str = ""
    """Which lines are meant, as the audit log keeps it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of an order."""

    changed: int
    """For how many lines the lock is new or gone."""
    passed_over: int
    """How many are locked by an administrator, so that a supervisor does not release them."""
    job: Job | None = None
    """The work that has begun, when the lines are many."""


def preview(user: User, order: Order, lines: list[int]) -> Outcome:
    """Return what would become of an order."""
    held = Lock.objects.in_force().filter(reason=Reason.ADMINISTRATION)
    already, theirs = among(held, lines), passed_over(user, order, lines)
    changed = len(lines) - len(already) if order.locked else len(already - theirs)
    return Outcome(changed, len(theirs))


def carry_out(user: User, order: Order, lines: list[int]) -> Outcome:
    """Lock or release these lines now, or begin a job for as many as no request should wait for."""
    theirs, actor = len(passed_over(user, order, lines)), Actor(order.through, user)
    if len(lines) <= AT_ONCE:
        changed = change_lines(lines, actor, locked=order.locked, until=order.until, note=order.note)
        return Outcome(finish(changed, locked=order.locked, whose=order.in_words), theirs)
    told = asdict(order) | {"until": order.until.isoformat() if order.until else ""}
    job = jobs.start(JOB, user, title=title_of(locked=order.locked, whose=order.in_words), order=told)
    return Outcome(0, theirs, job)


def run(progress: Progress) -> dict[str, Any]:
    """Do the work of a job; run again it changes what is left."""
    given, user = progress.parameters["order"], overseer_of(progress)
    until = datetime.fromisoformat(given["until"]) if given["until"] else None
    through = Through(given["through"])
    order = Order(**given | {"choice": Choice(**given["choice"]), "until": until, "through": through})
    lines, actor = list(led_lines(user, order.choice).values_list("pk", flat=True)), Actor(through, user)
    changed = change_in_steps(progress, lines, actor, locked=order.locked, until=until, note=order.note)
    return {"lines": finish(changed, locked=order.locked, whose=order.in_words)}


def passed_over(user: User, order: Order, lines: list[int]) -> set[int]:
    """Return the lines that this person cannot release."""
    if order.locked or user.is_administrator:
        return set()
    return among(Lock.objects.in_force().filter(reason=Reason.ADMINISTRATION, by_administrator=True), lines)


def among(held: Any, lines: list[int]) -> set[int]:
    """Return which of these lines are locked by these rows."""
    return set(held.values_list("extension_id", flat=True)) & set(lines)
