"""What rules raise is told once, in one mail, with the owner's rights, and never while it is muted or quiet."""

import threading
from datetime import time, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from accounting.models import CallRecord, CallType, MailServer, OutgoingLetter, OutgoingMail, Role, User
from accounting.services.delivering import deliver_due
from alarms.kinds.looking import latest_marks
from alarms.models import Alarm, AlarmRule, Result, RuleRun, Told, Webhook, WebhookMessage
from alarms.services import telling
from alarms.services.evaluating import run_now
from alarms.services.telling import tell_held, told_in_words
from alarms.tasks import tick
from tests import factories as make
from tests import servers
from tests.alarms.rules import SELDOM

pytestmark = pytest.mark.usefixtures("mail_to_anybody")


def abroad(of: User | None = None, **fields: Any) -> CallRecord:
    """Make an international call."""
    return make.record(of, call_type=CallType.INTERNATIONAL, other_number="+442071234567", **fields)


def rule(owner: User, **fields: Any) -> AlarmRule:
    """Make a rule that looks now and then."""
    values: dict[str, Any] = {
        "name": "Abroad", "kind": "international", "unit": "minutes", "every": SELDOM, "zone": "Europe/Berlin",
        "recipients": ["eve@example.com"],
    }  # fmt: skip
    return AlarmRule.objects.create(owner=owner, marks=latest_marks(), **(values | fields))


def look(one: AlarmRule) -> RuleRun:
    """Let a rule look now."""
    assert one.owner is not None
    return run_now(AlarmRule.objects.get(pk=one.pk), one.owner)


def told() -> list[str]:
    return list(Alarm.objects.order_by("pk").values_list("told", flat=True))


def text_of(message: Any) -> str:
    found = message_from_bytes(message.as_bytes(), policy=default)
    assert isinstance(found, EmailMessage)
    body = found.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


@pytest.fixture
def boss(db: None) -> User:
    return make.supervisor(of=make.department("Sales"), first_name="Sami", last_name="Boss", email="sami@example.com")


def test_one_mail_tells_everything_once(boss: User, mail_sink: servers.MailSink) -> None:
    sales = boss.supervisions.get().department
    assert sales is not None
    one = rule(boss, text="Ask why.", recipients=["eve@example.com", "kim@example.com"])
    for name in ("Anna", "Ben", "Cleo"):
        person = make.person(extension=f"21{len(name)}", first_name=name, last_name="Weber")
        make.membership(person, department=sales)
        abroad(person, department_id=sales.pk)
    run = look(one)
    assert told() == [Told.TOLD] * 3
    assert deliver_due() == 2
    assert {message["To"] for message in mail_sink.messages} == {"eve@example.com", "kim@example.com"}
    text = text_of(mail_sink.messages[0])
    assert "Anna Weber (214)" in text
    assert "Ask why." in text
    assert "by the scheduled alarm “Abroad” of Sami Boss" in text
    assert f"/alarms/{Alarm.objects.earliest('pk').pk}/" in text
    assert OutgoingLetter.objects.get().subject == "Alarm: Abroad – 3 alarms, 3 calls"
    assert told_in_words(run) == ["Mailed to 2 recipients"]
    assert look(one).told == {}
    assert OutgoingMail.objects.count() == 2


def test_the_letter_speaks_the_rules_language_and_zone(boss: User) -> None:
    boss.role = Role.ADMINISTRATOR
    boss.save()
    one = rule(boss, language="de", zone="Asia/Tokyo")
    abroad(started_at=timezone.now().replace(hour=20, minute=15))
    look(one)
    letter = OutgoingLetter.objects.get()
    assert letter.language == "de"
    assert 'lang="de"' in letter.html
    assert "05:15" in letter.text


def test_a_long_list_is_cut_and_the_rest_is_counted(admin: User) -> None:
    one = rule(admin)
    for number in range(53):
        abroad(extension=f"3{number:03}")
    look(one)
    letter = OutgoingLetter.objects.get()
    assert "53 alarms" in letter.subject
    assert letter.text.count("- 1 international call") == 50
    assert "And 3 more alarms." in letter.text
    assert set(told()) == {Told.TOLD}


def test_quiet_hours_hold_back_until_they_end_also_for_a_rule_that_looks_once_a_day(admin: User) -> None:
    one = rule(admin, quiet_from=time(22), quiet_until=time(6))
    with time_machine.travel("2026-11-21T23:30:00+01:00", tick=False):
        abroad(started_at=timezone.now() - timedelta(minutes=9))
        look(one)
        assert tell_held() == 0
    with time_machine.travel("2026-11-22T05:59:00+01:00", tick=False):
        abroad(started_at=timezone.now() - timedelta(minutes=9), extension="2002")
        look(one)
        tick()
        assert told() == [Told.WAITING] * 2
    with time_machine.travel("2026-11-22T06:00:00+01:00", tick=False):
        tick()
        assert told() == [Told.TOLD] * 2
        assert tell_held() == 0
    assert OutgoingLetter.objects.get().subject == "Alarm: Abroad – 2 alarms, 2 calls"
    assert one.runs.first().told == {"mails": 1}


def test_what_is_raised_while_muted_is_never_told(admin: User) -> None:
    one = rule(admin, muted_until=timezone.now() + timedelta(hours=1), send_quiet=True)
    abroad()
    look(one)
    AlarmRule.objects.update(muted_until=timezone.now())
    abroad(extension="2002")
    look(one)
    assert told() == [Told.MUTED, Told.TOLD]
    assert OutgoingLetter.objects.get().subject == "Alarm: Abroad – 1 alarm, 1 call"


def test_that_there_is_nothing_is_told_on_request_and_is_not_that_nothing_came(admin: User) -> None:
    one = rule(admin, send_quiet=True)
    make.record()
    assert look(one).result == Result.QUIET
    assert OutgoingLetter.objects.get().subject == "No alarm: Abroad"
    assert "There was nothing to report since" in OutgoingLetter.objects.get().text
    make.import_file()
    assert look(one).result == Result.NO_DATA
    newest = OutgoingLetter.objects.latest("pk")
    assert newest.subject == "No calls: Abroad"
    assert "No calls have arrived since" in newest.text


def test_nobody_to_tell_is_said_and_nothing_is_lost(admin: User) -> None:
    MailServer(allowed_domains="example.org").save()
    left = make.person("left", email="left@example.org", is_active=False)
    hook = Webhook.objects.create(name="Off", address="https://example.org/", active=False)
    one = rule(admin, recipients=["eve@example.com", left.email])
    one.webhooks.add(hook)
    abroad()
    run = look(one)
    assert told() == [Told.NOBODY]
    assert told_in_words(run) == [
        "1 recipient has left", "1 recipient is not allowed by the set-up of the mail server",
        "1 webhook is switched off",
    ]  # fmt: skip
    assert not OutgoingMail.objects.exists()


def test_a_mail_that_cannot_be_written_does_not_take_the_alarm_along(
    admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_story: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(telling, "letter_of", broken)
    abroad_rule = rule(admin)
    abroad()
    run = look(abroad_rule)
    assert (run.result, run.raised, told()) == (Result.FIRED, 1, [Told.NOBODY])
    assert told_in_words(run) == ["The mail could not be written"]


def test_what_waits_is_not_told_with_rights_that_the_owner_has_lost(boss: User) -> None:
    one = rule(boss, quiet_from=time(0), quiet_until=time(23, 59, 59))
    abroad(department_id=boss.supervisions.get().department_id)
    with time_machine.travel("2026-11-21T12:00:00+01:00", tick=False):
        look(one)
    AlarmRule.objects.update(quiet_from=None)
    User.objects.filter(pk=boss.pk).update(role="user")
    assert tell_held() == 0
    assert told() == [Told.WAITING]


def test_the_owner_hears_of_three_failures_once(admin: User) -> None:
    one = rule(admin, kind="gone")
    for _ in range(5):
        look(one)
    notice = OutgoingLetter.objects.get()
    assert notice.purpose == "notice"
    assert "could not be checked 3 times in a row" in notice.text
    assert "This kind of alarm no longer exists." in notice.text
    AlarmRule.objects.update(kind="international")
    make.record()
    look(one)
    AlarmRule.objects.update(kind="gone")
    for _ in range(3):
        look(one)
    assert OutgoingLetter.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_workers_tell_what_was_held_back_once(admin: User) -> None:
    hook = Webhook.objects.create(name="Ops", address="https://example.org/")
    for number in range(3):
        one = rule(admin, name=f"Abroad {number}", quiet_from=time(0), quiet_until=time(23, 59, 59))
        one.webhooks.add(hook)
        abroad(extension=f"20{number}")
    with time_machine.travel("2026-11-21T12:00:00+01:00", tick=False):
        for one in AlarmRule.objects.all():
            look(one)
    AlarmRule.objects.update(quiet_from=None)
    numbers: list[int] = []

    def work() -> None:
        numbers.append(tell_held())
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(numbers) == 3
    assert set(told()) == {Told.TOLD}
    assert OutgoingMail.objects.count() == WebhookMessage.objects.count() == 3
