"""What the timetable does for alarms: wakes as many workers as there is work for, and lets ownerless rules sleep."""

from celery import current_app
from django.utils import timezone

from alarms.models import AlarmRule, PausedBecause

TASK, QUEUE = "alarms.tasks.evaluate", "alarms"
RULES_A_WORKER, MOST_WORKERS = 25, 4


def tick() -> None:
    """Hand what is due to the workers; messages that come twice find nothing left."""
    AlarmRule.objects.kept().filter(paused_because=PausedBecause.NO).ownerless().update(
        paused_because=PausedBecause.LEFT, next_run=None
    )
    due = AlarmRule.objects.due(timezone.now()).count()
    for _worker in range(min(-(-due // RULES_A_WORKER), MOST_WORKERS)):
        hand_out()


def hand_out() -> None:
    """Ask a worker to look."""
    current_app.send_task(TASK, expires=60)
