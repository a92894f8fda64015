"""Scheduled reports as people use them: schedule, look, pause, run, edit, duplicate, hand over, delete, undo."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounting.models import AuditEntry, Job, MailServer, MailState, OutgoingMail, User
from accounting.services import jobs
from reports.models import PausedBecause, ReportSchedule, RunState, SavedReport, ScheduleRun
from reports.services import schedule_runs, schedule_ticks, scheduling
from reports.tasks import clear_reports
from tests import factories as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mail_to_anybody")]
MOMENT = datetime(2026, 11, 18, 12, tzinfo=UTC)  # a Wednesday
FORM = {
    "name": "Weekly calls", "recipients": "ana@example.com, board@example.com", "subject": "Calls", "text": "Hello",
    "format": "xlsx", "language": "", "unit": "weeks", "every": "1", "weekdays": ["0"], "day_of_month": "1",
    "at": "07:00", "zone": "Europe/Berlin", "first_day": "2026-11-18",
}  # fmt: skip


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel(MOMENT, tick=False) as clock:
        yield clock


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reports.services.schedule_queue.current_app.send_task", lambda *_args, **_kwargs: None)


@pytest.fixture
def ana(client: Client) -> User:
    ana = make.person("ana", extension="2001", first_name="Ana", last_name="Brandt", email="ana@example.com")
    client.force_login(ana)
    return ana


def schedule(client: Client, query: str = "period=all", slug: str = "calls", **fields: Any) -> ReportSchedule:
    response = client.post(f"{reverse('schedule_report', args=[slug])}?{query}", FORM | fields)
    assert response.status_code == 302, errors(response)
    return ReportSchedule.objects.latest("pk")


def errors(response: Any) -> list[str]:
    return re.findall(
        r'class="field-error"[^>]*>(?:<svg.*?</svg>)? ?([^<]+)', unescape(response.content.decode()), re.DOTALL
    )


def page(client: Client, name: str, *args: object, **query: str) -> str:
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == 200, response.content.decode()
    return unescape(response.content.decode())


def act(client: Client, view: str, made: ReportSchedule, /, **data: Any) -> Any:
    return client.post(reverse(f"{view}_report_schedule", args=[made.pk]), data)


def work(made: ReportSchedule) -> ScheduleRun:
    run = made.runs.latest("pk")
    schedule_runs.work(run.pk)
    run.refresh_from_db()
    return run


def test_a_report_is_scheduled_from_its_page_and_tells_when(client: Client, ana: User) -> None:
    public = page(client, "report", "calls", period="all", direction="outgoing")
    [button] = re.findall(r'href="([^"]+/schedule/[^"]+)"', public)
    html = unescape(client.get(button).content.decode())
    assert "Every Wednesday at 07:00 (Europe/Berlin)" in html
    assert "Wednesday, 25 Nov 2026, 07:00" in html
    assert "ana@example.com" in html
    assert client.post(button, FORM).status_code == 302
    made = ReportSchedule.objects.get()
    assert (made.owner, made.slug, made.recipients) == (ana, "calls", ["ana@example.com", "board@example.com"])
    assert "direction=outgoing" in made.query
    shown = page(client, "report_schedule", made.pk)
    assert "Every Monday at 07:00 (Europe/Berlin)" in shown
    assert re.search(r"<span>Direction</span> <b><bdi>Outgoing", shown)
    assert "Monday, 23 Nov 2026, 07:00" in shown
    listed = page(client, "report_schedules")
    assert "Weekly calls" in listed
    assert "Call list" in listed
    assert "None yet" in listed


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"unit": "minutes", "every": "15"}, "Every 15 minutes, counted from 07:00 (Europe/Berlin)"),
        ({"unit": "days", "every": "1", "weekdays": []}, "Every day at 07:00"),
        ({"unit": "weeks", "weekdays": ["0", "1", "2", "3", "4"]}, "Monday to Friday at 07:00"),
        ({"unit": "weeks", "every": "2", "weekdays": ["1", "3"]}, "Every 2 weeks on Tuesday and Thursday at 07:00"),
        ({"unit": "months", "day_of_month": "31"}, "On the last day of every month at 07:00"),
        ({"unit": "months", "every": "3", "zone": "Asia/Dubai"}, "Every 3 months on day 1 at 07:00 (Asia/Dubai)"),
    ],
    ids=str,
)
def test_times_are_told_while_they_are_chosen(client: Client, ana: User, fields: dict[str, Any], said: str) -> None:
    response = client.post(reverse("preview_report_schedule"), FORM | fields)
    html = unescape(response.content.decode())
    assert said in html
    assert html.count("<li>") == 3


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"recipients": "nobody"}, "nobody"),
        ({"recipients": " "}, "required"),
        ({"recipients": "x@example.com, y@elsewhere.example"}, "elsewhere.example"),
        ({"subject": "{colour}"}, "There is no placeholder {colour}"),
        ({"weekdays": []}, "Choose at least one day of the week"),
        ({"every": "0"}, "greater than or equal to 1"),
        ({"unit": "months", "every": "25"}, "At most 24"),
        ({"at": "25:00"}, "valid time"),
        ({"zone": "Europe/Atlantis"}, "Europe/Atlantis"),
        ({"first_day": "1999-12-31"}, "between 2000 and 2100"),
        ({"format": "doc"}, "doc"),
        ({"name": "a\0b"}, "Null"),
        ({"unit": "years"}, "years"),
    ],
    ids=str,
)
def test_what_is_wrong_is_told_beside_its_field_and_nothing_is_lost(
    client: Client, ana: User, fields: dict[str, Any], told: str
) -> None:
    MailServer(allowed_domains="example.com").save()
    response = client.post(f"{reverse('schedule_report', args=['calls'])}?period=all", FORM | {"text": "Kept"} | fields)
    assert response.status_code == 200
    assert any(told in error for error in errors(response)), errors(response)
    assert "Kept" in response.content.decode()
    assert not ReportSchedule.objects.exists()


def test_a_wrong_address_is_refused(client: Client, ana: User) -> None:
    assert client.get(f"{reverse('schedule_report', args=['calls'])}?colour=red").status_code == 400
    assert client.get(reverse("schedule_report", args=["silent-extensions"])).status_code == 404
    for query in ("colour=red", "show=left", "show=mood", "search=%00"):
        assert client.get(f"{reverse('report_schedules')}?{query}").status_code == 400


def test_schedules_of_others_do_not_exist_but_for_administrators(client: Client, ana: User) -> None:
    made = schedule(client)
    page(client, "report_schedules")
    client.force_login(make.person("ben"))
    assert "Weekly calls" not in page(client, "report_schedules")
    for name in ("report_schedule", "edit_report_schedule"):
        assert client.get(reverse(name, args=[made.pk])).status_code == 404
    for view in ("pause", "resume", "run", "duplicate", "delete", "restore", "edit"):
        assert act(client, view, made, **FORM).status_code == 404
    assert client.post(reverse("hand_over_report_schedule", args=[made.pk]), {"person": "ben"}).status_code == 403
    replacing = client.post(f"{reverse('schedule_report', args=['calls'])}?period=today", {"replace": str(made.pk)})
    assert replacing.status_code == 404
    client.force_login(make.administrator())
    assert "Ana Brandt" in page(client, "report_schedules")
    assert "Weekly calls" in page(client, "report_schedule", made.pk)
    made.refresh_from_db()
    assert "period=all" in made.query


def test_changes_by_get_are_refused(client: Client, ana: User) -> None:
    made = schedule(client)
    for view in ("pause", "resume", "run", "duplicate", "delete", "restore"):
        assert client.get(reverse(f"{view}_report_schedule", args=[made.pk])).status_code == 405


def test_pause_and_resume(client: Client, ana: User) -> None:
    made = schedule(client)
    act(client, "pause", made)
    made.refresh_from_db()
    assert made.next_run is None
    assert "Paused" in page(client, "report_schedules", show="paused")
    shown = client.post(reverse("resume_report_schedule", args=[made.pk]), {"from": "list"}, follow=True)
    assert "is active again. Next: Monday, 23 Nov 2026, 07:00" in unescape(shown.content.decode())
    made.refresh_from_db()
    assert made.next_run == datetime(2026, 11, 23, 6, tzinfo=UTC)


def test_pausing_keeps_what_somebody_else_has_edited_meanwhile(client: Client, ana: User) -> None:
    made = schedule(client)
    ReportSchedule.objects.filter(pk=made.pk).update(subject="Edited")
    scheduling.pause(made)
    made.refresh_from_db()
    assert (made.subject, made.paused_because, made.next_run) == ("Edited", PausedBecause.ASKED, None)
    ReportSchedule.objects.filter(pk=made.pk).update(failures=3)
    stale = ReportSchedule.objects.get(pk=made.pk)
    ReportSchedule.objects.filter(pk=made.pk).update(subject="Edited again")
    scheduling.resume(stale)
    made.refresh_from_db()
    assert (made.subject, made.failures, made.is_paused) == ("Edited again", 0, False)
    assert not [entry for entry in AuditEntry.objects.all() if "Edited" in str(entry.changes)]


def test_run_now_and_what_became_of_it(client: Client, ana: User) -> None:
    make.record(ana)
    made = schedule(client)
    response = client.post(reverse("run_report_schedule", args=[made.pk]), follow=True)
    assert 'hx-trigger="every 3s"' in response.content.decode()
    run = work(made)
    assert run.state == RunState.SENT
    html = page(client, "report_schedule", made.pk)
    assert "hx-trigger" not in html
    assert html.count("@<wbr>example.<wbr>com</bdi> <span class=") == 2, "a line for each mail"
    link = re.findall(r'href="([^"]+)">(?:<svg.*?</svg>)? Show the report', html, re.DOTALL)[0]
    assert client.get(link).status_code == 200
    assert "On its way" in page(client, "report_schedules")
    first, second = OutgoingMail.objects.order_by("pk")
    first.state = second.state = MailState.SENT
    first.save()
    second.save()
    assert "On its way" not in page(client, "report_schedules")
    second.state = MailState.FAILED
    second.save()
    assert "Not sent to everybody" in page(client, "report_schedules")


def test_the_link_of_a_run_keeps_the_days_of_then(client: Client, ana: User, clock: Any) -> None:
    made = schedule(client, query="period=7d", send_empty="on")
    act(client, "run", made)
    address = work(made).address
    clock.shift(timedelta(days=40))
    client.force_login(ana)
    html = unescape(client.get(address).content.decode())
    assert "12 Nov 2026 – 18 Nov 2026" in html


def test_editing_changes_the_times_and_keeps_the_report(client: Client, ana: User) -> None:
    made = schedule(client)
    html = page(client, "edit_report_schedule", made.pk)
    assert "board@example.com" in html
    assert re.search(r'value="0"[^>]*checked', html)
    assert act(client, "edit", made, **(FORM | {"unit": "days", "at": "18:30", "name": "Daily"})).status_code == 302
    made.refresh_from_db()
    assert (made.name, made.next_run) == ("Daily", datetime(2026, 11, 18, 17, 30, tzinfo=UTC))
    assert "period=all" in made.query


def test_a_schedule_whose_report_is_gone_opens_and_can_be_mended(client: Client, ana: User) -> None:
    made = schedule(client)
    ReportSchedule.objects.update(slug="gone", query="colour=red", paused_because=PausedBecause.FAILURES, next_run=None)
    for name in ("report_schedule", "edit_report_schedule"):
        assert "The report that this schedule sends no longer exists" in page(client, name, made.pk)
    assert "Report gone" in page(client, "report_schedules")
    resumed = client.post(reverse("resume_report_schedule", args=[made.pk]), follow=True)
    assert "no longer exists" in unescape(resumed.content.decode())
    form = page(client, "schedule_report", "calls", period="today")
    assert f'<option value="{made.pk}">Weekly calls' in form
    client.post(f"{reverse('schedule_report', args=['calls'])}?period=today", {"replace": str(made.pk)})
    act(client, "resume", made)
    made.refresh_from_db()
    assert (made.slug, made.is_paused, made.name) == ("calls", False, "Weekly calls")
    assert "period=today" in made.query


def test_a_saved_report_is_scheduled_and_follows_what_is_saved(client: Client, ana: User) -> None:
    saved = SavedReport.objects.create(owner=ana, slug="calls", name="Mobile", query="period=all&call_type=mobile")
    address = reverse("schedule_saved_report", args=[saved.pk])
    assert address in page(client, "saved_report", saved.pk)
    assert "call_type" not in re.findall(r'href="([^"]+/schedule/[^"]*)"', page(client, "saved_report", saved.pk))[0]
    client.post(address, FORM)
    made = ReportSchedule.objects.get()
    assert (made.saved, made.query) == (saved, "")
    assert "as it is saved when the schedule is due" in page(client, "report_schedule", made.pk)
    for wrong, told in (({"query": "markup=50%25x"}, "“50%x” is no percentage"), ({"slug": "gone"}, "may not run")):
        SavedReport.objects.update(**wrong)
        refused = client.get(address)
        assert refused.status_code == 400
        assert told in unescape(refused.content.decode())
    client.post(reverse("delete_saved_report", args=[saved.pk]))
    assert "was deleted or is no longer shared" in page(client, "report_schedule", made.pk)


def test_a_copy_belongs_to_who_made_it_and_waits(client: Client, ana: User) -> None:
    made = schedule(client)
    client.force_login(make.administrator())
    act(client, "duplicate", made)
    copy = ReportSchedule.objects.latest("pk")
    assert (copy.name, copy.owner, copy.is_paused) == ("Copy of Weekly calls", User.objects.get(username="admin"), True)
    assert copy.recipients == made.recipients


def test_deleting_can_be_undone_for_a_while(client: Client, ana: User, clock: Any) -> None:
    made = schedule(client)
    response = client.post(reverse("delete_report_schedule", args=[made.pk]), follow=True)
    assert "is deleted and sends no more" in unescape(response.content.decode())
    assert client.get(reverse("report_schedule", args=[made.pk])).status_code == 404
    clock.move_to(MOMENT + timedelta(days=8))
    assert schedule_ticks.tick() == 0
    client.force_login(ana)
    act(client, "restore", made)
    made.refresh_from_db()
    assert made.next_run == datetime(2026, 11, 30, 6, tzinfo=UTC)
    act(client, "delete", made)
    clock.shift(timedelta(days=31))
    client.force_login(ana)
    assert act(client, "restore", made).status_code == 404
    clear_reports()
    assert not ReportSchedule.objects.exists()


def test_administrators_hand_over_what_nobody_owns(client: Client, ana: User) -> None:
    made = schedule(client)
    ben = make.person("ben", first_name="Ben", last_name="Adler")
    make.person("bea", first_name="Bea", last_name="Adler")
    gone = make.person("gone", is_active=False)
    User.objects.filter(pk=ana.pk).update(is_active=False)
    schedule_ticks.tick()
    client.force_login(make.administrator())
    assert "Weekly calls" in page(client, "report_schedules", show="left")
    assert "Its owner has left" in page(client, "report_schedule", made.pk)
    for typed, told in (("Adler", "Several people"), ("nobody", "Nobody is called so"), (gone.username, "has left")):
        assert any(told in error for error in errors(act(client, "hand_over", made, person=typed)))
    assert act(client, "hand_over", made, person="ben").status_code == 302
    made.refresh_from_db()
    assert (made.owner, made.is_paused) == (ben, False)
    assert made.next_run is not None


def test_nothing_is_handed_over_to_somebody_who_cannot_ask_it(client: Client) -> None:
    admin, ana = make.administrator(), make.person("ana")
    client.force_login(admin)
    made = schedule(client, "", "silent-extensions")
    [told] = errors(act(client, "hand_over", made, person="ana"))
    assert "may not run the report" in told
    made.refresh_from_db()
    assert made.owner == admin != ana


def test_a_private_saved_report_is_handed_over_with_its_question(client: Client, ana: User) -> None:
    saved = SavedReport.objects.create(owner=ana, slug="calls", name="Mobile", query="period=all&call_type=mobile")
    client.post(reverse("schedule_saved_report", args=[saved.pk]), FORM)
    made = ReportSchedule.objects.get()
    make.person("ben")
    client.force_login(make.administrator())
    act(client, "hand_over", made, person="ben")
    made.refresh_from_db()
    assert (made.saved, made.slug, made.query) == (None, "calls", saved.query)


def test_the_list_takes_the_same_queries_however_long_it_is(client: Client, ana: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            page(client, "report_schedules")
        return len(caught)

    saved = SavedReport.objects.create(owner=ana, slug="calls", name="Mobile", query="period=all")
    make.record(ana)
    counts = []
    for _ in range(4):
        made = schedule(client)
        ReportSchedule.objects.filter(pk=made.pk).update(saved=saved, query="")
        act(client, "run", made)
        assert work(made).state == RunState.SENT
        page(client, "report_schedules")
        counts.append(queries())
    assert len(set(counts)) == 1, counts


def test_help_and_menu_lead_to_it(client: Client, ana: User) -> None:
    assert reverse("report_schedules") in page(client, "home")
    assert "Whose rights hold" in page(client, "help")
    assert "Nothing scheduled yet" in page(client, "report_schedules")


def test_the_audit_log_tells_what_was_changed(client: Client) -> None:
    client.force_login(make.administrator())
    made = schedule(client, recipients="ana@example.com")
    act(client, "edit", made, **(FORM | {"recipients": "x@example.com", "unit": "days"}))
    act(client, "pause", made)
    html = page(client, "audit_log", kind="reportschedule")
    assert "scheduled report" in html
    assert "['x@example.com']" not in html
    for words in ("x@example.com", "Paused", "Days"):
        assert words in html


def test_an_erased_person_leaves_nothing_behind_and_gets_nothing_any_more(client: Client, ana: User) -> None:
    own = schedule(client)
    SavedReport.objects.create(owner=ana, slug="calls", name="Mobile", query="period=all")
    admin = make.administrator(username="root")
    client.force_login(admin)
    others = schedule(client, recipients="ANA@example.com, board@example.com")
    client.post(reverse("erase_person", args=[ana.pk]), {"username": "ana"})
    jobs.run(Job.objects.latest("pk").pk)
    assert not ReportSchedule.objects.filter(pk=own.pk).exists()
    assert not SavedReport.objects.exists()
    others.refresh_from_db()
    assert others.recipients == ["board@example.com"]


def test_a_user_cannot_schedule_more_often_than_the_set_up_allows(client: Client, ana: User) -> None:
    address = f"{reverse('schedule_report', args=['calls'])}?period=all"
    assert "Not more often than every 5 minutes." in client.get(address).content.decode()
    often = FORM | {"unit": "minutes", "every": "4"}
    assert set(errors(client.post(address, often))) == {"Not more often than every 5 minutes."}
    assert (
        "Not more often than every 5 minutes."
        in client.post(reverse("preview_report_schedule"), often).content.decode()
    )
    MailServer(every_address=True, shortest_interval=4).save()
    assert client.post(address, often).status_code == 302


def test_a_person_has_as_many_schedules_as_the_set_up_allows(client: Client, ana: User) -> None:
    MailServer(every_address=True, most_schedules=2).save()
    address = f"{reverse('schedule_report', args=['calls'])}?period=all"
    for used in (0, 1):
        assert f"You have {used} of 2 scheduled reports." in client.get(address).content.decode()
        assert client.post(address, FORM).status_code == 302
    told = "2 scheduled reports, and more are not allowed. Delete one first."
    assert told in client.get(address).content.decode()
    assert told in client.post(address, FORM).content.decode()
    one = ReportSchedule.objects.latest("pk")
    assert told in client.post(reverse("duplicate_report_schedule", args=[one.pk]), follow=True).content.decode()
    client.post(reverse("delete_report_schedule", args=[one.pk]))
    assert client.post(address, FORM).status_code == 302
    assert told in client.post(reverse("restore_report_schedule", args=[one.pk]), follow=True).content.decode()
    assert ReportSchedule.objects.kept().count() == 2
