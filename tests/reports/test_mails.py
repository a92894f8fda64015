"""Mailing a report as people do it: the form, the preview, a test to oneself, and the mail that arrives."""

import io
import re
import resource
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from email import message_from_bytes
from email.policy import default
from html import unescape
from typing import Any

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounting.models import (
    AuditEntry,
    CallType,
    Job,
    MailServer,
    OutgoingLetter,
    OutgoingMail,
    Role,
    User,
)
from accounting.services import jobs
from accounting.services.delivering import deliver_due
from reports.exports import FORMATS
from reports.models import SavedReport
from tests import factories as make
from tests import servers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mail_to_anybody")]
FORM = {
    "recipients": "kim@example.com",
    "format": "xlsx",
    "subject": "{report} of {author}",
    "text": "All calls, {rows} rows.",
    "token": "a-token-of-one-press",
    "do": "send",
}
GROUPED = "period=all&zone=Asia/Kathmandu"
"""In a zone whose days have no totals, so that the calls themselves are counted."""
ADDRESS = f"{reverse('mail_report', args=['calls'])}?period=all"


@pytest.fixture
def anna(client: Client, settings: Any, tmp_path: Any) -> User:
    """A supervisor with two calls, who may not see the last digits of numbers."""
    settings.DATA_DIR, settings.PORTAL_URL = tmp_path, "https://calls.example.com"
    anna = make.person(
        "anna", extension="2001", first_name="Anna", last_name="Brandt", email="anna@example.com", role=Role.SUPERVISOR
    )
    make.record(anna, call_type=CallType.MOBILE, other_number="+491701234567", cost=Decimal("1.25"), currency="EUR")
    make.record(anna, call_type=CallType.LOCAL, other_number="+4930111222")
    client.force_login(anna)
    return anna


def press(client: Client, address: str = ADDRESS, /, **fields: str) -> Any:
    return client.post(address, FORM | fields)


def problems(client: Client, **fields: str) -> str:
    """Send what cannot be sent; return the page that says why."""
    response = press(client, **fields)
    assert response.status_code == 200
    assert not OutgoingLetter.objects.exists()
    return unescape(response.content.decode())


def delivered(sink: servers.MailSink) -> list[Any]:
    """Deliver what is due; return the mails that have arrived, as mail programs read them."""
    deliver_due()
    return [message_from_bytes(message.as_bytes(), policy=default) for message in sink.messages]


def test_a_report_arrives_as_it_is_shown(client: Client, anna: User, mail_sink: servers.MailSink) -> None:
    response = press(client, recipients="kim@example.com; Eve Ito <eve@example.com>")
    page = client.get(response["Location"]).content.decode()
    assert "Waiting" in page
    first, _second = messages = delivered(mail_sink)
    assert [message["To"] for message in messages] == ["kim@example.com", "eve@example.com"]
    assert first["Subject"] == "Call list of Anna Brandt"
    assert first["Reply-To"] == "Anna Brandt <anna@example.com>"
    html = first.get_body(("html",)).get_content()
    text = first.get_body(("plain",)).get_content()
    for body in (html, text):
        assert "All calls, 2 rows." in body
        assert "https://calls.example.com/reports/calls/?" in body
        assert "with numbers masked as for Anna Brandt" in body
        assert "Anna Brandt has sent you this report." in body
    (attachment,) = first.iter_attachments()
    sheet = openpyxl.load_workbook(io.BytesIO(attachment.get_content())).worksheets[0]
    assert any("+49 30 111222" in str(cell.value) for row in sheet.iter_rows() for cell in row)
    assert "Sent" in client.get(response["Location"]).content.decode()
    entry = AuditEntry.objects.get(action="sent")
    assert (entry.subject, entry.details["rows"]) == ("Call list", 2)
    assert entry.details["recipients"] == "kim@example.com, eve@example.com"


def test_numbers_are_masked_as_for_the_sender(client: Client, anna: User, mail_sink: servers.MailSink) -> None:
    make.masking_rule(digits=4, own_calls=True)
    press(client, format="csv")
    (message,) = delivered(mail_sink)
    (attachment,) = message.iter_attachments()
    for part in (message.get_body(("html",)).get_content(), attachment.get_content()):
        assert "1234567" not in re.sub(r"\s", "", part)
        assert "+49 170" in part


def test_groups_show_their_totals_and_their_chart(client: Client, anna: User, mail_sink: servers.MailSink) -> None:
    press(client, f"{reverse('mail_report', args=['by-call-type'])}?{GROUPED}", format="pdf", subject="{report}")
    (message,) = delivered(mail_sink)
    html = message.get_body(("html",)).get_content()
    assert 'src="cid:chart-1"' in html
    pictures = [part for part in message.walk() if part["Content-ID"] == "<chart-1>"]
    assert pictures[0].get_content().startswith(b"\x89PNG")
    assert re.search(r"Calls</div><div[^>]*><bdi>2</bdi>", html)
    (attachment,) = message.iter_attachments()
    assert attachment.get_content().startswith(b"%PDF")


def test_the_mail_is_in_the_sender_s_language(client: Client, anna: User, mail_sink: servers.MailSink) -> None:
    anna.language = "ar"
    anna.save()
    press(client, subject="تقرير {report}", text="<b>مرحبا</b>")
    (message,) = delivered(mail_sink)
    html = message.get_body(("html",)).get_content()
    assert 'lang="ar" dir="rtl"' in html
    assert "&lt;b&gt;مرحبا" in html
    assert message["Subject"].startswith("تقرير")
    assert message["Content-Language"] == "ar"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"recipients": ""}, "Enter at least one recipient."),
        ({"recipients": "kim@example.com, eve@example.net"}, "Mail to eve@example.net is not allowed"),
        ({"recipients": "kim@"}, "“kim@” is not an e-mail address."),
        ({"recipients": "nobody"}, "Nobody with an e-mail address is called “nobody”."),
        ({"recipients": "an"}, "“an” can be several people: Anton Berg <anton@example.com>, Anna"),
        ({"recipients": "x@example.com," * 2 + ",".join(f"p{n}@example.com" for n in range(51))}, "50 recipients"),
        ({"subject": "{raport}"}, "There is no placeholder {raport}."),
        ({"subject": ""}, "This field is required."),
        ({"format": "exe"}, "exe"),
        ({"recipients": "a@example.com\r\nBcc: b@example.com"}, "“Bcc: b@example.com” is not an e-mail address."),
    ],
)
def test_what_cannot_be_sent_is_said_and_nothing_is_lost(
    client: Client, anna: User, fields: dict[str, str], said: str
) -> None:
    MailServer(allowed_domains="example.com").save()
    make.person("anton", first_name="Anton", last_name="Berg", email="anton@example.com")
    page = problems(client, **fields)
    assert said in page
    assert "All calls, {rows} rows." in page


def test_people_are_found_by_name_and_written_by_name(client: Client, anna: User, mail_sink: servers.MailSink) -> None:
    make.person("kim", first_name="Kim", last_name="Østby", email="kim@example.org")
    make.person("kit", first_name="Kit", last_name="Gone", email="kit@example.org", is_active=False)
    found = unescape(client.get(reverse("people_to_mail"), {"person": "ki"}).content.decode())
    assert re.findall(r'value="([^"]+)"', found) == ["Kim Østby <kim@example.org>"]
    press(client, recipients="kim, Kim Østby <kim@example.org>")
    assert [message["To"] for message in delivered(mail_sink)] == ["kim@example.org"]


def test_pressed_twice_one_mail_is_sent(client: Client, anna: User) -> None:
    first, second = press(client), press(client)
    assert first["Location"] == second["Location"]
    assert OutgoingMail.objects.count() == 1
    assert AuditEntry.objects.filter(action="sent").count() == 1


def test_what_is_changed_after_going_back_is_another_mail(client: Client, anna: User) -> None:
    press(client)
    press(client, recipients="eve@example.com")
    press(client, recipients="eve@example.com", text="With the figures of May.")
    sent = OutgoingMail.objects.order_by("pk").values_list("recipient", flat=True)
    assert list(sent) == ["kim@example.com", "eve@example.com", "eve@example.com"]


def test_a_test_goes_to_its_author_only(client: Client, anna: User, mail_sink: servers.MailSink) -> None:
    page = press(client, do="test", recipients="not yet an address").content.decode()
    assert "A test is on its way to anna@example.com." in page
    assert "not yet an address" in page
    (message,) = delivered(mail_sink)
    assert (message["To"], message["Subject"]) == ("anna@example.com", "Test: Call list of Anna Brandt")


def test_the_preview_shows_the_mail_and_runs_nothing(client: Client, anna: User) -> None:
    address = f"{reverse('preview_mail', args=['by-call-type'])}?{GROUPED}"
    shown = client.get(address)
    assert "frame-ancestors 'self'" in shown["Content-Security-Policy"]
    assert "script-src 'none'" in shown["Content-Security-Policy"]
    assert shown["X-Frame-Options"] == "SAMEORIGIN"
    assert "data:image/png;base64," in shown.content.decode()
    typed = client.post(address, FORM | {"text": "<script>alert(1)</script>", "subject": "Über {report}"})
    html = unescape(typed.content.decode())
    assert "<script" not in typed.content.decode()
    assert "Über " in html
    assert "kim@example.com" in html
    wrong = client.post(address, FORM | {"subject": "{raport}"}).content.decode()
    assert "There is no placeholder {raport}." in wrong
    assert not OutgoingLetter.objects.exists()


def test_a_large_report_is_mailed_by_background_work(
    client: Client, anna: User, mail_sink: servers.MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FORMATS, "csv", replace(FORMATS["csv"], at_once=1))
    response = press(client, format="csv")
    assert press(client, format="csv")["Location"] == response["Location"]
    job = Job.objects.get()
    assert not OutgoingMail.objects.exists()
    jobs.run(job.pk)
    page = client.get(reverse("job", args=[job.pk]), follow=True)
    assert page.redirect_chain[-1][0] == reverse("sent_mail", args=[OutgoingLetter.objects.get().pk])
    (message,) = delivered(mail_sink)
    assert message["Subject"] == "Call list of Anna Brandt"


def test_a_file_that_is_too_large_for_mail_is_refused(client: Client, anna: User, settings: Any) -> None:
    settings.MAIL_ATTACHMENT_MB = 0
    assert "mails carry 0 MB at most" in problems(client)


def test_a_saved_report_goes_under_its_own_name(client: Client, anna: User, mail_sink: servers.MailSink) -> None:
    saved = SavedReport.objects.create(owner=anna, slug="calls", name="Board", query="period=all")
    page = unescape(client.get(reverse("saved_report", args=[saved.pk])).content.decode())
    button = re.findall(r'href="([^"]+/mail/[^"]+)"', page)[0]
    press(client, button, subject="{report}")
    (message,) = delivered(mail_sink)
    assert message["Subject"] == "Board"
    foreign = SavedReport.objects.create(owner=make.person("eve"), slug="calls", name="Secret", query="period=all")
    assert "Secret" not in client.get(f"{ADDRESS}&saved={foreign.pk}").content.decode()


def test_wrong_questions_are_refused_and_mails_of_others_are_not_there(client: Client, anna: User) -> None:
    assert client.get(f"{ADDRESS}&nonsense=1").status_code == 400
    assert client.get(reverse("mail_report", args=["no-report"])).status_code == 404
    press(client)
    address = reverse("sent_mail", args=[OutgoingLetter.objects.get().pk])
    assert client.get(address).status_code == 200
    client.force_login(make.person("eve"))
    assert client.get(address).status_code == 404


def test_who_waits_long_for_an_export_gets_a_mail_when_it_is_ready(
    client: Client, anna: User, mail_sink: servers.MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FORMATS, "csv", replace(FORMATS["csv"], at_once=1))
    offer = client.get(f"{reverse('report', args=['calls'])}?period=all&export=csv").content.decode()
    assert re.search(r'name="notify"[^>]* checked', offer)
    wanted = {"report": "calls", "query": "period=all", "format": "csv"}

    def run(waited: timedelta, **fields: str) -> int:
        """Begin an export that waits so long for a worker; return its job."""
        client.post(reverse("begin_report_export"), wanted | fields)
        job = Job.objects.latest("pk")
        Job.objects.filter(pk=job.pk).update(created_at=timezone.now() - waited)
        jobs.run(job.pk)
        return job.pk

    run(timedelta(minutes=1))
    run(timedelta(seconds=5), notify="1")
    assert delivered(mail_sink) == []
    job = run(timedelta(minutes=1), notify="1")
    (message,) = delivered(mail_sink)
    assert message["To"] == "anna@example.com"
    assert message["Subject"].startswith("Ready: call-list-")
    link = f"https://calls.example.com{reverse('report_export', args=[job])}"
    assert link in message.get_body(("plain",)).get_content()
    assert link in message.get_body(("html",)).get_content()


def test_without_domains_mail_goes_to_people_of_the_organisation_only(client: Client, anna: User) -> None:
    MailServer().save()
    make.person("kim", first_name="Kim", last_name="Østby", email="Kim@partner.example")
    make.person("kit", email="kit@example.com", is_active=False)
    page = problems(client, recipients="kim@partner.example, kit@example.com, eve@example.com")
    assert "Mail to eve@example.com, kit@example.com is not allowed: only people with an account here get mail." in page
    assert "Mail may go to people with an account here. At most 50 recipients." in page
    assert press(client, recipients="kim@partner.example").status_code == 302
    MailServer(every_address=True).save()
    assert press(client, recipients="eve@example.com").status_code == 302


def test_a_mail_has_as_many_recipients_as_the_set_up_allows(client: Client, anna: User) -> None:
    MailServer(every_address=True, most_recipients=2).save()
    assert "A mail goes to 2 recipients at most." in problems(
        client, recipients="a@x.example, b@x.example, c@x.example"
    )
    assert press(client, recipients="a@x.example, b@x.example, A@X.example").status_code == 200
    assert press(client, recipients="a@x.example, b@x.example, a@X.EXAMPLE").status_code == 302


def test_a_full_disk_is_told_and_nothing_is_sent(client: Client, anna: User) -> None:
    for number in range(40):
        make.record(anna, other_number=f"+4917012345{number}")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, limits[1]))
    try:
        page = problems(client, format="csv")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "The server’s disk has no room for the attached file. Nothing was sent" in page
    assert press(client).status_code == 302
