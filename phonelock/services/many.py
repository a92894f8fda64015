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
LOCK, UNLOCK = "lock", "unlock"


class StillBusy(Exception):  # noqa: N818  (what people read about)
    """The reader's former order for many lines is still under way: another one would be lost."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.job = job


def lines_for(act: str, reader: User, choice: Choice) -> list[int]:
    """Return the lines that would be locked, or whose lock by the administration would be lifted."""
    lines = lines_chosen(reader, choice)
    if act == LOCK:
        return list(lines)
    return list(liftable(reader, lines).order_by("extension_id").values_list("extension_id", flat=True))


def change(
    act: str, reader: User, choice: Choice, until: datetime | None = None, note: str = ""
) -> tuple[int, Job | None]:
    """Lock or unlock; return for how many lines that was new, or the job that does it. Raises StillBusy."""
    lines = lines_for(act, reader, choice)
    if len(lines) <= AT_ONCE:
        return finish(act, change_lines(act, lines, reader, until, note), choice), None
    order = {"act": act, "choice": asdict(choice), "until": until.isoformat() if until else "", "note": note}
    job = jobs.start(JOB, reader, title=title_of(act, choice), unique_key=f"{JOB}-{reader.pk}", **order)
    if job.parameters != order:
        raise StillBusy(job)
    return 0, job


def title_of(act: str, choice: Choice) -> str:
    """Return the name of a job."""
    text = _("Lock lines: %(whose)s") if act == LOCK else _("Unlock lines: %(whose)s")
    return text % {"whose": choice.in_words}


def change_lines(act: str, lines: list[int], reader: User, until: datetime | None, note: str) -> int:
    """Lock or unlock lines; return for how many that was new."""
    actor = Actor(Through.PORTAL, reader)
    if act == LOCK:
        return lock(lines, Reason.ADMINISTRATION, actor, until=until, note=note)
    return release(lines, Reason.ADMINISTRATION, actor, note=note)


def finish(act: str, changed: int, choice: Choice) -> int:
    """Enter the whole in the audit log; what happened to each line is in the history of locks."""
    subject = pgettext("line", "Locked") if act == LOCK else pgettext("line", "Unlocked")
    record(AuditedAction.CHANGED, SUBJECT, subject, rows=changed, filters=choice.in_words)
    return changed


def run(progress: Progress) -> dict[str, Any]:
    """Do the work of a job, in steps; run again it changes what is left."""
    given, reader = progress.parameters, progress.job.started_by
    if reader is None or not (reader.is_active and reader.is_overseer):
        raise JobFailed(_("Only supervisors and administrators lock the lines of others."))
    choice, act = Choice(**given["choice"]), given["act"]
    until = datetime.fromisoformat(given["until"]) if given["until"] else None
    lines, changed = lines_for(act, reader, choice), 0
    for start in range(0, len(lines), STEP):
        progress.step(start, len(lines))
        changed += change_lines(act, lines[start : start + STEP], reader, until, given["note"])
    progress.step(len(lines), len(lines))
    return {"lines": finish(act, changed, choice), "act": act, "query": choice.query}
