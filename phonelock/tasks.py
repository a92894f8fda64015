"""Entry points of Phone Lock's work in the background."""

from celery import shared_task

from phonelock.services import ruling


@shared_task(expires=60)
def follow_rules() -> None:
    """Let budgets and timetables lock and release, and clear away what is over."""
    ruling.follow_rules()
