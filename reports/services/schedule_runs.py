"""Works off one run of a scheduled report: asks it with its owner's rights of now, and posts it to the outbox.

The mails are posted in the transaction that ends the run. A worker that is killed before has posted nothing, and the
run is done again when its lease ends; one that was only slow finds at its end that the run is no longer its own.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F
from django.utils import timezone, translation

from accounting.models import AuditedAction, User
from accounting.services import outbox
from accounting.services.auditing import acting, actor_of, record
from accounting.services.mailing import RecipientRefusedError
from accounting.services.zones import zone_of
from callanalytics.lib.disk import is_full
from reports.exports.asking import AskedWrongly
from reports.exports.base import TooManyRows
from reports.mails.composing import MailTooLarge
from reports.models import PausedBecause, ReportSchedule, RunReason, RunState, ScheduleRun
from reports.services.schedule_letters import Made, make, pausing_letter
from reports.services.schedule_questions import ReportGone
from reports.services.staying_alive import staying_alive

log = structlog.get_logger(__name__)
LEASE = timedelta(seconds=45)
MOST_FAILURES = 5
"""After so many failed runs without a good one between them a schedule is paused, and its owner told."""
WAITS_FOR_ROOM = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60)]
"""How long a run waits after the first, second, ... attempt that found the disk full; after the last one it fails."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended, and what is to be posted."""

    state: RunState
    reason: RunReason = RunReason.NONE
    text: str = ""
    made: Made | None = None
    gone: bool = False
    """Whether the report is no longer there: the schedule is paused at once."""


def work(run_id: int) -> None:
    """Do a waiting run; a second message for it finds it taken."""
    now = timezone.now()
    waiting = ScheduleRun.objects.filter(pk=run_id, state=RunState.WAITING)
    if not waiting.update(state=RunState.RUNNING, attempts=F("attempts") + 1, started_at=now, lease_until=now + LEASE):
        return
    run = ScheduleRun.objects.select_related("schedule__owner", "schedule__saved").get(pk=run_id)
    mine = ScheduleRun.objects.filter(pk=run.pk, state=RunState.RUNNING, attempts=run.attempts)
    owner = run.schedule.owner
    language = run.schedule.language or (owner.language if owner else "") or settings.LANGUAGE_CODE
    with acting(actor_of(owner)), translation.override(language), timezone.override(zone_of(owner)):
        try:
            with staying_alive(lambda: mine.update(lease_until=timezone.now() + LEASE)):
                ended = outcome(run, owner)
            end(run, ended)
        except OSError as error:
            wait_or_fail(run, error)


def wait_or_fail(run: ScheduleRun, error: OSError) -> None:
    """Let a run wait for room on the disk, or end it; what it had begun to store is gone with its transaction."""
    log.error("schedule_files_not_stored", run=run.pk, schedule=run.schedule_id, reason=repr(error))
    if not is_full(error):
        end(run, Ended(RunState.FAILED, RunReason.UNEXPECTED))
    elif run.attempts > len(WAITS_FOR_ROOM):
        end(run, Ended(RunState.FAILED, RunReason.DISK_FULL))
    else:
        again = timezone.now() + WAITS_FOR_ROOM[run.attempts - 1]
        mine = ScheduleRun.objects.filter(pk=run.pk, state=RunState.RUNNING, attempts=run.attempts)
        mine.update(state=RunState.WAITING, reason=RunReason.DISK_FULL, lease_until=again)


def outcome(run: ScheduleRun, owner: User | None) -> Ended:
    """Make the report of a run; a database that is away ends the worker's attempt, not the run. Raises OSError."""
    schedule = run.schedule
    if owner is None or not owner.is_active:
        return Ended(RunState.FAILED, RunReason.NO_OWNER)
    if schedule.deleted_at is not None or (schedule.is_paused and not run.manual):
        return Ended(RunState.SKIPPED, RunReason.STOPPED)
    try:
        made = make(run, owner)
    except ReportGone as error:
        return Ended(RunState.FAILED, text=str(error), gone=True)
    except (AskedWrongly, TooManyRows, MailTooLarge, RecipientRefusedError) as error:
        return Ended(RunState.FAILED, text=str(error))
    except SoftTimeLimitExceeded:
        return Ended(RunState.FAILED, RunReason.TOO_LONG)
    except (OperationalError, InterfaceError, OSError):
        raise
    except Exception:
        log.exception("schedule_run_failed", run=run.pk, schedule=schedule.pk)
        return Ended(RunState.FAILED, RunReason.UNEXPECTED)
    return Ended(RunState.SENT if made.letter else RunState.EMPTY, text=made.note, made=made)


def end(run: ScheduleRun, ended: Ended) -> None:
    """Store how a run ended and post its mails in one transaction, unless another worker has taken it over."""
    made = ended.made
    with transaction.atomic():
        # Locked first, as the timetable does.
        schedule = ReportSchedule.objects.select_for_update(of=("self",)).get(pk=run.schedule_id)
        mine = ScheduleRun.objects.filter(pk=run.pk, state=RunState.RUNNING, attempts=run.attempts)
        if not mine.update(
            state=ended.state, reason=ended.reason, text=ended.text, finished_at=timezone.now(), lease_until=None,
            rows=made.rows if made else None, address=made.address if made else "",
        ):  # fmt: skip
            return
        count(schedule, ended)
        if made is not None and made.letter is not None:
            outbox.post(made.letter, made.recipients)
            record(AuditedAction.SENT, "report", made.report, **made.facts)


def count(schedule: ReportSchedule, ended: Ended) -> None:
    """Count failures, begin anew after a good run, and pause the schedule that fails too often or has no report."""
    if ended.state == RunState.SKIPPED:
        return
    schedule.failures = schedule.failures + 1 if ended.state == RunState.FAILED else 0
    schedule.save(update_fields=["failures"])
    if ended.gone:
        pause(schedule, PausedBecause.BROKEN)
    elif schedule.failures >= MOST_FAILURES:
        pause(schedule, PausedBecause.FAILURES)


def pause(schedule: ReportSchedule, because: PausedBecause) -> None:
    """Pause a schedule that cannot go on and tell its owner, unless it is paused already."""
    if schedule.is_paused:
        return
    schedule.paused_because, schedule.next_run = because, None
    schedule.save(update_fields=["paused_because", "next_run"])
    tell_owner(schedule)


def fail_for_good(schedule: ReportSchedule, due: datetime, reason: RunReason) -> None:
    """Enter a due time that was not worked off, and pause its schedule, in its owner's language."""
    owner = schedule.owner
    with translation.override((owner.language if owner else "") or settings.LANGUAGE_CODE), transaction.atomic():
        locked = ReportSchedule.objects.select_for_update(of=("self",)).get(pk=schedule.pk)
        if locked.next_run != due:
            return
        facts = {"state": RunState.FAILED, "reason": reason, "finished_at": timezone.now()}
        ScheduleRun.objects.get_or_create(schedule=locked, due_at=due, defaults=facts)
        pause(locked, PausedBecause.BROKEN)


def tell_owner(schedule: ReportSchedule) -> None:
    """Post a mail to the owner that the schedule is paused; without an address the list alone says it."""
    owner = schedule.owner
    if owner is None or not owner.is_active or not owner.email:
        return
    try:
        with transaction.atomic():
            outbox.post(pausing_letter(schedule, owner), [owner.email])
    except RecipientRefusedError:
        log.warning("schedule_owner_not_told", schedule=schedule.pk)


def give_up(run: ScheduleRun) -> None:
    """End a run whose worker was lost too often, in its owner's language."""
    owner = run.schedule.owner
    with translation.override((owner.language if owner else "") or settings.LANGUAGE_CODE):
        end(run, Ended(RunState.FAILED, RunReason.INTERRUPTED))
