"""Runs of scheduled reports: claimed once, sent once, with the rights of their owner at that time."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounting.models import AuditEntry, CallType, MailPurpose, MailServer, OutgoingLetter, OutgoingMail, Role, User
from accounting.services import delivering
from reports.models import PausedBecause, ReportSchedule, RunReason, RunState, SavedReport, ScheduleRun
from reports.services import schedule_queue, schedule_runs, schedule_ticks, scheduling
from tests import factories as make
from tests import servers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mail_to_anybody")]
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
        "name": "My calls", "slug": "calls", "query": "period=all", "format": "csv", "subject": "{report}: {period}",
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
    return [
        (str(part.get_filename()), part.get_payload(decode=True))
        for part in message.message().walk()
        if part.get_filename()
    ]


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
    assert mail.outbox[0].subject == "Call list: All time"
    html = next(
        part.get_content() for part in mail.outbox[0].message().walk() if part.get_content_type() == "text/html"
    )
    assert "You get it by the schedule “My calls” of Ana Brandt." in html
    [(name, content)] = files_of(mail.outbox[0])
    assert name.endswith(".csv")
    assert "+491701" in content.decode().replace(" ", "")
    schedule_runs.work(run.pk)
    assert schedule_ticks.tick() == 0
    assert OutgoingMail.objects.count() == 2
    made.refresh_from_db()
    assert made.next_run == DUE + timedelta(days=7)
    entry = AuditEntry.objects.get(action="sent")
    assert (entry.subject, entry.details["schedule"], entry.details["rows"]) == ("Call list", "My calls", 1)
    assert entry.details["recipients"] == "ana@example.com, board@example.com"


def test_several_timetables_enter_one_run(clock: Any, ana: User) -> None:
    made = schedule(ana)
    clock.move_to(DUE)
    seen = [ReportSchedule.objects.get(pk=made.pk) for _ in range(5)]
    assert [schedule_ticks.claim(one, DUE) for one in seen] == [True, False, False, False, False]
    assert ScheduleRun.objects.get().due_at == DUE


def test_times_that_nobody_saw_are_made_up_for_once(clock: Any, ana: User) -> None:
    make.record(ana)
    made = schedule(ana)
    run = run_due(clock, DUE + timedelta(days=15))
    assert (run.due_at, run.missed, run.state) == (DUE, 2, RunState.SENT)
    made.refresh_from_db()
    assert made.next_run == DUE + timedelta(days=21)
    assert schedule_ticks.tick() == 0


def test_the_clock_put_back_sends_nothing_twice(clock: Any, ana: User) -> None:
    schedule(ana)
    run_due(clock)
    clock.move_to(DUE - timedelta(hours=1))
    assert schedule_ticks.tick() == 0
    clock.move_to(DUE + timedelta(minutes=1))
    assert schedule_ticks.tick() == 0


def test_a_schedule_saved_while_it_is_claimed_goes_on_and_sends_once(clock: Any, ana: User) -> None:
    make.record(ana)
    made = schedule(ana)
    clock.move_to(DUE - timedelta(seconds=1))
    edited = ReportSchedule.objects.get(pk=made.pk)
    edited.set_due()
    run_due(clock)
    edited.save()
    assert edited.next_run == DUE
    for _ in range(2):
        assert schedule_ticks.tick() == 0
    edited.refresh_from_db()
    assert edited.next_run == DUE + timedelta(days=7)
    assert len(letters()) == 1


def test_an_empty_report_is_not_sent_unless_that_is_wanted(clock: Any, ana: User) -> None:
    made = schedule(ana)
    run = run_due(clock)
    assert (run.state, run.rows, OutgoingLetter.objects.count()) == (RunState.EMPTY, 0, 0)
    made.refresh_from_db()
    made.send_empty = True
    scheduling.keep(made)
    assert run_due(clock, DUE + timedelta(days=7)).state == RunState.SENT
    assert OutgoingMail.objects.count() == 2


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"query": "period=all&colour=red"}, "“colour” is no filter"),
        ({"query": "period=all&department=77"}, "“department” is no filter"),
        ({"slug": "gone"}, "The report that this schedule sends no longer exists"),
        ({"slug": "silent-extensions", "query": "period="}, "Ana Brandt may not run the report"),
        ({"query": ""}, "The saved report that this schedule sends was deleted"),
        ({"format": "doc"}, "“doc” is no format"),
    ],
    ids=str,
)
def test_what_no_longer_holds_fails_with_a_clear_text(
    clock: Any, ana: User, changes: dict[str, str], told: str
) -> None:
    make.record(ana)
    made = schedule(ana)
    ReportSchedule.objects.filter(pk=made.pk).update(**changes)
    run = run_due(clock)
    assert run.state == RunState.FAILED
    assert told in run.text
    assert not OutgoingLetter.objects.filter(purpose=MailPurpose.SCHEDULE).exists()


def test_five_failures_pause_it_and_tell_its_owner_and_a_good_run_counts_anew(clock: Any, ana: User) -> None:
    make.record(ana)
    made = schedule(ana)
    good = made.query

    def fail(moment: datetime) -> None:
        ReportSchedule.objects.filter(pk=made.pk).update(query="colour=red")
        run_due(clock, moment)
        made.refresh_from_db()

    weeks = iter(DUE + timedelta(days=7 * number) for number in range(20))
    for expected in (1, 2, 3, 4):
        fail(next(weeks))
        assert (made.failures, made.is_paused) == (expected, False)
    ReportSchedule.objects.filter(pk=made.pk).update(query=good)
    assert run_due(clock, next(weeks)).state == RunState.SENT
    for expected in (1, 2, 3, 4):
        fail(next(weeks))
        assert made.failures == expected
    clock.shift(60)
    schedule_runs.work(scheduling.run_now(made, ana).pk)
    made.refresh_from_db()
    assert (made.paused_because, made.next_run) == (PausedBecause.FAILURES, None), "manual runs count, too"
    letter = OutgoingLetter.objects.latest("pk")
    assert "My calls" in letter.subject
    assert "“colour” is no filter" in letter.text
    assert f"/reports/schedules/{made.pk}/" in letter.text
    assert [one.recipient for one in letter.mails.all()] == ["ana@example.com"]
    clock.move_to(next(weeks))
    assert schedule_ticks.tick() == 0
    scheduling.resume(made)
    assert made.failures == 0
    assert made.next_run is not None


def test_schedules_of_people_who_left_are_paused_and_can_be_handed_over(clock: Any, ana: User) -> None:
    made = schedule(ana)
    nobodys = schedule(make.person("eva"))
    ben = make.person("ben", extension="2002", email="ben@example.com")
    make.record(ben, other_number="+491702")
    User.objects.filter(pk=ana.pk).update(is_active=False)
    User.objects.filter(username="eva").delete()
    clock.move_to(DUE)
    assert schedule_ticks.tick() == 0
    for one in (made, nobodys):
        one.refresh_from_db()
        assert (one.paused_because, one.next_run) == (PausedBecause.LEFT, None)
    scheduling.hand_over(made, ben)
    clock.move_to(DUE + timedelta(days=7))
    assert schedule_ticks.tick() == 1
    run = ScheduleRun.objects.get()
    schedule_runs.work(run.pk)
    delivering.deliver_due()
    assert "+491702" in files_of(mail.outbox[0])[0][1].decode().replace(" ", "")


def test_an_owner_who_leaves_while_the_run_waits_sends_nothing(clock: Any, ana: User) -> None:
    make.record(ana)
    made = schedule(ana)
    clock.move_to(DUE)
    schedule_ticks.tick()
    User.objects.filter(pk=ana.pk).update(is_active=False)
    run = made.runs.get()
    schedule_runs.work(run.pk)
    run.refresh_from_db()
    assert (run.state, run.reason) == (RunState.FAILED, RunReason.NO_OWNER)
    assert not OutgoingLetter.objects.exists()


def test_each_run_sends_what_the_owner_may_see_then(clock: Any) -> None:
    sales = make.department("Sales")
    ben = make.supervisor("ben", of=sales, email="ben@example.com", language="de")
    make.membership(ben, department=sales)
    make.record(department_id=sales.pk, other_number="+493012345678")
    made = schedule(ben, recipients=["ben@example.com"])

    def sent(moment: datetime) -> str:
        run_due(clock, moment)
        mail.outbox.clear()
        delivering.deliver_due()
        return "\n".join(files_of(message)[0][1].decode("utf-8-sig") for message in mail.outbox).replace(" ", "")

    assert "12345678" in sent(DUE)
    assert "Zeitraum" in sent(DUE + timedelta(days=7)), "in the owner's language"
    make.masking_rule(role=Role.SUPERVISOR, digits=4)
    masked = sent(DUE + timedelta(days=14))
    assert "5678" not in masked
    assert "1234" in masked
    ben.role = Role.USER
    ben.save()
    assert sent(DUE + timedelta(days=21)) == "", "a user without calls gets an empty report, which is not sent"
    assert made.runs.first().state == RunState.EMPTY  # type: ignore[union-attr]


def test_a_saved_report_is_sent_as_it_is_saved_then(clock: Any, ana: User) -> None:
    make.record(ana, call_type=CallType.MOBILE)
    make.record(ana, call_type=CallType.LOCAL)
    saved = SavedReport.objects.create(owner=ana, slug="calls", name="Mobile", query="period=all&call_type=mobile")
    schedule(ana, saved=saved, query="")
    assert run_due(clock).rows == 1
    saved.query = "period=all"
    saved.save()
    assert run_due(clock, DUE + timedelta(days=7)).rows == 2
    saved.deleted_at = DUE
    saved.save()
    assert "was deleted" in run_due(clock, DUE + timedelta(days=14)).text


def test_recipients_are_held_to_the_allowed_domains_of_now(clock: Any, ana: User) -> None:
    make.record(ana)
    schedule(ana, recipients=["ana@example.com", "x@elsewhere.example"])
    MailServer(allowed_domains="example.com").save()
    run = run_due(clock)
    assert run.state == RunState.FAILED
    assert "x@elsewhere.example" in run.text
    assert not OutgoingMail.objects.exists()


def test_recipients_who_have_left_get_nothing(clock: Any, ana: User) -> None:
    make.record(ana)
    made = schedule(ana, recipients=["ana@example.com", "Ben@example.com"])
    make.person("ben", email="ben@example.com", is_active=False)
    run = run_due(clock)
    assert (run.state, run.text) == (RunState.SENT, "Not sent to Ben@example.com: they have left.")
    assert [one.recipient for one in OutgoingMail.objects.all()] == ["ana@example.com"]
    ReportSchedule.objects.filter(pk=made.pk).update(recipients=["ben@example.com"])
    assert run_due(clock, DUE + timedelta(days=7)).text == "Every recipient has left."


def test_mails_wait_while_the_mail_server_is_away(clock: Any, ana: User, mail_sink: servers.MailSink) -> None:
    make.record(ana)
    schedule(ana)
    mail_sink.stop()
    assert run_due(clock).state == RunState.SENT
    assert delivering.deliver_due() == 0
    mail_sink.start()
    clock.shift(3600)
    assert delivering.deliver_due() == 2
    assert sorted(str(message["To"]) for message in mail_sink.messages) == ["ana@example.com", "board@example.com"]


def test_a_run_is_skipped_while_the_one_before_it_is_under_way(clock: Any, ana: User) -> None:
    made = schedule(ana, unit="minutes", every=1, first_day=DUE.date() - timedelta(days=1))
    clock.move_to(DUE)
    assert schedule_ticks.tick() == 1
    clock.move_to(DUE + timedelta(seconds=60))
    assert schedule_ticks.tick() == 1
    skipped, waiting = made.runs.all()
    assert (skipped.state, skipped.reason) == (RunState.SKIPPED, RunReason.UNDER_WAY)
    assert waiting.state == RunState.WAITING


def test_what_was_paused_or_deleted_meanwhile_is_not_sent(clock: Any, ana: User) -> None:
    make.record(ana)
    for stop in (scheduling.pause, scheduling.delete):
        made = schedule(ana)
        clock.move_to(DUE)
        schedule_ticks.tick()
        stop(made)
        run = made.runs.get()
        schedule_runs.work(run.pk)
        run.refresh_from_db()
        assert (run.state, run.reason) == (RunState.SKIPPED, RunReason.STOPPED)
        clock.move_to(DUE - timedelta(hours=1))


def test_pressing_run_now_twice_finds_the_run_under_way(ana: User, handed_out: list[int]) -> None:
    make.record(ana)
    made = schedule(ana)
    with transaction.atomic():
        first = scheduling.run_now(made, ana)
    assert scheduling.run_now(made, ana).pk == first.pk
    scheduling.pause(made)
    schedule_runs.work(first.pk)
    first.refresh_from_db()
    assert (first.state, first.manual, first.started_by) == (RunState.SENT, True, ana)
    made.refresh_from_db()
    assert made.is_paused, "running now does not resume it"


def test_a_lost_message_is_handed_out_again(clock: Any, ana: User, handed_out: list[int]) -> None:
    schedule(ana)
    clock.move_to(DUE)
    schedule_ticks.tick()
    run = ScheduleRun.objects.get()
    clock.shift(schedule_queue.MESSAGE_LOST.total_seconds() + 1)
    schedule_ticks.tick()
    assert handed_out == [run.pk, run.pk]


def test_a_worker_that_is_overtaken_posts_nothing(
    clock: Any, ana: User, handed_out: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    make.record(ana)
    schedule(ana)
    clock.move_to(DUE)
    schedule_ticks.tick()
    run, make_letter = ScheduleRun.objects.get(), schedule_runs.make

    def slow(*args: Any) -> Any:
        monkeypatch.setattr(schedule_runs, "make", make_letter)
        clock.shift(schedule_runs.LEASE.total_seconds() + 1)
        schedule_ticks.tick()
        schedule_runs.work(run.pk)
        return make_letter(*args)

    monkeypatch.setattr(schedule_runs, "make", slow)
    schedule_runs.work(run.pk)
    run.refresh_from_db()
    assert (run.state, run.attempts, len(handed_out)) == (RunState.SENT, 2, 2)
    assert len(letters()) == 1
    assert OutgoingMail.objects.count() == 2


def test_a_run_that_ends_its_worker_each_time_is_given_up(clock: Any, ana: User) -> None:
    made = schedule(ana)
    clock.move_to(DUE)
    schedule_ticks.tick()
    run = ScheduleRun.objects.get()
    for attempt in range(1, schedule_ticks.MOST_ATTEMPTS + 1):
        ScheduleRun.objects.update(state=RunState.RUNNING, attempts=attempt, lease_until=DUE)
        clock.shift(1)
        schedule_ticks.tick()
    run.refresh_from_db()
    made.refresh_from_db()
    assert (run.state, run.reason, made.failures) == (RunState.FAILED, RunReason.INTERRUPTED, 1)


def test_one_schedule_that_cannot_be_computed_holds_up_no_other(clock: Any, ana: User) -> None:
    broken, good = schedule(ana), schedule(ana)
    ReportSchedule.objects.filter(pk=broken.pk).update(zone="Europe/Atlantis")
    clock.move_to(DUE)
    assert schedule_ticks.tick() == 1
    assert ScheduleRun.objects.get(state=RunState.WAITING).schedule_id == good.pk


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"zone": "Europe/Atlantis"}, "Its time zone no longer exists. Choose another one."),
        ({"weekdays": []}, "Its times cannot be computed. Choose them anew."),
        ({"slug": "gone"}, "The report that this schedule sends no longer exists. Choose a report anew."),
        ({"query": ""}, "The saved report that this schedule sends was deleted or is no longer shared."),
    ],
    ids=str,
)
def test_what_cannot_come_back_pauses_it_at_once_and_is_told(
    clock: Any, client: Client, ana: User, changes: dict[str, Any], why: str
) -> None:
    make.record(ana)
    made = schedule(ana)
    ReportSchedule.objects.filter(pk=made.pk).update(**changes)
    clock.move_to(DUE)
    schedule_ticks.tick()
    for run in ScheduleRun.objects.filter(state=RunState.WAITING):
        schedule_runs.work(run.pk)
    made.refresh_from_db()
    assert (made.paused_because, made.next_run, made.failures <= 1) == (PausedBecause.BROKEN, None, True)
    assert ScheduleRun.objects.get().state == RunState.FAILED
    letter = OutgoingLetter.objects.get()
    assert "“My calls” cannot be sent any more and is paused." in letter.text
    assert why in letter.text
    client.force_login(ana)
    for address in (reverse("report_schedules"), made_page := reverse("report_schedule", args=[made.pk])):
        assert "Cannot be sent" in client.get(address).content.decode()
    assert why in unescape(client.get(made_page).content.decode())
    assert client.get(reverse("edit_report_schedule", args=[made.pk])).status_code == 200
    client.post(reverse("resume_report_schedule", args=[made.pk]))
    made.refresh_from_db()
    assert made.is_paused
    clock.move_to(DUE + timedelta(days=7))
    assert schedule_ticks.tick() == 0


@contextmanager
def no_room() -> Iterator[None]:
    """A limit on the size of files stands for a full disk: both refuse the write in its middle."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_run_waits_for_room_on_a_full_disk_and_leaves_nothing_half(
    clock: Any, client: Client, ana: User, settings: Any, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    for number in range(40):
        make.record(ana, other_number=f"+4917012345{number}")
    made = schedule(ana)
    with no_room():
        run = run_due(clock)
    assert (run.state, run.reason) == (RunState.WAITING, RunReason.DISK_FULL)
    assert not OutgoingLetter.objects.exists()
    assert not list((tmp_path / "outbox").iterdir())
    client.force_login(ana)
    page = unescape(client.get(reverse("report_schedule", args=[made.pk])).content.decode())
    assert "The server’s disk has no room for the attached file." in page
    assert "Next attempt:" in page
    clock.shift(61)
    schedule_ticks.tick()
    schedule_runs.work(run.pk)
    run.refresh_from_db()
    assert (run.state, run.reason, run.attempts) == (RunState.SENT, RunReason.NONE, 2)
    delivering.deliver_due()
    assert len(mail.outbox) == 2
    assert b"39" in files_of(mail.outbox[0])[0][1]


def test_a_disk_that_stays_full_fails_the_run_and_the_next_time_is_tried_anew(
    clock: Any, ana: User, settings: Any, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    for number in range(40):
        make.record(ana, other_number=f"+4917012345{number}")
    made = schedule(ana)
    with no_room():
        run = run_due(clock)
        while run.state == RunState.WAITING:
            clock.move_to(run.lease_until + timedelta(seconds=1))
            schedule_ticks.tick()
            schedule_runs.work(run.pk)
            run.refresh_from_db()
    assert (run.state, run.reason, run.attempts) == (RunState.FAILED, RunReason.DISK_FULL, 5)
    made.refresh_from_db()
    assert (made.failures, made.is_paused) == (1, False)
    assert run_due(clock, DUE + timedelta(days=7)).state == RunState.SENT
