"""What alarms hold about people goes with them, and what is old goes by itself; the demo has alarms with a past."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounting.models import CallType, User
from accounting.services.personal_tables import tables_of
from accounting.signals import demo_filled, person_erased
from alarms.kinds.looking import latest_marks
from alarms.models import Alarm, AlarmedCall, AlarmRule, PausedBecause, RuleRun, Told
from alarms.services.acknowledging import acknowledge
from alarms.services.erasing import forget_old
from alarms.services.evaluating import run_now
from alarms.services.wording import worded
from tests import factories as make

pytestmark = pytest.mark.django_db


def raised(owner: User, about: User) -> Alarm:
    """Raise an alarm about a person."""
    rule = AlarmRule.objects.create(
        name="Abroad", kind="international", owner=owner, marks=latest_marks(), unit="minutes", every=15,
        zone="Europe/Berlin", recipients=["Boss@example.com", "other@example.com"],
    )  # fmt: skip
    make.record(about, call_type=CallType.INTERNATIONAL, other_number="+442071234567")
    run_now(rule, owner)
    return rule.alarms.get()


def test_an_erased_person_is_forgotten() -> None:
    admin, boss = make.administrator(), make.administrator("boss", email="boss@example.com")
    anna = make.person("anna", extension="2031", first_name="Anna", last_name="Weber")
    about, own = raised(admin, anna), raised(boss, make.person(extension="2032"))
    acknowledge(Alarm.objects.filter(pk=about.pk), admin, "Anna called her sister")
    assert {table.file: table.count for table in tables_of(anna)}["alarms.csv"] == 1
    assert {table.file: table.count for table in tables_of(boss)}["scheduled_alarms.csv"] == 2
    person_erased.send(User, person=anna, address="", name="Anna Weber")
    person_erased.send(User, person=boss, address="boss@example.com", name="boss")
    about = Alarm.objects.select_related("rule").get()
    assert (about.user_id, about.extension, about.note) == (None, "", "")
    assert "2031" not in about.key
    assert worded([about], admin)[0].sentence == "1 international call"
    assert about.rule.recipients == ["other@example.com"]
    assert not AlarmedCall.objects.exists()
    assert not AlarmRule.objects.filter(pk=own.rule_id).exists()


def test_what_is_beyond_its_term_is_deleted() -> None:
    admin = make.administrator()
    old, kept = raised(admin, make.person(extension="2041")), raised(admin, make.person(extension="2042"))
    gone = raised(admin, make.person(extension="2043"))
    now = timezone.now()
    Alarm.objects.filter(pk=old.pk).update(raised_at=now - timedelta(days=401))
    RuleRun.objects.filter(pk=old.run_id).update(due_at=now - timedelta(days=401))
    AlarmRule.objects.filter(pk=gone.rule_id).update(deleted_at=now - timedelta(days=31))
    forget_old()
    assert list(Alarm.objects.all()) == [kept]
    assert list(RuleRun.objects.all()) == [kept.run]
    assert AlarmRule.objects.count() == 2
    system = make.phone_system()
    system.keep_days = 1
    system.save()
    Alarm.objects.update(happened_at=now - timedelta(days=3))
    forget_old()
    assert not Alarm.objects.exists()


def test_the_demo_has_alarms_with_a_past_and_sends_nothing() -> None:
    sales = make.department("Sales")
    make.administrator(email="admin@example.com")
    make.supervisor("sami", of=sales)
    make.person("gone", is_active=False)
    person = make.person(extension="2051")
    for days in (1, 5):
        make.record(
            person, department_id=sales.pk, call_type=CallType.INTERNATIONAL, other_number="+442071234567",
            started_at=timezone.now() - timedelta(days=days),
        )  # fmt: skip
    demo_filled.send(User)
    rules = AlarmRule.objects.in_bulk(field_name="pk").values()
    assert {rule.paused_because for rule in rules} == {PausedBecause.NO, PausedBecause.ASKED, PausedBecause.LEFT}
    abroad = Alarm.objects.filter(rule__kind="international")
    assert sorted(alarm.acknowledged_at is None for alarm in abroad) == [False, True]
    assert not Alarm.objects.filter(told=Told.WAITING).exists()
    assert RuleRun.objects.filter(raised=0).exists()
    demo_filled.send(User)
    assert AlarmRule.objects.count() == len(rules)
