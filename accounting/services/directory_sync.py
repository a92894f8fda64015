"""Synchronises people with the directory: previewed, on request or by the timetable, with a log of every run."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from accounting.models import AuditedAction, Directory, DirectoryRun, Job, User
from accounting.services import jobs, sheets
from accounting.services.auditing import record
from accounting.services.directory_access import DirectoryFault
from accounting.services.directory_plan import DirectorySheet, plan_of, reason_to_hold_back
from accounting.services.directory_reading import Reading
from accounting.services.jobs import JobCancelled, JobFailed, Progress
from accounting.services.journals import keep_journal
from accounting.sheets.base import Plan
from callanalytics.lib.recurrence import next_after

log = structlog.get_logger(__name__)
KIND = "directory"
KEPT_RUNS = timedelta(days=365)
KEPT_PLANS = timedelta(days=90)


def start(
    user: User | None, *, preview: bool = False, scheduled: bool = False, approved: DirectoryRun | None = None
) -> Job:
    """Start a synchronisation in the background, or return the one under way.

    `preview` changes nothing; `approved` is a run whose shown changes are to be made although it was held back.
    """
    key = f"{KIND}-preview" if preview else KIND
    return jobs.start(
        KIND, user, unique_key=key, preview=preview, scheduled=scheduled, approved=approved.pk if approved else None
    )


def synchronise(progress: Progress) -> dict[str, int]:
    """Do one run; its row in the log tells how it ended. Raises JobFailed with what people should look at."""
    wanted = progress.parameters
    now = timezone.now()
    lost = DirectoryRun.objects.filter(state=DirectoryRun.State.RUNNING, started_at__lt=now - jobs.LEASE)
    lost.update(state=DirectoryRun.State.FAILED, error=_("The work was interrupted."), finished_at=now)
    run = DirectoryRun.objects.create(scheduled=wanted.get("scheduled", False), started_by=progress.job.started_by)
    try:
        work(run, progress)
    except DirectoryFault as fault:
        close(run, DirectoryRun.State.FAILED, str(fault))
        raise JobFailed(str(fault)) from fault
    except JobCancelled:
        close(run, DirectoryRun.State.FAILED, _("It was cancelled before anything was changed."))
        raise
    except Exception:
        text = _("An unexpected error ended this work; the log of the server tells more.")
        close(run, DirectoryRun.State.FAILED, text)
        raise
    return {"run": run.pk}


def work(run: DirectoryRun, progress: Progress) -> None:
    """Read, compare, and change what differs unless that is held back."""
    directory = Directory.current()
    reading = read(directory, progress.step)
    run.entries = reading.entries
    if progress.parameters.get("preview"):
        sheet = DirectorySheet(directory, reading)
        keep(run, made := plan_of(sheet, progress.step))
        close(run, DirectoryRun.State.PREVIEW)
        if made.changes:
            record(AuditedAction.DRY_RUN, KIND, directory.server_uri, **sheets.told_counts(sheet, made), run=run.pk)
        return
    seen = DirectoryRun.objects.filter(pk=progress.parameters.get("approved") or 0).first()
    approved = sheets.unpacked(bytes(seen.plan)) if seen else None
    with sheets.one_at_a_time():
        sheet = DirectorySheet(directory, reading)
        # Told in silence: progress inside the transaction would be seen by nobody and keep people from cancelling.
        made = plan_of(sheet, sheets.silent)
        keep(run, made)
        if reason := reason_to_hold_back(sheet, made, approved):
            close(run, DirectoryRun.State.HELD_BACK, reason)
            record_holding_back(run, directory)
        else:
            source = directory.server_uri
            entry, changed = sheets.apply(sheet, made, source=source, despite_errors=True, run=run.pk)
            if entry:
                keep_journal(entry, changed)
            close(run, DirectoryRun.State.DONE)


def record_holding_back(run: DirectoryRun, directory: Directory) -> None:
    """Enter in the audit log that nothing was changed, once for a reason that stays the same."""
    before = DirectoryRun.objects.filter(pk__lt=run.pk).exclude(state=DirectoryRun.State.PREVIEW).first()
    if before is None or (before.state, before.error) != (run.state, run.error):
        record(AuditedAction.FAILED, KIND, directory.server_uri, reason=run.error, run=run.pk)


def keep(run: DirectoryRun, made: Plan) -> None:
    """Let a run hold what it would change."""
    run.counts, run.plan = sheets.counts(made), sheets.packed(made)


def read(directory: Directory, told: Callable[[int], None] = lambda _count: None, most: int | None = None) -> Reading:
    """Read the people of the directory, at most so many; raise DirectoryFault."""
    from accounting.services.directory_people import read_people  # noqa: PLC0415  (libldap costs every start 0.1 s)

    if not directory.server_uri:
        raise DirectoryFault(_("No directory is entered."))
    return read_people(directory, told, most)


def close(run: DirectoryRun, state: DirectoryRun.State, error: str = "") -> None:
    """Store how a run ended, and forget what is long past."""
    run.state, run.error, run.finished_at = state, error, timezone.now()
    run.save()
    DirectoryRun.objects.filter(started_at__lt=run.finished_at - KEPT_RUNS).delete()
    DirectoryRun.objects.filter(started_at__lt=run.finished_at - KEPT_PLANS).exclude(plan=b"").update(plan=b"")
    log.info("directory_synchronised", state=str(state), entries=run.entries, **run.counts)


def tick() -> None:
    """Start the synchronisation when it is due; of several timetables at once, one starts it.

    The next time is computed from now, so that after a long pause one run makes up for all that were missed.
    """
    directory = Directory.objects.filter(pk=1).exclude(server_uri="").exclude(interval=Directory.Interval.NEVER).first()
    if directory is None:
        return
    now = timezone.now()
    upcoming, due = next_sync(directory, now), directory.next_sync_at
    if due is not None and now < due <= upcoming:
        return
    # Also a first time, and one from before the timetable was made denser.
    claimed = Directory.objects.filter(pk=1, next_sync_at=due).update(next_sync_at=upcoming)
    if claimed and due is not None and due <= now:
        start(None, scheduled=True)


def next_sync(directory: Directory, now: datetime) -> datetime:
    """Return when the timetable starts the next synchronisation after a moment."""
    daily = directory.interval == Directory.Interval.DAILY
    rule = (directory.at if isinstance(directory.at, time) else time.fromisoformat(directory.at)) if daily else None
    return next_after(now, rule or directory.interval, ZoneInfo(settings.TIME_ZONE))


def schedule(directory: Directory) -> None:
    """Compute the next time anew after the settings were changed."""
    on = directory.server_uri and directory.interval
    upcoming = next_sync(directory, timezone.now()) if on else None
    Directory.objects.filter(pk=1).update(next_sync_at=upcoming)


def trouble() -> DirectoryRun | None:
    """Return the last synchronisation when it failed or was held back: what an overview should show."""
    untold = (DirectoryRun.State.RUNNING, DirectoryRun.State.PREVIEW)
    last = DirectoryRun.objects.defer("plan").exclude(state__in=untold).first()
    return last if last is not None and last.state != DirectoryRun.State.DONE else None
