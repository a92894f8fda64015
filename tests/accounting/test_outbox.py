"""The outbox: posted with what causes it, delivered once in effect, and nothing lost while the mail server is down."""

import pytest
from django.db import transaction

from accounting.models import MailPurpose, MailServer, OutgoingLetter, OutgoingMail, User
from accounting.services.mailing import RecipientRefusedError
from accounting.services.outbox import Attachment, Letter, folder_of, post


def letter(key: str = "report:1", **fields: object) -> Letter:
    """Return a short letter."""
    values = {"purpose": MailPurpose.REPORT, "subject": "Calls", "text": "Hello"} | fields
    return Letter(key=key, **values)  # type: ignore[arg-type]


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
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        post(letter(attachments=[Attachment("a.csv", "text/csv", b"1")]), ["ana@example.com"])
        raise ZeroDivisionError
    assert not OutgoingMail.objects.exists()


def test_files_are_kept_beside_the_letter(db: None) -> None:
    (mail,) = post(letter(attachments=[Attachment("rése.csv", "text/csv", b"1;2")]), ["ana@example.com"])
    (file,) = mail.letter.files
    assert (folder_of(mail.letter) / "0").read_bytes() == b"1;2"
    assert (file["name"], file["type"]) == ("rése.csv", "text/csv")
