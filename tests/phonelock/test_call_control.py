"""External Call Control as UCM meets it: which calls pass, which are refused, and what is kept of them."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounting.models import Extension, NumberRule, Role, User
from phonelock import call_control
from phonelock.models import AllowedNumber, EngineKind, LineStatus, LockSetUp, Reason, RefusedCall, Through
from phonelock.services import deciding
from phonelock.services.call_rules import BOOK
from phonelock.services.locking import Actor, lines_of, lock, release
from phonelock.services.refusal_log import REFUSALS
from phonelock.services.seeing import views_of
from tests import factories as make
from tests.phonelock.questions import HEADERS, decision_in, question

pytestmark = pytest.mark.usefixtures("call_control")
KEY = "qYv3Jx-Key_of-the-address0123456789abcdefgh"
OUTSIDE = "00301234567"
MOBILE = "001701234567"

Ask = Callable[..., str]


@pytest.fixture
def eva(transactional_db: None) -> User:
    system = make.phone_system(office=make.office(extension_digits=4))
    LockSetUp.objects.create(phone_system=system, engine=EngineKind.CALL_CONTROL, call_control_key=KEY)
    return make.person("eva", extension="2011", last_name="Eva")


@pytest.fixture
def locked(eva: User) -> Extension:
    [pk] = lines_of([eva.pk])
    lock([pk], Reason.SELF, Actor(Through.PORTAL, eva))
    return Extension.objects.get(pk=pk)


@pytest.fixture
def ask(client: Client) -> Ask:
    def asked(calling: str, called: str, **more: str) -> str:
        return decision_in(posted(client, question(calling, called, **more)))

    return asked


def posted(client: Client, body: bytes, key: str = KEY) -> bytes:
    response = client.post(f"/ecc/{key}/", body, content_type="text/xml", headers=HEADERS)
    assert response.status_code == 200
    assert response["Content-Type"] == "text/xml; charset=utf-8"
    return response.content


def test_locked_lines_are_refused_and_others_pass(locked: Extension, ask: Ask) -> None:
    make.person("ola", extension="2012")
    assert ask("2011", OUTSIDE) == "Deny"
    assert ask("2012", OUTSIDE) == "Permit"
    assert ask("9999", OUTSIDE) == "Permit"
    release([locked.pk], Reason.SELF, Actor(Through.PORTAL))
    assert ask("2011", OUTSIDE) == "Permit"


def test_a_lock_whose_end_has_come_refuses_nothing(locked: Extension, ask: Ask) -> None:
    lock([locked.pk], Reason.SELF, Actor(Through.PORTAL), until=timezone.now() - timedelta(seconds=1))
    assert ask("2011", OUTSIDE) == "Permit"
    lock([locked.pk], Reason.TIMETABLE, Actor(Through.TIMETABLE), until=timezone.now() + timedelta(hours=1))
    assert ask("2011", OUTSIDE) == "Deny"


@pytest.mark.parametrize("number", ["112", "0112", "110", "0110", "911", "115#", "2222"])
def test_emergency_numbers_pass_from_locked_lines(number: str, locked: Extension, ask: Ask) -> None:
    NumberRule.objects.create(kind=NumberRule.Kind.EMERGENCY, first="2222", office=make.office())
    assert ask("2011", OUTSIDE) == "Deny"
    assert ask("2011", number) == ("Permit" if number != "115#" else "Deny")


def test_the_number_that_is_sent_on_counts_too(locked: Extension, ask: Ask) -> None:
    assert ask("2011", "0999112", transformed_called="112") == "Permit"
    assert ask("4930902011", OUTSIDE, transformed_calling="2011", device="SEP001122334455") == "Deny"


def test_allowed_numbers_pass_in_every_form(locked: Extension, ask: Ask) -> None:
    AllowedNumber.objects.create(digits="+49301234567")
    AllowedNumber.objects.create(digits="0800", is_prefix=True)
    for number in (OUTSIDE, "0004930123 4567", "\\+49301234567", "008001234567"):
        assert ask("2011", number) == "Permit", number
    assert ask("2011", "003012345678") == "Deny"
    assert ask("2011", MOBILE) == "Deny"


def test_an_office_s_allowed_number_holds_for_its_people_only(eva: User, locked: Extension, ask: Ask) -> None:
    paris = make.office("Paris", country="FR", area_code="", access_code="9")
    AllowedNumber.objects.create(digits=MOBILE, office=paris)
    assert ask("2011", MOBILE) == "Deny"
    make.membership(eva, office=paris)
    assert ask("2011", MOBILE) == "Permit"


@pytest.mark.parametrize(
    ("calling", "device", "decision"),
    [
        ("+49 30 555 2011", "SEP001122334455", "Deny"),
        ("4930552011", "", "Deny"),
        ("+4930552011", "GW-BERLIN", "Permit"),
        ("2011", "GW-BERLIN", "Deny"),
        ("5552012", "", "Permit"),
        ("\\+4930772011", "SEP001122334455", "Permit"),
        ("2011@example.com", "", "Deny"),
    ],
)
def test_callers_are_found_by_their_last_digits(
    calling: str, device: str, decision: str, locked: Extension, ask: Ask
) -> None:
    """The longest own extension counts, and callers behind gateways are not taken for extensions."""
    make.gateway()
    Extension.objects.create(phone_system=locked.phone_system, number="772011")
    assert ask(calling, OUTSIDE, device=device) == decision


def test_one_read_answers_a_question(locked: Extension) -> None:
    AllowedNumber.objects.create(digits=MOBILE, office=make.office())
    BOOK.renew(0)
    body = call_control.read(question("2011", OUTSIDE))
    with CaptureQueriesContext(connection) as asked:
        assert deciding.looked_up(KEY, body).decision == "Deny"
    assert len(asked) == 1


def test_lines_of_another_engine_pass(locked: Extension, ask: Ask) -> None:
    LockSetUp.objects.update(engine=EngineKind.AXL)
    assert ask("2011", OUTSIDE) == "Permit"


def test_releases_of_ucm_write_names_in_their_own_case(locked: Extension, client: Client) -> None:
    body = question("2011", OUTSIDE)
    on_the_wire = body.replace(b"callingnumber", b"CallingNumber").replace(b"AttributeId", b"attributeid")
    assert decision_in(posted(client, on_the_wire)) == "Deny"
    latin = body.replace(b"UCMPolicy", "Réseau".encode("iso-8859-1"))
    assert decision_in(posted(client, latin)) == "Deny"


def test_refused_calls_are_kept_with_holder_and_units(eva: User, locked: Extension, ask: Ask) -> None:
    sales, berlin = make.department(), make.office()
    make.membership(eva, department=sales, office=berlin)
    lock([locked.pk], Reason.BUDGET, Actor(Through.BUDGET))
    began = time.monotonic()
    ask("2011", OUTSIDE, device="SEP001122334455")
    ask("2011", OUTSIDE, device="SEP001122334455")
    ask("2011", MOBILE)
    ask("2011", "112")
    while RefusedCall.objects.count() < 2 and time.monotonic() - began < 5:
        time.sleep(0.02)
    assert time.monotonic() - began < 1.5
    mobile, first = RefusedCall.objects.all()
    assert (first.called, first.device_name, mobile.called) == (OUTSIDE, "SEP001122334455", MOBILE)
    assert (first.user_id, first.department_id, first.office_id) == (eva.pk, sales.pk, berlin.pk)
    assert sorted(first.reasons) == [Reason.BUDGET, Reason.SELF]
    assert (first.number, first.extension_id) == ("2011", locked.pk)


def test_what_is_noted_is_written_when_the_process_ends(locked: Extension, ask: Ask) -> None:
    ask("2011", OUTSIDE)
    REFUSALS.finish()
    assert RefusedCall.objects.get().called == OUTSIDE


def test_ucm_looks_whether_the_portal_is_there(locked: Extension, client: Client) -> None:
    assert decision_in(client.get(f"/ecc/{KEY}/").content) == "NotApplicable"
    assert client.head("/ecc/wrong/").status_code == 404
    REFUSALS.finish()
    assert LockSetUp.objects.get().asked_at is None
    assert client.head(f"/ecc/{KEY}/").status_code == 200
    REFUSALS.finish()
    assert LockSetUp.objects.get().asked_at is not None


def test_a_new_address_bars_nothing_until_ucm_asks_at_it(
    client: Client, ask: Ask, locked: Extension, admin: User
) -> None:
    def status() -> str:
        REFUSALS.finish()
        return views_of([locked])[0].status

    ask("2011", OUTSIDE)
    assert status() == LineStatus.LOCKED
    client.force_login(admin)
    client.post(reverse("new_lock_key", args=[locked.phone_system_id]))
    assert status() == LineStatus.NOT_BARRED
    ask("2011", OUTSIDE)  # the old address is still known to the process
    assert status() == LineStatus.NOT_BARRED
    BOOK.forget()
    posted(client, question("2011", OUTSIDE), LockSetUp.objects.get().call_control_key)
    assert status() == LineStatus.LOCKED


def test_a_new_key_holds_at_once_and_the_old_one_no_more(locked: Extension, client: Client) -> None:
    body = question("2011", OUTSIDE)
    assert decision_in(posted(client, body)) == "Deny"
    set_up = LockSetUp.objects.get()
    set_up.call_control_key = "another-key"
    set_up.save()
    time.sleep(deciding.YOUNG)
    assert decision_in(posted(client, body, "another-key")) == "Deny"
    assert decision_in(posted(client, body)) == "NotApplicable"


def test_nothing_of_the_portal_is_asked_of_ucm(locked: Extension, client: Client) -> None:
    """Neither a host name of the portal, nor https, nor a session; no headers beyond what the answer needs."""
    response = client.post(
        f"/ecc/{KEY}/", question("2011", OUTSIDE), content_type="text/xml", headers={"Host": "10.1.2.3"}
    )
    assert decision_in(response.content) == "Deny"
    assert set(response.headers) == {"Content-Type", "Content-Length"}
    assert not response.cookies


BROKEN = [
    b"", b"<", b"\xff\xfe\x00", b"<Request/>", b"<html><body>no</body></html>", question("", ""), question("2011", ""),
    b"x" * 70_000, question("2011", "0" * 60_000),
    b'<!DOCTYPE Request [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + question("&e;", OUTSIDE).split(b"?>", 1)[1],
    b'<?xml version="1.0" encoding="UTF-16"?>' + question("2011", OUTSIDE).split(b"?>", 1)[1],
    b"<a>" * 20_000, question("2011", OUTSIDE)[:-40],
]  # fmt: skip


@pytest.mark.parametrize("body", BROKEN, ids=range(len(BROKEN)))
def test_what_cannot_be_read_is_answered_all_the_same(body: bytes, locked: Extension, client: Client) -> None:
    assert decision_in(posted(client, body)) in ("NotApplicable", "Deny")


@given(st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_questions_never_break_the_answer(locked: Extension, client: Client, data: Any) -> None:
    body = bytearray(question(data.draw(st.text(max_size=30)).replace("\x00", ""), OUTSIDE, device="SEP1"))
    for _hit in range(data.draw(st.integers(0, 4))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    decision_in(posted(client, bytes(body)))


def test_numbers_that_no_plan_knows_are_only_refused(locked: Extension, ask: Ask) -> None:
    for called in ("*98", "0" * 64, "sip:boss@example.com", "٠٣٠", "+"):
        assert ask("2011", called) == "Deny", called


def test_administrators_never_lose_the_emergency_numbers_of_a_portal_without_offices(ask: Ask) -> None:
    system = make.phone_system("bare")
    LockSetUp.objects.create(phone_system=system, engine=EngineKind.CALL_CONTROL, call_control_key=KEY)
    line = Extension.objects.create(phone_system=system, number="31")
    lock([line.pk], Reason.ADMINISTRATION, Actor(Through.PORTAL, make.person("chief", role=Role.ADMINISTRATOR)))
    assert [ask("31", number) for number in ("112", "911", "0301234567")] == ["Permit", "Permit", "Deny"]
