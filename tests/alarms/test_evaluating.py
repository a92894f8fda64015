"""Rules look at what has arrived since their last good look: each call once, whenever and in whatever order."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounting.models import CallType, User
from alarms.kinds import KINDS, looking, reasons
from alarms.kinds.base import Finding, Kind, Parameters
from alarms.kinds.looking import Look, latest_marks
from alarms.models import Alarm, AlarmRule, Result, RuleRun
from alarms.services.behind import calls_of
from alarms.services.evaluating import evaluate_due, run_now
from alarms.services.rules import check_now
from tests import factories as make
from tests.alarms.rules import SELDOM

pytestmark = pytest.mark.django_db


def rule(owner: User, kind: str = "international", **fields: Any) -> AlarmRule:
    """Make a rule that is due now."""
    values: dict[str, Any] = {
        "name": "Abroad",
        "unit": "minutes",
        "every": SELDOM,
        "zone": "Europe/Berlin",
        "next_run": timezone.now(),
    }
    return AlarmRule.objects.create(kind=kind, owner=owner, marks=latest_marks(), **(values | fields))


def due_again(one: AlarmRule) -> AlarmRule:
    """Let a rule be due once more."""
    AlarmRule.objects.filter(pk=one.pk).update(next_run=timezone.now())
    return AlarmRule.objects.get(pk=one.pk)


def abroad(owner: User | None = None, **fields: Any) -> object:
    """Make an international call."""
    return make.record(owner, call_type=CallType.INTERNATIONAL, other_number="+442071234567", **fields)


def test_calls_are_raised_once_when_they_arrive_however_old_they_are() -> None:
    admin = make.administrator()
    abroad()
    one = rule(admin)
    evaluate_due()
    assert one.runs.get().result == Result.FAILED
    assert one.runs.get().reason == reasons.COLLECTION_STOPPED
    abroad()
    abroad(started_at=timezone.now() - timedelta(days=90))
    due_again(one)
    evaluate_due()
    assert one.runs.first().result == Result.FIRED
    assert sorted(Alarm.objects.values_list("calls", flat=True)) == [1, 1]
    make.record()
    due_again(one)
    evaluate_due()
    assert one.runs.first().result == Result.QUIET
    assert Alarm.objects.count() == 2


def test_the_owners_scope_of_the_moment_decides() -> None:
    sales, support = make.department("Sales"), make.department("Support")
    boss = make.supervisor(of=sales)
    one = rule(boss)
    abroad(department_id=sales.pk)
    abroad(department_id=support.pk)
    run = run_now(one, boss)
    assert (run.result, run.calls, run.raised) == (Result.FIRED, 1, 1)
    User.objects.filter(pk=boss.pk).update(role="user")
    abroad(department_id=sales.pk)
    run = run_now(AlarmRule.objects.get(pk=one.pk), boss)
    assert (run.result, run.reason) == (Result.FAILED, reasons.NO_RIGHTS)


def test_what_a_failed_look_has_missed_is_looked_at_next() -> None:
    admin = make.administrator()
    one = rule(admin, kind="gone")
    abroad()
    evaluate_due()
    assert one.runs.get().reason == reasons.KIND_GONE
    AlarmRule.objects.update(kind="international")
    due_again(one)
    evaluate_due()
    assert one.runs.first().raised == 1


def test_two_calls_of_one_second_that_reached_no_device_are_two() -> None:
    admin = make.administrator()
    one = rule(admin)
    for _ in range(2):
        abroad(leg=0, started_at=make.NOON)
    assert run_now(one, admin).raised == 1
    alarm = Alarm.objects.get()
    assert (alarm.calls, calls_of(alarm, admin).count()) == (2, 2)
    abroad(leg=0, started_at=make.NOON)
    assert run_now(AlarmRule.objects.get(), admin).raised == 1
    assert sum(Alarm.objects.values_list("calls", flat=True)) == 3


class Endless(Kind):
    """Asks the database for more than it takes in one statement."""

    slug = label = description = icon = "endless"

    def find(self, parameters: Parameters, look: Look) -> list[Finding]:
        """Ask that."""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {'+'.join(['1'] * 200_000)}")
        return []

    def sentence(self, alarm: Alarm) -> str:
        """Return nothing, as nothing is found."""
        return ""


def test_a_rule_of_which_the_database_takes_too_much_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "endless", Endless())
    admin = make.administrator()
    first = rule(admin, kind="endless", next_run=timezone.now() - timedelta(hours=1))
    second = rule(admin)
    abroad()
    evaluate_due()
    assert (first.runs.get().reason, second.runs.get().raised) == (reasons.UNEXPECTED, 1)
    assert check_now(AlarmRule.objects.get(pk=first.pk), admin).reason == reasons.UNEXPECTED


def test_a_due_time_that_was_worked_off_before_the_clock_was_set_back_stops_nothing() -> None:
    admin = make.administrator()
    one = rule(admin, next_run=timezone.now() - timedelta(hours=1))
    RuleRun.objects.create(rule=one, due_at=one.next_run, looked_at=timezone.now(), result=Result.QUIET)
    abroad()
    evaluate_due()
    due_again(one)
    evaluate_due()
    assert one.runs.first().raised == 1


def test_a_rule_can_fail_for_ever() -> None:
    one = rule(make.administrator(), kind="gone", failures=32_767)
    evaluate_due()
    assert one.runs.get().reason == reasons.KIND_GONE


def test_more_than_one_look_takes_is_looked_at_in_pieces_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "MOST_RECORDS", 1)
    one = rule(make.administrator())
    for _ in range(3):
        abroad()
    evaluate_due()
    assert [run.raised for run in one.runs.all()] == [1, 1, 1]
    one.refresh_from_db()
    assert one.marks == latest_marks()
    assert one.next_run is not None
    assert one.next_run > timezone.now()
