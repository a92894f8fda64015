"""Bursts of short calls of one pair, or of one number that rings many (EX-7)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounting.models import Direction, Outcome, Purpose, User
from alarms.kinds import KINDS
from alarms.models import Alarm
from tests import factories as make
from tests.alarms.rules import look, raised, rule

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def admin() -> User:
    """Return somebody who sees all calls."""
    return make.administrator()


def test_enough_short_calls_of_a_pair_close_to_each_other(admin: User) -> None:
    one = rule("bursts", admin, calls=3, minutes=10, seconds=15)
    for moment in (0, 5, 16, 21):
        make.record(started_at=NOON + moment * MINUTE, talk_seconds=15)
    make.record(started_at=NOON + 17 * MINUTE, talk_seconds=16)
    make.record(started_at=NOON + 18 * MINUTE, talk_seconds=5, other_number="+49301")
    make.record(started_at=NOON + 18 * MINUTE, talk_seconds=5, purpose=Purpose.MARKED, user_id=10**12)
    assert look(one).raised == 0
    make.record(started_at=NOON + 15 * MINUTE, talk_seconds=5)
    (alarm,) = raised(one)
    assert (alarm.extension, alarm.calls) == ("2001", 3)
    assert KINDS["bursts"].sentence(alarm) == "3 short calls with the same number"
    assert "4930" not in f"{alarm.key}{alarm.facts}{alarm.query}"
    make.record(started_at=NOON + 22 * MINUTE, talk_seconds=5)
    assert look(one).raised == 0


def test_exactly_within_the_minutes(admin: User) -> None:
    one = rule("bursts", admin, calls=2, minutes=10)
    (
        make.record(started_at=NOON, talk_seconds=1),
        make.record(started_at=NOON + 10 * MINUTE + timedelta(seconds=1), talk_seconds=1),
    )
    assert look(one).raised == 0
    make.record(started_at=NOON + 20 * MINUTE, talk_seconds=1)
    assert [alarm.calls for alarm in raised(one)] == [2]


def test_one_number_that_rings_many_extensions_briefly(admin: User) -> None:
    one = rule("bursts", admin, pattern="caller", calls=3)
    ring: dict[str, Any] = {
        "direction": Direction.INCOMING,
        "outcome": Outcome.MISSED,
        "other_number": "+2250101",
        "ring_seconds": 3,
    }
    for place, extension in enumerate(("2001", "2001", "2002")):
        make.record(started_at=NOON + place * MINUTE, extension=extension, **ring)
    make.record(started_at=NOON, extension="2003", **(ring | {"ring_seconds": 16}))
    assert look(one).raised == 0
    make.record(started_at=NOON + 3 * MINUTE, extension="2004", **ring)
    (alarm,) = raised(one)
    assert (alarm.extension, alarm.calls) == ("", 4)
    assert KINDS["bursts"].sentence(alarm) == "One outside number rang briefly 4 times"


def test_a_burst_around_midnight_may_share_calls_with_that_of_the_day_before(admin: User) -> None:
    one = rule("bursts", admin, calls=2)
    midnight = datetime(2026, 11, 17, 23, 0, tzinfo=UTC)
    (
        make.record(started_at=midnight + MINUTE, talk_seconds=1),
        make.record(started_at=midnight + 2 * MINUTE, talk_seconds=1),
    )
    assert look(one).raised == 1
    make.record(started_at=midnight - MINUTE, talk_seconds=1)
    assert look(one).raised == 1
    assert Alarm.objects.count() == 2
