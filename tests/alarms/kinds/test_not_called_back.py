"""Missed calls that nobody called back in time, as the report of missed calls counts (EX-3)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from accounting.models import CallRecord, Direction, Outcome, Purpose, User
from alarms.kinds import KINDS
from alarms.kinds.not_called_back import GRACE
from tests import factories as make
from tests.alarms.rules import look, raised, rule

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CALLER = "+4930555000"


@pytest.fixture
def admin() -> User:
    """Return somebody who sees all calls."""
    return make.administrator()


def missed(started_at: datetime, **fields: Any) -> CallRecord:
    """Make a missed call from outside."""
    values: dict[str, Any] = {
        "direction": Direction.INCOMING,
        "outcome": Outcome.MISSED,
        "other_number": CALLER,
    } | fields
    return make.record(started_at=started_at, **values)


def test_a_call_is_raised_when_its_time_has_run_out_and_once(admin: User) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        one = rule("not_called_back", admin, minutes=30)
        missed(NOON)
        clock.move_to(NOON + 30 * MINUTE + GRACE - MINUTE)
        assert look(one).raised == 0
        clock.move_to(NOON + 30 * MINUTE + GRACE)
        (alarm,) = raised(one)
        assert (alarm.calls, alarm.happened_at) == (1, NOON)
        assert KINDS["not_called_back"].sentence(alarm) == "1 missed call was not called back"
        clock.move_to(NOON + 60 * MINUTE)
        assert look(one).raised == 0


@pytest.mark.parametrize(
    ("after", "fields", "told"),
    [
        (30 * MINUTE, {}, False),
        (30 * MINUTE + timedelta(seconds=1), {}, True),
        (MINUTE, {"direction": Direction.INCOMING}, False),
        (MINUTE, {"outcome": Outcome.MISSED}, True),
        (MINUTE, {"other_number": "+4930555001"}, True),
        (MINUTE, {"purpose": Purpose.DIALLED, "user_id": 999}, True),
        (-MINUTE, {}, True),
    ],
)
def test_what_counts_as_called_back(admin: User, after: timedelta, fields: dict[str, Any], told: bool) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        one = rule("not_called_back", admin, minutes=30)
        missed(NOON)
        make.record(started_at=NOON + after, extension="2777", **({"other_number": CALLER} | fields))
        clock.move_to(NOON + 120 * MINUTE)
        assert look(one).raised == int(told)


def test_calls_that_arrive_after_their_time_and_out_of_hours(admin: User) -> None:
    with time_machine.travel(NOON, tick=False):
        one = rule("not_called_back", admin, minutes=30, extensions="2001")
        always = rule("not_called_back", admin, minutes=30, in_hours=False)
        late, night = missed(NOON - timedelta(days=20)), missed(NOON - timedelta(hours=14))
        missed(NOON - timedelta(days=1), extension="2002")
        missed(NOON - timedelta(days=1), other_number="")
        assert [alarm.happened_at for alarm in raised(one)] == [late.started_at]
        assert night.started_at in [alarm.happened_at for alarm in raised(always)]
