"""Entry points of work in the background."""

from celery import shared_task

from reports.services import saving, usage


@shared_task(expires=600)
def clear_reports() -> None:
    """Clear away reports that were deleted long ago, and old counts of use."""
    saving.forget_deleted()
    usage.forget_old_uses()
