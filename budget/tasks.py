"""Entry points of Budget Control's work in the background."""

from celery import shared_task

from budget.services import checking, following


@shared_task(expires=60)
def follow() -> None:
    """Charge the calls that have come, act on thresholds, and open periods; two at once do everything once."""
    following.follow()


@shared_task(expires=600)
def check() -> None:
    """Recompute every account from the calls once a day; the tick comes more often."""
    checking.check_when_due()
