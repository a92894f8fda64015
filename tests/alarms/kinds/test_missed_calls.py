"""Missed calls and unrecognised destinations, counted within whole hours and days (ALM-4, ALM-7)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounting.models import CallRecord, CallType, Direction, Kind, Outcome, Purpose, User
from alarms.kinds import KINDS, reasons
from alarms.models import Result
from tests import factories as make
from tests.alarms.rules import errors, look, raised, rule

pytestmark = pytest.mark.django_db
DAY = datetime(2026, 11, 17, 23, 0, tzinfo=UTC)
"""Midnight in Berlin."""
MINUTE = timedelta(minutes=1)


@pytest.fixture
def admin() -> User:
    """Return somebody who sees all calls."""
    return make.administrator()


def missed(started_at: datetime, **fields: Any) -> CallRecord:
    """Make a missed call from outside."""
    values: dict[str, Any] = {"direction": Direction.INCOMING, "outcome": Outcome.MISSED} | fields
    return make.record(started_at=started_at, **values)


def test_exactly_at_the_limit_once_a_day_and_extension(admin: User) -> None:
    one = rule("missed_calls", admin, limit=3)
    missed(DAY), missed(DAY + MINUTE), missed(DAY - MINUTE), missed(DAY + MINUTE, extension="2002")
    assert look(one).raised == 0
    missed(DAY + 24 * 60 * MINUTE - MINUTE, outcome=Outcome.VOICEMAIL)
    make.record(started_at=DAY + MINUTE, direction=Direction.INCOMING)
    (alarm,) = raised(one)
    assert (alarm.extension, alarm.calls, alarm.happened_at) == ("2001", 3, DAY)
    assert alarm.its_calls.count() == 3
    assert KINDS["missed_calls"].sentence(alarm) == "3 missed calls within a day"
    missed(DAY + 2 * MINUTE)
    assert look(one).raised == 0


def test_hours_by_the_clock_and_all_together(admin: User) -> None:
    each = rule("missed_calls", admin, limit=2, within="hour")
    together = rule("missed_calls", admin, limit=2, within="hour", counted="all")
    missed(DAY + 59 * MINUTE), missed(DAY + 60 * MINUTE), missed(DAY + 61 * MINUTE, extension="2002")
    assert look(each).raised == 0
    (alarm,) = raised(together)
    assert (alarm.extension, alarm.calls, alarm.happened_at) == ("", 2, DAY + 60 * MINUTE)


def test_late_calls_count_on_their_own_day(admin: User) -> None:
    one = rule("missed_calls", admin, limit=2)
    missed(DAY + MINUTE)
    look(one)
    missed(DAY + 2 * MINUTE), missed(DAY - 40 * 24 * 60 * MINUTE)
    assert [alarm.calls for alarm in raised(one)] == [2]


def test_watched_lines_and_departments(admin: User) -> None:
    sales = make.department("Sales")
    below = make.department("Inside", parent=sales)
    one = rule("missed_calls", admin, limit=1, extensions="2001, 2100-2102", departments=[sales.pk])
    for extension in ("2001", "2101", "2103", "21011"):
        missed(DAY, extension=extension)
    missed(DAY, extension="9", department_id=below.pk)
    missed(DAY, extension="2001", kind=Kind.INTERNAL)
    assert sorted(alarm.extension for alarm in raised(one)) == ["2001", "2101", "9"]
    words = KINDS["missed_calls"].in_words(one.parameters)
    assert words == [
        "from 1 missed call within a day", "public network only", "extensions 2001, 2100-2102", "Sales",
    ]  # fmt: skip


def test_a_department_out_of_scope_cannot_be_looked_at() -> None:
    sales, support = make.department("Sales"), make.department("Support")
    boss = make.supervisor(of=sales)
    one = rule("missed_calls", boss, limit=1, departments=[sales.pk])
    assert "departments" in errors("missed_calls", boss, departments=[support.pk])
    boss.supervisions.update(department=support)
    missed(DAY, department_id=support.pk)
    run = look(one)
    assert (run.result, run.reason) == (Result.FAILED, reasons.WRONG_PARAMETERS)


def test_what_is_no_extension_is_refused(admin: User) -> None:
    for wrong in ("2199-2100", "1-12", "20 01", "0-999999"):
        assert "extensions" in errors("missed_calls", admin, extensions=wrong)
    assert "limit" in errors("missed_calls", admin, limit=0)


def test_the_hour_that_comes_twice_is_two_hours(admin: User) -> None:
    one = rule("missed_calls", admin, limit=2, within="hour")
    twice = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    missed(twice), missed(twice + timedelta(hours=1))
    assert look(one).raised == 0
    missed(twice + MINUTE)
    assert [alarm.happened_at for alarm in raised(one)] == [twice]


def test_unrecognised_destinations(admin: User) -> None:
    one = rule("unknown_destinations", admin, limit=2)
    for fields in ({}, {"purpose": Purpose.DIALLED, "user_id": 7}, {"direction": Direction.INCOMING}):
        make.record(started_at=DAY, call_type=CallType.UNKNOWN, **fields)
    assert look(one).raised == 0
    make.record(started_at=DAY + MINUTE, call_type=CallType.UNKNOWN)
    (alarm,) = raised(one)
    assert KINDS["unknown_destinations"].sentence(alarm) == "2 calls to unrecognised destinations within a day"
