"""Looks after scheduled reports: due times, pausing, running now, handing over, deleting and bringing back."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounting.models import AuditedAction, User
from accounting.querysets.repeating import UNDO_DAYS
from accounting.services import room
from accounting.services.auditing import differences, record
from accounting.services.recurrence_words import weekdays_in_words
from accounting.services.room import Room
from reports.models import PausedBecause, ReportSchedule, RunState, ScheduleRun
from reports.services.schedule_questions import asked_of, keeps_question_itself
from reports.services.schedule_queue import MESSAGE_LOST, hand_out

KEPT_RUNS = timedelta(days=400)
NAME_LENGTH = 80
UNTOLD = frozenset({"created_at", "changed_at", "next_run", "failures", "deleted_at"})
"""Fields that say nothing to an auditor."""
STATE = frozenset({"paused_because", "failures", "next_run", "changed_at"})
"""Fields that pausing and resuming change: what somebody else edits meanwhile is kept."""
LISTS: dict[str, Callable[[list[Any]], str]] = {"recipients": ", ".join, "weekdays": weekdays_in_words}
"""Fields that hold several values, and how those are said."""
NOT_COPIED = frozenset({"id", "owner_id", "failures", "next_run", "deleted_at", "created_at", "changed_at"})


def room_for(person: User) -> Room:
    """Return how many scheduled reports a person has, paused ones too, and may have."""
    return room.room_of(ReportSchedule.objects.kept().filter(owner=person))


def room_kept(person: User) -> AbstractContextManager[None]:
    """Hold the work of adding a schedule to the limit, also when it is done twice at once; raise NoRoom."""
    return room.room_kept(person, ReportSchedule.objects.kept().filter(owner=person), too_many)


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
    found = differences(before, schedule)
    changes = {name: found[name] for name in found if name not in UNTOLD and (only is None or name in only)}
    for name in LISTS.keys() & changes.keys():
        changes[name] = [LISTS[name](getattr(before, name)) if before else "", LISTS[name](getattr(schedule, name))]
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
    fields = [field.attname for field in ReportSchedule._meta.concrete_fields if field.attname not in NOT_COPIED]
    copy = ReportSchedule(**{name: getattr(schedule, name) for name in fields}, owner=owner)
    copy.name = (_("Copy of %(name)s") % {"name": schedule.name})[:NAME_LENGTH]
    copy.paused_because = PausedBecause.ASKED
    keeps_question_itself(copy, owner)
    add(copy)
    return copy


def hand_over(schedule: ReportSchedule, to: User) -> None:
    """Give a schedule to another person, with whose rights it is sent from now on.

    Raises AskedWrongly, and changes nothing, when that person cannot ask what it sends.
    """
    keeps_question_itself(schedule, to)
    asked_of(schedule, to)
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
