"""The test buttons of the set-up, against real servers: what they find, in plain words, and never a secret."""

import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounting.models import Directory, MailServer
from accounting.services.mailing import RecipientRefusedError
from tests import factories as make
from tests import servers

BACKEND = "accounting.services.mailing.MailBackend"


@pytest.fixture(autouse=True)
def ada(client: Client, db: None) -> Any:
    ada = make.administrator(email="ada@example.com")
    client.force_login(ada)
    return ada


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[Any]:
    with servers.publisher(tmp_path) as running:
        yield running


@pytest.fixture
def guarded_sink(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[servers.MailSink]:
    """An SMTP server with STARTTLS and a login, whose certificate the system trusts."""
    chain, key = servers.certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(chain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)

    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: Any, login: LoginPassword) -> AuthResult:
        return AuthResult(success=login.password == b"right", handled=False)

    with servers.mail_sink(tls_context=context, authenticator=check, auth_required=True) as sink:
        yield sink


def press(client: Client, name: str, *args: int) -> list[tuple[str, str]]:
    """Press a button; return the kinds and texts of what the page says then."""
    address = reverse("test_phone_system" if args else "test_connection", args=[name, *args])
    begun = time.monotonic()
    answer = client.post(address, {"next": "/setup/"}, follow=True)
    assert time.monotonic() - begun < 6
    assert answer.redirect_chain == [("/setup/", 302)]
    return [(message.level_tag, str(message)) for message in answer.context["messages"]]


def entered(sink: servers.MailSink, **fields: Any) -> MailServer:
    values = {"host": "localhost", "port": sink.port, "security": "none", "sender": "portal@example.com"}
    server = MailServer(**(values | fields))
    server.save()
    return server


def test_a_test_mail_reaches_the_person_who_asks(client: Client, mail_sink: servers.MailSink) -> None:
    entered(mail_sink)
    assert press(client, "mail") == [("success", "The mail server answers and lets us in.")]
    assert press(client, "send_mail") == [("success", "A test mail is on its way to ada@example.com.")]
    (message,) = mail_sink.messages
    assert (message["To"], message["From"]) == ("ada@example.com", "portal@example.com")


def test_a_server_with_encryption_and_login(client: Client, guarded_sink: servers.MailSink) -> None:
    server = entered(guarded_sink, security="starttls", username="portal", password="right")
    assert press(client, "send_mail")[0][0] == "success"
    assert len(guarded_sink.messages) == 1
    server.password = "s3cret-but-wrong"
    server.save()
    (said,) = press(client, "mail")
    assert said == ("error", "The mail server refuses the user name or the password.")
    assert "s3cret" not in client.get("/setup/").content.decode()


def test_a_certificate_that_nobody_signed_is_refused(
    client: Client, guarded_sink: servers.MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    entered(guarded_sink, security="starttls")
    (said,) = press(client, "mail")
    assert said[0] == "error"
    assert "certificate of the mail server is not trusted" in said[1]


def test_a_silent_server_holds_the_page_for_no_more_than_five_seconds(client: Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        MailServer(host="127.0.0.1", port=silent.getsockname()[1], security="none").save()
        assert press(client, "mail")[0][0] == "error"


def test_without_any_mail_server_the_tests_say_so(client: Client, settings: Any) -> None:
    settings.EMAIL_HOST, settings.EMAIL_PORT = "localhost", 25
    for name in ("mail", "send_mail"):
        assert press(client, name) == [("error", "No mail server is entered.")]


def test_mail_of_the_portal_goes_through_the_entered_server(settings: Any, mail_sink: servers.MailSink) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_PORT = BACKEND, 1
    entered(mail_sink, allowed_domains="example.com\nexample.org")
    mail.send_mail("Report", "Text", None, ["ana@example.org"])
    assert mail_sink.messages[0]["From"] == "portal@example.com"
    with pytest.raises(RecipientRefusedError, match=r"eve@example\.net"):
        mail.send_mail("Report", "Text", None, ["ana@example.org", "eve@example.net"])
    assert len(mail_sink.messages) == 1


def test_without_an_entry_the_environment_holds(
    settings: Any, mail_to_anybody: None, mail_sink: servers.MailSink
) -> None:
    settings.EMAIL_BACKEND = BACKEND
    mail.send_mail("Report", "Text", "portal@example.net", ["ana@example.org"])
    assert mail_sink.messages[0]["From"] == "portal@example.net"


def test_the_directory_counts_people_or_says_why_not(client: Client, directory: servers.Directory) -> None:
    row = Directory(
        server_uri=directory.uri, bind_dn=directory.bind_dn, bind_password=directory.password,
        user_base=directory.people_base, people_filter="(|(sAMAccountName=dora)(sAMAccountName=emil))",
    )  # fmt: skip
    row.save()
    (kind, text) = press(client, "directory")[0]
    assert (kind, "knows 2 people" in text) == ("success", True)
    row.bind_password = "s3cret-but-wrong"
    row.save()
    (kind, text) = press(client, "directory")[0]
    assert (kind, "refuses the account" in text, "s3cret" in text) == ("error", True, False)
    directory.stop()
    assert press(client, "directory")[0][0] == "error"


def test_the_inbox_is_written_to_or_the_owner_is_named(client: Client, inbox: Path) -> None:
    system = make.phone_system("cluster")
    (kind, text) = press(client, "inbox", system.pk)[0]
    assert (kind, "GB are free" in text) == ("success", True)
    assert list((inbox / "cluster").iterdir()) == []
    (inbox / "cluster").rmdir()
    (inbox / "cluster").write_text("in the way")
    (kind, text) = press(client, "inbox")[0]
    assert (kind, "cannot be written" in text, "belongs to account" in text) == ("error", True, True)


def test_a_publisher_is_known_by_its_certificate_and_tells_its_version(client: Client, publisher: Any) -> None:
    system = make.phone_system("cluster", address=f"localhost:{publisher.server_port}", axl_username="axl")
    assert "certificate of the publisher is not accepted" in press(client, "ucm", system.pk)[0][1]
    system.certificate, system.axl_password = publisher.pem, "right"
    system.save()
    (kind, text) = press(client, "ucm", system.pk)[0]
    assert (kind, "12.5.1.11900-146" in text) == ("success", True)
    assert [path for path, _action, _body in publisher.asked] == ["/axl/", "/axl/"]  # 14.0 is not known there
    assert "AXL/API/12.5" in publisher.asked[-1][2]


@pytest.mark.parametrize(
    ("status", "password", "words"),
    [
        (200, "wrong", "refuses the AXL user or its password"),
        (404, "right", "activate the Cisco AXL Web Service"),
        (503, "right", "AXL is not available"),
        (599, "right", "none of the AXL versions"),
    ],
)
def test_each_refusal_of_a_publisher_has_its_words(
    client: Client, publisher: Any, status: int, password: str, words: str
) -> None:
    publisher.status = status
    system = make.phone_system(
        "cluster", address=f"localhost:{publisher.server_port}", certificate=publisher.pem,
        axl_username="axl", axl_password=password,
    )  # fmt: skip
    (kind, text) = press(client, "ucm", system.pk)[0]
    assert (kind, words in text) == ("error", True)


@pytest.mark.parametrize("address", ["https://cucm.example.com/", "localhost:99999", "no such host"])
def test_an_address_that_is_none_is_told(client: Client, address: str) -> None:
    system = make.phone_system("cluster", address=address)
    assert press(client, "ucm", system.pk)[0][0] == "error"


def test_the_way_back_leads_nowhere_else(client: Client) -> None:
    answer = client.post(reverse("test_connection", args=["ucm"]), {"next": "https://evil.example/"})
    assert answer["Location"] == "/setup/"
    assert client.post(reverse("test_connection", args=["nothing"])).status_code == 404
    assert client.get(reverse("test_connection", args=["mail"])).status_code == 405
