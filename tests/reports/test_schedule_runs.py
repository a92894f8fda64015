"""Runs of scheduled reports: claimed once, sent once, with the rights of their owner at that time."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import transaction

from accounting.models import AuditEntry, CallType, MailServer, OutgoingLetter, OutgoingMail, Role, User
from accounting.services import delivering
from reports.models import PausedBecause, ReportSchedule, RunReason, RunState, SavedReport, ScheduleRun
from reports.services import schedule_queue, schedule_runs, schedule_ticks, scheduling
from tests import factories as make

pytestmark = pytest.mark.django_db
DUE = datetime(2026, 11, 18, 6, 0, tzinfo=UTC)  # a Wednesday, 07:00 in Berlin


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel(DUE - timedelta(hours=1), tick=False) as clock:
        yield clock


@pytest.fixture(autouse=True)
def handed_out(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The runs that were handed to the workers; none works here by itself."""
    found: list[int] = []
    for module in (schedule_ticks, scheduling):
        monkeypatch.setattr(module, "hand_out", found.append)
    return found


@pytest.fixture
def ana() -> User:
    return make.person("ana", extension="2001", first_name="Ana", last_name="Brandt", email="ana@example.com")


def schedule(owner: User, **fields: Any) -> ReportSchedule:
    """Make a schedule of all calls of the owner, every Wednesday at 07:00 in Berlin."""
    values: dict[str, Any] = {
        "name": "My calls", "slug": "calls", "query": "period=all", "format": "csv", "subject": "My calls",
        "recipients": ["ana@example.com", "board@example.com"], "unit": "weeks", "every": 1, "weekdays": [2],
        "at": time(7), "zone": "Europe/Berlin", "first_day": DUE.date(),
    }  # fmt: skip
    made = ReportSchedule(owner=owner, **(values | fields))
    scheduling.keep(made)
    return made


def run_due(clock: Any, moment: datetime = DUE) -> ScheduleRun:
    """Let the timetable look at a moment, and a worker do what it has entered."""
    clock.move_to(moment)
    assert schedule_ticks.tick() == 1
    run = ScheduleRun.objects.latest("pk")
    schedule_runs.work(run.pk)
    run.refresh_from_db()
    return run


def files_of(message: Any) -> list[tuple[str, bytes]]:
    """Return name and content of the files of a mail."""
    return [(str(part.get_filename()), part.get_payload(decode=True)) for part in message.message().walk() if part.get_filename()]


def letters() -> list[OutgoingLetter]:
    return list(OutgoingLetter.objects.order_by("pk"))


def test_a_due_report_is_sent_to_everybody_once(clock: Any, ana: User, handed_out: list[int]) -> None:
    make.record(ana, other_number="+491701")
    made = schedule(ana)
    assert made.next_run == DUE
    assert schedule_ticks.tick() == 0
    run = run_due(clock)
    assert handed_out == [run.pk]
    assert (run.state, run.rows, run.due_at, run.missed) == (RunState.SENT, 1, DUE, 0)
    delivering.deliver_due()
    assert sorted(message.to[0] for message in mail.outbox) == ["ana@example.com", "board@example.com"]
    [(name, content)] = files_of(mail.outbox[0])
    assert name.endswith(".csv")
    assert "+491701" in content.decode().replace(" ", "")
    schedule_runs.work(run.pk)
    assert schedule_ticks.tick() == 0
    assert OutgoingMail.objects.count() == 2
    made.refresh_from_db()
    assert made.next_run == DUE + timedelta(days=7)
    assert AuditEntry.objects.filter(action="exported", subject="My calls").count() == 1
