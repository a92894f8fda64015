"""The overview of the set-up: what it says is missing, what it leads to, and what it costs."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounting.models import Gateway, GatewayCarrier, LineAssignment, MailServer, Role, Tariff
from tests import factories as make

OVERVIEW = reverse("admin:index")


@pytest.fixture
def ada(client: Client, db: None) -> Any:
    ada = make.administrator(email="ada@example.com")
    client.force_login(ada)
    return ada


def steps(client: Client) -> dict[str, tuple[str, str]]:
    """Return what the page says: by step, its state and its sentence."""
    page = client.get(OVERVIEW).content.decode()
    found = re.findall(r'class="step step-(\w+).*?<h3>(.*?) <span.*?<p>(.*?)</p>', page, re.DOTALL)
    return {title: (state, sentence) for state, title, sentence in found}


def test_a_fresh_installation_invites_to_begin(client: Client, ada: Any) -> None:
    page = client.get(OVERVIEW).content.decode()
    assert "0 of 8 steps done" in page
    assert "Begin with your phone system" in page
    assert f'href="{reverse("admin:accounting_phonesystem_add")}"' in page
    assert [state for state, _text in steps(client).values()] == ["missing"] * 9


def test_every_step_says_what_it_lacks_until_all_are_done(client: Client, ada: Any, settings: Any) -> None:
    berlin = make.office()
    system = make.phone_system("cucm-a", office=berlin)
    silent = make.phone_system("cucm-b", office=berlin)
    make.import_file(phone_system=system)
    ana = make.person(extension="2001")
    unknown = system.extensions.create(number="2002", found_in_calls=True)
    bound = make.gateway("GW-1", phone_system=system, office=berlin)
    Gateway.objects.create(device_name="GW-2", phone_system=system, office=berlin)
    rate = make.rate()
    GatewayCarrier.objects.create(gateway=bound, carrier=rate.tariff.carrier)
    Tariff.objects.update(valid_to=date(2020, 1, 1))
    said = steps(client)
    assert said["Inbox"] == ("look", "No file has arrived yet from cucm-b.")
    assert said["People"][0] == "look"
    assert "1 extension of calls belongs to nobody" in said["People"][1]
    assert said["Gateways"] == ("look", "1 of 2 gateways have no carrier: their calls cannot be priced.") or said[
        "Gateways"
    ] == ("look", "1 of 2 gateway has no carrier: its calls cannot be priced.")
    assert said["Tariffs"] == ("look", "No tariff with rates is in force today for Nordfon.")
    assert said["Mail server"][0] == said["Directory"][0] == "missing"

    make.import_file(phone_system=silent)
    LineAssignment.objects.create(extension=unknown, user=ana)
    Gateway.objects.filter(device_name="GW-2").update(network=Gateway.Network.INTERNAL)
    Tariff.objects.update(valid_to=None)
    MailServer(host="mail.example.com").save()
    settings.LDAP_SERVER_URI = "ldaps://dc1.example.com"
    assert {title for title, (state, _text) in steps(client).items() if state != "done"} == {"Masking"}
    assert "8 of 8 steps done" in client.get(OVERVIEW).content.decode()


def test_the_overview_reads_no_call_and_costs_few_queries(client: Client, ada: Any) -> None:
    make.import_file()
    make.rate()
    make.gateway()
    with CaptureQueriesContext(connection) as few:
        client.get(OVERVIEW)
    for number in range(20):
        make.record(make.person(extension=f"30{number:02}"))
        make.gateway(f"GW-{number}")
    with CaptureQueriesContext(connection) as many:
        client.get(OVERVIEW)
    assert len(many) <= len(few) + 2 <= 35
    assert not [query for query in many if "callrecord" in query["sql"] or "callleg" in query["sql"]]


@pytest.mark.parametrize("role", [Role.USER, Role.SUPERVISOR])
@pytest.mark.parametrize("address", [reverse("test_connection", args=["mail"]), OVERVIEW])
def test_others_neither_see_nor_test(client: Client, db: None, role: str, address: str) -> None:
    client.force_login(make.person(role=role))
    answer = client.post(address) if "tests" in address else client.get(address)
    assert answer.status_code == 403


def test_an_account_that_was_closed_is_out(client: Client, ada: Any) -> None:
    ada.is_active, ada.left_at = False, make.NOON - timedelta(days=1)
    ada.save()
    assert client.get(OVERVIEW).status_code == 302
