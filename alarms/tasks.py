"""Entry points of the alarms' work in the background."""

from celery import shared_task

from alarms.services import delivering, due, erasing, webhooks
from alarms.services.evaluating import evaluate_due
from alarms.services.telling import tell_held


@shared_task(expires=30)
def tick() -> None:
    """Hand out what is due, and tell what quiet hours have held back."""
    due.tick()
    tell_held()


@shared_task(expires=60)
def evaluate() -> None:
    """Look with the rules that are due; a long queue is done in pieces, so that other work has its turn."""
    if evaluate_due():
        due.hand_out()


@shared_task(expires=60, soft_time_limit=120, time_limit=150)
def deliver_webhooks() -> None:
    """Post the messages that are due, unless somebody is at it; posting one asks for it at once, too.

    The limits end a worker that a receiver keeps waiting by sending headers without end.
    """
    if not delivering.is_under_way():
        delivering.deliver_due()


@shared_task(expires=600)
def clear_webhooks() -> None:
    """Delete old messages to webhooks."""
    webhooks.clear_away()


@shared_task(expires=600)
def forget_old() -> None:
    """Delete what is beyond its term."""
    erasing.forget_old()
