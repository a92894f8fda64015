"""Calls outside business hours: by each office's clock, weekend and holidays, to the second (ALM-1)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounting.models import Direction, Kind, PublicHoliday, User
from alarms.kinds import KINDS
from tests import factories as make
from tests.alarms.rules import errors, look, raised, rule

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


@pytest.fixture
def admin() -> User:
    """Return somebody who sees all calls."""
    return make.administrator()


def berlin(text: str) -> datetime:
    """Return a moment of Berlin's winter as UTC."""
    return datetime.fromisoformat(f"{text}+01:00").astimezone(UTC)


def calls_at(*moments: datetime, **fields: Any) -> None:
    """Make calls that begin at these moments."""
    for moment in moments:
        make.record(started_at=moment, **fields)


def test_opening_and_closing_to_the_second(admin: User) -> None:
    office = make.office(business_hours="08:00-18:00")
    one = rule("outside_hours", admin)
    opens, closes = berlin("2026-11-18T08:00"), berlin("2026-11-18T18:00")
    calls_at(opens - SECOND, opens, closes - SECOND, closes, office_id=office.pk)
    (alarm,) = raised(one)
    assert (alarm.calls, alarm.happened_at) == (2, opens - SECOND)
    assert set(alarm.its_calls.values_list("started_at", flat=True)) == {opens - SECOND, closes}
    assert KINDS["outside_hours"].sentence(alarm) == "2 calls outside business hours"


def test_weekend_of_the_country_and_the_offices_clock(admin: User) -> None:
    dubai = make.office("Dubai", country="AE", time_zone="Asia/Dubai", area_code="4")
    berlin_office = make.office()
    one = rule("outside_hours", admin)
    saturday_noon, sunday_noon = berlin("2026-11-21T12:00"), berlin("2026-11-22T12:00")
    friday, early = berlin("2026-11-20T12:00"), berlin("2026-11-20T06:00")
    weekend = make.office("Kuwait", country="KW", time_zone="Asia/Kuwait", area_code="2")
    calls_at(saturday_noon, sunday_noon, friday, early, office_id=weekend.pk, extension="3001")
    calls_at(early, friday, office_id=dubai.pk, extension="3002")
    calls_at(early, friday, sunday_noon, office_id=berlin_office.pk, extension="3003")
    found = {(alarm.extension, alarm.happened_at): alarm.calls for alarm in raised(one)}
    assert found == {
        ("3001", early): 2, ("3001", saturday_noon): 1,
        ("3003", early): 1, ("3003", sunday_noon): 1,
    }  # fmt: skip


def test_public_holidays_are_closed_unless_told_otherwise(admin: User) -> None:
    office = make.office(subdivision="BE")
    PublicHoliday.objects.create(office=office, day="2026-11-18", is_holiday=True, name="Betriebsfest")
    closed, open_ = rule("outside_hours", admin), rule("outside_hours", admin, holidays=False)
    calls_at(berlin("2026-11-18T12:00"), berlin("2026-12-25T12:00"), berlin("2026-11-19T12:00"), office_id=office.pk)
    assert [alarm.calls for alarm in raised(closed)] == [1, 1]
    assert raised(open_) == []


def test_own_hours_after_midnight_and_on_the_day_of_a_changed_clock(admin: User) -> None:
    office = make.office()
    hours = {f"day_{number}": "" for number in range(1, 8)} | {"hours": "own", "day_6": "22:00-04:00"}
    one = rule("outside_hours", admin, **hours)
    # In the night to Sunday, 25 October 2026, the hour from 2 to 3 comes twice.
    begins, ends = datetime(2026, 10, 24, 20, 0, tzinfo=UTC), datetime(2026, 10, 25, 3, 0, tzinfo=UTC)
    calls_at(begins - SECOND, begins, ends - SECOND, ends, office_id=office.pk)
    found = raised(one)
    assert sorted(call.started_at for alarm in found for call in alarm.its_calls.all()) == [begins - SECOND, ends]


def test_direction_network_and_calls_of_no_office(admin: User) -> None:
    night = berlin("2026-11-18T23:00")
    outgoing = rule("outside_hours", admin)
    both = rule("outside_hours", admin, direction="both", external=False)
    abroad = rule("outside_hours", admin, zone="America/New_York")
    calls_at(night, extension="1")
    calls_at(night, extension="2", direction=Direction.INCOMING)
    calls_at(night, extension="3", kind=Kind.INTERNAL)
    assert [alarm.extension for alarm in raised(outgoing)] == ["1"]
    assert sorted(alarm.extension for alarm in raised(both)) == ["1", "2", "3"]
    assert raised(abroad) == []


def test_each_call_once_and_late_ones_too(admin: User) -> None:
    one = rule("outside_hours", admin)
    calls_at(berlin("2026-11-18T23:00"))
    assert look(one).raised == 1
    calls_at(berlin("2026-08-18T23:00"), berlin("2026-11-18T23:30"))
    assert [alarm.calls for alarm in raised(one)] == [1, 1]
    assert look(one).raised == 0


def test_a_span_of_years_is_looked_at_call_by_call(admin: User) -> None:
    one = rule("outside_hours", admin)
    calls_at(berlin("2023-11-15T12:00"), berlin("2023-11-15T23:00"), berlin("2026-11-18T23:00"))
    assert [alarm.calls for alarm in raised(one)] == [1, 1]


def test_hours_that_cannot_be_read_are_refused(admin: User) -> None:
    assert "hours" in errors("outside_hours", admin, hours="own", direction="both")
    assert "day_1" in errors("outside_hours", admin, hours="own", day_1="8 to 5", direction="both")
