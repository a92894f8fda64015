"""Outgoing mails as administrators see them: by state, with the reason, send again, cancel."""

from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounting.models import AuditEntry, MailPurpose, OutgoingMail, User
from accounting.services.delivering import deliver_due
from accounting.services.erasing import Erased, close_account
from accounting.services.outbox import Attachment, Letter, folder_of, post
from tests import servers

PAGE = reverse("outgoing_mail")


@pytest.fixture
def mails(
    client: Client,
    admin: User,
    ana: User,
    mail_to_anybody: None,
    mail_sink: servers.MailSink,
    settings: Any,
    tmp_path: Any,
) -> Any:
    """A mail that was sent, one that was refused and one that is postponed."""
    settings.DATA_DIR = tmp_path
    mail_sink.refusals.update({"gone@example.com": "550 No such person", "later@example.com": "451 Later"})
    letter = Letter(
        "report:1", MailPurpose.REPORT, "Costs of May", "Secret figures", "<p>Secret figures</p>",
        [Attachment("costs.csv", "text/csv", b"1")], on_behalf_of=ana,
    )  # fmt: skip
    post(letter, ["kim@example.com", "gone@example.com", "later@example.com"])
    deliver_due()
    client.force_login(admin)
    return mail_sink


def page(client: Client, query: str = "") -> str:
    response = client.get(PAGE + query)
    assert response.status_code == 200
    return unescape(response.content.decode())


def act(client: Client, query: str = "", **data: Any) -> list[str]:
    response = client.post(reverse("act_on_mail") + query, data, follow=True)
    return [str(message) for message in response.context["messages"]]


def state(address: str) -> str:
    return OutgoingMail.objects.get(recipient=address).state


def test_the_list_says_what_became_of_each_mail_but_not_what_stands_in_it(client: Client, mails: Any) -> None:
    html = page(client)
    assert "Costs of May" in html
    assert "550 No such person" in html
    assert "The mail server asks to try again later." in html
    assert "Secret figures" not in html
    failed = page(client, "?state=failed")
    assert "gone@<wbr>example" in failed
    assert "kim@<wbr>example" not in failed
    assert "later@<wbr>example" in page(client, "?term=later@example")
    assert client.get(f"{PAGE}?state=lost").status_code == 400
    assert client.get(f"{PAGE}?below=x").status_code == 400


def test_the_status_page_tells_of_mails_that_cannot_be_delivered(client: Client, mails: Any) -> None:
    html = unescape(client.get(reverse("status")).content.decode())
    assert "1 mail waits for the mail server. 1 mail of the last 7 days could not be delivered." in html


def test_what_failed_is_sent_again_when_the_cause_is_mended(client: Client, mails: servers.MailSink) -> None:
    mails.refusals.clear()
    assert act(client, "?state=failed", all="1", action="send") == ["1 mail is being sent."]
    assert deliver_due() == 1
    assert state("gone@example.com") == "sent"
    assert act(client, "?state=sent", all="1", action="send") == [], "what is sent is not sent twice"
    assert AuditEntry.objects.filter(action="started", subject_type="mail").count() == 1


def test_a_waiting_mail_can_be_cancelled_and_a_sent_one_not(client: Client, mails: Any) -> None:
    keys = list(OutgoingMail.objects.filter(letter__purpose="report").values_list("pk", flat=True))
    assert act(client, mails=keys, action="cancel") == ["1 mail is cancelled."]
    assert (state("later@example.com"), state("kim@example.com")) == ("cancelled", "sent")
    assert act(client, action="cancel") == ["Choose the mails first."]


def test_nothing_is_sent_when_it_is_not_said_what_to_do(client: Client, mails: Any) -> None:
    for data in ({"all": "1"}, {"all": "1", "action": "delete"}):
        assert client.post(reverse("act_on_mail"), data).status_code == 400
    assert state("gone@example.com") == "failed"


def test_others_than_administrators_see_nothing(client: Client, mails: Any, ben: User) -> None:
    client.force_login(ben)
    assert client.get(PAGE).status_code == 403
    assert client.post(reverse("act_on_mail"), {"all": "1"}).status_code == 403


def test_who_is_erased_is_forgotten_here_too(mails: Any, ana: User, django_capture_on_commit_callbacks: Any) -> None:
    folder = folder_of(OutgoingMail.objects.get(recipient="kim@example.com").letter)
    assert folder.exists()
    with django_capture_on_commit_callbacks(execute=True):
        close_account(ana, Erased())
        assert folder.exists(), "what is rolled back is still sent with its files"
    assert not OutgoingMail.objects.exists()
    assert not folder.exists()
