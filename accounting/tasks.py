"""Entry points of work in the background."""

from celery import shared_task

from accounting.services import collecting


@shared_task(expires=30)
def collect() -> None:
    """Collect all inboxes; the tick comes every few seconds, a lease keeps collectors apart."""
    collecting.collect()
