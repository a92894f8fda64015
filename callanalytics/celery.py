"""The Celery app: what runs in the background, with the ids of its tasks in the logs."""

import os
from typing import Any

import structlog
from celery import Celery
from celery.signals import task_postrun, task_prerun

from callanalytics import file_queue  # noqa: F401  (names the embedded broker)
from callanalytics.beat import TIMETABLE

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callanalytics.settings")
app = Celery("callanalytics")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = TIMETABLE
# The timetable is fixed and of short intervals, so nothing is lost by keeping it in memory; a schedule file can break.
app.conf.beat_scheduler = "celery.beat:Scheduler"
app.autodiscover_tasks()
app.autodiscover_tasks(["callanalytics"], related_name="beat")


@task_prerun.connect
def bind_task_id(task_id: str, **kwargs: Any) -> None:
    """Let each log line of a task carry its id."""
    structlog.contextvars.bind_contextvars(task_id=task_id)


@task_postrun.connect
def clear_task_id(**kwargs: Any) -> None:
    """Forget the id of the finished task."""
    structlog.contextvars.clear_contextvars()
