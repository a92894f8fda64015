"""Report pages as people use them: by role, with filters in the address, figures that lead to their calls."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounting.models import (
    CallRecord,
    CallType,
    Carrier,
    Direction,
    ExtensionDay,
    Kind,
    Outcome,
    Pricing,
    Role,
    Tariff,
    User,
)
from reports.catalogue import REPORTS
from tests import factories as make

SAME_COLUMNS = (
    "phone_system_id", "extension", "user_id", "department_id", "cost_centre_id", "office_id", "direction", "kind",
    "outcome", "call_type", "currency", "talk_seconds", "ring_seconds",
)  # fmt: skip
EXAMPLE = {
    "kind": "public",
    "from": "2021-02-01",
    "to": "2021-03-24",
    "extension": "211,729,731",
    "direction": "outgoing,incoming",
    "outcome": "answered",
    "call_type": "international",
    "where": "any(number.is(006599775544),talk.ge(20))",
    "zone": "US/Eastern",
}


@pytest.fixture
def admin(client: Client, db: None) -> User:
    user = make.administrator()
    client.force_login(user)
    return user


def add_up() -> None:
    """Write the totals of all records, as an import does."""
    zone = ZoneInfo(settings.TIME_ZONE)
    for record in CallRecord.objects.all():
        same = {name: getattr(record, name) for name in SAME_COLUMNS}
        day = record.started_at.astimezone(zone).date()
        unpriced = int(record.is_unpriced)
        ExtensionDay.objects.create(day=day, calls=1, unpriced=unpriced, **(same | {"cost": record.cost or 0}))


def page(client: Client, slug: str, **query: str) -> str:
    response = client.get(reverse("report", args=[slug]), query)
    assert response.status_code == 200, response.content.decode()
    return response.content.decode()


def rows(html: str) -> list[str]:
    """Return the text of each row of the report's table, blanks as one."""
    table = html.partition("<tbody>")[2].partition("</table>")[0]
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", f"<tr{row}")).split()) for row in table.split("<tr")[1:]]


@pytest.mark.parametrize("slug", REPORTS)
@pytest.mark.parametrize("role", Role.values)
def test_every_report_runs_for_everyone_who_may(client: Client, db: None, slug: str, role: str) -> None:
    reader = make.person("reader", extension="2001", role=role)
    make.record(reader)
    make.record(
        direction=Direction.INCOMING, outcome=Outcome.MISSED, gateway_id=make.gateway(channels=2).pk, carries_trunk=True
    )
    client.force_login(reader)
    allowed = REPORTS[slug].permission(reader)
    assert client.get(reverse("report", args=[slug])).status_code == (200 if allowed else 404)
    assert (reverse("report", args=[slug]) in client.get(reverse("reports")).content.decode()) == allowed


def test_the_manuals_example_finds_exactly_its_calls(client: Client, admin: User) -> None:
    def call(number: str, **changes: object) -> None:
        started = {"started_at": datetime(2021, 3, 1, 15, tzinfo=UTC)}
        fields = {"extension": "211", "call_type": CallType.INTERNATIONAL, "talk_seconds": 60} | started | changes
        make.record(other_number=number, **fields)

    call("+6599775544", talk_seconds=5)
    call("+33144556677", talk_seconds=20)
    call("+33100000001", talk_seconds=19)
    call("+33100000002", extension="212")
    call("+33100000003", kind=Kind.INTERNAL)
    call("+33100000004", call_type=CallType.NATIONAL)
    call("+33100000005", outcome=Outcome.MISSED, talk_seconds=60)
    # 24 March ends at 4:00 UTC of the 25th in New York, which has summer time already.
    call("+33199999991", extension="731", started_at=datetime(2021, 3, 25, 3, 59, tzinfo=UTC))
    call("+33199999992", extension="731", started_at=datetime(2021, 3, 25, 4, 0, tzinfo=UTC))
    call("+33199999993", extension="729", started_at=datetime(2021, 2, 1, 5, 0, tzinfo=UTC))
    call("+33199999994", extension="729", started_at=datetime(2021, 2, 1, 4, 59, tzinfo=UTC))
    html = page(client, "calls", **EXAMPLE)
    found = set(re.findall(r"\+[\d ]+(?= 0:)", " ".join(rows(html))))
    assert {number.replace(" ", "") for number in found} == {
        "+6599775544",
        "+33144556677",
        "+33199999991",
        "+33199999993",
    }
    assert "Talk time at least 0:00:20" in html
    assert "US/Eastern" in html


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({"departement": "1"}, "“departement” is no filter"),
        ({"talk.ge": "soon"}, "“soon” is no value of “Talk time”"),
        ({"talk.begins": "2"}, "cannot be compared"),
        ({"where": "any(talk.ge(20)"}, "cannot be read at character"),
        ({"where": "colour.is(red)"}, "“colour” is no filter"),
        ({"group": "mood"}, "nothing that a report can group by"),
        ({"group": "day,hour,person,number"}, "at most 3 levels"),
        ({"columns": "calls"}, "does not go with this grouping"),
        ({"period": "yesteryear"}, "is no period"),
        ({"zone": "Mars/Base"}, "is not a time zone"),
        ({"from": "2026-12-01", "to": "2026-11-01"}, "after the last one"),
        ({"top": "-3"}, "is no number between"),
        ({"department": "99"}, "is no value of “Department”"),
        ({"number.contains": "\0"}, "is no value"),
        ({"department": "9" * 5000}, "The"),
        ({"gateway": "9" * 25}, "is no value of “Gateway”"),
        ({"person": "id:" + "9" * 25}, "is no value of “Person”"),
        ({"top": "1" + "0" * 5000}, "is no number between"),
        ({"top": "000000001" + "0" * 20}, "is no number between"),
        ({"hour": "1" * 4500}, "is no value of “Hour”"),
        ({"day": "9999-12-31"}, "is no value of “Day”"),
        ({"destination": '"\\ud800"'}, "cannot be read at character"),
    ],
)
def test_what_is_wrong_in_an_address_is_refused_and_named(
    client: Client, admin: User, query: dict[str, str], problem: str
) -> None:
    response = client.get(reverse("report", args=["calls"]), query)
    assert response.status_code == 400
    assert problem in unescape(response.content.decode())


def test_every_figure_leads_to_its_calls(client: Client, admin: User) -> None:
    for place in range(9):
        make.record(
            department_id=make.department(f"Unit {place % 3}").pk if place % 4 else None,
            call_type=(CallType.LOCAL, CallType.MOBILE)[place % 2],
            other_number=f"+4930{place % 5}",
            started_at=datetime(2026, 11, 1 + place, 12, tzinfo=UTC),
        )
    add_up()
    query = {"from": "2026-11-02", "to": "2026-11-08", "columns": "calls"}
    for group in ("department,call_type", "number", "day", "week,direction", "month", "hour", "person", "outcome"):
        html = page(client, "cost-by-department", group=group, **query)
        body = html.partition("<tbody>")[2].partition("</table>")[0]
        found = re.findall(r'<th scope="row"><a href="([^"]+)">(?:.|\n)*?<td class="end"[^>]*><a[^>]*>(\d+)', body)
        assert len(found) > 1, group
        for address, figure in found:
            calls = client.get(unescape(address)).content.decode()
            assert len(rows(calls)) == int(figure), (group, address)


@pytest.mark.parametrize(
    ("slug", "query"),
    [
        ("answering-by-department", {"columns": "calls,answered,missed,in_time,unpriced", "target": "12"}),
        ("busiest-people", {"group": "department", "columns": "incoming,outgoing,unanswered", "chart": "stacked"}),
        ("voice-quality", {"group": "department", "columns": "calls,rated,good,poor", "chart": "stacked"}),
        ("answered-in-time", {"columns": "in_time,in_time_rate"}),
    ],
)
def test_figures_and_marks_of_some_calls_lead_to_exactly_these(
    client: Client, admin: User, slug: str, query: dict[str, str]
) -> None:
    unit = make.department("Sales").pk
    for place in range(24):
        make.record(
            department_id=unit,
            direction=(Direction.INCOMING, Direction.OUTGOING)[place % 4 == 0],
            outcome=(Outcome.ANSWERED, Outcome.MISSED, Outcome.ANSWERED, Outcome.VOICEMAIL, Outcome.ANSWERED)[
                place % 5
            ],
            ring_seconds=place,
            mos=(None, 420, 300, 360)[place % 4],
            **({"pricing": Pricing.NO_RATE, "cost": None} if place % 6 == 1 else {}),
        )
    add_up()
    html = page(client, slug, period="all", **query)
    figures = re.findall(r'<td class="end"[^>]*><a href="([^"]+)">(\d+)</a>', html)
    marks = re.findall(
        r'<a href="([^"]+)" aria-label="[^"]*?(?:Answered|Missed|Incoming|Outgoing|quality)[^"]*? (\d+)"', html
    )
    assert len(figures) >= 2
    assert len(marks) == 2 or slug == "answered-in-time"
    for address, figure in figures + marks:
        assert len(rows(client.get(unescape(address)).content.decode())) == int(figure), address


def test_the_calls_behind_a_department_are_not_those_of_departments_below_it(client: Client, admin: User) -> None:
    company = make.department("Company")
    sales = make.department("Sales", parent=company)
    for unit, calls in ((company, 1), (sales, 2), (make.department("Export", parent=sales), 3)):
        for _ in range(calls):
            make.record(department_id=unit.pk)
    add_up()
    html = page(client, "cost-by-department", period="all")
    body = html.partition("<tbody>")[2].partition("</tbody>")[0]
    found = re.findall(r'<th scope="row"><a href="([^"]+)">(?:.|\n)*?<td class="end"[^>]*><a[^>]*>(\d+)', body)
    assert sorted(figure for _address, figure in found) == ["1", "2", "3"]
    for address, figure in found:
        assert len(rows(client.get(unescape(address)).content.decode())) == int(figure), address


def test_texts_stand_in_one_order_whatever_the_language_of_the_database_server(client: Client, admin: User) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute('ALTER TABLE accounting_callrecord ALTER destination TYPE varchar(60) COLLATE "de-x-icu"')
    for destination in ("bonn", "Bonn", "Aachen", "aachen"):
        make.record(destination=destination)
    listed = rows(page(client, "calls", period="all", sort="destination", columns="destination"))
    assert [row.split()[-1] for row in listed] == ["Aachen", "Bonn", "aachen", "bonn"]


def test_lifting_a_filter_of_the_report_and_sending_its_form(client: Client, admin: User) -> None:
    make.record()
    make.record(direction=Direction.INCOMING)
    address = reverse("report", args=["outgoing-external"])
    assert len(rows(page(client, "outgoing-external", period="all"))) == 1
    sent = client.get(
        address, {"form": "1", "period": "all", "kind": ["public"], "kind.op": "is", "talk": "10", "talk.op": "ge"}
    )
    assert sent.status_code == 302
    assert "direction=&" in sent.headers["Location"] or sent.headers["Location"].endswith("direction=")
    assert len(rows(client.get(sent.headers["Location"]).content.decode())) == 2


def test_hidden_digits_stay_hidden_in_tables_links_and_charts(client: Client, db: None) -> None:
    sales = make.department("Sales")
    ben = make.supervisor(of=sales)
    make.masking_rule(digits=4)
    for _ in range(3):
        make.record(department_id=sales.pk, other_number="+493012345678")
    client.force_login(ben)
    html = page(client, "most-called-numbers", period="all")
    assert "5678" not in html
    assert "****" in html
    link = unescape(re.findall(r'<th scope="row"><a href="([^"]+)"', html)[0])
    assert len(rows(client.get(link).content.decode())) == 3
    refused = client.get(reverse("report", args=["calls"]), {"number.contains": "5678"})
    assert refused.status_code == 400


def test_a_supervisor_and_a_user_see_their_scope_only(client: Client, db: None) -> None:
    sales, other = make.department("Sales"), make.department("Other")
    ben, ana = make.supervisor(of=sales), make.person("ana", extension="2001")
    make.record(department_id=sales.pk)
    make.record(department_id=other.pk)
    make.record(ana, department_id=sales.pk)
    for reader, calls in ((ben, 2), (ana, 1)):
        client.force_login(reader)
        assert len(rows(page(client, "calls", period="all"))) == calls
        refused = client.get(reverse("report", args=["calls"]), {"department": str(other.pk)})
        assert refused.status_code == 400


def test_an_id_in_the_address_names_nobody_outside_of_the_scope(client: Client, db: None) -> None:
    sales = make.department("Sales")
    ben, stranger = make.supervisor(of=sales), make.person("mallory", first_name="Mallory")
    owner = make.person("olga", first_name="Olga")
    make.record(owner, department_id=sales.pk, extension="2001")
    client.force_login(ben)
    address = reverse("report", args=["calls"])
    refused = client.get(address, {"person": f"id:{stranger.pk}"})
    assert refused.status_code == 400
    assert "Mallory" not in refused.content.decode()
    assert len(rows(page(client, "calls", person=f"id:{owner.pk}", period="all"))) == 1


@time_machine.travel(make.NOON + timedelta(hours=1), tick=False)
def test_totals_agree_with_the_home_page(client: Client, db: None) -> None:
    ana = make.person("ana", extension="2001")
    for outcome in (Outcome.ANSWERED, Outcome.ANSWERED, Outcome.MISSED):
        make.record(ana, direction=Direction.INCOMING, outcome=outcome)
    add_up()
    client.force_login(ana)
    home = client.get(reverse("home"), {"period": "30d"}).content.decode()
    figures = re.findall(r'<dd class="stat-value">(?:<[^>]+>)*([^<]*)', home)
    total = rows(page(client, "by-day", period="30d", columns="answered,missed,mean_talk"))[-1]
    assert total.split()[1:] == [figures[0], figures[1], figures[3]]


def test_amounts_of_several_currencies_are_never_added(client: Client, admin: User) -> None:
    make.record(currency="EUR")
    make.record(currency="GBP")
    add_up()
    total = rows(page(client, "cost-by-extension", period="all"))[-1]
    assert "€0.12" in total
    assert "£0.12" in total
    assert "0.24" not in total


def test_calls_of_one_carrier(client: Client, admin: User) -> None:
    ours, theirs = make.rate("49"), make.rate("44")
    theirs.tariff = Tariff.objects.create(carrier=Carrier.objects.create(name="Other"), name="Other", currency="EUR")
    theirs.save()
    every = {"+49 30 111222": ours, "+44 20 7946 0000": theirs, "2001": None}
    for number, rate in every.items():
        make.record(rate_id=rate and rate.pk, other_number=number.replace(" ", ""), call_type=CallType.INTERNATIONAL)
    carrier = str(ours.tariff.carrier_id)
    for filters, numbers in (
        ({"carrier": carrier}, {"+49 30 111222"}),
        ({"carrier.not": carrier}, {"+44 20 7946 0000", "2001"}),
        ({"carrier": "none"}, {"2001"}),
    ):
        table = " ".join(rows(page(client, "calls", period="all", columns="time,other", **filters)))
        assert {number for number in every if number in table} == numbers, filters
