"""Entry points of the alarms' work in the background."""

from celery import shared_task

from alarms.services import due
from alarms.services.evaluating import evaluate_due


@shared_task(expires=30)
def tick() -> None:
    """Hand out what is due."""
    due.tick()


@shared_task(expires=60)
def evaluate() -> None:
    """Look with the rules that are due; a long queue is done in pieces, so that other work has its turn."""
    if evaluate_due():
        due.hand_out()
