"""Locks on the displays of phones: sent by the portal, confirmed with its secret, fetched and shown by the phone."""

import http.client
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounting.models import Device, Extension, User
from phonelock.models import EngineKind, LineState, LockSetUp, PhoneDisplay, Reason, Through
from phonelock.services import pushing
from phonelock.services.locking import Actor, lock, release
from phonelock.simulator.phones import Phone
from phonelock.simulator.server import PASSWORD, USERNAME
from phonelock.tasks import show_on_phones
from tests.phonelock.clusters import OWN_CSS, PARTITION, running
from tests.servers import free_port
from tests.xmlservices.conftest import NAME, PIN, Portal, Ring, eventually

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "127.0.0.9"


@pytest.fixture
def line(eva: User, portal: Portal, settings: Any) -> Extension:
    """Eva's line on a phone system whose phones show locks."""
    settings.PHONE_PORT = free_port()
    LockSetUp.objects.update(push=True, phone_networks="10.0.0.0/8, 127.0.0.0/8", phone_address=portal.address)
    return Extension.objects.get(assignments__user=eva)


def registered(line: Extension, **values: Any) -> None:
    """Let the phone's address be known, as RisPort tells it."""
    values = {"address": ADDRESS, "extension": line, "phone_system": line.phone_system} | values
    PhoneDisplay.objects.create(device_name=NAME, **values)


def listening(phone: Phone, settings: Any) -> Phone:
    phone.listen(ADDRESS, settings.PHONE_PORT)
    return phone


def test_a_phone_with_a_status_keeps_the_lock_above_its_calls(ring: Ring, line: Extension, settings: Any) -> None:
    phone = listening(ring("CP-8841"), settings)
    registered(line, model="CP-8841")
    phone.open_services()
    phone.choose(0)
    phone.fill_in(PIN)
    show_on_phones([line.pk])
    assert eventually(lambda: phone.status is not None), PhoneDisplay.objects.get().error
    assert phone.status.findtext("Text") == "Locked: 211"
    assert phone.fault == ""
    row = PhoneDisplay.objects.get()
    assert (row.shown, row.error, row.secret, row.attempts) == (True, "", "", 0)
    assert timedelta(minutes=9) < row.due_at - timezone.now() < timedelta(minutes=11)
    picture, content = phone.asked(phone.status.findtext("URL"))
    assert (picture.status, content[:4]) == (200, b"\x89PNG")
    phone.status = None  # it has restarted
    PhoneDisplay.objects.update(due_at=timezone.now())
    show_on_phones()
    assert eventually(lambda: phone.status is not None)
    release([line.pk], Reason.SELF, Actor(Through.PORTAL))
    show_on_phones([line.pk])
    assert phone.status is None
    row.refresh_from_db()
    assert (row.shown, row.due_at) == (False, None)


@pytest.mark.parametrize("model", ["CP-7821", "CP-7942G", "CP-6941"])
def test_other_phones_show_a_text_while_idle(ring: Ring, line: Extension, settings: Any, model: str) -> None:
    phone = listening(ring(model), settings)
    registered(line)
    lock([line.pk], Reason.SELF, Actor(Through.PORTAL))
    show_on_phones([line.pk])
    assert eventually(lambda: "barred on line 211" in phone.text("Text")), PhoneDisplay.objects.get().error
    row = PhoneDisplay.objects.get()
    assert (row.model, row.shown, row.due_at) == (model, True, None)
    release([line.pk], Reason.SELF, Actor(Through.PORTAL))
    show_on_phones([line.pk])
    assert eventually(lambda: "not locked any more" in phone.text("Text"))


def test_a_lock_that_is_not_confirmed_is_not_shown(line: Extension, eva: User) -> None:
    LockSetUp.objects.update(engine=EngineKind.AXL)
    lock([line.pk], Reason.SELF, Actor(Through.PORTAL, eva))
    show_on_phones([line.pk])
    assert not PhoneDisplay.objects.filter(wanted=True).exists()
    LineState.objects.update(applied=True)
    show_on_phones()
    assert PhoneDisplay.objects.get().wanted, "the sweep finds it, though nobody has said so"
    LockSetUp.objects.update(push=False)
    show_on_phones()
    assert not PhoneDisplay.objects.get().wanted


@pytest.mark.parametrize(
    ("mood", "said"),
    [("refuse", "HTTP status 403"), ("hang", "does not answer"), ("garbage", "is no phone"), ("off", "web access")],
)
def test_what_a_phone_does_not_take_is_sent_again(
    ring: Ring, line: Extension, settings: Any, mood: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pushing, "SECONDS", 0.5)
    phone = ring()
    if mood != "off":
        listening(phone, settings)
        phone.mood = mood
    registered(line, model="CP-8841")
    lock([line.pk], Reason.SELF, Actor(Through.PORTAL))
    show_on_phones([line.pk])
    row = PhoneDisplay.objects.get()
    assert said in row.error
    assert (row.shown, row.attempts, row.working_until) == (None, 1, None)
    assert row.due_at > timezone.now()
    phone.mood = ""
    if mood == "off":
        listening(phone, settings)
    PhoneDisplay.objects.update(due_at=timezone.now())
    show_on_phones()
    row.refresh_from_db()
    assert (row.shown, row.error, row.attempts) == (True, "", 0)


def test_nothing_is_sent_outside_the_networks_or_with_a_wrong_secret(
    ring: Ring, line: Extension, settings: Any, portal: Portal
) -> None:
    phone = listening(ring(), settings)
    phone.authentication = f"{portal.address}/phone/?nowhere"
    registered(line)
    lock([line.pk], Reason.SELF, Actor(Through.PORTAL))
    show_on_phones([line.pk])
    assert "authentication address" in PhoneDisplay.objects.get().error
    phone.authentication = f"{portal.address}/phone/authenticate/"
    assert not phone.is_authorised("callanalytics", "")
    assert not phone.is_authorised("callanalytics", "guessed")
    LockSetUp.objects.update(phone_networks="10.0.0.0/8, nonsense")
    PhoneDisplay.objects.update(due_at=timezone.now())
    show_on_phones()
    assert "in none of the networks" in PhoneDisplay.objects.get().error
    assert phone.took == []


def test_a_secret_is_for_one_phone_and_for_a_moment(ring: Ring, line: Extension) -> None:
    registered(line, secret="once", sent_at=timezone.now())
    assert ring().is_authorised("callanalytics", "once")
    assert not ring(name="SEP00000000BEEF").is_authorised("callanalytics", "once")
    PhoneDisplay.objects.update(sent_at=timezone.now() - timedelta(minutes=1))
    assert not ring().is_authorised("callanalytics", "once")


def test_the_answer_to_a_phone_has_only_the_headers_that_old_phones_read(portal: Portal) -> None:
    parts = urlsplit(portal.address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 0, timeout=5)
    connection.request("GET", "/phone/authenticate/?UserID=callanalytics&Password=x&devicename=SEP1")
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (200, b"UN-AUTHORIZED")
    names = {name.lower() for name, _value in answer.getheaders()}
    assert names <= {"server", "date", "connection", "content-type", "content-length"}
    connection.close()


def test_administrators_see_step_by_step_that_phones_are_served(
    ring: Ring, line: Extension, settings: Any, portal: Portal, admin: User, client: Client
) -> None:
    client.force_login(admin)
    checks, send = (reverse(name, args=[line.phone_system_id]) for name in ("lock_checks", "try_lock_phone"))
    page = client.post(checks).content.decode()
    assert f"{portal.address}/phone/?d=#DEVICENAME#" in page
    assert f"{portal.address}/phone/authenticate/" in page
    assert "No phone of this name" in client.post(send, {"device": "SEP0"}, follow=True).content.decode()
    assert "is not registered" in client.post(send, {"device": NAME}, follow=True).content.decode()
    phone = listening(ring(), settings)
    PhoneDisplay.objects.update(address=ADDRESS, model="CP-8841")
    assert f"{NAME} has taken the message" in client.post(send, {"device": NAME}, follow=True).content.decode()
    assert phone.took == ["Init:AppStatus"]
    LockSetUp.objects.update(phone_address="http://127.0.0.1:9")
    page = client.post(checks).content.decode()
    assert "Nothing answers at http://127.0.0.1:9" in page


@pytest.fixture
def cluster() -> Iterator[str]:
    """What a phone system answers to phones: it knows one program."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = parse_qs(urlsplit(self.path).query)
            known = asked == {"UserID": ["dialler"], "Password": ["right"], "devicename": [NAME]}
            word = b"AUTHORIZED" if known else b"UN-AUTHORIZED"
            self.send_response(200)
            self.send_header("Content-Length", str(len(word)))
            self.end_headers()
            self.wfile.write(word)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (the name of the base class)
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/ccmcip/authenticate.jsp"
        server.shutdown()


def test_other_programs_are_judged_by_the_phone_system(ring: Ring, line: Extension, cluster: str) -> None:
    phone = ring()
    assert not phone.is_authorised("dialler", "right")
    LockSetUp.objects.update(authentication_address=cluster)
    assert phone.is_authorised("dialler", "right")
    assert not phone.is_authorised("dialler", "wrong")


def test_the_phone_system_tells_where_phones_are(ring: Ring, line: Extension, settings: Any, tmp_path: Path) -> None:
    far = "SEP00000000BEEF"
    Device.objects.create(phone_system=line.phone_system, name=far, number="211")
    phone, system = listening(ring(), settings), line.phone_system
    with running(tmp_path / "ucm") as (ucm, port):
        system.address, system.certificate = f"localhost:{port}", ucm.chain.read_text()
        system.axl_username, system.axl_password = USERNAME, PASSWORD
        system.save()
        ucm.cluster.add_line("211", PARTITION, OWN_CSS, (NAME, far))
        known = ucm.cluster.content.phones
        known[NAME].address, known[far].web_server = ADDRESS, False
        lock([line.pk], Reason.SELF, Actor(Through.PORTAL))
        show_on_phones([line.pk])
        assert eventually(lambda: phone.status is not None), PhoneDisplay.objects.values("device_name", "error")
        rows = {row.device_name: row for row in PhoneDisplay.objects.all()}
        assert (rows[NAME].address, rows[NAME].model) == (ADDRESS, "CP-8841")
        assert "web access is switched off" in rows[far].error
        known[far].address = "127.0.0.1"
        LockSetUp.objects.update(match_address=True)
        served, refused = ring(name=far), ring()
        served.open_services()
        refused.open_services()
        assert served.text("Prompt") == "211: locked"
        assert "from another address" in refused.text("Text")


def test_a_phone_of_two_lines_shows_both(ring: Ring, line: Extension, settings: Any, eva: User) -> None:
    other = Extension.objects.create(phone_system=line.phone_system, number="212")
    Device.objects.create(phone_system=line.phone_system, name=NAME, number="212")
    phone = listening(ring("DP-9851"), settings)
    registered(line, model="DP-9851")
    registered(other, model="DP-9851")
    lock([line.pk, other.pk], Reason.ADMINISTRATION, Actor(Through.PORTAL))
    show_on_phones([line.pk, other.pk])
    assert eventually(lambda: phone.status is not None)
    assert phone.status.findtext("Text") == "Locked: 211, 212"
    assert len(phone.took) == 1
    release([line.pk], Reason.ADMINISTRATION, Actor(Through.PORTAL))
    show_on_phones([line.pk])
    assert eventually(lambda: phone.status.findtext("Text") == "Locked: 212")
