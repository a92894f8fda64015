"""Hears of people and of the demo below, and enters what is held about people."""

from typing import Any

from django.dispatch import receiver

from accounting.models import User
from accounting.services.personal_tables import also_held
from accounting.signals import demo_filled, person_erased
from alarms.services import personal
from alarms.services.demo import set_demo_alarms
from alarms.services.erasing import forget_person

also_held(personal.tables)


@receiver(person_erased)
def forget(person: User, address: str, **_facts: Any) -> None:
    """Forget the alarms of an erased person, in the transaction of the erasure."""
    forget_person(person, address)


@receiver(demo_filled)
def fill_demo(**_facts: Any) -> None:
    """Let rules watch the demo organisation."""
    set_demo_alarms()
