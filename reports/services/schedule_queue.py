"""Hands runs of scheduled reports to the workers; the database row is the truth, messages may be lost or doubled."""

from datetime import datetime, timedelta

from celery import current_app

TASK, QUEUE = "reports.tasks.run_schedule", "reports"
MESSAGE_LOST, LONGEST_WAIT = timedelta(seconds=60), timedelta(minutes=15)
"""A run that still waits after so long is handed out again, ever later: the queue of a stopped worker stays short."""


def wait_from(due: datetime, now: datetime) -> datetime:
    """Return until when a run that was due at a moment and is handed out now may wait."""
    return now + min(max(now - due, MESSAGE_LOST), LONGEST_WAIT)


def hand_out(run_id: int) -> None:
    """Hand a run to the workers."""
    current_app.send_task(TASK, [run_id], queue=QUEUE)
