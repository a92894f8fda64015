"""One person's reports, mails and budgets: in the export of the person's data, and gone with the person."""

import csv
import io
import zipfile
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounting.models import Job, MailPurpose, OutgoingMail, Role, User
from accounting.services import jobs
from accounting.services.outbox import Letter, post
from budget.models import Account, Budget, BudgetEvent, BudgetPeriod, Happened
from reports.models import Dashboard, ReportSchedule, RunState, SavedReport, ScheduleRun
from tests import factories as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mail_to_anybody")]
DUE = datetime(2026, 11, 16, 7, tzinfo=UTC)


@pytest.fixture
def desk(client: Client, admin: User, settings: Any, tmp_path: Any) -> Client:
    """The browser of an administrator."""
    settings.DATA_DIR = tmp_path
    client.force_login(admin)
    return client


def held_by(person: User, other: User) -> None:
    """Let a person have a saved report, a schedule with a run, mails and a budget; another one mails to the person."""
    SavedReport.objects.create(owner=person, slug="calls", name="Mine", query="period=all")
    Dashboard.objects.create(
        owner=person, places=[{"id": "a", "widget": "my-line"}, {"id": "b", "widget": "last-calls"}]
    )
    fields = {"slug": "calls", "query": "period=all", "format": "csv", "subject": "s", "zone": "UTC"}
    own = ReportSchedule.objects.create(owner=person, name="Weekly", recipients=["board@example.com"], **fields)
    ScheduleRun.objects.create(schedule=own, due_at=DUE, finished_at=DUE, state=RunState.SENT, rows=7)
    to = [person.email.upper(), other.email]
    ReportSchedule.objects.create(owner=other, name="Of Cleo", recipients=to, **fields)
    post(Letter("report:1", MailPurpose.REPORT, "Figures of Ana", "Secret", on_behalf_of=person), ["kim@example.com"])
    post(Letter("report:2", MailPurpose.REPORT, "For all", "Text", on_behalf_of=other), [person.email, other.email])
    parameters = {"recipients": [person.email, other.email]}
    for starter in (person, other):
        Job.objects.create(
            kind="mail_report", title="Calls", started_by=starter, parameters=parameters, finished_at=DUE
        )
    budget = Budget.objects.create(name="Abroad", person=person, amount=4_500_000, currency="EUR", valid_from=DUE)
    account = Account.objects.create(budget=budget, person=person)
    BudgetPeriod.objects.create(
        account=account, start=date(2026, 11, 1), end=date(2026, 12, 1), assigned=4_500_000, spent=1_250_000, calls=3
    )
    team = Account.objects.create(budget=Budget.objects.create(
        name="Team", person=other, amount=1, currency="EUR", valid_from=DUE), person=other)  # fmt: skip
    period = BudgetPeriod.objects.create(account=team, start=date(2026, 11, 1), end=date(2026, 12, 1), assigned=1)
    BudgetEvent.objects.create(account=team, period=period, kind=Happened.REACHED, mailed_to=[str(other), str(person)])


def work() -> None:
    jobs.run(Job.objects.latest("pk").pk)


def test_the_export_holds_reports_mails_and_budgets(desk: Client, ana: User, cleo: User) -> None:
    held_by(ana, cleo)
    page = desk.get(reverse("privacy_person", args=[ana.pk])).content.decode()
    assert all(label in page for label in ("Saved reports", "Scheduled reports", "Mails", "Budget periods"))
    desk.post(reverse("export_person", args=[ana.pk]))
    work()
    answer = desk.post(reverse("download_export", args=[Job.objects.latest("pk").pk]))
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))

    def rows(file: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(archive.read(file).decode("utf-8-sig"))))

    assert [row["name"] for row in rows("saved_reports.csv")] == ["Mine"]
    assert [row["widgets"] for row in rows("dashboard.csv")] == ["my-line, last-calls"]
    assert [(row["name"], row["owner"]) for row in rows("scheduled_reports.csv")] == [
        ("Weekly", "ana"),
        ("Of Cleo", "cleo"),
    ]
    assert [(row["schedule"], row["rows"]) for row in rows("runs_of_scheduled_reports.csv")] == [("Weekly", "7")]
    mails = [(row["subject"], row["recipient"]) for row in rows("mails.csv")]
    assert mails == [("Figures of Ana", "kim@example.com"), ("For all", "ana@example.com")]
    assert b"Secret" not in archive.read("mails.csv")
    (period,) = rows("budgets.csv")
    assert (period["name"], period["assigned"], period["used"], period["calls"]) == ("Abroad", "4.5", "1.25", "3")


def test_an_erased_person_is_in_none_of_them(desk: Client, ana: User, cleo: User) -> None:
    held_by(ana, cleo)
    desk.post(reverse("erase_person", args=[ana.pk]), {"username": "ana"})
    work()
    assert not SavedReport.objects.exists()
    assert not Dashboard.objects.exists()
    (schedule,) = ReportSchedule.objects.all()
    assert (schedule.name, schedule.recipients) == ("Of Cleo", ["cleo@example.com"])
    assert [mail.recipient for mail in OutgoingMail.objects.all()] == ["cleo@example.com"]
    (job,) = Job.objects.filter(kind="mail_report")
    assert (job.started_by, job.parameters["recipients"]) == (cleo, ["cleo@example.com"])
    assert [budget.name for budget in Budget.objects.all()] == ["Team"]
    assert BudgetEvent.objects.get().mailed_to == ["Cleo Haddad", f"erased-{ana.pk}"]


def test_every_table_is_there_for_somebody_without_anything(desk: Client) -> None:
    nobody = make.person("nobody", role=Role.USER, email="")
    desk.post(reverse("export_person", args=[nobody.pk]))
    work()
    assert Job.objects.latest("pk").state == "done"
