"""A trial says what a rule would have raised in the last days, and how often it would have told."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounting.models import CallType
from alarms.kinds import KINDS, reasons
from alarms.models import Alarm
from alarms.services import trying
from alarms.services.trying import try_out
from callanalytics.lib.recurrence import Recurrence, Unit
from tests import factories as make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
DAILY = Recurrence(Unit.DAYS, 1, time(7), ZoneInfo("Europe/Berlin"), date(2026, 1, 1))
HOURLY = Recurrence(Unit.MINUTES, 60, time(0), ZoneInfo("Europe/Berlin"), date(2026, 1, 1))


def abroad(at: datetime) -> None:
    """Make an international call."""
    make.record(started_at=at, call_type=CallType.INTERNATIONAL, other_number="+442071234567")


def test_findings_days_and_letters() -> None:
    admin = make.administrator()
    for at in (
        NOW - timedelta(hours=3),
        NOW - timedelta(minutes=70),
        NOW - timedelta(days=2),
        NOW - timedelta(days=31),
    ):
        abroad(at)
    make.record(started_at=NOW - timedelta(hours=1))
    found = try_out(KINDS["international"], {}, admin, DAILY, NOW)
    assert [(one.calls, one.happened_at) for one in found.findings] == [
        (2, NOW - timedelta(hours=3)),
        (1, NOW - timedelta(days=2)),
    ]
    assert found.calls == 3
    assert dict(found.by_day)[date(2026, 11, 18)] == 1
    assert len(found.by_day) == 31
    assert found.letters == 2
    assert try_out(KINDS["international"], {}, admin, HOURLY, NOW).letters == 3
    assert not Alarm.objects.exists()


def test_a_trial_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    admin = make.administrator()
    abroad(NOW - timedelta(hours=3))
    monkeypatch.setattr(trying, "LONGEST_TRIAL", -1.0)
    monkeypatch.setattr(trying, "limit_time", lambda _milliseconds: None)
    found = try_out(KINDS["international"], {}, admin, DAILY, NOW)
    assert found.too_long
    assert found.reason == reasons.TOO_LONG
    assert found.findings == []


def test_the_owner_sees_the_own_scope_only() -> None:
    sales = make.department("Sales")
    abroad(NOW - timedelta(hours=3))
    assert try_out(KINDS["international"], {}, make.supervisor(of=sales), DAILY, NOW).findings == []
