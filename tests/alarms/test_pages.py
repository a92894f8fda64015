"""The pages of alarms: whose they are, what can be done with rules, trying out, and acknowledging."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounting.models import AuditEntry, CallType, MailServer, User
from alarms.kinds.looking import latest_marks
from alarms.models import Alarm, AlarmRule, PausedBecause, Result, Webhook
from alarms.services.evaluating import run_now
from tests import factories as make

pytestmark = pytest.mark.django_db
FORM = {
    "name": "Abroad", "unit": "minutes", "every": "15", "at": "00:00", "zone": "Europe/Berlin",
    "first_day": "2026-11-22", "recipients": "", "text": "", "language": "", "quiet_from": "", "quiet_until": "",
}  # fmt: skip

MISSED = {"kind-limit": "3", "kind-within": "day", "kind-counted": "each"}


@pytest.fixture(autouse=True)
def fresh_counts() -> Iterator[None]:
    """Forget what the home page has counted."""
    cache.clear()
    return


@pytest.fixture
def boss() -> User:
    """Make the supervisor of Sales."""
    return make.supervisor(of=make.department("Sales"), email="boss@example.com")


def abroad(**fields: Any) -> None:
    """Make an international call in Sales."""
    values = {"department_id": make.department("Sales").pk, "call_type": CallType.INTERNATIONAL} | fields
    make.record(other_number="+442071234567", **values)


def rule(owner: User | None, **fields: Any) -> AlarmRule:
    """Make a rule for international calls."""
    values: dict[str, Any] = {
        "name": "Abroad", "kind": "international", "unit": "minutes", "every": 15, "zone": "Europe/Berlin",
        "marks": latest_marks(),
    }  # fmt: skip
    return AlarmRule.objects.create(owner=owner, **(values | fields))


def raised(owner: User, **fields: Any) -> Alarm:
    """Raise an alarm about a call in Sales."""
    one = rule(owner)
    abroad(**fields)
    run_now(one, owner)
    return one.alarms.get()


def test_only_overseers_have_alarms(client: Client) -> None:
    client.force_login(make.person())
    for page in ("/alarms/", "/alarms/rules/", "/alarms/rules/add/", "/alarms/rules/add/international/"):
        assert client.get(page).status_code == 403
    for page in ("/alarms/acknowledge/", "/alarms/rules/times/", "/alarms/rules/try/international/"):
        assert client.post(page).status_code == 403


def test_a_supervisor_sees_the_own_and_an_administrator_all(client: Client, boss: User) -> None:
    admin = make.administrator()
    alarm = raised(admin)
    client.force_login(boss)
    assert client.get(f"/alarms/{alarm.pk}/").status_code == 404
    assert client.get(f"/alarms/rules/{alarm.rule_id}/").status_code == 404
    for action in ("pause", "resume", "mute", "unmute", "check", "duplicate", "delete", "restore"):
        assert client.post(f"/alarms/rules/{alarm.rule_id}/{action}/").status_code == 404
    assert client.get(f"/alarms/rules/{alarm.rule_id}/hand-over/").status_code == 403
    client.post("/alarms/acknowledge/", {"alarm": alarm.pk})
    assert Alarm.objects.open().exists()
    assert "Abroad" not in client.get("/alarms/rules/").text
    own = raised(boss)
    client.force_login(admin)
    listed = client.get("/alarms/").text
    assert f"/alarms/{own.pk}/" in listed
    assert f"/alarms/{alarm.pk}/" in listed


def test_setting_up_storing_and_changing(client: Client, boss: User) -> None:
    client.force_login(boss)
    hook = Webhook.objects.create(name="Operations", address="https://hooks.example.com/1")
    made = client.post("/alarms/rules/add/missed_calls/", FORM | MISSED | {"webhooks": [str(hook.pk)]})
    one = AlarmRule.objects.get()
    assert made["Location"] == f"/alarms/rules/{one.pk}/"
    assert (one.owner, one.parameters["limit"], one.version, one.is_paused) == (boss, 3, 1, False)
    assert one.next_run is not None
    assert one.marks == latest_marks()
    page = client.get(f"/alarms/rules/{one.pk}/").text
    assert "Operations" in page
    assert "Every 15 minutes" in page
    edit = f"/alarms/rules/{one.pk}/edit/"
    assert 'value="3"' in client.get(edit).text
    same = FORM | MISSED
    client.post(edit, same | {"name": "Missed"})
    one.refresh_from_db()
    assert (one.name, one.version, one.webhooks.count()) == ("Missed", 1, 0)
    client.post(edit, same | {"kind-limit": "9"})
    one.refresh_from_db()
    assert (one.parameters["limit"], one.version) == (9, 2)
    changes = [entry.changes for entry in AuditEntry.objects.filter(subject_type="alarmrule").order_by("pk")]
    assert [sorted(change) for change in changes[1:]] == [["name", "webhooks"], ["name", "parameters"]]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"every": "1"}, "Not more often than every 5 minutes."),
        ({"kind-limit": "0"}, "greater than or equal to 1"),
        ({"quiet_from": "22:00"}, "Enter when the quiet hours end"),
        ({"quiet_from": "22:00", "quiet_until": "22:00"}, "Quiet hours end at another time"),
        ({"recipients": "nobody@elsewhere.example"}, "elsewhere.example"),
        ({"name": ""}, "This field is required."),
        ({"kind-departments": str(2**63)}, "is not one of the available choices"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(
    client: Client, boss: User, fields: dict[str, str], problem: str
) -> None:
    client.force_login(boss)
    form = FORM | MISSED | {"text": "Please call back"} | fields
    page = client.post("/alarms/rules/add/missed_calls/", form).text
    assert problem in page
    assert "Nothing was stored" in page
    assert "Please call back" in page
    assert not AlarmRule.objects.exists()


def test_a_name_is_one_line(client: Client, boss: User) -> None:
    client.force_login(boss)
    client.post("/alarms/rules/add/missed_calls/", FORM | MISSED | {"name": "Abroad\r\nBcc:  a@example.com"})
    assert AlarmRule.objects.get().name == "Abroad Bcc: a@example.com"


def test_the_limit_of_rules_holds(client: Client, boss: User) -> None:
    server = MailServer.current()
    server.most_schedules = 1
    server.save()
    one = rule(boss)
    client.force_login(boss)
    assert "You have 1 scheduled alarm, and more are not allowed." in client.get("/alarms/rules/add/").text
    assert "has 1 scheduled alarm" in client.post("/alarms/rules/add/international/", FORM).text
    assert "has 1 scheduled alarm" in client.post(f"/alarms/rules/{one.pk}/duplicate/", follow=True).text
    assert AlarmRule.objects.count() == 1


@pytest.mark.parametrize("moment", [datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2027, 3, 27, 22, tzinfo=UTC)])
def test_hours_of_muting_are_hours_also_when_the_clocks_change(client: Client, boss: User, moment: datetime) -> None:
    with time_machine.travel(moment, tick=False):
        one = rule(boss, next_run=timezone.now())
        client.force_login(boss)
        client.post(f"/alarms/rules/{one.pk}/mute/", {"length": "8"})
        assert AlarmRule.objects.get(pk=one.pk).muted_until == moment + timedelta(hours=8)


def test_pausing_muting_deleting_and_back(client: Client, boss: User) -> None:
    one = rule(boss, next_run=timezone.now())
    client.force_login(boss)
    page = f"/alarms/rules/{one.pk}/"

    def after(action: str, **fields: str) -> AlarmRule:
        assert client.post(f"{page}{action}/", fields).status_code == 302
        return AlarmRule.objects.get(pk=one.pk)

    paused = after("pause")
    assert (paused.paused_because, paused.next_run) == (PausedBecause.ASKED, None)
    assert after("resume").next_run is not None
    muted = after("mute", length="8").muted_until
    assert muted is not None
    assert timedelta(hours=7) < muted - timezone.now() <= timedelta(hours=8)
    assert after("mute", length="day", day="2001-01-01").muted_until == muted
    assert after("unmute").muted_until is None
    deleted = after("delete")
    assert (deleted.deleted_at is not None, deleted.next_run) == (True, None)
    assert client.get(page).status_code == 404
    assert "Undo" in client.get("/alarms/rules/").text
    assert after("restore").next_run is not None
    assert "Copy of Abroad" in client.post(f"{page}duplicate/", follow=True).text
    copy = AlarmRule.objects.exclude(pk=one.pk).get()
    assert (copy.paused_because, copy.version, copy.alarms.count()) == (PausedBecause.ASKED, 1, 0)


def test_ownerless_rules_are_handed_over_by_administrators(client: Client, boss: User) -> None:
    one = rule(None, paused_because=PausedBecause.LEFT)
    person = make.person("plain")
    client.force_login(make.administrator())
    assert "Hand it over" in client.get(f"/alarms/rules/{one.pk}/").text
    assert "Abroad" in client.get("/alarms/rules/?show=left").text
    page = f"/alarms/rules/{one.pk}/hand-over/"
    assert "neither a supervisor nor an administrator" in client.post(page, {"person": person.username}).text
    client.post(page, {"person": boss.username})
    one.refresh_from_db()
    assert (one.owner, one.paused_because) == (boss, PausedBecause.NO)
    assert one.next_run is not None


def test_checking_now_tells_the_result(client: Client, boss: User) -> None:
    one = rule(boss)
    client.force_login(boss)
    abroad()
    assert "1 alarm was raised." in client.post(f"/alarms/rules/{one.pk}/check/", follow=True).text
    abroad(call_type=CallType.NATIONAL)
    page = client.post(f"/alarms/rules/{one.pk}/check/", follow=True).text
    assert "there is nothing to report" in page
    run = one.runs.get(result=Result.FIRED)
    assert f"run={run.pk}" in page
    assert "1 international call" in client.get(f"/alarms/?rule={one.pk}&run={run.pk}&show=all").text
    AlarmRule.objects.update(kind="gone")
    assert "no longer exists" in client.post(f"/alarms/rules/{one.pk}/check/", follow=True).text
    assert "no longer exists" in client.get(f"/alarms/rules/{one.pk}/?show=failed").text


def test_trying_out_stores_nothing(client: Client, boss: User) -> None:
    person = make.person(extension="2077", first_name="Anna", last_name="Weber")
    make.membership(person, department=make.department("Sales"))
    for hours in (1, 2, 50):
        started = timezone.now() - timedelta(hours=hours)
        abroad(started_at=started, user_id=person.pk, extension="2077")
    abroad(started_at=timezone.now(), department_id=make.department("Support").pk)
    client.force_login(boss)
    told = client.post("/alarms/rules/try/international/", FORM).text
    assert "Anna Weber (2077)" in told
    assert " in 3 messages" in told
    assert "<rect" in told
    assert not Alarm.objects.exists()
    assert not AlarmRule.objects.exists()
    assert "would not have fired" in client.post("/alarms/rules/try/missed_calls/", FORM | MISSED).text
    wrong = client.post("/alarms/rules/try/missed_calls/", FORM | MISSED | {"kind-limit": "many"}).text
    assert "How many are too many: Enter a whole number." in wrong
    assert client.post("/alarms/rules/try/nothing/", FORM).status_code == 404


def test_an_alarm_shows_its_calls_as_the_reader_may_see_them(client: Client, boss: User) -> None:
    make.masking_rule(digits=4)
    alarm = raised(boss)
    client.force_login(boss)
    page = client.get(f"/alarms/{alarm.pk}/").text
    assert "1 international call" in page
    assert "4567" not in page
    assert "/reports/calls/?from=2026-11-18" in page
    assert client.get(f"/alarms/{alarm.pk + 1}/").status_code == 404


def test_acknowledging_several_and_undoing(client: Client, boss: User) -> None:
    first, second = raised(boss), raised(boss)
    client.force_login(boss)
    answer = client.post("/alarms/acknowledge/", {"alarm": [first.pk, second.pk], "note": "called back", "back": "/x"})
    assert answer["Location"] == "/x"
    first.refresh_from_db()
    assert (first.acknowledged_by, first.note) == (boss, "called back")
    page = client.get("/alarms/").text
    assert "2 alarms are acknowledged." in page
    assert "No open alarms" in page
    assert "called back" in client.get("/alarms/?show=acknowledged").text
    client.post("/alarms/reopen/", {"alarm": [first.pk]})
    first.refresh_from_db()
    assert (first.acknowledged_at, first.note) == (None, "")
    assert Alarm.objects.open().count() == 1
    again = client.post("/alarms/acknowledge/", {"alarm": second.pk, "back": "https://evil.example/"}, follow=True)
    assert "No open alarm was chosen." in again.text


def test_the_list_is_narrowed_and_refuses_what_it_does_not_know(client: Client, boss: User) -> None:
    person = make.person(extension="2088", first_name="Zoe", last_name="Miller")
    make.membership(person, department=make.department("Sales"))
    alarm = raised(boss, user_id=person.pk, extension="2088")
    client.force_login(boss)
    for query in ("who=zoe", "who=2088", "kind=international", f"rule={alarm.rule_id}", "period=today", "show=all"):
        assert f"/alarms/{alarm.pk}/" in client.get(f"/alarms/?{query}").text
    for query in ("who=ben", "kind=missed_calls", "period=yesterday", "show=acknowledged"):
        assert f"/alarms/{alarm.pk}/" not in client.get(f"/alarms/?{query}").text
    for query in ("kind=x", "rule=999", "what=1", "period=ever", "show=x", "after=x", "who=%00"):
        assert client.get(f"/alarms/?{query}").status_code == 400
    boss.supervisions.all().delete()
    assert f"/alarms/{alarm.pk}/" not in client.get("/alarms/?who=zoe").text


def test_pages_do_not_ask_more_for_more_rows(
    client: Client, boss: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _number in range(12):
        raised(boss)
    client.force_login(boss)
    with django_assert_max_num_queries(22):
        client.get("/alarms/")
    with django_assert_max_num_queries(14):
        client.get("/alarms/rules/")


def test_the_home_page_tells_overseers_of_open_alarms(client: Client, boss: User) -> None:
    raised(boss)
    client.force_login(boss)
    assert "1 open alarm" in client.get("/calls/home/").text
    client.post("/alarms/acknowledge/", {"alarm": Alarm.objects.get().pk})
    assert "open alarm" not in client.get("/calls/home/").text
    client.force_login(make.person())
    assert "open alarm" not in client.get("/calls/home/").text


def test_a_rule_whose_zone_has_vanished_can_be_read(client: Client, boss: User) -> None:
    alarm = raised(boss)
    AlarmRule.objects.update(zone="Mars/Phobos", next_run=timezone.now() + timedelta(hours=1))
    client.force_login(boss)
    for page in (f"/alarms/{alarm.pk}/", "/alarms/", f"/alarms/rules/{alarm.rule_id}/", "/alarms/rules/"):
        assert client.get(page).status_code == 200
    shown = client.get(f"/alarms/rules/{alarm.rule_id}/").content.decode()
    assert "Its time zone no longer exists. Choose another one." in shown
