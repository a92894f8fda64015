"""What the timetable does for scheduled reports: claims what is due, and hands out again what was lost.

Several timetables at once do no harm: a due time is claimed by an update that only one of them can make, and its run
is unique. A due time that nobody saw, since the machine slept, is made up for once, however many were missed.
"""

from datetime import datetime

import structlog
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounting.models import TimesTrouble
from reports.models import PausedBecause, ReportSchedule, RunReason, RunState, ScheduleRun
from reports.services import schedule_runs
from reports.services.schedule_queue import MESSAGE_LOST, hand_out, wait_from

log = structlog.get_logger(__name__)
MOST_AT_ONCE = 1000
MOST_MISSED = 9999
MOST_ATTEMPTS = 3


def tick(now: datetime | None = None) -> int:
    """Claim what is due and sweep; return how many runs were entered."""
    now = now or timezone.now()
    pause_ownerless()
    due = ReportSchedule.objects.due(now)[:MOST_AT_ONCE]
    entered = sum(claimed(schedule, now) for schedule in due)
    sweep(now)
    return entered


def claimed(schedule: ReportSchedule, now: datetime) -> bool:
    """Return whether a run was entered here; a schedule whose times cannot be computed is paused, others go on."""
    try:
        return claim(schedule, now)
    except (ValueError, LookupError, OverflowError, OSError):
        log.exception("schedule_not_understood", schedule=schedule.pk)
    assert schedule.next_run is not None
    reason = RunReason(schedule.trouble_with_times or TimesTrouble.NO_TIMES)
    schedule_runs.fail_for_good(schedule, schedule.next_run, reason)
    return False


def pause_ownerless() -> None:
    """Pause the schedules of people who have left; administrators find them in the list."""
    found = ReportSchedule.objects.kept().filter(paused_because=PausedBecause.NO).ownerless()
    if found.exists():
        found.update(paused_because=PausedBecause.LEFT, next_run=None)


def claim(schedule: ReportSchedule, now: datetime) -> bool:
    """Enter the run of a schedule's due time, unless another timetable has done so; return whether it was done here."""
    due, rule = schedule.next_run, schedule.recurrence
    assert due is not None
    same, following = ReportSchedule.objects.filter(pk=schedule.pk, next_run=due), rule.after(max(due, now))
    try:
        with transaction.atomic():
            if not same.update(next_run=following):
                return False
            run = entered_run(schedule, due, rule.missed(due, now, MOST_MISSED), now)
    except IntegrityError:
        # This due time has had its run: the schedule was saved at the same moment, or the clock was put back.
        # Without such a run, one has just been started by hand, which the next tick sees.
        if schedule.runs.filter(due_at=due).exists():
            same.update(next_run=following)
        return False
    if run.state == RunState.WAITING:
        hand_out(run.pk)
    return True


def entered_run(schedule: ReportSchedule, due: datetime, missed: int, now: datetime) -> ScheduleRun:
    """Return the stored run of a due time; while an earlier one is under way it is skipped."""
    run = ScheduleRun(schedule=schedule, due_at=due, missed=missed, lease_until=now + MESSAGE_LOST)
    if schedule.runs.filter(state__in=(RunState.WAITING, RunState.RUNNING)).exists():
        run.state, run.finished_at = RunState.SKIPPED, now
        run.reason = RunReason.UNDER_WAY
    run.save()
    return run


def sweep(now: datetime) -> None:
    """Hand out again the runs whose message or worker was lost; give up after MOST_ATTEMPTS."""
    lost = ScheduleRun.objects.filter(state__in=(RunState.WAITING, RunState.RUNNING), lease_until__lt=now)
    for run in lost.select_related("schedule__owner"):
        if run.state == RunState.RUNNING and run.attempts >= MOST_ATTEMPTS:
            schedule_runs.give_up(run)
            continue
        same = ScheduleRun.objects.filter(
            pk=run.pk, state=run.state, attempts=run.attempts, lease_until=run.lease_until
        )
        if same.update(state=RunState.WAITING, lease_until=wait_from(run.due_at, now)):
            hand_out(run.pk)
