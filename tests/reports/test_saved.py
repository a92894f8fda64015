"""Personal reports as people use them: save, run, change, share, duplicate, delete, undo; shortcuts and previews."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounting.models import CallType, Direction, Role, User
from reports.models import ReportUse, SavedReport
from reports.tasks import clear_reports
from tests import factories as make
from tests.reports.test_reports import add_up, rows

pytestmark = pytest.mark.django_db
MOMENT = make.NOON + timedelta(hours=6)
FORM = {"name": "Mobile calls", "description": "For the board", "group": "Closing", "shared_with": ""}


@pytest.fixture(autouse=True)
def clock() -> Any:
    cache.clear()
    with time_machine.travel(MOMENT, tick=False) as clock:
        yield clock


@pytest.fixture
def ana(client: Client) -> User:
    ana = make.person("ana", extension="2001", first_name="Ana", last_name="Brandt")
    client.force_login(ana)
    return ana


def save(client: Client, slug: str = "calls", query: str = "period=all&call_type=mobile", **fields: str) -> SavedReport:
    response = client.post(f"{reverse('save_report', args=[slug])}?{query}", FORM | fields)
    assert response.status_code == 302, response.content.decode()
    return SavedReport.objects.latest("pk")


def page(client: Client, name: str, *args: object, **query: str) -> str:
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == 200, response.content.decode()
    return unescape(response.content.decode())


def refusal(client: Client, saved: SavedReport) -> str:
    response = client.get(reverse("saved_report", args=[saved.pk]))
    assert response.status_code == 400
    return unescape(response.content.decode())


def act(client: Client, view: str, saved: SavedReport, /, **data: str) -> Any:
    return client.post(reverse(view, args=[saved.pk]), data)


def test_a_saved_report_keeps_everything_and_runs_with_one_click(client: Client, ana: User) -> None:
    make.record(ana, call_type=CallType.MOBILE, other_number="+491701")
    make.record(ana, call_type=CallType.LOCAL, other_number="+493011")
    query = "period=all&call_type=mobile&group=number&columns=calls,talk&sort=-talk&chart=column&zone=Asia/Dubai"
    public = page(client, "report", "calls", **dict(part.split("=") for part in query.split("&")))
    button = re.findall(r'href="([^"]+)">[^/]*?<svg(?:(?!</a>).)*Save as my report', public, re.DOTALL)[0]
    form = client.get(button)
    assert "Mobile" in form.content.decode()
    client.post(button, FORM)
    listed = page(client, "reports")
    assert "Closing" in listed
    assert "For the board" in listed
    link = re.findall(r'href="(/reports/mine/\d+/)"><bdi>Mobile calls', listed)[0]
    html = unescape(client.get(link).content.decode())
    assert rows(html) == rows(public)
    assert len(rows(html)) == 2, "one number and the total"
    assert "<h1>Mobile calls</h1>" in html
    assert "Asia/Dubai" in html
    assert 'name="query"' not in html, "there is nothing to save"
    options = client.get(link, {"options": "alone"}).content.decode()
    assert '<option value="column" selected>' in options


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("from=2026-11-01&to=2026-11-03", "Nov 2026 – 3 Nov 2026"),
        ("period=custom", "… – …"),
        ("period=today", "Today"),
        ("from=2026-11-02", "2 Nov 2026 – …"),
    ],
)
def test_periods_of_every_kind_are_kept_and_can_be_replaced(client: Client, ana: User, query: str, told: str) -> None:
    saved = save(client, query=query)
    assert told in page(client, "saved_report", saved.pk)
    assert "Previous month" in page(client, "saved_report", saved.pk, period="last_month")
    other = page(client, "saved_report", saved.pk, **{"from": "", "to": "2026-11-05"})
    assert "… – 5 Nov 2026" in other
    act(client, "change_saved_report", saved, query="period=custom&to=2026-11-05")
    assert "… – 5 Nov 2026" in page(client, "saved_report", saved.pk)


def test_options_change_a_saved_report_only_when_its_changes_are_saved(client: Client, ana: User) -> None:
    make.record(ana, call_type=CallType.MOBILE)
    make.record(ana, call_type=CallType.LOCAL)
    saved = save(client, "outgoing-external")
    address = reverse("saved_report", args=[saved.pk])
    sent = client.get(address, {"form": "1", "period": "all", "call_type": ["mobile", "local"], "kind": "public"})
    assert sent.headers["Location"].startswith(address)
    html = unescape(client.get(sent.headers["Location"]).content.decode())
    assert len(rows(html)) == 2
    assert len(rows(page(client, "saved_report", saved.pk))) == 1
    whole = re.findall(r'name="query" value="([^"]+)"', html)[0]
    assert act(client, "change_saved_report", saved, query=whole).headers["Location"] == address
    html = page(client, "saved_report", saved.pk)
    assert len(rows(html)) == 2
    assert "direction" not in html.partition('class="chips')[2].partition("</ul>")[0].lower()
    assert act(client, "change_saved_report", saved, query="colour=red").status_code == 400


def test_name_group_and_sharing_can_be_edited_and_a_name_is_needed(client: Client, ana: User) -> None:
    saved = save(client)
    assert act(client, "edit_saved_report", saved, **(FORM | {"name": "Other", "group": ""})).status_code == 302
    saved.refresh_from_db()
    assert (saved.name, saved.group) == ("Other", "")
    assert act(client, "edit_saved_report", saved, **(FORM | {"name": " "})).status_code == 200
    saved.refresh_from_db()
    assert saved.name == "Other"


def test_reports_of_others_do_not_exist(client: Client, ana: User) -> None:
    saved = save(client)
    client.force_login(make.administrator())
    for name in ("saved_report", "edit_saved_report"):
        assert client.get(reverse(name, args=[saved.pk])).status_code == 404
    for name in ("edit", "change", "duplicate", "delete", "restore"):
        assert act(client, f"{name}_saved_report", saved, **FORM).status_code == 404
    assert reverse("saved_report", args=[saved.pk]) not in page(client, "reports")
    saved.refresh_from_db()
    assert saved.deleted_at is None


def test_a_report_shared_with_a_department_runs_with_the_readers_own_scope(client: Client, ana: User) -> None:
    sales, elsewhere = make.department("Sales"), make.department("Elsewhere")
    north = make.department("North", sales)
    ben, eve = make.person("ben", extension="2002"), make.person("eve", extension="2003")
    make.membership(ana, department=sales)
    make.membership(ben, department=north)
    make.membership(eve, department=elsewhere)
    make.record(ana, call_type=CallType.MOBILE, other_number="+491701")
    make.record(ben, call_type=CallType.MOBILE, other_number="+491702")
    saved = save(client, shared_with=f"department:{sales.pk}")
    client.force_login(ben)
    listed = page(client, "reports")
    assert "Shared by <bdi>Ana Brandt</bdi>" in listed
    html = page(client, "saved_report", saved.pk)
    assert [row.replace(" ", "").count("+491702") for row in rows(html)] == [1]
    assert 'name="query"' not in page(client, "saved_report", saved.pk, period="today")
    for name in ("edit", "change", "delete"):
        assert act(client, f"{name}_saved_report", saved, **FORM).status_code == 404
    client.force_login(eve)
    assert client.get(reverse("saved_report", args=[saved.pk])).status_code == 404
    membership = ben.memberships.get()
    membership.valid_to = timezone.now()
    membership.save()
    client.force_login(ben)
    assert client.get(reverse("saved_report", args=[saved.pk])).status_code == 404


def test_only_own_and_supervised_units_can_be_shared_with(client: Client, ana: User) -> None:
    sales, other = make.department("Sales"), make.department("Other")
    north, office = make.department("North", sales), make.office()
    make.membership(ana, office=office)
    wanted = {"sales": f"department:{sales.pk}", "north": f"department:{north.pk}", "other": f"department:{other.pk}"}

    def may(unit: str) -> bool:
        answer = client.post(f"{reverse('save_report', args=['calls'])}?period=all", FORM | {"shared_with": unit})
        return answer.status_code == 302

    assert may(f"office:{office.pk}")
    assert not any(may(unit) for unit in wanted.values())
    client.force_login(make.supervisor(of=sales))
    assert [may(unit) for unit in wanted.values()] == [True, True, False]
    client.force_login(make.administrator())
    assert all(may(unit) for unit in wanted.values())
    assert not may("department:999")
    assert not may("role:1")


def test_what_no_longer_holds_is_told_and_nothing_is_shown(client: Client, ana: User) -> None:
    sales = make.department("Sales")
    ben = make.supervisor(of=sales)
    client.force_login(ben)
    make.record(department_id=sales.pk)
    saved = save(client, query=f"period=all&department={sales.pk}")
    assert len(rows(page(client, "saved_report", saved.pk))) == 1
    ben.supervisions.all().delete()
    told = refusal(client, saved)
    assert "“Mobile calls” cannot be run as it is saved" in told
    assert "<tbody>" not in told
    SavedReport.objects.update(query="columns=mood")
    assert "“mood” is no column" in refusal(client, saved)
    SavedReport.objects.update(slug="gone", query="")
    assert "a report that you may not run" in refusal(client, saved)
    assert "You may not run this report any more" in page(client, "reports")
    assert act(client, "delete_saved_report", saved).status_code == 302


def test_reports_of_administrators_shared_with_users_stay_closed(client: Client) -> None:
    sales, ana = make.department("Sales"), make.person("ana")
    make.membership(ana, department=sales)
    client.force_login(make.administrator())
    saved = save(client, "silent-extensions", "", shared_with=f"department:{sales.pk}")
    client.force_login(ana)
    assert "a report that you may not run" in refusal(client, saved)
    assert "Mobile calls" not in page(client, "reports")
    assert act(client, "duplicate_saved_report", saved).status_code == 404


def test_hidden_numbers_are_sealed_and_belong_to_who_chose_them(client: Client) -> None:
    sales = make.department("Sales")
    ben, cem = make.supervisor(of=sales), make.supervisor("cem", of=sales)
    make.masking_rule(digits=4)
    make.membership(cem, department=sales)
    for _ in range(2):
        make.record(department_id=sales.pk, other_number="+493012345678")
    client.force_login(ben)
    link = re.findall(r'<th scope="row"><a href="([^"]+)"', page(client, "report", "most-called-numbers", period="all"))
    query = link[0].partition("?")[2]
    for asked in (query, f"period=all&where=any(talk.ge(1),number.is({re.findall('number=([^&]+)', query)[0]}))"):
        client.force_login(ben)
        saved = save(client, query=asked, shared_with=f"department:{sales.pk}")
        assert "5678" not in saved.query
        assert len(rows(page(client, "saved_report", saved.pk))) == 2
        client.force_login(cem)
        told = refusal(client, saved)
        assert "belongs to another person" in told
        assert "5678" not in told
        assert act(client, "duplicate_saved_report", saved).status_code == 400


def test_a_number_in_full_is_not_told_to_those_from_whom_it_is_hidden(client: Client) -> None:
    sales = make.department("Sales")
    ben = make.supervisor(of=sales)
    make.membership(ben, department=sales)
    make.masking_rule(digits=4)
    make.record(department_id=sales.pk, other_number="+493012345678")
    admin = make.administrator(first_name="Ada", last_name="Lang")
    for asked in ("number=%2B493012345678", "where=not(number.is(004930999988887777))", "number.begins=030123456"):
        client.force_login(admin)
        saved = save(client, query=f"period=all&{asked}", shared_with=f"department:{sales.pk}")
        assert client.get(reverse("saved_report", args=[saved.pk])).status_code == 200
        client.force_login(ben)
        told = refusal(client, saved)
        assert "Ada Lang can run it" in told
        assert not re.search(r"5678|7777|3456", told.partition("<main")[2])
        assert act(client, "duplicate_saved_report", saved).status_code == 400


def test_a_duplicate_is_ones_own_and_shared_with_nobody(client: Client, ana: User) -> None:
    sales, ben = make.department("Sales"), make.person("ben")
    make.membership(ana, department=sales)
    make.membership(ben, department=sales)
    saved = save(client, shared_with=f"department:{sales.pk}")
    client.force_login(ben)
    act(client, "duplicate_saved_report", saved)
    made = SavedReport.objects.get(owner=ben)
    assert (made.name, made.query, made.unit, made.group) == ("Copy of Mobile calls", saved.query, None, "")


def test_a_deleted_report_can_be_brought_back_until_it_is_cleared_away(client: Client, ana: User, clock: Any) -> None:
    saved = save(client)
    address = reverse("saved_report", args=[saved.pk])
    act(client, "delete_saved_report", saved)
    html = page(client, "reports")
    assert "“<bdi>Mobile calls</bdi>” is deleted." in html
    undo = re.findall(r'action="([^"]+)"', html.partition("is deleted.")[2])[0]
    assert client.get(address).status_code == 404
    assert "is deleted." not in page(client, "reports")
    assert "Bring back" in page(client, "reports")
    client.post(undo)
    assert client.get(address).status_code == 200
    act(client, "delete_saved_report", saved)
    clock.shift(timedelta(days=29))
    clear_reports()
    assert SavedReport.objects.filter(pk=saved.pk).exists()
    clock.shift(timedelta(days=2))
    client.force_login(ana)
    assert act(client, "restore_saved_report", saved).status_code == 404
    clear_reports()
    assert not SavedReport.objects.filter(pk=saved.pk).exists()


def test_the_home_page_offers_the_most_used_and_the_own_reports(client: Client, ana: User) -> None:
    def offered() -> list[str]:
        shortcuts = page(client, "home").partition('class="shortcuts"')[2]
        return re.findall(r'<li><a href="/reports/([^"]+)/">', shortcuts)

    assert offered() == ["calls", "by-day", "statement", "missed-calls", "most-called-numbers"]
    for reader in (ana, make.person("ben")):
        client.force_login(reader)
        page(client, "report", "carriers")
        page(client, "report", "carriers", period="all")
    client.force_login(make.administrator())
    for slug in ("unpriced-calls", "by-month"):
        page(client, "report", slug)
    assert ReportUse.objects.get(slug="carriers").count == 2, "trying options counts nothing"
    cache.delete("most-used-reports")
    assert offered()[:3] == ["carriers", "by-month", "unpriced-calls"]
    client.force_login(ana)
    assert offered()[:3] == ["carriers", "by-month", "calls"]
    saved = save(client)
    assert f"mine/{saved.pk}" in offered()
    act(client, "delete_saved_report", saved)
    assert f"mine/{saved.pk}" not in offered()


def test_previews_show_the_readers_own_calls_by_the_readers_masks(client: Client) -> None:
    sales = make.department("Sales")
    ben, ana = make.supervisor(of=sales), make.person("ana", extension="2001")
    make.record(department_id=sales.pk, other_number="+493012345678", direction=Direction.OUTGOING)
    add_up()
    client.force_login(ben)
    assert "5678" in page(client, "report_preview", "calls").replace(" ", "")
    make.masking_rule(Role.SUPERVISOR, 4)
    assert "****" in page(client, "report_preview", "calls")
    assert "<svg" in page(client, "report_preview", "by-day")
    assert "12345678" not in page(client, "report_preview", "most-called-numbers")
    client.force_login(ana)
    assert "Nothing in the last 7 days" in page(client, "report_preview", "calls")
    assert "Nothing in the last 7 days" in page(client, "report_preview", "by-day")
    assert client.get(reverse("report_preview", args=["silent-extensions"])).status_code == 404


def test_a_saved_report_is_exported_with_all_that_is_saved(client: Client, ana: User) -> None:
    make.record(ana, call_type=CallType.MOBILE, other_number="+491701")
    make.record(ana, call_type=CallType.LOCAL, other_number="+493011")
    saved = save(client)
    answer = client.get(reverse("saved_report", args=[saved.pk]), {"export": "csv"})
    written = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert "Mobile calls" in written
    assert "+491701" in written.replace(" ", "")
    assert "+493011" not in written.replace(" ", "")


def test_the_list_asks_as_much_for_many_saved_reports_as_for_one(client: Client, ana: User) -> None:
    sales = make.department("Sales")
    make.membership(ana, department=sales)
    ben = make.person("ben")

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            page(client, "reports")
        return len(queries)

    for owner in (ana, ben):
        SavedReport.objects.create(owner=owner, slug="calls", name="One", department=sales)
    few = asked()
    for number in range(10):
        for owner in (ana, make.person(f"person {number}")):
            SavedReport.objects.create(owner=owner, slug="calls", name=f"{number}", department=sales)
    assert asked() == few


def test_previews_are_kept_for_an_hour(client: Client, ana: User, clock: Any) -> None:
    assert "Nothing" in page(client, "report_preview", "calls")
    make.record(ana)
    assert "Nothing" in page(client, "report_preview", "calls")
    clock.shift(timedelta(minutes=61))
    client.force_login(ana)
    assert "<td" in page(client, "report_preview", "calls")
