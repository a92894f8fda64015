"""Alarms are said with the names that each reader may see, and lead to the calls behind them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounting.models import CallRecord, CallType, User
from alarms.kinds import KINDS
from alarms.kinds.base import Finding, Subject
from alarms.kinds.looking import latest_marks
from alarms.models import Alarm, AlarmRule
from alarms.services.behind import calls_address
from alarms.services.evaluating import run_now
from alarms.services.wording import calls_of, worded, worded_findings
from tests import factories as make
from tests.alarms.rules import SELDOM

pytestmark = pytest.mark.django_db


def abroad(of: User | None = None, **fields: Any) -> CallRecord:
    """Make an international call."""
    return make.record(of, call_type=CallType.INTERNATIONAL, other_number="+442071234567", **fields)


def raised(owner: User, *, people: int = 1) -> list[Alarm]:
    """Raise an alarm about each of some people of the sales department."""
    sales = make.department("Sales")
    rule = AlarmRule.objects.create(
        name="Abroad", kind="international", owner=owner, marks=latest_marks(), unit="minutes", every=SELDOM,
        zone="Europe/Berlin",
    )  # fmt: skip
    for number in range(people):
        line = str(2100 + User.objects.count())
        person = make.person(extension=line, first_name="Anna", last_name=f"Weber {number}")
        make.membership(person, department=sales)
        abroad(person, department_id=sales.pk)
    run_now(rule, owner)
    return list(Alarm.objects.filter(rule=rule).select_related("rule"))


def test_who_is_named_only_to_those_who_may_see_the_calls() -> None:
    boss = make.supervisor(of=make.department("Sales"))
    (alarm,) = raised(boss)
    told = worded([alarm], boss)[0]
    assert (told.sentence, told.kind_label, told.icon) == ("1 international call", "International calls", "globe")
    assert told.who.startswith("Anna Weber 0 (2")
    assert told.amount == "€0.12"
    assert f"extension={alarm.extension}" in told.report
    assert calls_of(alarm, boss).count() == 1
    boss.supervisions.all().delete()
    told = worded([alarm], boss)[0]
    assert (told.who, told.amount, told.report) == ("Outside of what you may see", "", "")
    assert not calls_of(alarm, boss).exists()


def test_queries_do_not_grow_with_alarms(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    boss = make.supervisor(of=make.department("Sales"))
    alarms = raised(boss, people=12)
    assert len(alarms) == 12
    with django_assert_max_num_queries(8):
        worded(alarms, boss)


def test_kept_calls_are_found_although_others_began_in_the_same_second() -> None:
    admin = make.administrator()
    (alarm,) = raised(admin)
    (call,) = calls_of(alarm, admin)
    make.record(started_at=call.started_at, extension=call.extension)
    assert list(calls_of(alarm, admin)) == [call]


def test_counted_calls_are_found_by_the_question(client: Client) -> None:
    admin = make.administrator()
    (alarm,) = raised(admin)
    make.record(extension="2001", outcome=2, started_at=make.NOON)
    start = make.NOON - timedelta(hours=1)
    counted = Alarm(
        rule=alarm.rule, version=1, key="2001", run=alarm.run, raised_at=timezone.now(), happened_at=start,
        until=start + timedelta(hours=2), extension="2001", calls=1, query="outcome=missed",
    )  # fmt: skip
    assert calls_of(counted, admin).count() == 1
    client.force_login(admin)
    assert "2001" in client.get(calls_address(counted)).text
    counted.query = "outcome=missed&talk.le=3"
    assert not calls_of(counted, admin).exists()


def test_findings_are_said_before_they_are_stored() -> None:
    admin = make.administrator()
    gateway = make.gateway(name="Berlin")
    found = Finding("a", make.NOON, Subject(gateway_id=gateway.pk), make.NOON + timedelta(hours=1), calls=3)
    (told,) = worded_findings([found], KINDS["international"], admin)
    assert (told.who, told.sentence, told.address) == (str(gateway), "3 international calls", "")
    assert " – " in told.when
    amounts = [Finding(str(cost), make.NOON, amount=Decimal(cost), currency="EUR") for cost in ("0.5", "0.1234")]
    assert [one.amount for one in worded_findings(amounts, KINDS["international"], admin)] == ["€0.5000", "€0.1234"]


def test_days_of_the_organisation_are_told_as_days_by_a_rule_of_another_zone(settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    admin = make.administrator()
    begin = datetime(2026, 11, 21, 23, tzinfo=UTC)
    kind, found = KINDS["unusual"], Finding("a", begin, Subject(1, "2001"), begin + timedelta(days=1))
    days = [worded_findings([found], kind, admin, zone)[0] for zone in ("Europe/London", "Europe/Berlin")]
    assert [told.when for told in days] == ["22 Nov 2026"] * 2
    address = calls_address(days[0].alarm)
    assert "from=2026-11-22&to=2026-11-22&zone=Europe%2FBerlin" in address
