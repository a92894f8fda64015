"""One call with all its legs: what the reader may see of it, in words and as a picture."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import formats, timezone

from accounting.models import CallRecord, Carrier, Direction, GatewayCarrier, Kind, Outcome, Pricing, Role, User
from tests import factories as make

CUSTOMER, SUPPLIER = "+493012345678", "+442079468899"


@pytest.fixture
def ana(db: None) -> User:
    return make.person("ana", extension="2001", first_name="Ana", last_name="Ruiz")


def page_of(client: Client, record: CallRecord) -> str:
    response = client.get(reverse("call", args=[record.pk]))
    assert response.status_code == 200
    return str(response.content.decode())


def test_a_call_outside_the_readers_scope_is_not_found(client: Client, ana: User) -> None:
    other = make.record(make.person(extension="2002"))
    client.force_login(ana)
    assert client.get(reverse("call", args=[other.pk])).status_code == 404
    assert client.get("/calls/99999999999999999999999/").status_code == 404


def test_all_legs_are_told_with_parties_cause_and_redirection(client: Client, ana: User) -> None:
    ben = make.person("ben", extension="2002", first_name="Ben", last_name="Adler")
    call = make.record(ana, direction=Direction.INCOMING, other_number=CUSTOMER)
    make.record(ben, call_id=call.call_id, direction=Direction.INCOMING, other_number=CUSTOMER)
    make.leg(call, orig_cause=393216)
    after = call.ended_at
    make.leg(
        call,
        calling=CUSTOMER,
        final_called="2002",
        last_redirect="2001",
        last_redirect_reason=4,
        originated_at=after,
        connected_at=after,
        disconnected_at=after + timedelta(seconds=30),
        dest_cause=16,
    )
    client.force_login(ana)
    page = page_of(client, call)
    crumbs = page.split('<ol class="crumbs">')[1].split("</ol>")[0]
    assert "Call of " in crumbs, "the crumb says which call"
    assert formats.date_format(timezone.localtime(call.started_at), "SHORT_DATE_FORMAT") in crumbs
    for words in (
        "+49 30 12345678",
        "Ana Ruiz",
        "Ben Adler",
        "transferred by",
        "Q.850&nbsp;16",
        "Normal end of the call",
        "Continued after a transfer",
    ):
        assert words in page
    assert page.count('class="timeline-track"') == 2
    assert page.count("<tr aria-current") == 1, "the colleague's part is not the reader's"
    assert '<td class="at-person"><a href' in page
    assert reverse("call", args=[call.pk]) in page


def test_the_time_line_has_clock_times_and_every_phase(client: Client, ana: User) -> None:
    noon = datetime(2026, 7, 1, 10, 0, tzinfo=UTC)  # 12:00 in Berlin
    call = make.record(ana, started_at=noon, answered_at=None, ended_at=noon + timedelta(seconds=200))
    make.leg(
        call,
        originated_at=noon,
        queue_seconds=50,
        connected_at=noon + timedelta(seconds=100),
        disconnected_at=noon + timedelta(seconds=150),
        orig_cause=393216,
    )
    make.leg(
        call,
        originated_at=noon + timedelta(seconds=150),
        connected_at=None,
        disconnected_at=noon + timedelta(seconds=200),
    )
    client.force_login(ana)
    page = page_of(client, call)
    drawn = re.findall(r'<rect class="phase-(\w+)" x="([\d.]+)%" width="([\d.]+)%"><title>', page)
    assert drawn == [
        ("wait", "0.00", "25.00"),
        ("ring", "25.00", "25.00"),
        ("talk", "50.00", "25.00"),
        ("fail", "75.00", "25.00"),
    ]
    assert '<circle class="leg-continued" cx="75.00%"' in page
    assert re.findall(r"<text [^>]*>([\d:]+)</text>", page) == ["12:01:00", "12:02:00", "12:03:00"]
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "ar"
    turned = re.findall(r'<rect class="phase-(\w+)" x="([\d.]+)%" width="[\d.]+%"><title>', page_of(client, call))
    assert turned == [("wait", "75.00"), ("ring", "50.00"), ("talk", "25.00"), ("fail", "0.00")]


def test_parts_of_others_are_not_listed_but_for_their_supervisor(client: Client, ana: User) -> None:
    sales = make.department()
    call = make.record(ana, department_id=sales.pk)
    part = make.record(make.person(extension="2002"), call_id=call.call_id, department_id=sales.pk)
    client.force_login(ana)
    assert reverse("call", args=[part.pk]) not in page_of(client, call)
    client.force_login(make.supervisor(of=sales))
    assert reverse("call", args=[part.pk]) in page_of(client, call)


def test_numbers_of_legs_are_masked_like_those_of_records(client: Client, ana: User) -> None:
    sales = make.department()
    make.masking_rule(Role.SUPERVISOR, 4)
    call = make.record(
        ana,
        department_id=sales.pk,
        other_number=CUSTOMER,
        dialled_number="0012345678",
        connected_number=SUPPLIER,
        original_called=CUSTOMER,
    )
    make.leg(call)
    make.leg(call, calling="2001", final_called=SUPPLIER, original_called=SUPPLIER, outpulsed_called="12345678")
    client.force_login(make.supervisor(of=sales))
    page = page_of(client, call)
    assert "+49 30 1234****" in page
    assert "+44 20 7946 ****" in page
    assert "5678" not in page
    assert "8899" not in page


def test_addresses_in_details_and_legs_are_masked(client: Client, ana: User) -> None:
    sales = make.department()
    make.masking_rule(Role.SUPERVISOR, 4)
    connected, original, of_leg = "2345@sip.example.com", "kate@example.com", "john@example.net"
    call = make.record(
        ana,
        department_id=sales.pk,
        kind=Kind.INTERNAL,
        other_number="2002",
        connected_number=connected,
        original_called=original,
    )
    make.leg(call, calling="2001", final_called=of_leg, original_called=of_leg)
    client.force_login(make.supervisor(of=sales))
    page = page_of(client, call)
    for address in (connected, original, of_leg):
        assert address not in page
        assert f"****{address[4:]}" in page


def test_the_cost_names_its_rate_or_why_it_is_missing(client: Client, ana: User) -> None:
    rate = make.rate(destination="Germany, fixed", carrier="Nordfon", price_per_minute="0.0290", first_increment=60)
    client.force_login(ana)
    page = page_of(client, make.record(ana, rate_id=rate.pk, cost="0.0342"))
    for words in ("€0.0342", "Nordfon", "Business", "Germany, fixed", "+49", "€0.029", "60/1 s"):
        assert words in page
    unpriced = page_of(client, make.record(ana, pricing=Pricing.NO_CARRIER, cost=None, currency=""))
    assert "No price yet" in unpriced
    assert "No carrier at the gateway" in unpriced


def test_the_carrier_of_a_call_after_midnight_is_that_of_its_day_at_the_gateway(client: Client, ana: User) -> None:
    gateway, july = make.gateway(office=make.office()), date(2026, 7, 1)
    for name, days in (("Oldfon", {"valid_to": july}), ("Newfon", {"valid_from": july})):
        GatewayCarrier.objects.create(gateway=gateway, carrier=Carrier.objects.create(name=name), **days)
    in_july = {"gateway_id": gateway.pk, "started_at": datetime(2026, 6, 30, 22, 30, tzinfo=UTC)}
    client.force_login(ana)
    page = page_of(client, make.record(ana, pricing=Pricing.NO_RATE, cost=None, **in_july))
    assert "Newfon" in page
    assert "Oldfon" not in page


def test_an_unanswered_call_says_why(client: Client, ana: User) -> None:
    client.force_login(ana)
    call = make.record(ana, outcome=Outcome.BUSY, cause=1174405137, released_by="R", pricing=Pricing.NOT_CHARGEABLE)
    page = page_of(client, call)
    for words in ("Busy", "Q.850&nbsp;17", "Other side"):
        assert words in page


def test_descriptions_of_codes_and_quality_are_told(client: Client, ana: User) -> None:
    client.force_login(ana)
    page = page_of(
        client,
        make.record(
            ana, authorization_code="Legal1", matter_code="CASE-7", mos=412, jitter_ms=9, latency_ms=31, loss_permille=4
        ),
    )
    for words in ("Legal1", "CASE-7", "4.12", "9 ms", "31 ms", "0.4"):
        assert words in page
