"""What reports hold about one person, for the export of the person's data."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounting.models import User
from accounting.services.personal_tables import PersonalTable
from reports.models import Dashboard, ReportSchedule, SavedReport, ScheduleRun

SAVED = (
    "name", "slug", "description", "group", "query", "department__name", "cost_centre__code", "office__name",
    "created_at", "changed_at", "deleted_at",
)  # fmt: skip
SCHEDULES = (
    "name", "owner__username", "slug", "query", "format", "subject", "text", "recipients", "unit", "every", "at",
    "zone", "next_run", "paused_because", "created_at", "changed_at", "deleted_at",
)  # fmt: skip
RUNS = ("schedule__name", "due_at", "manual", "state", "rows", "reason", "text", "started_at", "finished_at")


def tables(person: User) -> Iterator[PersonalTable]:
    """Yield dashboard, saved reports, own schedules and those of others that are sent to the person, and runs."""
    boards = Dashboard.objects.filter(owner=person).values_list("places", "changed_at")
    yield PersonalTable("dashboard.csv", _("Dashboard"), ("widgets", "changed_at"), boards, with_widgets)
    saved = SavedReport.objects.filter(owner=person).order_by("pk").values_list(*SAVED)
    yield PersonalTable("saved_reports.csv", _("Saved reports"), named(SAVED), saved)
    keys = [*ReportSchedule.objects.filter(owner=person).values_list("pk", flat=True), *sent_to(person)]
    schedules = ReportSchedule.objects.filter(pk__in=keys).order_by("pk").values_list(*SCHEDULES)
    yield PersonalTable("scheduled_reports.csv", _("Scheduled reports"), named(SCHEDULES), schedules, readable)
    mine = ScheduleRun.objects.filter(schedule__owner=person) | ScheduleRun.objects.filter(started_by=person)
    runs = mine.order_by("pk").values_list(*RUNS)
    yield PersonalTable("runs_of_scheduled_reports.csv", _("Runs of scheduled reports"), named(RUNS), runs)


def named(columns: Sequence[str]) -> tuple[str, ...]:
    """Return the names of columns as the file has them."""
    return tuple(column.partition("__")[0] for column in columns)


def sent_to(person: User) -> list[int]:
    """Return the schedules of others that have the person's address among their recipients."""
    if not person.email:
        return []
    others = ReportSchedule.objects.exclude(owner=person).values_list("pk", "recipients").iterator()
    address = person.email.lower()
    return [pk for pk, recipients in others if address in (one.lower() for one in recipients)]


def with_widgets(row: Sequence[Any]) -> list[Any]:
    """Return the row of a dashboard with the names of its widgets as text."""
    places, changed_at = row
    return [", ".join(place["widget"] for place in places), changed_at]


def readable(row: Sequence[Any]) -> list[Any]:
    """Return the row of a schedule with its recipients as text."""
    return [", ".join(value) if isinstance(value, list) else value for value in row]
