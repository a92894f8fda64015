"""Entry points of work in the background."""

from celery import shared_task

from reports.services import saving, schedule_runs, schedule_ticks, scheduling, usage


@shared_task(expires=600)
def clear_reports() -> None:
    """Clear away reports and schedules that were deleted long ago, old runs, and old counts of use."""
    saving.forget_deleted()
    usage.forget_old_uses()
    scheduling.forget_old()


@shared_task(expires=30)
def tick_schedules() -> None:
    """Enter the runs of the scheduled reports that are due, and hand out again what was lost."""
    schedule_ticks.tick()


@shared_task(time_limit=1500, soft_time_limit=1200)
def run_schedule(run_id: int) -> None:
    """Work off one run; a second message for the same run finds it taken."""
    schedule_runs.work(run_id)
