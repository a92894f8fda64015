"""Entry points of work in the background."""

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore

from accounting.services import (
    collecting,
    delivering,
    directory_sync,
    gadgets,
    jobs,
    leaving,
    outbox,
    retention,
    tokens,
)
from accounting.services.columns import copying

COPYING_SECONDS = 15
"""After which copying leaves the worker to others; the next run goes on."""


@shared_task(expires=60)
def copy_columns() -> None:
    """Bring the columnar copy up to date, a little at a time; a run that is under way keeps others out."""
    copying.copy_columns(seconds=COPYING_SECONDS)


@shared_task(expires=30)
def collect() -> None:
    """Collect all inboxes; the tick comes every few seconds, a lease keeps collectors apart."""
    collecting.collect()


@shared_task(time_limit=86_400, soft_time_limit=86_000)
def run_job(job_id: int) -> None:
    """Do one job; a second message for the same job finds it taken."""
    jobs.run(job_id)


@shared_task(expires=30)
def sweep_jobs() -> None:
    """Hand out again what was lost."""
    jobs.sweep()


@shared_task(expires=60)
def synchronise_people() -> None:
    """Start the synchronisation of people when it is due."""
    directory_sync.tick()


@shared_task(expires=600)
def keep_terms() -> None:
    """Start the daily run of retention when it is due, and clear old things away; the tick comes more often."""
    retention.remove_old_exports()
    outbox.clear_away()
    tokens.clear_away()
    gadgets.clear_away()
    SessionStore.clear_expired()
    retention.start_when_due()


@shared_task(expires=60)
def close_leavers() -> None:
    """Close the accounts of people whose day of leaving has come."""
    leaving.close_leavers()


@shared_task(expires=60)
def deliver_mail() -> None:
    """Send the mails that are due, unless somebody is at it; posting one asks for it at once, too."""
    if not delivering.is_under_way():
        delivering.deliver_due()
