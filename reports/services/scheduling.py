"""Looks after scheduled reports: due times, pausing, running now, handing over, deleting and bringing back."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounting.models import AuditedAction, User
from accounting.querysets.repeating import UNDO_DAYS
from accounting.services import repeating
from accounting.services.auditing import record
from accounting.services.recurrence_words import weekdays_in_words
from accounting.services.repeating import BOOKKEEPING, STATE, CannotOwn, Room, paused_copy, told_changes
from reports.exports.asking import AskedWrongly
from reports.models import PausedBecause, ReportSchedule, RunState, ScheduleRun
from reports.services.schedule_questions import asked_of, keeps_question_itself
from reports.services.schedule_queue import MESSAGE_LOST, hand_out

KEPT_RUNS = timedelta(days=400)
SAID: dict[str, Callable[[ReportSchedule], str]] = {
    "recipients": lambda schedule: ", ".join(schedule.recipients),
    "weekdays": lambda schedule: weekdays_in_words(schedule.weekdays),
}
"""Fields that hold several values, and how those are said."""


def room_for(person: User) -> Room:
    """Return how many scheduled reports a person has, paused ones too, and may have."""
    return repeating.room_of(ReportSchedule.objects.kept().filter(owner=person))


def room_kept(person: User) -> AbstractContextManager[None]:
    """Hold the work of adding a schedule to the limit, also when it is done twice at once; raise NoRoom."""
    return repeating.room_kept(person, ReportSchedule.objects.kept().filter(owner=person), too_many)


def too_many(most: int) -> str:
    """Return the words for somebody who has as many as may be."""
    return ngettext(
        "%(person)s has %(most)s scheduled report, and more are not allowed. Delete it first.",
        "%(person)s has %(most)s scheduled reports, and more are not allowed. Delete one first.",
        most,
    )


def keep(schedule: ReportSchedule, action: AuditedAction = AuditedAction.CHANGED) -> None:
    """Store a new or changed schedule with its next due time."""
    schedule.set_due()
    store(schedule, action)


def add(schedule: ReportSchedule) -> None:
    """Store a new schedule; raise NoRoom when its owner has as many as may be."""
    assert schedule.owner is not None
    with room_kept(schedule.owner):
        keep(schedule, AuditedAction.ADDED)


def store(schedule: ReportSchedule, action: AuditedAction, only: frozenset[str] | None = None) -> None:
    """Save a schedule, or only some of its fields, and tell the audit log what has changed."""
    before = ReportSchedule.objects.filter(pk=schedule.pk).first()
    schedule.save(update_fields=only)
    changes = told_changes(before, schedule, SAID, BOOKKEEPING, only)
    if changes or action != AuditedAction.CHANGED:
        record(action, "reportschedule", schedule.name, subject_id=schedule.pk, changes=changes)


def pause(schedule: ReportSchedule) -> None:
    """Let a schedule send no more until it is resumed."""
    schedule.paused_because = PausedBecause.ASKED
    schedule.set_due()
    store(schedule, AuditedAction.CHANGED, STATE)


def resume(schedule: ReportSchedule) -> None:
    """Let a schedule send again from its next due time on; failures count anew."""
    schedule.paused_because, schedule.failures = PausedBecause.NO, 0
    schedule.set_due()
    store(schedule, AuditedAction.CHANGED, STATE)


def run_now(schedule: ReportSchedule, by: User) -> ScheduleRun:
    """Return a run that does not wait for its time, or the one that is under way."""
    now = timezone.now()
    run = ScheduleRun(schedule=schedule, due_at=now, manual=True, started_by=by, lease_until=now + MESSAGE_LOST)
    try:
        with transaction.atomic():
            run.save()
    except IntegrityError:
        under_way = schedule.runs.filter(state__in=(RunState.WAITING, RunState.RUNNING)).first()
        return under_way or schedule.runs.latest("pk")
    transaction.on_commit(lambda: hand_out(run.pk))
    return run


def duplicate(schedule: ReportSchedule, owner: User) -> ReportSchedule:
    """Return a copy that belongs to a person; it is paused until it is resumed, so that nothing is sent twice.

    Raises NoRoom.
    """
    copy = paused_copy(schedule, owner)
    keeps_question_itself(copy, owner)
    add(copy)
    return copy


def hand_over(schedule: ReportSchedule, to: User) -> None:
    """Give a schedule to another person, with whose rights it is sent from now on.

    Raises CannotOwn, and changes nothing, when that person cannot ask what it sends.
    """
    try:
        keeps_question_itself(schedule, to)
        asked_of(schedule, to)
    except AskedWrongly as error:
        raise CannotOwn(_("%(person)s cannot send this: %(why)s") % {"person": to, "why": error}) from error
    schedule.owner = to
    if schedule.paused_because == PausedBecause.LEFT:
        schedule.paused_because = PausedBecause.NO
    keep(schedule)


def delete(schedule: ReportSchedule) -> None:
    """Delete a schedule so that it can be brought back; what waits is not sent any more."""
    schedule.deleted_at = timezone.now()
    keep(schedule, AuditedAction.DELETED)


def restore(schedule: ReportSchedule) -> None:
    """Bring a deleted schedule back; it sends again from its next due time on. Raises NoRoom."""
    schedule.deleted_at = None
    if schedule.owner is None:
        keep(schedule, AuditedAction.ADDED)
    else:
        add(schedule)


def forget_old() -> None:
    """Delete for good the schedules that were deleted long ago, and runs that nobody asks about any more."""
    now = timezone.now()
    ReportSchedule.objects.deleted_before(now - timedelta(days=UNDO_DAYS)).delete()
    ScheduleRun.objects.filter(due_at__lt=now - KEPT_RUNS).exclude(
        state__in=(RunState.WAITING, RunState.RUNNING)
    ).delete()
