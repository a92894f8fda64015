"""What is kept of reports: personal ones, how often public ones are used, schedules and their runs."""

from reports.models.dashboards import Dashboard
from reports.models.saved import ReportUse, SavedReport
from reports.models.schedules import PausedBecause, ReportSchedule, RunReason, RunState, ScheduleRun

__all__ = [
    "Dashboard",
    "PausedBecause",
    "ReportSchedule",
    "ReportUse",
    "RunReason",
    "RunState",
    "SavedReport",
    "ScheduleRun",
]
