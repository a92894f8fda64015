"""Administrators enter webhooks, try them, and see what has become of their messages."""

from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounting.models import AuditEntry, User
from alarms.models import Webhook, WebhookMessage
from alarms.services.delivering import deliver_due
from tests import servers
from tests.alarms.test_webhooks import hook, message, raised

pytestmark = pytest.mark.usefixtures("mail_to_anybody")
ADD = reverse("admin:alarms_webhook_add")
LIST = reverse("webhook_messages")


@pytest.fixture
def receiver() -> Iterator[Any]:
    with servers.hook_receiver() as found:
        yield found


@pytest.fixture
def office(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


def change(webhook: Webhook) -> str:
    return reverse("admin:alarms_webhook_change", args=[webhook.pk])


def entered(**fields: str) -> dict[str, str]:
    return {"name": "Ops", "kind": "generic", "verify_tls": "on", "active": "on"} | fields


def said(response: Any) -> list[str]:
    return [str(one) for one in response.context["messages"]]


def test_the_address_is_taken_and_never_shown_again(office: Client) -> None:
    office.post(ADD, entered(address="https://hooks.example.com/T0/sesame", secret_0="hush"))
    webhook = Webhook.objects.get()
    assert (webhook.address, webhook.secret) == ("https://hooks.example.com/T0/sesame", "hush")
    for page in (change(webhook), reverse("admin:alarms_webhook_changelist")):
        html = unescape(office.get(page).content.decode())
        assert "https://hooks.example.com/…" in html.replace("<wbr>", "")
        assert "sesame" not in html
        assert "hush" not in html
    office.post(change(webhook), entered(name="Operations", address="", secret_0=""))
    webhook.refresh_from_db()
    assert (webhook.name, webhook.address, webhook.secret) == (
        "Operations", "https://hooks.example.com/T0/sesame", "hush",
    )  # fmt: skip
    assert not any("sesame" in str(entry.changes) for entry in AuditEntry.objects.all())


@pytest.mark.parametrize(
    "address",
    ["", "hooks.example.com", "ftp://hooks.example.com/", "https://", "https://a b/", "http://[", "http://a:0/"],
)
def test_what_is_no_address_is_refused(office: Client, address: str) -> None:
    response = office.post(ADD, entered(address=address))
    assert "Enter the whole address" in response.content.decode()
    assert not Webhook.objects.exists()


def test_an_address_without_encryption_is_taken_with_a_warning(office: Client) -> None:
    response = office.post(ADD, entered(address="http://intranet/hook", verify_tls=""), follow=True)
    assert "The address begins with http: messages are not encrypted on their way." in said(response)
    assert "The certificate is not checked: messages could be read by somebody else." in said(response)


@pytest.mark.parametrize("kind", ["generic", "webex", "teams"])
def test_a_test_message_says_what_the_receiver_answers(office: Client, receiver: Any, kind: str) -> None:
    webhook = hook(receiver, kind=kind)
    test = reverse("admin:alarms_webhook_test", args=[webhook.pk])
    assert office.get(test).status_code == 405
    assert said(office.post(test, follow=True)) == [
        "The receiver has taken the test message. Its answer: 200 OK ok"
    ]  # fmt: skip
    receiver.status, receiver.answer = 403, b"wrong key"
    assert said(office.post(test, follow=True)) == [
        "The test message was not taken. The receiver refuses the message. 403 Forbidden wrong key"
    ]  # fmt: skip
    assert len(receiver.got) == 2
    assert not WebhookMessage.objects.exists()


def test_only_administrators_come_here(client: Client, ben: User, receiver: Any) -> None:
    webhook = hook(receiver)
    client.force_login(ben)
    for page in (ADD, change(webhook), LIST):
        assert client.get(page).status_code == 403
    for page in (reverse("admin:alarms_webhook_test", args=[webhook.pk]), reverse("act_on_webhook_messages")):
        assert client.post(page).status_code == 403
    assert receiver.got == []


def test_a_webhook_goes_only_when_no_rule_needs_it(office: Client, admin: User, receiver: Any) -> None:
    webhook = hook(receiver)
    rule = raised(admin, webhook)
    page = reverse("admin:alarms_webhook_delete", args=[webhook.pk])
    assert "Scheduled alarm “Abroad”" in office.get(page).content.decode()
    assert office.post(page, {"post": "yes"}).status_code != 302
    rule.webhooks.clear()
    assert office.post(page, {"post": "yes"}).status_code == 302
    assert not Webhook.objects.exists()


def test_messages_are_listed_sent_again_and_cancelled(office: Client, admin: User, receiver: Any) -> None:
    receiver.status = 403
    webhook = hook(receiver)
    raised(admin, webhook, text="Confidential")
    deliver_due()
    html = unescape(office.get(LIST).content.decode())
    assert "The receiver refuses the message." in html
    assert "403 Forbidden ok" in html
    assert "Confidential" not in html
    assert "No messages" in office.get(f"{LIST}?state=sent").content.decode()
    assert office.get(f"{LIST}?state=odd").status_code == 400
    act = reverse("act_on_webhook_messages")
    assert said(office.post(act, {"action": "send", "messages": ["1e9", "x"]}, follow=True)) == [
        "Choose the messages first."
    ]  # fmt: skip
    chosen = {"messages": [str(message().pk)]}
    assert said(office.post(act, {"action": "send", **chosen}, follow=True)) == ["1 message is being sent."]
    assert said(office.post(f"{act}?state=waiting", {"action": "cancel", "all": "1"}, follow=True)) == [
        "1 message is cancelled."
    ]  # fmt: skip
    assert deliver_due() == 0
    receiver.status = 200
    office.post(f"{act}?webhook={webhook.pk}", {"action": "send", "all": "1"})
    assert deliver_due() == 1
    assert message().state == "sent"
    assert office.post(act, {"action": "burn"}).status_code == 400
