"""The dashboard: widgets for each role, each coming by itself, arranged by each person (DASH-1 to DASH-3)."""

import json
import re
from datetime import datetime, timedelta
from decimal import Decimal
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounting.models import AuditedAction, AuditEntry, CallType, Direction, Extension, Outcome, Role, User
from alarms.models import Alarm, AlarmRule
from alarms.services.evaluating import run_now
from phonelock.models import Reason, Through
from phonelock.services import locking
from phonelock.services.locking import Actor
from reports.models import Dashboard, SavedReport
from reports.services.dashboards import FIRST, MOST_WIDGETS, dashboard_of
from reports.widgets import WIDGETS
from tests import factories as make
from tests.reports.test_reports import add_up

pytestmark = pytest.mark.django_db
MOMENT = make.NOON + timedelta(hours=6)


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel(MOMENT, tick=False) as clock:
        yield clock


def client_of(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def shown(client: Client, path: str = "/dashboard/") -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return str(answer.content.decode())


def frames(client: Client) -> list[str]:
    """Return the names of the widgets on the page, in the order in which they are read."""
    return re.findall(r'gs-id="(\w[\w-]*)"', shown(client))


def widget(client: Client, name: str) -> str:
    return shown(client, reverse("widget", args=[name]))


def test_people_begin_with_the_widgets_of_their_role() -> None:
    people = {"user": make.person("ana"), "supervisor": make.supervisor(of=make.department())}
    people["administrator"] = make.administrator()
    for role, person in people.items():
        names = frames(client_of(person))
        assert sorted(names) == sorted(slug for slug, _x, _y in FIRST[role]), role
    assert not Dashboard.objects.exists()


@pytest.mark.parametrize("slug", WIDGETS)
def test_every_widget_shows_something_with_calls_and_without(slug: str) -> None:
    admin = make.administrator(extension="2001")
    client = client_of(admin)
    if slug == "saved-report":
        saved = SavedReport.objects.create(owner=admin, slug="by-call-type", name="Types", query="period=7d")
        client.post(reverse("add_widgets"), {"report": saved.pk, "zone": "top"})
    else:
        client.post(reverse("add_widgets"), {"widget": slug, "zone": "top"})
    name = frames(client)[0]
    empty = widget(client, name)
    for days in range(3):
        started = MOMENT - timedelta(days=days, hours=2)
        make.record(admin, started_at=started, call_type=CallType.MOBILE)
        make.record(admin, started_at=started, direction=Direction.INCOMING, outcome=Outcome.MISSED)
    add_up()
    cache.clear()
    full = widget(client, name)
    assert empty.strip()
    assert "could not" not in full
    for address in re.findall(r'<p class="widget-more"><a href="([^"]+)"', full):
        shown(client, unescape(address))
    if slug in ("calls-by-type", "calls-per-day", "cost-by-type", "saved-report"):
        assert "widget-chart" in full
        assert "widget-chart" not in empty


def test_figures_are_those_of_the_reports_in_the_readers_scope() -> None:
    sales = make.department("Sales")
    boss, ana, other = (
        make.supervisor(of=sales),
        make.person("ana", extension="2001"),
        make.person("ben", extension="2002"),
    )
    for person, calls, unit in ((ana, 3, sales.pk), (other, 5, None)):
        for _ in range(calls):
            make.record(person, started_at=MOMENT - timedelta(hours=1, seconds=calls), department_id=unit)
    add_up()
    totals = {}
    for person in (ana, boss, make.administrator()):
        figures = re.findall(
            r"<dt>Calls</dt><dd class=\"stat-value\"><bdi>([\d,]+)</bdi>", widget(client_of(person), "key-figures")
        )
        totals[person.username] = int(figures[0])
    assert totals == {"ana": 3, "super": 3, "admin": 8}


def test_how_a_month_will_end_is_told_once_a_working_day_is_over(clock: Any) -> None:
    midnight = datetime(2026, 12, 1, tzinfo=ZoneInfo("Europe/Berlin"))
    clock.move_to(midnight + timedelta(minutes=10))
    admin = make.administrator(extension="2001")
    make.record(admin, started_at=midnight + timedelta(minutes=5))
    add_up()
    client = client_of(admin)
    client.post(reverse("add_widgets"), {"widget": "cost-per-month", "zone": "top"})
    [name] = (one for one in frames(client) if one.startswith("cost-per-month"))
    early = widget(client, name)
    assert "This month: €0." in early
    assert "at this pace" not in early
    clock.move_to(midnight + timedelta(days=1))
    cache.clear()
    assert "at this pace €2.90" in widget(client_of(admin), name)


def test_widgets_are_added_in_a_part_of_the_screen_and_closed_and_brought_back() -> None:
    ana = make.person("ana")
    client = client_of(ana)
    before = frames(client)
    client.post(reverse("add_widgets"), {"widget": ["hour-by-weekday", "cost-by-type"], "zone": "end"})
    added = [one for one in dashboard_of(ana) if one.id not in before]
    assert {(one.widget, one.x, one.w) for one in added} == {("hour-by-weekday", 8, 4), ("cost-by-type", 8, 4)}
    floor = max(one.y + one.h for one in dashboard_of(ana) if one.id in before and one.x + one.w > 8)
    assert sorted(one.y for one in added) == [floor, floor + WIDGETS["hour-by-weekday"].height]
    page = client.post(reverse("close_widget", args=[added[0].id]), follow=True).content.decode()
    assert added[0].id not in frames(client)
    place = re.search(r'name="place" value="([^"]+)"', page)
    assert place is not None
    client.post(reverse("restore_widget"), {"place": place[1]})
    assert added[0] in dashboard_of(ana)
    others = make.person("ben")
    for typed in (place[1], json.dumps({"id": "a/b", "widget": "last-calls"}), "[" * 10_000, "\0"):
        answer = client_of(others).post(reverse("restore_widget"), {"place": typed}, follow=True)
        assert "These are no places" in answer.content.decode()
    assert not Dashboard.objects.filter(owner=others).exists()
    client.post(reverse("close_widget", args=[added[0].id]))
    places = [{"id": f"n{count}", "widget": "last-calls"} for count in range(MOST_WIDGETS)]
    Dashboard.objects.filter(owner=ana).update(places=places)
    client.post(reverse("restore_widget"), {"place": place[1]})
    assert len(dashboard_of(ana)) == MOST_WIDGETS


def test_a_widget_at_the_top_pushes_the_others_down() -> None:
    ana = make.person("ana")
    rows = {one.id: one.y for one in dashboard_of(ana)}
    client_of(ana).post(reverse("add_widgets"), {"widget": "cost-by-type", "zone": "top"})
    places = {one.id: one for one in dashboard_of(ana)}
    height = WIDGETS["cost-by-type"].height
    assert {name: places[name].y for name in rows} == {name: y + height for name, y in rows.items()}


def test_the_arrangement_is_kept_for_the_person_alone() -> None:
    ana, ben = make.person("ana"), make.person("ben")
    wanted = {"my-line": {"x": 0, "y": 0, "w": 6, "h": 2}, "unknown": {"x": 0, "y": 0, "w": 1, "h": 1}}
    answer = client_of(ana).post(reverse("arrange_dashboard"), json.dumps(wanted), content_type="application/json")
    assert answer.status_code == 204
    mine = {one.id: (one.x, one.y, one.w, one.h) for one in dashboard_of(ana)}
    assert mine["my-line"] == (0, 0, 6, 2)
    assert "unknown" not in mine
    assert {one.id: (one.x, one.y) for one in dashboard_of(ben)}["my-line"] == (8, 2)
    client_of(ana).post(reverse("reset_dashboard"))
    assert dashboard_of(ana) == dashboard_of(ben)


@pytest.mark.parametrize(
    "body",
    [
        "", "[]", "7", '{"my-line": 7}', '{"my-line": {"x": 11, "y": 0, "w": 2, "h": 1}}',
        '{"my-line": {"x": -1, "y": 0, "w": 2, "h": 1}}', '{"my-line": {"x": "0", "y": 0, "w": 2, "h": 1}}',
        "[" * 100_000,
        '{"my-line": {"x": 0, "y": 0, "w": true, "h": 1}}', '{"my-line": {"x": 0, "y": 1e400, "w": 1, "h": 1}}',
    ],
)  # fmt: skip
def test_what_is_no_arrangement_is_refused(body: str) -> None:
    ana = make.person("ana")
    answer = client_of(ana).post(reverse("arrange_dashboard"), body, content_type="application/json")
    assert answer.status_code in (204, 400)
    assert {one.id: one.x for one in dashboard_of(ana)}["my-line"] == 8
    assert (answer.status_code == 204) is (body == "[]")


def test_folded_widgets_are_a_line_and_keep_their_height() -> None:
    ana = make.person("ana")
    client = client_of(ana)
    client.post(reverse("fold_widget", args=["calls-per-day"]), {"folded": "1"})
    place = next(one for one in dashboard_of(ana) if one.id == "calls-per-day")
    assert (place.rows, place.h) == (1, WIDGETS["calls-per-day"].height)
    assert f'data-widget="{reverse("widget", args=["calls-per-day"])}"' not in shown(client)
    wanted = {"calls-per-day": {"x": 0, "y": 2, "w": 8, "h": 1}}
    client.post(reverse("arrange_dashboard"), json.dumps(wanted), content_type="application/json")
    client.post(reverse("fold_widget", args=["calls-per-day"]), {"folded": "0"})
    place = next(one for one in dashboard_of(ana) if one.id == "calls-per-day")
    assert place.rows == WIDGETS["calls-per-day"].height


def test_the_period_of_a_widget_is_chosen_in_it() -> None:
    ana = make.person("ana", extension="2001")
    client = client_of(ana)
    make.record(ana, started_at=MOMENT - timedelta(days=1), call_type=CallType.MOBILE)
    add_up()
    path = reverse("choose_widget_period", args=["calls-by-type"])
    assert "widget-chart" not in client.post(path, {"period": "today"}, headers={"HX-Request": "true"}).content.decode()
    assert "widget-chart" in client.post(path, {"period": "yesterday"}, headers={"HX-Request": "true"}).content.decode()
    wrong = client.post(path, {"period": "<b>year"})
    assert (wrong.status_code, wrong["Content-Type"]) == (400, "text/plain; charset=utf-8")
    assert next(one.period for one in dashboard_of(ana) if one.id == "calls-by-type") == "yesterday"


def test_most_called_destinations_go_by_calls_and_not_by_cost() -> None:
    ana = make.person("ana", extension="2001")
    for country, cost in (("FR", "0.10"), ("FR", "0.10"), ("US", "9.00")):
        make.record(ana, country=country, cost=Decimal(cost), started_at=MOMENT - timedelta(days=2))
    add_up()
    inside = widget(client_of(ana), "top-destinations")
    assert inside.index("France") < inside.index("United States")
    assert "9.00" not in inside


def test_nobody_gets_a_widget_that_the_role_does_not_have() -> None:
    ana = make.person("ana")
    client = client_of(ana)
    client.post(reverse("add_widgets"), {"widget": ["collection", "alarms", "top-people"], "zone": "bottom"})
    assert not {"collection", "alarms", "top-people"} & {one.widget for one in dashboard_of(ana)}
    Dashboard.objects.update_or_create(owner=ana, defaults={"places": [{"id": "a", "widget": "collection"}]})
    assert frames(client) == []
    assert client.get(reverse("widget", args=["a"])).status_code == 404
    assert client.get(reverse("widget", args=["nothing"])).status_code == 404
    assert client.post(reverse("begin_dashboard"), {"role": "user"}).status_code == 403


def test_saved_reports_are_shown_as_far_as_they_are_shared() -> None:
    ana, ben = make.person("ana"), make.person("ben")
    saved = SavedReport.objects.create(owner=ben, slug="by-call-type", name="Mine alone", query="period=7d")
    client_of(ana).post(reverse("add_widgets"), {"report": saved.pk, "zone": "top"})
    assert "Mine alone" not in shown(client_of(ana))
    client_of(ben).post(reverse("add_widgets"), {"report": saved.pk, "zone": "top"})
    assert "Mine alone" in shown(client_of(ben))
    SavedReport.objects.update(owner=ana)
    assert "Mine alone" not in shown(client_of(ben))
    saved.delete()
    assert "was deleted" in widget(client_of(ben), frames(client_of(ben))[0])


def test_a_saved_report_tells_times_by_its_own_clock() -> None:
    ana = make.person("ana", extension="2001")
    query = "period=all&columns=time&zone=Asia/Tokyo"
    saved = SavedReport.objects.create(owner=ana, slug="calls", name="Tokyo", query=query)
    client = client_of(ana)
    client.post(reverse("add_widgets"), {"report": saved.pk, "zone": "top"})
    make.record(ana, started_at=make.NOON)
    assert "9:00" in widget(client, frames(client)[0])


def test_numbers_read_in_full_in_a_saved_report_are_recorded() -> None:
    admin = make.administrator()
    saved = SavedReport.objects.create(owner=admin, slug="calls", name="All", query="period=all&columns=other")
    client = client_of(admin)
    client.post(reverse("add_widgets"), {"report": saved.pk, "zone": "top"})
    make.record(make.person("ana"))
    make.masking_rule(Role.USER)
    assert "1234567" in widget(client, frames(client)[0])
    assert AuditEntry.objects.filter(action=AuditedAction.VIEWED, subject_type="calls", actor_id=admin.pk).exists()


def test_administrators_say_with_what_a_role_begins() -> None:
    admin, ana = make.administrator(), make.person("ana")
    client = client_of(admin)
    client.post(reverse("add_widgets"), {"widget": "hour-by-weekday", "zone": "top"})
    client.post(reverse("begin_dashboard"), {"role": "user"})
    assert dashboard_of(ana)[0].widget == "hour-by-weekday"
    assert "collection" not in {one.widget for one in dashboard_of(ana)}
    assert client.post(reverse("begin_dashboard"), {"role": "king"}).status_code == 400


def test_there_is_an_end_to_widgets() -> None:
    ana = make.person("ana")
    client = client_of(ana)
    for _ in range(5):
        answer = client.post(reverse("add_widgets"), {"widget": list(WIDGETS), "zone": "bottom"}, follow=True)
    assert "There is room for" in answer.content.decode()
    assert len(dashboard_of(ana)) <= MOST_WIDGETS


def test_the_wall_shows_the_same_widgets_without_buttons() -> None:
    ana = make.person("ana")
    wall = shown(client_of(ana), reverse("dashboard_wall"))
    assert re.findall(r'gs-id="([\w-]+)"', wall) == frames(client_of(ana))
    assert 'method="post"' not in wall
    assert 'data-clock="Europe/Berlin"' in wall
    client_of(ana).post(reverse("fold_widget", args=["calls-per-day"]), {"folded": "1"})
    wall = shown(client_of(ana), reverse("dashboard_wall"))
    assert 'gs-id="key-figures"' in wall
    assert 'gs-id="calls-per-day"' not in wall
    Dashboard.objects.update(places=[])
    assert "Nothing to display" in shown(client_of(ana), reverse("dashboard_wall"))


def test_what_is_there_already_is_marked_where_widgets_are_added() -> None:
    ana = make.person("ana")
    client = client_of(ana)
    mine = SavedReport.objects.create(name="Mine", slug="calls", owner=ana)
    other = SavedReport.objects.create(name="Other", slug="calls", owner=ana)
    client.post(reverse("add_widgets"), {"report": [str(mine.pk)], "zone": "bottom"})
    marked = {
        value: "On your dashboard" in rest
        for value, rest in re.findall(r'<label><input[^>]* value="([\w-]+)">(.*?)</label>', shown(client))
    }
    assert marked["key-figures"]
    assert not marked["cost-per-month"]
    assert (marked[str(mine.pk)], marked[str(other.pk)]) == (True, False)


def test_alarms_of_deleted_rules_are_not_shown() -> None:
    admin = make.administrator()
    make.record(call_type=CallType.INTERNATIONAL)
    rule = AlarmRule.objects.create(name="Abroad", kind="international", owner=admin, zone="Europe/Berlin")
    run_now(rule, admin)
    alarm = reverse("alarm", args=[Alarm.objects.get().pk])
    assert alarm in widget(client_of(admin), "alarms")
    AlarmRule.objects.update(deleted_at=MOMENT)
    cache.clear()
    assert alarm not in widget(client_of(admin), "alarms")


def test_an_own_line_is_shown_locked_before_a_phone_system_is_set_up_to_bar_calls() -> None:
    ana = make.person("ana", extension="2101")
    client = client_of(ana)
    assert "Phone Lock is not set up" in widget(client, "my-line")
    locking.lock([Extension.objects.get(number="2101").pk], Reason.SELF, Actor(Through.PORTAL, ana))
    shown = widget(client, "my-line")
    assert "Phone Lock is not set up" not in shown
    assert "2101" in shown
