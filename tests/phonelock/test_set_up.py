"""Phone Lock in the set-up: engines of phone systems, their checks, and numbers that always pass."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounting.models import Extension, PhoneSystem
from phonelock.models import AllowedNumber, EngineKind, LockSetUp, Reason, Through
from phonelock.services.locking import Actor, lock
from tests import factories as make
from tests.phonelock.questions import decision_in, question

pytestmark = pytest.mark.django_db


@pytest.fixture
def system() -> PhoneSystem:
    return make.phone_system(office=make.office(extension_digits=4))


@pytest.fixture
def portal(client: Client) -> Client:
    client.force_login(make.administrator())
    return client


def entered(**values: Any) -> dict[str, Any]:
    fields = {"engine": "ecc", "on_failure": "permit", "axl_schema": "14.0", "reconcile_minutes": 15}
    return fields | {"push_again_minutes": 10} | values


def test_an_engine_is_chosen_and_its_address_is_made(portal: Client, system: PhoneSystem) -> None:
    page = reverse("lock_set_up_form", args=[system.pk])
    assert portal.get(page).status_code == 200
    assert not LockSetUp.objects.exists()
    assert portal.post(page, entered(on_failure="deny")).url == page
    set_up = LockSetUp.objects.get()
    assert (set_up.engine, set_up.on_failure) == (EngineKind.CALL_CONTROL, "deny")
    assert len(set_up.call_control_key) >= 32
    assert f"/ecc/{set_up.call_control_key}/" in portal.get(page).content.decode()
    portal.post(page, entered())
    assert LockSetUp.objects.get().call_control_key == set_up.call_control_key
    portal.post(reverse("new_lock_key", args=[system.pk]))
    assert LockSetUp.objects.get().call_control_key not in ("", set_up.call_control_key)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"phone_networks": "10.1.0.0/16, elsewhere"}, "phone_networks"),
        ({"push": "on"}, "phone_networks"),
        ({"phone_address": "ftp://portal"}, "phone_address"),
        ({"phone_address": "http://portal/path"}, "phone_address"),
        ({"authentication_address": "http://[::1"}, "authentication_address"),
        ({"engine": "axl"}, "locked_css"),
        ({"engine": "axl", "locked_css": "CSS-Locked"}, "engine"),
        ({"reconcile_minutes": 0}, "reconcile_minutes"),
    ],
)
def test_what_does_not_fit_is_refused(portal: Client, system: PhoneSystem, values: Any, field: str) -> None:
    answer = portal.post(reverse("lock_set_up_form", args=[system.pk]), entered(**values))
    assert field in answer.context["form"].errors
    assert not LockSetUp.objects.exists()


def test_the_list_says_whether_calls_are_barred(portal: Client, system: PhoneSystem) -> None:
    page = reverse("lock_set_up")
    assert "locks bar nothing" in portal.get(page).content.decode()
    set_up = LockSetUp.objects.create(phone_system=system, engine=EngineKind.CALL_CONTROL, call_control_key="k")
    lock([Extension.objects.create(phone_system=system, number="2011").pk], Reason.SELF, Actor(Through.PORTAL))
    text = portal.get(page).content.decode()
    assert "locked lines can still call" in text
    LockSetUp.objects.filter(pk=set_up.pk).update(asked_at=timezone.now())
    [state] = portal.get(page).context["states"]
    assert (state.light, state.locked, state.waiting) == ("good", 1, 0)


def test_checks_say_what_is_missing(portal: Client, system: PhoneSystem, settings: Any) -> None:
    settings.CALL_CONTROL_URL = "http://127.0.0.1:9"
    set_up = LockSetUp.objects.create(phone_system=system, engine=EngineKind.CALL_CONTROL, call_control_key="k")
    page = reverse("lock_checks", args=[system.pk])
    assert {found for _label, found in portal.get(page).context["steps"]} == {None}
    found = {str(label): one.light for label, one in portal.post(page).context["steps"]}
    assert found == {
        "Engine": "good", "Address of call control": "warn", "Questions of UCM": "bad",
        "Emergency and allowed numbers": "good",
    }  # fmt: skip
    set_up.engine, set_up.push, set_up.fault = EngineKind.AXL, True, "No route to host"
    set_up.save()
    found = {str(label): one.light for label, one in portal.post(page).context["steps"]}
    expected = {
        "Engine": "good", "AXL access": "warn", "Comparison of lines": "bad", "Menu of phones": "bad",
        "Questions of phones": "bad", "Messages to phones": "bad",
    }  # fmt: skip
    assert found.items() >= expected.items()


@pytest.mark.parametrize("pk", ["new", "stored"])
def test_a_phone_system_without_settings_can_be_checked(portal: Client, system: PhoneSystem, pk: str) -> None:
    if pk == "stored":
        LockSetUp.objects.create(phone_system=system)
    page = reverse("lock_checks", args=[system.pk])
    assert [one.light for _label, one in portal.post(page).context["steps"]] == ["bad"]
    assert portal.get(page, {"calling": "2011", "called": "112"}).status_code == 200


@pytest.mark.parametrize(
    ("calling", "called", "decision", "words"),
    [
        ("2011", "00301234567", "Deny", "neither an emergency number nor allowed"),
        ("2011", "0112", "Permit", "emergency numbers always pass"),
        ("2011", "008001234", "Permit", "the number is allowed"),
        ("2011", "2012", "Permit", "UCM asks the portal about outside calls only"),
        ("2012", "00301234567", "Permit", "not locked"),
        ("999", "00301234567", "Permit", "no extension"),
    ],
)
def test_a_call_is_tried_without_making_it(
    portal: Client, system: PhoneSystem, calling: str, called: str, decision: str, words: str
) -> None:
    LockSetUp.objects.create(phone_system=system, engine=EngineKind.CALL_CONTROL, call_control_key="k")
    AllowedNumber.objects.create(digits="0800", is_prefix=True)
    lines = [Extension.objects.create(phone_system=system, number=number) for number in ("2011", "2012")]
    lock([lines[0].pk], Reason.BUDGET, Actor(Through.BUDGET))
    answer = portal.get(reverse("lock_checks", args=[system.pk]), {"calling": calling, "called": called})
    assert answer.context["verdict"].decision == decision
    assert words in answer.content.decode()


@pytest.mark.usefixtures("call_control")
def test_settings_hold_at_once_for_the_calls(client: Client) -> None:
    """From the page to UCM: an administrator sets the engine up, and the next call of a locked line is refused."""
    system = make.phone_system()
    client.force_login(make.administrator())
    client.post(reverse("lock_set_up_form", args=[system.pk]), entered())
    line = Extension.objects.create(phone_system=system, number="2011")
    lock([line.pk], Reason.SELF, Actor(Through.PORTAL))
    key = LockSetUp.objects.get().call_control_key
    answer = client.post(f"/ecc/{key}/", question("2011", "0123456"), content_type="text/xml")
    assert decision_in(answer.content) == "Deny"


def test_the_pages_are_for_administrators(client: Client, system: PhoneSystem) -> None:
    client.force_login(make.supervisor(of=make.department()))
    pages = [reverse(name, args=[system.pk]) for name in ("lock_set_up_form", "lock_checks")]
    assert [client.get(page).status_code for page in [*pages, reverse("lock_set_up")]] == [403] * 3
    assert client.post(reverse("new_lock_key", args=[system.pk])).status_code == 403


def test_allowed_numbers_are_kept_in_the_set_up(portal: Client) -> None:
    page = reverse("admin:phonelock_allowednumber_add")
    assert portal.post(page, {"digits": "0800", "is_prefix": "on", "office": "", "note": "Free"}).status_code == 302
    assert portal.post(page, {"digits": "call me", "office": ""}).status_code == 200
    assert AllowedNumber.objects.get().is_prefix
