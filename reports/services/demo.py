"""Saved and scheduled reports of the demo organisation: with a past, one paused, one failing, one of a leaver.

Nothing is mailed: what the past has sent is entered as sent, and all addresses are of people of the demo.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from accounting.models import Department, MailPurpose, MailState, OutgoingLetter, OutgoingMail, User
from callanalytics.lib import periods
from reports.catalogue import REPORTS
from reports.engine.question import CUSTOM
from reports.exports import FORMATS
from reports.exports.asking import Asked, AskedWrongly, read_asked
from reports.exports.preparing import prepare
from reports.mails.wording import STANDARD_SUBJECT
from reports.models import PausedBecause, ReportSchedule, RunState, SavedReport, ScheduleRun
from reports.services.saving import whole_address
from reports.services.schedule_questions import address_as_sent

TOOK = timedelta(seconds=9)
PAST = timedelta(days=120)
DAILY, WEEKLY, MONTHLY = "days", "weeks", "months"


@dataclass(frozen=True, slots=True)
class Planned:
    """A scheduled report of the demo."""

    name: str
    owner: User
    slug: str
    period: str
    to: list[User]
    fields: dict[str, Any]
    runs: int
    filters: str = ""
    state: PausedBecause = PausedBecause.NO
    saved: SavedReport | None = None


def set_demo_reports() -> None:
    """Enter the saved and scheduled reports; people whom the demo lacks have none."""
    people = {person.username: person for person in User.objects.filter(username__in=("anna", "sami", "admin"))}
    if len(people) < 3 or ReportSchedule.objects.exists() or SavedReport.objects.exists():
        return
    anna, sami, admin = people["anna"], people["sami"], people["admin"]
    missed = save_reports(anna, sami, admin)
    for planned in plan(anna, sami, admin, missed):
        enter(planned)


def save_reports(anna: User, sami: User, admin: User) -> SavedReport:
    """Save some reports as their people would; return the one that is shared and scheduled."""
    team = Department.objects.filter(supervision__supervisor=sami).first()
    kept = [
        (anna, "by-country", "period=month&direction=outgoing&call_type=international", _("My calls abroad"), "", None),
        (admin, "cost-by-department", "period=last_month", _("Costs of last month"), _("Finance"), None),
        (admin, "gateways", "period=last_week", _("Load of the gateways"), _("Operations"), None),
        (sami, "by-day", "period=30d", _("The team day by day"), _("Service"), team),
        (sami, "missed-calls", "period=yesterday", _("Missed calls of yesterday"), _("Service"), team),
    ]
    made = [
        SavedReport.objects.create(
            owner=owner, slug=slug, query=question(owner, slug, query), name=name, group=group, department=unit
        )
        for owner, slug, query, name, group, unit in kept
    ]
    return made[-1]


def question(owner: User, slug: str, query: str) -> str:
    """Return the whole address of a question."""
    return whole_address(read_asked(slug, query, owner).question, REPORTS[slug].standard)


def plan(anna: User, sami: User, admin: User, missed: SavedReport) -> list[Planned]:
    """Return the scheduled reports of the demo."""
    working_days = {"unit": WEEKLY, "weekdays": [0, 1, 2, 3, 4], "at": time(7, 30), "format": "xlsx"}
    monday = {"unit": WEEKLY, "weekdays": [0], "at": time(8), "format": "pdf"}
    first = {"unit": MONTHLY, "day_of_month": 1, "at": time(7), "format": "xlsx"}
    found = [
        Planned(missed.name, sami, missed.slug, "yesterday", [sami, anna], working_days, 8, saved=missed),
        Planned(_("Costs by department"), admin, "cost-by-department", "last_month", [admin, sami], first, 3),
        Planned(_("My week"), anna, "by-day", "last_week", [anna], monday, 3, state=PausedBecause.ASKED),
        Planned(
            _("Calls of the former fax line"), admin, "by-day", "last_week", [admin], monday, 5,
            filters="&gateway=999999", state=PausedBecause.FAILURES,
        ),
    ]  # fmt: skip
    leaver = User.objects.filter(is_active=False).exclude(email="").first()
    if leaver is not None:
        found.append(
            Planned(
                _("Costs of the week"), leaver, "by-call-type", "last_week", [sami], monday, 2, state=PausedBecause.LEFT
            )
        )
    return found


def enter(planned: Planned) -> None:
    """Store a scheduled report and its past."""
    query = "" if planned.saved else f"period={planned.period}{planned.filters}"
    schedule = ReportSchedule(
        name=planned.name, owner=planned.owner, slug=planned.slug, saved=planned.saved, query=query,
        subject=STANDARD_SUBJECT, recipients=[person.email for person in planned.to], paused_because=planned.state,
        zone=settings.TIME_ZONE, first_day=(timezone.now() - PAST).date(), **planned.fields,
    )  # fmt: skip
    schedule.set_due()
    schedule.save()
    runs = [run_of(planned, schedule, due) for due in past(schedule, planned.runs)]
    ScheduleRun.objects.bulk_create(runs)
    failed = sum(run.state == RunState.FAILED for run in runs)
    created = timezone.now() - PAST
    ReportSchedule.objects.filter(pk=schedule.pk).update(failures=failed, created_at=created, changed_at=created)
    for run in runs:
        if run.state == RunState.SENT:
            enter_mails(planned, schedule, run)


def past(schedule: ReportSchedule, number: int) -> list[datetime]:
    """Return the latest due times that are over."""
    now = timezone.now()

    def due_times() -> Iterator[datetime]:
        due = schedule.recurrence.after(now - PAST)
        while due < now:
            yield due
            due = schedule.recurrence.after(due)

    return list(due_times())[-number:]


def run_of(planned: Planned, schedule: ReportSchedule, due: datetime) -> ScheduleRun:
    """Return a run as it went at a due time, with the days and rows of then."""
    run = ScheduleRun(schedule=schedule, due_at=due, started_at=due, finished_at=due + TOOK, attempts=1)
    # Who has left can ask nothing any more.
    asker = planned.owner if planned.owner.is_active else planned.to[0]
    first, last = periods.days_of(planned.period, due.astimezone(schedule.recurrence.zone).date())
    try:
        asked = read_asked(planned.slug, f"period={planned.period}{planned.filters}", asker)
    except AskedWrongly as error:
        run.state, run.text = RunState.FAILED, str(error)
        return run
    asked = replace(asked, question=replace(asked.question, period=CUSTOM, first=first, last=last))
    run.rows, run.address = rows_of(asked, schedule.format), address_as_sent(asked)
    run.state = RunState.SENT if run.rows else RunState.EMPTY
    return run


def rows_of(asked: Asked, form: str) -> int:
    """Return how many rows a report has."""
    with timezone.override(asked.asker.zone):
        return prepare(asked.report, asked.question, asked.asker, FORMATS[form]).count


def enter_mails(planned: Planned, schedule: ReportSchedule, run: ScheduleRun) -> None:
    """Enter the mails of a run as sent."""
    assert run.finished_at is not None
    ended = run.finished_at + TOOK
    letter = OutgoingLetter.objects.create(
        key=run.letter_key, cause=f"schedule:{schedule.pk}", purpose=MailPurpose.SCHEDULE, sender=planned.owner,
        subject=planned.name, text="",
    )  # fmt: skip
    mails = [
        OutgoingMail(
            letter=letter,
            recipient=person.email,
            state=MailState.SENT,
            attempts=1,
            next_attempt_at=ended,
            ended_at=ended,
        )
        for person in planned.to
    ]
    OutgoingMail.objects.bulk_create(mails)
    OutgoingLetter.objects.filter(pk=letter.pk).update(created_at=run.finished_at)
    OutgoingMail.objects.filter(letter=letter).update(created_at=run.finished_at)
