"""When a scheduled report is due, in words."""

from accounting.services.recurrence_words import in_words
from reports.models import ReportSchedule


def when_of(schedule: ReportSchedule) -> str:
    """Return how often a schedule is due as a sentence, or why that cannot be said."""
    trouble = schedule.trouble_with_times
    return str(trouble.label) if trouble else in_words(schedule.recurrence)
