"""Hears of budgets below and of changed lines; only asks the worker to look."""

from typing import Any

from celery import current_app
from django.dispatch import receiver

from budget.signals import period_released, threshold_reached
from phonelock.models import LockSetUp

FOLLOW = "phonelock.tasks.follow_rules"


@receiver([threshold_reached, period_released])
def follow_budgets(**_facts: Any) -> None:
    """Ask for the lines of the holders to be locked or released now; the timetable would do it a little later."""
    if LockSetUp.objects.exists():
        current_app.send_task(FOLLOW, expires=60)
