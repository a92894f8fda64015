"""Locks and unlocks the lines that a program names, for the administration: a few at once, many as a job (LOCK-10)."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounting.models import AuditedAction, Job, User
from accounting.services import jobs
from accounting.services.auditing import record
from accounting.services.jobs import JobFailed, Progress
from phonelock.models import Lock, Reason, Through
from phonelock.services.finding import Choice, led_lines
from phonelock.services.locking import Actor, lock, release
from phonelock.services.many import AT_ONCE, STEP, SUBJECT

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
    theirs = len(passed_over(user, order, lines))
    if len(lines) <= AT_ONCE:
        return Outcome(finish(order, change(user, order, lines)), theirs)
    title = _("Lock lines: %(whose)s") if order.locked else _("Unlock lines: %(whose)s")
    told = asdict(order) | {"until": order.until.isoformat() if order.until else ""}
    job = jobs.start(JOB, user, title=title % {"whose": order.in_words}, order=told)
    return Outcome(0, theirs, job)


def run(progress: Progress) -> dict[str, Any]:
    """Do the work of a job, in steps; run again it changes what is left."""
    given, user = progress.parameters["order"], progress.job.started_by
    if user is None or not user.is_overseer:
        raise JobFailed(_("Only supervisors and administrators lock the lines of others."))
    until = datetime.fromisoformat(given["until"]) if given["until"] else None
    through = Through(given["through"])
    order = Order(**given | {"choice": Choice(**given["choice"]), "until": until, "through": through})
    lines, changed = list(led_lines(user, order.choice).values_list("pk", flat=True)), 0
    for start in range(0, len(lines), STEP):
        progress.step(start, len(lines))
        changed += change(user, order, lines[start : start + STEP])
    progress.step(len(lines), len(lines))
    return {"lines": finish(order, changed)}


def change(user: User, order: Order, lines: list[int]) -> int:
    """Lock or release lines; return for how many that was new."""
    actor = Actor(order.through, user)
    if order.locked:
        return lock(lines, Reason.ADMINISTRATION, actor, until=order.until, note=order.note)
    return release(lines, Reason.ADMINISTRATION, actor, note=order.note)


def finish(order: Order, changed: int) -> int:
    """Enter the whole in the audit log."""
    subject = pgettext("line", "Locked") if order.locked else pgettext("line", "Unlocked")
    record(AuditedAction.CHANGED, SUBJECT, subject, rows=changed, filters=order.in_words)
    return changed


def passed_over(user: User, order: Order, lines: list[int]) -> set[int]:
    """Return the lines that this person cannot release."""
    if order.locked or user.is_administrator:
        return set()
    return among(Lock.objects.in_force().filter(reason=Reason.ADMINISTRATION, by_administrator=True), lines)


def among(held: Any, lines: list[int]) -> set[int]:
    """Return which of these lines are locked by these rows."""
    return set(held.values_list("extension_id", flat=True)) & set(lines)
