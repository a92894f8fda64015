"""My phone: one button for the own reason, what else holds, the PIN, and nothing of others."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounting.models import Extension, Office, User
from phonelock.models import EngineKind, LineState, Lock, LockEvent, LockSetUp, Pin, Reason, RefusedCall, Through
from phonelock.services import pins
from phonelock.services.locking import Actor, lines_of, lock
from tests import factories as make

pytestmark = pytest.mark.django_db


def client_of(user: User) -> Client:
    """Return a signed-in browser."""
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def eva() -> User:
    """Eva holds the line 211 of a phone system that bars calls."""
    eva = make.person("eva", extension="211", first_name="Eva")
    make.lock_set_up(make.phone_system())
    return eva


def line_of(user: User) -> Extension:
    return Extension.objects.get(pk__in=lines_of([user.pk]))


def page_of(user: User, name: str = "my_phone") -> str:
    return client_of(user).get(reverse(name)).content.decode()


def test_one_button_locks_and_unlocks_and_leaves_other_reasons_alone(eva: User, admin: User) -> None:
    line, client = line_of(eva), client_of(eva)
    assert "Outgoing calls are possible" in page_of(eva)
    client.post(reverse("lock_own_line", args=[line.pk]))
    client.post(reverse("lock_own_line", args=[line.pk]))
    assert Lock.objects.get().reason == Reason.SELF
    assert "Outgoing calls are barred" in page_of(eva)
    lock([line.pk], Reason.ADMINISTRATION, Actor(Through.PORTAL, admin), note="Lost badge")
    answer = client.post(reverse("release_own_line", args=[line.pk]), follow=True).content.decode()
    assert "The line stays locked: By the administration." in answer
    assert "Only an administrator can lift it." in answer
    assert "Lost badge" in answer
    assert list(Lock.objects.values_list("reason", flat=True)) == [Reason.ADMINISTRATION]
    told = LockEvent.objects.order_by("pk").values_list("kind", "reason", "through", "by")
    assert (told[0][2], told[0][3], len(told)) == ("portal", "Eva", 3)
    history = page_of(eva, "own_lock_history")
    assert "<title>History · My phone " in history
    assert "Locked by the administration" in history
    assert "The person&#x27;s own lock lifted; other reasons hold on" in history


def test_an_end_can_be_chosen_but_not_one_that_has_passed(eva: User) -> None:
    line, client = line_of(eva), client_of(eva)
    with time_machine.travel(datetime(2026, 11, 18, 12, tzinfo=UTC), tick=False):
        client.post(reverse("lock_own_line", args=[line.pk]), {"end": "evening"})
        assert Lock.objects.get().until == datetime(2026, 11, 18, 17, tzinfo=UTC)  # 18:00 in Berlin
        client.post(reverse("release_own_line", args=[line.pk]))
        for moment in ("2026-11-18T12:59", "", "soon", "2028-01-01T00:00"):
            answer = client.post(reverse("lock_own_line", args=[line.pk]), {"end": "moment", "moment": moment})
            page = answer.content.decode()
            assert "field-error" in page
            assert '<option value="moment" selected>' in page
            assert not moment or f'value="{moment}"' in page
        client.post(reverse("lock_own_line", args=[line.pk]), {"end": "evening"})
        assert Lock.objects.get().until == datetime(2026, 11, 18, 17, tzinfo=UTC)
    with time_machine.travel(datetime(2026, 11, 18, 18, tzinfo=UTC), tick=False):
        assert "until 18:00 today" not in page_of(eva)


def test_nobody_locks_lines_of_others(eva: User, cleo: User) -> None:
    line = line_of(eva)
    for name in ("lock_own_line", "release_own_line"):
        assert client_of(cleo).post(reverse(name, args=[line.pk])).status_code == 404
        assert client_of(eva).get(reverse(name, args=[line.pk])).status_code in (302, 405)
        assert not Lock.objects.exists()
    assert "You hold no line" in page_of(cleo)


@pytest.mark.parametrize(
    ("engine", "applied", "said"),
    [
        (EngineKind.NONE, None, "Locked here, but nothing bars calls"),
        (EngineKind.AXL, None, "calls may still pass"),
        (EngineKind.AXL, True, "Outgoing calls are barred"),
    ],
)
def test_locked_is_said_only_when_calls_are_barred(eva: User, engine: str, applied: bool, said: str) -> None:
    LockSetUp.objects.update(engine=engine)
    line = line_of(eva)
    lock([line.pk], Reason.SELF, Actor(Through.PORTAL, eva))
    LineState.objects.update(applied=applied, error="" if applied else "503 too many requests")
    page = page_of(eva)
    assert said in page
    assert ("could not be told yet" in page) is (not applied)
    assert "too many requests" not in page


def test_the_live_part_is_sent_only_when_something_has_changed(eva: User) -> None:
    client, line = client_of(eva), line_of(eva)
    first = client.get(reverse("my_phone_live"))
    tag = first["ETag"]
    assert client.get(reverse("my_phone_live"), headers={"If-None-Match": tag}).status_code == 304
    lock([line.pk], Reason.SELF, Actor(Through.PHONE, eva), until=timezone.now() + timedelta(hours=1))
    changed = client.get(reverse("my_phone_live"), headers={"If-None-Match": tag})
    assert (changed.status_code, b"Outgoing calls are barred" in changed.content) == (200, True)


def test_the_present_pin_is_asked_for_unless_somebody_else_gave_it(eva: User, admin: User) -> None:
    client, address = client_of(eva), reverse("set_own_pin")

    def change(**typed: str) -> str:
        return client.post(address, typed, follow=True).content.decode()

    assert "too easy to guess" in change(new="1234", again="1234")
    assert "two new PINs differ" in change(new="4711", again="4712")
    assert not Pin.objects.exists()
    assert "Your PIN is set." in change(new="4711", again="4711")
    assert "not your present PIN" in change(current="9999", new="8524", again="8524")
    assert Pin.objects.get().failures == 1
    assert "Your PIN is changed." in change(current="4711", new="8524", again="8524")
    pins.reset_pin(eva, Actor(Through.PORTAL, admin))
    assert "Somebody else has given you this PIN" in page_of(eva)
    assert "Your PIN is changed." in change(new="7193", again="7193")
    for _try in range(pins.TRIES):
        page = change(current="0000", new="8524", again="8524")
    assert "is blocked until" in page
    assert "is blocked until" in change(current="7193", new="8524", again="8524")
    assert not any(typed in page for typed in ("0000", "8524", "7193"))


def test_refused_calls_show_the_called_number(eva: User, cleo: User) -> None:
    line = line_of(eva)
    Office.objects.create(name="Berlin", country="DE", access_code="0")
    fields = {"phone_system": line.phone_system, "extension": line, "number": "211", "reasons": ["self", "budget"]}
    RefusedCall.objects.create(user_id=eva.pk, called="00301234567", **fields)
    page = page_of(eva, "own_refused_calls")
    assert "<title>Refused calls · My phone " in page
    assert "By the person, Budget used up" in page
    assert "00301234567" in page.replace(" ", "")
    assert "No call was refused" in page_of(cleo, "own_refused_calls")
