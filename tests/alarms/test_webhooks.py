"""Messages reach webhooks once in effect, whatever their receivers do, and say no more than the owner may see."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone, translation

from accounting.models import AuditEntry, CallType, MaskingRule, OutgoingLetter, OutgoingMail, User
from accounting.services import claims
from alarms.kinds.looking import latest_marks
from alarms.models import Alarm, AlarmRule, Told, Webhook, WebhookMessage
from alarms.services import calling, delivering, webhooks
from alarms.services.evaluating import run_now
from alarms.tasks import deliver_webhooks
from tests import factories as make
from tests import servers
from tests.alarms.rules import SELDOM

pytestmark = pytest.mark.usefixtures("mail_to_anybody")


@pytest.fixture
def receiver() -> Iterator[Any]:
    with servers.hook_receiver() as found:
        yield found


def hook(receiver: Any, **fields: Any) -> Webhook:
    """Enter a webhook to a receiver."""
    return Webhook.objects.create(**({"name": f"Ops {Webhook.objects.count()}", "address": receiver.address} | fields))


def raised(owner: User, *hooks: Webhook, calls: int = 1, **fields: Any) -> AlarmRule:
    """Let a rule raise something that is posted to webhooks."""
    rule = AlarmRule.objects.create(
        name="Abroad", kind="international", owner=owner, marks=latest_marks(), unit="minutes", every=SELDOM,
        zone="Europe/Berlin", **fields,
    )  # fmt: skip
    rule.webhooks.add(*hooks)
    for number in range(calls):
        make.record(extension=f"4{number:03}", call_type=CallType.INTERNATIONAL, other_number="+442071234567")
    run_now(rule, owner)
    return rule


def message() -> WebhookMessage:
    return WebhookMessage.objects.get()


def due_again() -> None:
    """Let waiting messages be due now."""
    WebhookMessage.objects.update(next_attempt_at=timezone.now())


def minutes_until(moment: datetime) -> int:
    return round((moment - timezone.now()).total_seconds() / 60)


def test_programs_get_documented_signed_json(admin: User, receiver: Any) -> None:
    MaskingRule.objects.create(role="administrator", digits=4)
    raised(admin, hook(receiver, secret="sesame-secret"), text="Ask why.")
    assert delivering.deliver_due() == 1
    ((path, headers, body),) = receiver.got
    said = json.loads(body)
    assert path == "/hook?key=sesame"
    assert (said["version"], said["event"], said["total"]) == (1, "alarms", {"alarms": 1, "calls": 1})
    assert said["rule"]["name"] == "Abroad"
    (told,) = said["alarms"]
    assert (told["what"], told["amount"], told["currency"]) == ("1 international call", "0.12", "EUR")
    assert told["url"].endswith(f"/alarms/{Alarm.objects.get().pk}/")
    assert told["url"].startswith("http")
    assert "7123" not in body.decode()
    signed = f"{headers['Webhook-Id']}.{headers['Webhook-Timestamp']}.".encode() + body
    own = base64.b64encode(hmac.new(b"sesame-secret", signed, hashlib.sha256).digest()).decode()
    assert headers["Webhook-Signature"] == f"v1,{own}"
    assert headers["Webhook-Id"] == said["id"] == str(message().uuid)
    assert message().body == {}
    assert (message().state, message().answer, Alarm.objects.get().told) == ("sent", "200 OK ok", Told.TOLD)


def test_a_secret_in_base64_is_the_key_that_libraries_use() -> None:
    assert calling.key_in("whsec_" + base64.b64encode(b"\x00\xff").decode()) == b"\x00\xff"
    assert calling.key_in("whsec_no base64") == b"whsec_no base64"


def test_webex_gets_markdown_that_names_cannot_break_and_that_fits(admin: User, receiver: Any) -> None:
    raised(admin, hook(receiver, kind="webex"), calls=45, text="<@all> *urgent* " + "ä" * 3000)
    delivering.deliver_due()
    said = json.loads(receiver.got[0][2])
    assert list(said) == ["markdown"]
    text = said["markdown"]
    assert 5000 < len(text.encode()) <= 7439
    assert text.startswith("**Alarm: Abroad – 45 alarms, 45 calls**")
    assert r"\<@all> \*urgent\*" in text
    left = 45 - text.count("- [1 international call]")
    assert f"And {left} more alarms." in text


def test_teams_gets_a_card_that_fits(admin: User, receiver: Any) -> None:
    with translation.override("ar"):
        raised(admin, hook(receiver, kind="teams"), calls=50, text="*" * 900, language="ar")
    delivering.deliver_due()
    body = receiver.got[0][2]
    said = json.loads(body)
    assert len(body) <= 20_000
    (attachment,) = said["attachments"]
    assert (said["type"], attachment["contentType"]) == ("message", "application/vnd.microsoft.card.adaptive")
    card = attachment["content"]
    assert (card["type"], card["version"], card["rtl"]) == ("AdaptiveCard", "1.4", True)
    assert card["body"][2]["inlines"] == [{"type": "TextRun", "text": "*" * 900}]
    assert card["actions"][0]["url"].startswith("http")


@pytest.mark.parametrize(
    ("status", "state", "fault", "minutes"),
    [(500, "waiting", "postponed", 1), (429, "waiting", "postponed", 1), (400, "failed", "refused", None),
     (302, "failed", "refused", None), (404, "failed", "gone", None), (410, "failed", "gone", None),
     (servers.CLOSED, "waiting", "unreachable", 1)],
)  # fmt: skip
def test_what_the_receiver_answers_decides(
    admin: User, receiver: Any, status: int, state: str, fault: str, minutes: int | None
) -> None:
    receiver.status, receiver.answer = status, b"because\n"
    receiver.headers["Location"] = receiver.address + "&second=1"
    raised(admin, hook(receiver))
    assert delivering.deliver_due() == 0
    assert (message().state, message().fault, message().attempts) == (state, fault, 1)
    if minutes:
        assert minutes_until(message().next_attempt_at) == minutes
    if status:
        assert message().answer.startswith(str(status))
        assert message().answer.endswith(" because")
    assert len(receiver.got) == 1
    receiver.status = 204
    due_again()
    assert delivering.deliver_due() == (state == "waiting")


def test_a_message_given_up_is_told_to_its_owner_and_sent_again_on_request(admin: User, receiver: Any) -> None:
    receiver.status, receiver.answer = 403, b"wrong key"
    raised(admin, hook(receiver))
    delivering.deliver_due()
    entry = AuditEntry.objects.get(subject_type="webhook_message")
    assert (entry.subject, entry.details["answer"]) == ("Ops 0", "403 Forbidden wrong key")
    mail = OutgoingMail.objects.get(recipient=admin.email)
    assert "403 Forbidden wrong key" in mail.letter.text
    assert "sesame" not in mail.letter.text
    receiver.status = 200
    claims.send_again(WebhookMessage.objects.all(), webhooks.nudge)
    assert delivering.deliver_due() == 1
    assert receiver.got[0][1]["Webhook-Id"] == receiver.got[1][1]["Webhook-Id"]


@pytest.mark.parametrize("given", ["1800", "date", "999999999999", "soon", "-5"])
def test_retry_after_is_honoured_within_a_day_and_spares_the_other_messages(
    admin: User, receiver: Any, given: str
) -> None:
    later = timezone.now() + timedelta(minutes=30)
    receiver.status = 429
    receiver.headers["Retry-After"] = later.strftime("%a, %d %b %Y %H:%M:%S GMT") if given == "date" else given
    one = hook(receiver)
    raised(admin, one)
    raised(admin, one)
    delivering.deliver_due()
    first, second = WebhookMessage.objects.order_by("pk")
    expected = {"1800": 30, "date": 30, "999999999999": 1440}.get(given, 1)
    assert minutes_until(first.next_attempt_at) == minutes_until(second.next_attempt_at) == expected
    assert len(receiver.got) == (1 if expected > 1 else 2)
    assert first.attempts == 1


def test_an_address_that_is_away_costs_no_attempt_and_messages_leave_when_it_is_back(admin: User) -> None:
    with servers.hook_receiver() as gone:
        port = gone.server_port
    one = hook(gone)
    raised(admin, one)
    raised(admin, one)
    assert delivering.deliver_due() == 0
    rows = WebhookMessage.objects.values_list("state", "fault", "attempts")
    assert list(rows) == [("waiting", "unreachable", 0)] * 2
    first = WebhookMessage.objects.earliest("pk")
    WebhookMessage.objects.filter(pk=first.pk).update(next_attempt_at=timezone.now())
    with servers.hook_receiver(port=port) as back:
        assert delivering.deliver_due() == 2
        assert len(back.got) == 2


def test_after_five_days_it_is_given_up(admin: User) -> None:
    with servers.hook_receiver() as gone:
        pass
    raised(admin, hook(gone))
    WebhookMessage.objects.update(created_at=timezone.now() - claims.PATIENCE - timedelta(minutes=1))
    delivering.deliver_due()
    assert (message().state, message().fault) == ("failed", "unreachable")


def test_attempts_run_out(admin: User, receiver: Any) -> None:
    receiver.status = 503
    raised(admin, hook(receiver))
    for _attempt in range(len(claims.DELAYS) + 1):
        due_again()
        delivering.deliver_due()
    assert (message().state, message().fault, len(receiver.got)) == ("failed", "expired", 8)


def test_a_silent_receiver_is_left_and_may_have_taken_it(
    admin: User, receiver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calling, "TIMEOUT", 0.3)
    receiver.released.clear()
    raised(admin, hook(receiver))
    started = time.monotonic()
    delivering.deliver_due()
    assert time.monotonic() - started < 5
    assert (message().state, message().fault, message().attempts) == ("waiting", "unreachable", 1)


def test_an_answer_without_end_is_not_read(admin: User, receiver: Any) -> None:
    receiver.answer = b"x" * 5_000_000
    raised(admin, hook(receiver))
    assert delivering.deliver_due() == 1
    assert len(message().answer) == 300


def test_certificates_are_checked_unless_that_is_switched_off(admin: User, tmp_path: Path) -> None:
    with servers.hook_receiver(tmp_path) as receiver:
        one = hook(receiver)
        raised(admin, one)
        delivering.deliver_due()
        assert (message().state, message().fault, message().attempts) == ("waiting", "certificate", 0)
        Webhook.objects.update(verify_tls=False)
        due_again()
        assert delivering.deliver_due() == 1


@pytest.mark.parametrize(
    "address", ["", "http://[", "http://nowhere.invalid/", "ftp://localhost/", "http://localhost:0/"]
)
def test_no_address_breaks_the_deliverer(admin: User, address: str) -> None:
    hook_without = Webhook.objects.create(name="Wrong", address=address)
    raised(admin, hook_without)
    assert delivering.deliver_due() == 0
    assert (message().state, message().fault) == ("waiting", "unreachable")


def test_what_is_switched_off_meanwhile_is_not_posted(admin: User, receiver: Any) -> None:
    one = hook(receiver)
    raised(admin, one)
    Webhook.objects.update(active=False)
    delivering.deliver_due()
    assert (message().state, message().fault, receiver.got) == ("failed", "switched_off", [])
    assert OutgoingLetter.objects.get().subject == "Not posted: alarm to Ops 0"


def test_a_killed_deliverer_is_replaced_and_the_identity_stays(admin: User, receiver: Any) -> None:
    raised(admin, hook(receiver))
    (mine,) = delivering.claim(1)
    assert claims.begin(mine)
    assert delivering.deliver_due() == 0
    WebhookMessage.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert delivering.deliver_due() == 1
    delivering.settle(mine, calling.Outcome(calling.WebhookFault.REFUSED, final=True))
    assert message().state == "sent"


def test_two_deliverers_do_not_share_one_slow_receiver(admin: User, receiver: Any) -> None:
    raised(admin, hook(receiver))
    (mine,) = delivering.claim(1)
    raised(admin, hook(receiver))
    deliver_webhooks()
    assert receiver.got == []
    assert mine.state == "sending"


@pytest.mark.django_db(transaction=True)
def test_two_workers_post_each_message_once(admin: User, receiver: Any) -> None:
    hooks = [hook(receiver) for _ in range(12)]
    raised(admin, *hooks)
    numbers: list[int] = []

    def work() -> None:
        numbers.append(delivering.deliver_due())
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(numbers) == len(receiver.got) == 12
    assert len({headers["Webhook-Id"] for _path, headers, _body in receiver.got}) == 12


def test_old_messages_go_and_waiting_ones_stay(admin: User, receiver: Any) -> None:
    raised(admin, hook(receiver))
    delivering.deliver_due()
    raised(admin, hook(receiver))
    WebhookMessage.objects.update(created_at=timezone.now() - timedelta(days=91))
    webhooks.clear_away()
    assert message().state == "waiting"


def test_what_lists_show_of_an_address_lets_nobody_post_there() -> None:
    assert webhooks.masked("https://hooks.example.com:8443/T0/B0/secret?k=1") == "https://hooks.example.com:8443/…"
    assert webhooks.masked("https://user:pass@hooks.example.com/x") == "https://hooks.example.com/…"
    assert webhooks.masked("http://[") == ""
