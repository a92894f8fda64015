"""Hands runs of scheduled reports to the workers; the database row is the truth, messages may be lost or doubled."""

from datetime import timedelta

from celery import current_app

TASK, QUEUE = "reports.tasks.run_schedule", "reports"
MESSAGE_LOST = timedelta(seconds=60)
"""A run that still waits after so long is handed out again."""


def hand_out(run_id: int) -> None:
    """Hand a run to the workers."""
    current_app.send_task(TASK, [run_id], queue=QUEUE)
