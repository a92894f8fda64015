"""The outbox: posted with what causes it, delivered once in effect, and nothing lost while the mail server is down."""

import errno
import os
import threading
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from accounting.models import AuditEntry, MailFault, MailPurpose, MailServer, OutgoingLetter, OutgoingMail, User
from accounting.services import claims, delivering, outbox
from accounting.services.delivering import deliver_due
from accounting.services.mailing import RecipientRefusedError
from accounting.services.outbox import (
    FOLDER,
    Attachment,
    InlineImage,
    Letter,
    clear_away,
    folder_of,
    forget,
    post,
)
from accounting.tasks import deliver_mail
from tests import servers

pytestmark = pytest.mark.usefixtures("mail_to_anybody")


def letter(key: str = "report:1", **fields: Any) -> Letter:
    """Return a short letter."""
    values = {"purpose": MailPurpose.REPORT, "subject": "Calls", "text": "Hello"} | fields
    return Letter(key=key, **values)


def parsed(message: Message) -> Any:
    """Return a message as a mail program reads it."""
    found = message_from_bytes(message.as_bytes(), policy=default)
    assert isinstance(found, EmailMessage)
    return found


def states() -> list[str]:
    return list(OutgoingMail.objects.order_by("pk").values_list("state", flat=True))


def test_what_was_posted_is_not_posted_again(ana: User) -> None:
    first = post(letter(on_behalf_of=ana), ["eve@example.com", "eve@EXAMPLE.com ", "kim@example.com"])
    again = post(letter(subject="Other"), ["kim@example.com", "new@example.com"])
    assert len(first) == 2
    assert OutgoingMail.objects.count() == 3
    assert {mail.recipient for mail in again} == {"kim@example.com", "new@example.com"}
    assert OutgoingLetter.objects.get().subject == "Calls"


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("nobody", "“nobody” is not an e-mail address"),
        ("a@example.com\nBcc: b@example.com", "is not an e-mail address"),
        (f"{'x' * 64}@{'y' * 63}.{'z' * 63}.{'w' * 63}.com", "is not an e-mail address"),
        ("eve@example.net", "Mail to eve@example.net is not allowed"),
        ("", "is not an e-mail address"),
    ],
)
def test_a_refused_recipient_keeps_the_whole_letter_back(db: None, address: str, reason: str) -> None:
    MailServer(allowed_domains="example.com").save()
    with pytest.raises(RecipientRefusedError, match=reason):
        post(letter(), ["ana@example.com", address])
    assert not OutgoingLetter.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_is_not_sent() -> None:
    with transaction.atomic():
        post(letter(attachments=[Attachment("a.csv", "text/csv", b"1")]), ["ana@example.com"])
        transaction.set_rollback(True)
    assert not OutgoingMail.objects.exists()


def test_files_are_kept_beside_the_letter(db: None) -> None:
    (mail,) = post(letter(attachments=[Attachment("rése.csv", "text/csv", b"1;2")]), ["ana@example.com"])
    (file,) = mail.letter.files
    assert (folder_of(mail.letter) / "0").read_bytes() == b"1;2"
    assert (file["name"], file["type"]) == ("rése.csv", "text/csv")


@pytest.mark.django_db(transaction=True)
def test_files_of_an_erased_person_go_only_when_that_is_committed(ana: User) -> None:
    (mail,) = post(letter(on_behalf_of=ana, attachments=[Attachment("a.csv", "text/csv", b"1")]), ["x@example.com"])
    with transaction.atomic():
        forget(ana)
        transaction.set_rollback(True)
    assert (folder_of(mail.letter) / "0").read_bytes() == b"1"
    with transaction.atomic():
        forget(ana)
    assert not folder_of(mail.letter).exists()


def test_a_full_disk_leaves_nothing_behind(
    db: None, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATA_DIR = tmp_path
    files = [Attachment("a.csv", "text/csv", b"1"), Attachment("b.csv", "text/csv", b"2")]

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(OSError, match="No space"):
            post(letter(attachments=files), ["ana@example.com"])
    assert not OutgoingLetter.objects.exists()
    assert not list((tmp_path / FOLDER).iterdir())


def test_a_letter_arrives_whole(mail_sink: servers.MailSink, ben: User) -> None:
    post(
        letter(
            subject="Gespräche: تقرير المكالمات", text="Grüße\n" + "x" * 2000, html="<p>تقرير</p>",
            attachments=[Attachment("Gespräche – März.csv", "text/csv", "Ü;1\n".encode())],
            images=[InlineImage("chart", b"\x89PNG")], language="de", on_behalf_of=ben,
        ),
        ["eve@example.com", "kim@example.com"],
    )  # fmt: skip
    assert deliver_due() == 2
    assert deliver_due() == 0
    message = parsed(mail_sink.messages[0])
    assert message["Subject"] == "Gespräche: تقرير المكالمات"
    assert (message["To"], message["Reply-To"]) == ("eve@example.com", "Ben Adler <ben@example.com>")
    assert "Ben Adler" in message["From"]
    assert (message["Auto-Submitted"], message["Content-Language"]) == ("auto-generated", "de")
    assert "<report." in message["List-Id"]
    assert message.get_body(("plain",)).get_content().startswith("Grüße\nxxx")
    assert "تقرير" in message.get_body(("html",)).get_content()
    assert [part.get_filename() for part in message.iter_attachments()] == ["Gespräche – März.csv"]
    assert [part["Content-ID"] for part in message.walk() if part.get_content_type() == "image/png"] == ["<chart>"]
    assert mail_sink.messages[0]["Message-ID"] != mail_sink.messages[1]["Message-ID"]
    assert states() == ["sent", "sent"]


def test_a_header_cannot_be_added_through_the_subject(mail_sink: servers.MailSink, ana: User) -> None:
    ana.last_name = "Ruiz\r\nBcc: eve@example.net"
    ana.save()
    post(letter(subject="Calls\r\nBcc: eve@example.net\r\n\r\nText", on_behalf_of=ana), ["kim@example.com"])
    assert deliver_due() == 1
    (message,) = mail_sink.messages
    assert message["Bcc"] is None
    assert message["Subject"] == "Calls Bcc: eve@example.net Text"


def wait_over() -> None:
    """Let the time of each waiting mail come."""
    OutgoingMail.objects.filter(state="waiting").update(next_attempt_at=timezone.now())


def test_a_refused_recipient_does_not_keep_the_others_from_their_mail(mail_sink: servers.MailSink, ana: User) -> None:
    mail_sink.refusals["gone@example.com"] = "550 5.1.1 No such person"
    post(letter(on_behalf_of=ana), ["gone@example.com", "kim@example.com"])
    assert deliver_due() == 2  # to kim, and the notice to ana
    assert [message["To"] for message in mail_sink.messages] == ["kim@example.com", "ana@example.com"]
    notice = parsed(mail_sink.messages[1])
    assert notice["Subject"] == "Not delivered: Calls"
    assert "No such person" in notice.get_content()
    failed = OutgoingMail.objects.get(recipient="gone@example.com")
    assert (failed.state, failed.fault, failed.answer) == ("failed", "recipient", "550 5.1.1 No such person")
    entry = AuditEntry.objects.get(subject_type="mail")
    assert (entry.action, entry.subject, entry.details["recipients"]) == ("refused", "Calls", "gone@example.com")


def test_a_greylisting_server_gets_the_mail_again_later_and_once(mail_sink: servers.MailSink, db: None) -> None:
    mail_sink.refusals["kim@example.com"] = "451 4.7.1 Greylisted, try again"
    (mail,) = post(letter(), ["kim@example.com"])
    assert (deliver_due(), deliver_due()) == (0, 0)
    mail.refresh_from_db()
    assert (mail.state, mail.fault, mail.attempts) == ("waiting", "postponed", 1)
    assert timedelta(seconds=50) < mail.next_attempt_at - timezone.now() <= timedelta(minutes=1)
    mail_sink.refusals.clear()
    wait_over()
    assert (deliver_due(), deliver_due()) == (1, 0)
    assert len(mail_sink.messages) == 1
    assert mail_sink.messages[0]["Message-ID"] == f"<{mail.message_id}>"


def test_a_server_that_always_postpones_is_given_up_in_the_end(mail_sink: servers.MailSink, db: None) -> None:
    mail_sink.refusals["kim@example.com"] = "451 later"
    (mail,) = post(letter(), ["kim@example.com"])
    waits = []
    for _attempt in range(8):
        deliver_due()
        mail.refresh_from_db()
        waits.append(round((mail.next_attempt_at - timezone.now()) / timedelta(minutes=1)))
        wait_over()
    assert waits[:7] == [1, 5, 15, 60, 240, 720, 1440]
    assert (mail.state, mail.fault, mail.attempts) == ("failed", "expired", 8)
    mail_sink.refusals.clear()
    claims.send_again(OutgoingMail.objects.filter(pk=mail.pk), outbox.nudge)
    assert deliver_due() == 1


def test_while_the_server_is_down_mails_wait_and_lose_no_attempt(mail_sink: servers.MailSink, db: None) -> None:
    mail_sink.stop()
    mails = post(letter(), [f"p{number}@example.com" for number in range(3)])
    for _attempt in range(12):
        assert deliver_due() == 0
        wait_over()
    assert {(mail.state, mail.fault, mail.attempts) for mail in OutgoingMail.objects.all()} == {
        ("waiting", "unreachable", 0)
    }
    mail_sink.start()
    OutgoingMail.objects.exclude(pk=mails[0].pk).update(next_attempt_at=timezone.now() + timedelta(hours=1))
    OutgoingMail.objects.filter(pk=mails[0].pk).update(next_attempt_at=timezone.now())
    # The first one through tells the others that the server is back.
    assert deliver_due() == 3
    assert len(mail_sink.messages) == 3


def test_a_server_that_hangs_up_in_between_gets_the_rest_on_a_new_connection(
    mail_sink: servers.MailSink, db: None
) -> None:
    mail_sink.refusals["p1@example.com"] = "421 Too many mails for one connection"
    post(letter(), [f"p{number}@example.com" for number in range(4)])
    assert deliver_due() == 3
    assert states() == ["sent", "waiting", "sent", "sent"]


def test_a_killed_deliverer_loses_no_mail_and_what_it_stores_late_does_not_count(
    mail_sink: servers.MailSink, db: None
) -> None:
    post(letter(), ["kim@example.com"])
    (mine,) = delivering.claim(10)
    assert deliver_due() == 0  # claimed by the one that was killed
    OutgoingMail.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert deliver_due() == 1
    assert not delivering.begin(mine)
    delivering.settle(mine, delivering.Verdict(MailFault.CONTENT, final=True))
    assert states() == ["sent"]
    assert len(mail_sink.messages) == 1


def test_a_slow_server_does_not_keep_all_workers_busy(mail_sink: servers.MailSink, db: None) -> None:
    post(letter(), ["kim@example.com", "eve@example.com"])
    delivering.claim(1)
    deliver_mail()
    assert not mail_sink.messages, "another worker is at it"
    OutgoingMail.objects.filter(state="sending").update(lease_until=F("lease_until") - timedelta(seconds=40))
    deliver_mail()
    assert len(mail_sink.messages) == 1


@pytest.mark.django_db(transaction=True)
def test_two_deliverers_at_once_send_each_mail_once(mail_sink: servers.MailSink) -> None:
    post(letter(), [f"p{number}@example.com" for number in range(60)])
    sent: list[int] = []

    def work() -> None:
        sent.append(deliver_due())
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    deliver_due()
    assert sorted(message["To"] for message in mail_sink.messages) == sorted(
        f"p{number}@example.com" for number in range(60)
    )
    assert set(states()) == {"sent"}


def test_a_wrong_sender_keeps_mails_waiting(mail_sink: servers.MailSink, ana: User, settings: Any) -> None:
    User.objects.filter(pk=ana.pk).update(email="ana@")  # as a directory may have it
    ana.refresh_from_db()
    settings.DEFAULT_FROM_EMAIL = "portal"
    (mail,) = post(letter(on_behalf_of=ana), ["kim@example.com"])
    assert deliver_due() == 0
    mail.refresh_from_db()
    assert (mail.state, mail.fault, mail.answer, mail.attempts) == ("waiting", "sender", "portal", 0)
    settings.DEFAULT_FROM_EMAIL = "The portal <portal@example.com>"
    wait_over()
    assert deliver_due() == 1
    message = parsed(mail_sink.messages[0])
    assert message["From"] == "Ana Ruiz via The portal <portal@example.com>"
    assert message["Reply-To"] is None


def test_a_domain_that_is_no_longer_allowed_gets_nothing(mail_sink: servers.MailSink, db: None) -> None:
    post(letter(), ["kim@example.net"])
    MailServer(allowed_domains="example.com").save()
    assert deliver_due() == 0
    assert OutgoingMail.objects.get().fault == "domain"
    assert not mail_sink.messages


def test_files_are_cleared_away_when_no_mail_needs_them(mail_sink: servers.MailSink, db: None) -> None:
    mail_sink.refusals["kim@example.com"] = "451 later"
    files = [Attachment("a.csv", "text/csv", b"1")]
    (waiting,) = post(letter("a", attachments=files), ["kim@example.com"])
    (sent,) = post(letter("b", attachments=files), ["eve@example.com"])
    deliver_due()
    for mail in (waiting, sent):
        os.utime(folder_of(mail.letter), (0, 0))
    clear_away()
    assert folder_of(waiting.letter).exists()
    assert not folder_of(sent.letter).exists()
    claims.send_again(OutgoingMail.objects.filter(pk=sent.pk), outbox.nudge)
    OutgoingMail.objects.filter(pk=sent.pk).update(state="waiting")
    deliver_due()
    sent.refresh_from_db()
    assert (sent.state, sent.fault, sent.answer) == ("failed", "files", "a.csv")
    OutgoingLetter.objects.update(created_at=timezone.now() - timedelta(days=100))
    clear_away()
    assert list(OutgoingMail.objects.all()) == [waiting]
