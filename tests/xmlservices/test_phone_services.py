"""What people do at desk phones: phones that read strictly, and the web server of production."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounting.models import Device, Direction, LineAssignment, Outcome, Purpose, User
from phonelock.models import Lock, LockEvent, LockSetUp, PhoneForm, Pin, Reason, Through
from phonelock.services import locking, pins
from phonelock.services.locking import Actor
from phonelock.simulator.phone_xml import read
from phonelock.simulator.phones import MODELS
from tests import factories as make
from tests.xmlservices.conftest import NAME, PIN, Portal, Ring, give_phone
from xmlservices.tasks import clear_forms

pytestmark = pytest.mark.django_db(transaction=True)
ITEMS = ["Lock line 211", "Change PIN", "My last calls", "My missed calls", "My budget"]


def items_of(phone: object) -> list[str]:
    return [item.findtext("Name") for item in phone.shown.findall("MenuItem")]  # type: ignore[attr-defined]


@pytest.mark.parametrize("model", MODELS)
def test_a_line_is_locked_and_unlocked_at_any_phone(ring: Ring, eva: User, model: str) -> None:
    phone = ring(model)
    phone.open_services()
    assert phone.fault == ""
    assert items_of(phone) == ITEMS
    assert phone.text("Prompt") == "211: unlocked"
    phone.choose(0)
    phone.fill_in(PIN)
    assert phone.fault == ""
    assert phone.text("Prompt") == "211: locked"
    assert list(Lock.objects.values_list("number", "reason")) == [("211", Reason.SELF)]
    phone.back()
    assert phone.text("Prompt") == "211: locked", "Back leads to the menu, not to the form"
    phone.choose(0)
    phone.fill_in(PIN)
    assert phone.text("Prompt") == "211: unlocked"
    assert not Lock.objects.exists()
    told = LockEvent.objects.exclude(reason="").values_list("through", "by")
    assert set(told) == {(Through.PHONE, "Eva Żak")}


def test_a_form_is_taken_once_and_wrong_pins_block(ring: Ring, eva: User) -> None:
    phone = ring("CP-7942G")
    phone.open_services()
    phone.choose(0)
    address = phone.text("URL")
    phone.fill_in("9999")
    assert phone.text("Prompt") == "Wrong PIN. Try again."
    phone.go(f"{address}&pin={PIN}")
    assert "no longer valid" in phone.text("Text")
    assert not Lock.objects.exists()
    for _try in range(3):
        phone.open_services()
        phone.choose(0)
        phone.fill_in("9999")
    phone.fill_in("9999")
    assert "blocked until" in phone.text("Text")
    phone.open_services()
    phone.choose(0)
    assert "blocked until" in phone.text("Text")


def test_other_reasons_hold_on_and_are_explained(ring: Ring, eva: User, admin: User) -> None:
    line = LineAssignment.objects.get(user=eva).extension
    locking.lock([line.pk], Reason.SELF, Actor(Through.PORTAL, eva))
    locking.lock([line.pk], Reason.ADMINISTRATION, Actor(Through.PORTAL, admin))
    phone = ring()
    phone.open_services()
    assert items_of(phone) == ["Unlock line 211", *ITEMS[1:], "Why is it locked?"]
    phone.choose(0)
    phone.fill_in(PIN)
    assert phone.text("Prompt") == "211: locked"
    assert "stays locked" in phone.text("Text")
    assert "the administration" in phone.text("Text")
    assert Lock.objects.get().reason == Reason.ADMINISTRATION
    phone.back()
    phone.choose(5)
    assert "the administration" in phone.text("Text")


def test_the_pin_is_changed_with_the_present_one(ring: Ring, eva: User) -> None:
    phone = ring("CP-6941")
    for present, new, again, said in (
        (PIN, "8052", "8053", "The new PINs differ."),
        (PIN, "1111", "1111", "Too easy to guess."),
        (PIN, "80", "80", "4 to 12 digits, please."),
        ("4712", "8052", "8052", "Wrong PIN. Try again."),
    ):
        phone.open_services()
        phone.choose(1)
        phone.fill_in(present, new, again)
        assert phone.text("Prompt") == said
    phone.fill_in(PIN, "8052", "8052")
    assert phone.text("Text") == "Your PIN is changed."
    assert pins.check_pin(eva, "8052", Actor(Through.PORTAL, eva)).right
    assert Pin.objects.get().failures == 0


def test_every_failure_is_a_page(ring: Ring, portal: Portal, eva: User) -> None:
    phone = ring("CP-7921G", "SEP00000000DEAD")
    phone.open_services()
    assert "SEP00000000DEAD is not known" in phone.text("Text")
    phone.go(f"{portal.address}/phone/?d=%00%3Cb%3E")
    assert "must end with ?d=#DEVICENAME#" in phone.text("Text")
    phone.go(f"{portal.address}/phone/no/such/page/")
    assert "no such page" in phone.text("Text")
    phone.go(f"{portal.address}/phone/do/?t=x&pin=1")
    assert "no longer valid" in phone.text("Text")
    phone = ring("CP-7921G")
    Pin.objects.all().delete()
    phone.open_services()
    phone.choose(0)
    assert "You have no PIN yet" in phone.text("Text")
    LockSetUp.objects.update(match_address=True)
    phone.open_services()
    assert "from another address" in phone.text("Text")
    LockSetUp.objects.update(match_address=False)
    line = LineAssignment.objects.get().extension
    LockSetUp.objects.update(phone_address="http://" + "x" * 190)
    Device.objects.create(phone_system=line.phone_system, name="X" * 64, number="211")
    phone.go(f"{portal.address}/phone/?d={'X' * 64}&pin=77331199")
    assert "cannot be answered now" in phone.text("Text")
    log = portal.log.read_text()
    assert "is too long for phones" in log
    assert "77331199" not in log
    LockSetUp.objects.update(phone_address="")
    LineAssignment.objects.all().delete()
    phone.open_services()
    assert "held by nobody" in phone.text("Text")


def test_a_phone_with_two_lines_asks_which(ring: Ring, eva: User) -> None:
    ben = make.person("ben", extension="212", first_name="Łukasz", last_name="Ćwikła")
    line = give_phone(ben, NAME)
    pins.set_pin(ben, "5093", Actor(Through.PORTAL, ben))
    phone = ring("CP-7921G")
    phone.open_services()
    assert items_of(phone) == ["211 Eva Zak", "212 Lukasz Cwikla"]
    phone.choose(1)
    phone.choose(0)
    phone.fill_in(PIN)
    assert phone.text("Prompt") == "Wrong PIN. Try again."
    phone.fill_in("5093")
    assert Lock.objects.get().extension == line
    Device.objects.filter(number="212").delete()
    phone.back()
    assert "does not have that line any more" in phone.text("Text")


def test_calls_are_listed_to_be_dialled_after_the_pin(ring: Ring, eva: User) -> None:
    now, berlin = timezone.now(), make.office()
    make.masking_rule(role="user", digits=3, own_calls=True, direction=Direction.INCOMING)
    shared = {"office_id": berlin.pk, "started_at": now - timedelta(hours=1)}
    make.record(eva, other_number="+41446681800", **shared)
    make.record(eva, direction=Direction.INCOMING, outcome=Outcome.MISSED, other_number="+4930765432", **shared)
    make.record(eva, other_number="+49301112233", purpose=Purpose.MARKED, **shared)
    phone = ring("CP-7821")
    phone.open_services()
    phone.choose(2)
    phone.fill_in(PIN)
    entries = [(one.findtext("Name"), one.findtext("Telephone")) for one in phone.shown.findall("DirectoryEntry")]
    assert sorted(number or "" for _name, number in entries) == ["", "00041446681800", "00301112233"]
    assert any(name.startswith("+49 30 765***") or "***" in name for name, number in entries if not number)
    phone.back()
    phone.choose(3)
    phone.fill_in(PIN)
    assert len(phone.shown.findall("DirectoryEntry")) == 1
    phone.back()
    phone.choose(4)
    phone.fill_in(PIN)
    assert phone.text("Text") == "You have no budget."
    LockSetUp.objects.update(pin_for_calls=False)
    phone.back()
    phone.choose(2)
    names = [one.findtext("Name") for one in phone.shown.findall("DirectoryEntry")]
    assert sum(name.startswith("Private") for name in names) == 1
    LockSetUp.objects.update(pin_for_calls=True)
    Pin.objects.update(is_temporary=True)
    phone.back()
    phone.choose(2)
    phone.fill_in(PIN)
    names = [one.findtext("Name") for one in phone.shown.findall("DirectoryEntry")]
    assert sum(name.startswith("Private") for name in names) == 1, "whoever gave the PIN may be at the phone"


def test_pins_are_in_no_log(ring: Ring, portal: Portal, eva: User) -> None:
    phone = ring("CP-7942G")
    phone.open_services()
    phone.choose(0)
    phone.fill_in("88441177")
    phone.fill_in(PIN)
    log = portal.log.read_text()
    assert "GET /phone/do/" in log
    assert "88441177" not in log
    assert PIN not in log
    assert "/phone/?d=" not in log


STRANGE = st.dictionaries(
    st.sampled_from(["d", "name", "l", "w", "t", "pin", "new", "again", "UserID", "Password", "devicename"]),
    st.one_of(st.text(max_size=40), st.sampled_from([NAME, "1", "calls", "\0", "%", "callanalytics"])),
)
PLACES = ["phone_services", "phone_lock", "phone_pin", "phone_list", "phone_state", "phone_form", "phone_status"]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.sampled_from([*PLACES, "phone_authentication"]), asked=STRANGE, post=st.booleans())
def test_whatever_is_sent_gets_an_answer_that_a_phone_can_show(
    client: Client, eva: User, place: str, asked: dict[str, str], post: bool
) -> None:
    answer = client.post(reverse(place), asked) if post else client.get(reverse(place), asked)
    assert answer.status_code == 200
    if place == "phone_authentication":
        assert answer.content == b"UN-AUTHORIZED"
    else:
        assert read(answer.content, "utf-8") is not None


def test_a_query_without_end_is_answered_with_a_page() -> None:
    for path in ("/phone/", "/phone/do/", "/phone/nowhere/", "/phone/authenticate/"):
        answer = Client().get(f"{path}?{'&'.join(['a=1'] * 1100)}")
        assert answer.status_code == 200, path
        assert b"incomplete" in answer.content or path != "/phone/"


def test_many_wrong_pins_stop_their_address(ring: Ring, eva: User) -> None:
    line, now = LineAssignment.objects.get().extension, timezone.now()
    PhoneForm.objects.bulk_create(
        PhoneForm(
            token=f"t{place}", purpose="lock", device_name=f"SEP{place}", address="127.0.0.1", extension=line, user=eva,
            used_at=now, failed=True,
        )
        for place in range(60)
    )  # fmt: skip
    phone = ring()
    phone.open_services()
    phone.choose(0)
    assert "Too many wrong PINs came from here" in phone.text("Text")
    PhoneForm.objects.update(used_at=now - timedelta(minutes=11), made_at=now - timedelta(hours=3))
    phone.open_services()
    phone.choose(0)
    assert phone.text("Prompt") == "Enter your PIN"
    clear_forms()
    assert PhoneForm.objects.count() == 1
