"""Hears of calls and people below, and enters what is held about people; only asks the worker to look."""

from typing import Any

from celery import current_app
from django.dispatch import receiver

from accounting.models import User
from accounting.services.personal_tables import also_held
from accounting.signals import calls_corrected, calls_imported, demo_filled, person_erased
from budget.models import Budget
from budget.services import personal
from budget.services.demo import set_demo_budgets
from budget.services.erasing import forget_person
from budget.services.following import TASK

also_held(personal.tables)


@receiver([calls_imported, calls_corrected])
def follow_calls(**_facts: Any) -> None:
    """Ask for the calls to be charged now; the timetable would do it a little later."""
    if Budget.objects.exists():
        current_app.send_task(TASK, expires=60)


@receiver(person_erased)
def forget(person: User, name: str, **_facts: Any) -> None:
    """Forget the budgets of an erased person, in the transaction of the erasure."""
    forget_person(person, name)


@receiver(demo_filled)
def fill_demo(**_facts: Any) -> None:
    """Set budgets in the demo organisation."""
    set_demo_budgets()
