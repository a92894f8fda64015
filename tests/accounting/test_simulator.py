"""“What does this call cost?” and “Why this price?”: the chain of rules, which never disagrees with billing."""

from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounting.models import (
    CallRecord,
    CallType,
    Carrier,
    Direction,
    GatewayCarrier,
    NumberRule,
    Pricing,
    Rate,
    Role,
    Tariff,
    TariffBand,
)
from accounting.views.simulator import address_for
from tests import factories as make

SIMULATOR = reverse("simulator")


@pytest.fixture
def berlin(db: None) -> Tariff:
    """A gateway in Berlin with a carrier since ever and a tariff with one band."""
    gateway = make.gateway(office=make.office())
    carrier = Carrier.objects.create(name="Nordfon")
    GatewayCarrier.objects.create(gateway=gateway, carrier=carrier)
    tariff = Tariff.objects.create(carrier=carrier, name="Business", currency="EUR")
    peak = TariffBand.objects.create(tariff=tariff, name="Peak", days="12345", start=time(8), end=time(18))
    Rate.objects.create(tariff=tariff, prefix="49", destination="Germany", price_per_minute="0.06")
    Rate.objects.create(tariff=tariff, prefix="4930", destination="Berlin", price_per_minute="0.6", band=peak)
    return tariff


@pytest.fixture
def administrator(client: Client, db: None) -> Client:
    client.force_login(make.administrator())
    return client


def ask(client: Client, **values: Any) -> Any:
    query = {"number": "0030123456", "gateway": make.gateway().pk, "duration": "1:30"} | values
    response = client.get(SIMULATOR, query)
    assert response.status_code == 200
    return response


def test_the_whole_chain_is_told(administrator: Client, berlin: Tariff) -> None:
    response = ask(administrator, moment="2026-11-18T17:59:00")
    page = response.content.decode()
    for words in (
        "Read by the public number plan as <bdi>+4930123456</bdi> (<bdi>Germany</bdi>): <bdi>Local</bdi>.",
        "Nordfon", "Europe/Berlin", "band <bdi>Peak</bdi>", "<bdi>4930</bdi>, <bdi>0.60</bdi> per minute", "Berlin",
        "Shorter prefixes that would also meet it:", "€0.90",
    ):  # fmt: skip
        assert words in page
    assert response.context["cost"] == Decimal("0.9")
    after = ask(administrator, moment="2026-11-18T18:00:00")
    assert after.context["cost"] == Decimal("0.09")
    assert "for another band" in after.content.decode()


def test_the_moment_is_by_the_gateways_clock(administrator: Client, berlin: Tariff) -> None:
    london = make.administrator("london", time_zone="Europe/London")
    administrator.force_login(london)
    assert ask(administrator, moment="2026-11-18T08:00:00").context["cost"] == Decimal("0.9")
    skipped = ask(administrator, moment="2026-03-29T01:30:00")
    assert not skipped.context["form"].errors, "an hour that only the reader's clock leaves out is asked for"


@pytest.mark.parametrize(
    ("broken", "words", "page"),
    [
        ("carrier", "has no carrier", "admin:accounting_gateway_change"),
        ("tariff", "has no tariff", "tariffs"),
        ("rate", "No rate meets the number", "admin:accounting_rate_add"),
    ],
)
def test_an_unpriced_call_says_where_the_chain_breaks(
    administrator: Client, berlin: Tariff, broken: str, words: str, page: str
) -> None:
    if broken == "carrier":
        GatewayCarrier.objects.all().delete()
    elif broken == "tariff":
        Tariff.objects.update(valid_to=date(2026, 1, 1))
    response = ask(administrator, number="00033144556677", moment="2026-11-18T12:00:00")
    text = response.content.decode()
    assert words in text
    assert "No price yet" in text
    start = reverse(page, args=[make.gateway().pk]) if page.endswith("change") else reverse(page)
    assert response.context["remedy"].url.startswith(start)
    assert administrator.get(response.context["remedy"].url).status_code == 200


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"number": ""}, "number"),
        ({"gateway": "99999"}, "gateway"),
        ({"gateway": "x"}, "gateway"),
        ({"duration": "1:99"}, "duration"),
        ({"duration": "9999999"}, "duration"),
        ({"duration": "-5"}, "duration"),
        ({"moment": "yesterday"}, "moment"),
        ({"moment": "0001-01-01T00:00:00"}, "moment"),
        ({"direction": "sideways"}, "direction"),
    ],
)
def test_what_cannot_be_asked_is_said_at_its_field(
    administrator: Client, berlin: Tariff, values: dict[str, str], field: str
) -> None:
    response = ask(administrator, **values)
    assert set(response.context["form"].errors) == {field}
    assert "answer" not in response.context


def test_other_tariffs_in_force_are_compared(administrator: Client, berlin: Tariff) -> None:
    make.rate("49", carrier="Südfon", price_per_minute="0.12")
    make.rate("49", carrier="Altfon", price_per_minute="0.30")
    Tariff.objects.filter(carrier__name="Altfon").update(valid_to=date(2026, 1, 1))
    rows = ask(administrator, moment="2026-11-18T20:00:00").context["comparisons"]
    assert [(row.quote.tariff.carrier, row.cost, row.percent, row.is_own) for row in rows] == [
        ("Nordfon", Decimal("0.09"), None, True),
        ("Südfon", Decimal("0.18"), Decimal(100), False),
    ]
    assert [row.width for row in rows] == [500, 1000]


def test_own_rules_and_short_numbers_are_told(administrator: Client, berlin: Tariff) -> None:
    NumberRule.objects.create(kind="override", first="+4930", call_type=CallType.NATIONAL, destination="Head office")
    NumberRule.objects.create(kind="service", first="115")
    page = ask(administrator).content.decode()
    assert "The office's prefix <bdi>+4930</bdi> decides: <bdi>National</bdi>." in page
    assert "Head office" in page
    assert (
        "number rule <bdi>115</bdi> (<bdi>Service or short number</bdi>)"
        in ask(administrator, number="0115").content.decode()
    )
    assert "emergency number" in ask(administrator, number="112").content.decode()
    assert "Calls inside the organisation are not charged." in ask(administrator, number="4711").content.decode()


def test_only_administrators_simulate(client: Client, berlin: Tariff) -> None:
    assert client.get(SIMULATOR).status_code == 302
    client.force_login(make.supervisor(of=make.department()))
    assert client.get(SIMULATOR).status_code == 403


def test_the_simulator_never_disagrees_with_billing(client: Client, db: None, inbox: Path) -> None:
    call_command("seed_demo", people=40, days=3, calls_per_day=400, verbosity=0)
    client.force_login(make.administrator("auditor"))
    priced = CallRecord.objects.filter(carries_trunk=True, answered_at__isnull=False).exclude(
        pricing=Pricing.NOT_CHARGEABLE
    )
    compared = 0
    for record in priced.order_by("?")[:120]:
        address = address_for(record)
        assert address, record
        response = client.get(address)
        answer = response.context["answer"]
        cost = None if record.is_unpriced else record.cost
        assert (answer.price.pricing, response.context["cost"], answer.price.currency) == (
            record.pricing, cost, record.currency,
        ), parse_qs(urlsplit(address).query)  # fmt: skip
        compared += 1
    assert compared > 50


def test_a_calls_page_says_why_it_costs_that_much(client: Client, berlin: Tariff) -> None:
    ana = make.person("ana", extension="2001")
    client.force_login(ana)
    values = {
        "started_at": datetime.fromisoformat("2026-11-18T12:00:00+00:00"), "ring_seconds": 0, "talk_seconds": 60,
        "trunk_seconds": 60, "carries_trunk": True, "gateway_id": make.gateway().pk, "other_number": "+493012345678",
        "call_type": CallType.LOCAL, "country": "DE",
    }  # fmt: skip
    record = make.record(ana, cost=Decimal("0.6"), rate_id=Rate.objects.get(prefix="4930").pk, **values)
    page = client.get(reverse("call", args=[record.pk])).content.decode()
    assert "Longest prefix with a rate: <bdi>4930</bdi>" in page
    assert "have changed since" not in page
    Rate.objects.filter(prefix="4930").update(price_per_minute="0.5")
    page = client.get(reverse("call", args=[record.pk])).content.decode()
    assert "Tariffs or rules have changed since this call was priced." in page
    assert "Today it would cost" in page
    assert "€0.50" in page
    assert SIMULATOR not in page, "the simulator is the administrators'"


def test_why_says_no_digit_that_the_reader_may_not_see(client: Client, berlin: Tariff) -> None:
    sales = make.department()
    ana = make.person("ana", extension="2001")
    Rate.objects.create(tariff=berlin, prefix="493012345678", price_per_minute="1")
    Rate.objects.create(tariff=berlin, prefix="4930123456", price_per_minute="1", valid_to=date(2026, 1, 1))
    make.masking_rule(Role.SUPERVISOR, 4)
    record = make.record(
        ana, department_id=sales.pk, carries_trunk=True, trunk_seconds=60, gateway_id=make.gateway().pk,
        other_number="+493012345678", call_type=CallType.LOCAL, cost=Decimal(1), rate_id=Rate.objects.last().pk,
    )  # fmt: skip
    client.force_login(make.supervisor(of=sales))
    page = client.get(reverse("call", args=[record.pk])).content.decode()
    assert "49301234****" in page
    assert "5678" not in page.replace(reverse("call", args=[record.pk]), "")
    assert "12345" not in page


def test_calls_without_a_say_of_tariffs_are_told_shortly(client: Client, berlin: Tariff) -> None:
    ana = make.person("ana", extension="2001")
    client.force_login(ana)
    free = {"pricing": Pricing.NOT_CHARGEABLE, "cost": Decimal(0), "currency": ""}

    def page_of(**fields: Any) -> str:
        call = make.record(ana, **(free | fields))
        return str(client.get(reverse("call", args=[call.pk])).content.decode())

    assert "Unanswered calls are not charged." in page_of(answered_at=None, talk_seconds=0)
    assert "another part carries the cost" in page_of(carries_trunk=False)
    incoming = page_of(
        direction=Direction.INCOMING, carries_trunk=True, gateway_id=make.gateway().pk, trunk_seconds=60,
        other_number="+493012345678", call_type=CallType.LOCAL,
    )  # fmt: skip
    assert "No rate for incoming calls: not charged." in incoming
