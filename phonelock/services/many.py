"""Locks and unlocks many lines for the administration: at once when they are few, else as a job (LOCK-3, LOCK-10)."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounting.models import AuditedAction, Job, User
from accounting.services import jobs
from accounting.services.auditing import record
from accounting.services.jobs import JobFailed, Progress
from phonelock.models import Reason, Through
from phonelock.services.choosing import Choice, liftable, lines_chosen
from phonelock.services.locking import Actor, lock, release

JOB = "lock_lines"
AT_ONCE = 2_000
"""Lines that are changed within a request."""
STEP = 500
SUBJECT = "phone_locks"


class StillBusy(Exception):  # noqa: N818  (what people read about)
    """The reader's former order for many lines is still under way: another one would be lost."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.job = job


def lines_for(reader: User, choice: Choice, *, locked: bool) -> list[int]:
    """Return the lines that would be locked, or whose lock by the administration would be lifted."""
    lines = lines_chosen(reader, choice)
    if locked:
        return list(lines)
    return list(liftable(reader, lines).order_by("extension_id").values_list("extension_id", flat=True))


def change(reader: User, choice: Choice, *, locked: bool, until: datetime | None, note: str) -> tuple[int, Job | None]:
    """Lock or unlock; return for how many lines that was new, or the job that does it. Raises StillBusy."""
    lines, whose = lines_for(reader, choice, locked=locked), choice.in_words
    if len(lines) <= AT_ONCE:
        changed = change_lines(lines, Actor(Through.PORTAL, reader), locked=locked, until=until, note=note)
        return finish(changed, locked=locked, whose=whose), None
    order = {"locked": locked, "choice": asdict(choice), "until": until.isoformat() if until else "", "note": note}
    title = title_of(locked=locked, whose=whose)
    job = jobs.start(JOB, reader, title=title, unique_key=f"{JOB}-{reader.pk}", **order)
    if job.parameters != order:
        raise StillBusy(job)
    return 0, job


def run(progress: Progress) -> dict[str, Any]:
    """Do the work of a job; run again it changes what is left."""
    given, reader = progress.parameters, overseer_of(progress)
    choice, locked = Choice(**given["choice"]), given["locked"]
    until = datetime.fromisoformat(given["until"]) if given["until"] else None
    lines, actor = lines_for(reader, choice, locked=locked), Actor(Through.PORTAL, reader)
    changed = change_in_steps(progress, lines, actor, locked=locked, until=until, note=given["note"])
    return {"lines": finish(changed, locked=locked, whose=choice.in_words), "locked": locked}


# What orders of people and of programs share


def overseer_of(progress: Progress) -> User:
    """Return who has started a job; raises JobFailed for those who may not lock the lines of others any more."""
    reader = progress.job.started_by
    if reader is None or not reader.is_overseer:
        raise JobFailed(_("Only supervisors and administrators lock the lines of others."))
    return reader


def title_of(*, locked: bool, whose: str) -> str:
    """Return the name of a job."""
    text = _("Lock lines: %(whose)s") if locked else _("Unlock lines: %(whose)s")
    return text % {"whose": whose}


def change_in_steps(
    progress: Progress, lines: list[int], actor: Actor, *, locked: bool, until: datetime | None, note: str
) -> int:
    """As `change_lines`, in steps that a job can be stopped between."""
    changed = 0
    for start in range(0, len(lines), STEP):
        progress.step(start, len(lines))
        changed += change_lines(lines[start : start + STEP], actor, locked=locked, until=until, note=note)
    progress.step(len(lines), len(lines))
    return changed


def change_lines(lines: list[int], actor: Actor, *, locked: bool, until: datetime | None, note: str) -> int:
    """Lock or unlock lines for the administration; return for how many that was new."""
    if locked:
        return lock(lines, Reason.ADMINISTRATION, actor, until=until, note=note)
    return release(lines, Reason.ADMINISTRATION, actor, note=note)


def finish(changed: int, *, locked: bool, whose: str) -> int:
    """Enter the whole in the audit log; what happened to each line is in the history of locks."""
    subject = pgettext("line", "Locked") if locked else pgettext("line", "Unlocked")
    record(AuditedAction.CHANGED, SUBJECT, subject, rows=changed, filters=whose)
    return changed
