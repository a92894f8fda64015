"""When something that repeats is due next, also on days when the clocks change."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callanalytics.lib.recurrence import LAST_DAY, Recurrence, Unit, next_after

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("moment", "at", "expected"),
    [
        ("2026-01-15 02:59", time(4), "2026-01-15 03:00"),
        ("2026-01-15 03:00", time(4), "2026-01-16 03:00"),
        ("2026-07-15 12:00", time(4), "2026-07-16 02:00"),
        ("2026-03-28 03:00", time(4), "2026-03-29 02:00"),
        ("2026-03-28 12:00", time(2, 30), "2026-03-29 01:30"),
        ("2026-03-29 01:30", time(2, 30), "2026-03-30 00:30"),
        ("2026-10-24 12:00", time(2, 30), "2026-10-25 00:30"),
        ("2026-10-25 00:30", time(2, 30), "2026-10-26 01:30"),
        ("2026-10-25 01:00", time(2, 30), "2026-10-26 01:30"),
        ("2026-01-14 23:30", time(0), "2026-01-15 23:00"),
    ],
)
def test_each_day_at_a_time_of_the_zone(moment: str, at: time, expected: str) -> None:
    found = next_after(datetime.fromisoformat(moment).replace(tzinfo=UTC), at, BERLIN)
    assert f"{found:%Y-%m-%d %H:%M}" == expected


def test_a_skipped_day_is_left_out() -> None:
    apia = ZoneInfo("Pacific/Apia")  # had no 30 December 2011
    found = next_after(datetime(2011, 12, 29, 12, tzinfo=apia), time(4), apia)
    assert found > datetime(2011, 12, 29, 12, tzinfo=apia)


def test_every_hour_also_while_the_clocks_change() -> None:
    before = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert next_after(before, 60, BERLIN) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_no_interval_is_refused() -> None:
    with pytest.raises(ValueError, match="never"):
        next_after(datetime(2026, 1, 1, tzinfo=UTC), 0, BERLIN)


ZONES = (
    "Europe/Berlin", "Europe/London", "Europe/Lisbon", "Europe/Moscow", "Atlantic/Azores", "America/New_York",
    "America/Sao_Paulo", "America/St_Johns", "America/Havana", "America/Santiago", "America/Scoresbysund",
    "America/Los_Angeles", "Africa/Cairo", "Africa/Casablanca", "Africa/El_Aaiun", "Asia/Amman", "Asia/Beirut",
    "Asia/Gaza", "Asia/Kathmandu", "Asia/Tehran", "Australia/Lord_Howe", "Australia/Adelaide", "Pacific/Apia",
    "Pacific/Chatham", "Antarctica/Troll",
)  # fmt: skip
BEGIN, END = datetime(2023, 12, 31, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


def rule(unit: Unit = Unit.DAYS, **fields: Any) -> Recurrence:
    values: dict[str, Any] = {"every": 1, "at": time(2, 30), "zone": BERLIN, "first_day": date(2023, 12, 31)}
    return Recurrence(unit, **(values | fields))


def times(of: Recurrence, begin: datetime = BEGIN, end: datetime = END) -> list[datetime]:
    """Return all due times between two moments, each found from the one before it."""
    found = [of.after(begin)]
    while found[-1] < end:
        found.append(of.after(found[-1]))
    return found[:-1]


def local(of: Recurrence, number: int = 4, begin: str = "2026-01-01") -> list[str]:
    """Return the next due times as the clocks in the zone show them."""
    moment = datetime.fromisoformat(begin).replace(tzinfo=of.zone)
    return [f"{due.astimezone(of.zone):%a %Y-%m-%d %H:%M}" for due in of.following(moment, number)]


@pytest.mark.parametrize("at", [time(0), time(0, 30), time(2), time(2, 30), time(23, 59)], ids=str)
@pytest.mark.parametrize("zone", ZONES)
def test_every_day_of_three_years_once_in_every_zone(zone: str, at: time) -> None:
    daily = rule(at=at, zone=ZoneInfo(zone))
    found = times(daily)
    assert all(timedelta(hours=21) < after - before < timedelta(hours=27) for before, after in pairwise(found))
    assert len(found) in (1096, 1097)


@given(
    zone=st.sampled_from(sorted(available_timezones())),
    at=st.times().map(lambda one: one.replace(second=0, microsecond=0)),
    unit=st.sampled_from([Unit.DAYS, Unit.WEEKS, Unit.MONTHS]),
    every=st.integers(1, 12),
    weekdays=st.frozensets(st.integers(0, 6), min_size=1),
    day_of_month=st.integers(1, LAST_DAY),
    first_day=st.dates(date(2010, 1, 1), date(2030, 12, 31)),
    hours=st.integers(0, 220_000),
)
def test_due_times_do_not_depend_on_when_somebody_looks(
    zone: str, at: time, unit: Unit, every: int, weekdays: frozenset[int], day_of_month: int, first_day: date,
    hours: int,
) -> None:  # fmt: skip
    of = Recurrence(unit, every, at, ZoneInfo(zone), first_day, weekdays, day_of_month)
    moment = datetime(2009, 6, 1, tzinfo=UTC) + timedelta(hours=hours)
    due, following = of.following(moment, 2)
    assert moment < due < following
    assert of.after(due - timedelta(microseconds=1)) == due
    assert of.after(due + (following - due) / 2) == following
    day = due.astimezone(of.zone).date()
    assert day >= first_day
    # What the clocks skip may carry a time over midnight.
    nominal = {day, day - timedelta(days=1)}
    if unit == Unit.WEEKS:
        assert {one.weekday() for one in nominal} & weekdays
    if unit == Unit.MONTHS:
        assert any(one.day == min(day_of_month, monthrange(one.year, one.month)[1]) for one in nominal)
    assert of.missed(due, following, 99) == 1
    assert of.missed(due, following - timedelta(microseconds=1), 99) == 0


def test_clocks_that_jump_by_half_an_hour_or_at_midnight() -> None:
    lord_howe = rule(at=time(2, 15), zone=ZoneInfo("Australia/Lord_Howe"))
    assert local(lord_howe, 3, "2026-10-03") == ["Sat 2026-10-03 02:15", "Sun 2026-10-04 02:45", "Mon 2026-10-05 02:15"]
    cairo = rule(at=time(0, 15), zone=ZoneInfo("Africa/Cairo"))
    assert local(cairo, 3, "2026-04-23") == ["Thu 2026-04-23 00:15", "Fri 2026-04-24 01:15", "Sat 2026-04-25 00:15"]
    assert local(cairo, 3, "2026-10-29") == ["Thu 2026-10-29 00:15", "Fri 2026-10-30 00:15", "Sat 2026-10-31 00:15"]


def test_every_second_week_on_chosen_days_counts_from_the_week_of_the_first_day() -> None:
    weeks = rule(Unit.WEEKS, every=2, weekdays=frozenset({0, 4}), first_day=date(2026, 1, 7))
    expected = ["Fri 2026-01-09 02:30", "Mon 2026-01-19 02:30", "Fri 2026-01-23 02:30", "Mon 2026-02-02 02:30"]
    assert local(weeks) == expected
    assert local(weeks, 1, "2026-01-19T02:30") == ["Fri 2026-01-23 02:30"]


def test_days_that_a_month_does_not_have_are_its_last_one() -> None:
    last = rule(Unit.MONTHS, day_of_month=LAST_DAY)
    assert [day[4:14] for day in local(last, 3, "2028-02-01")] == ["2028-02-29", "2028-03-31", "2028-04-30"]
    thirtieth = rule(Unit.MONTHS, day_of_month=30)
    assert [day[4:14] for day in local(thirtieth, 3)] == ["2026-01-30", "2026-02-28", "2026-03-30"]
    quarterly = rule(Unit.MONTHS, every=3, day_of_month=1, first_day=date(2026, 1, 15))
    assert [day[4:14] for day in local(quarterly, 2)] == ["2026-04-01", "2026-07-01"]


def test_minutes_keep_their_step_also_while_the_clocks_change() -> None:
    quarter = rule(Unit.MINUTES, every=15, at=time(7), first_day=date(2026, 1, 1))
    found = times(quarter, datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 26, tzinfo=UTC))
    assert all(after - before == timedelta(minutes=15) for before, after in pairwise(found))
    assert {due.minute % 15 for due in found} == {0}
    assert quarter.missed(found[0], found[0] + timedelta(hours=2), 99) == 8
    assert quarter.missed(found[0], found[0] + timedelta(days=30), 99) == 99
    assert local(quarter, 1, "2025-12-24") == ["Thu 2026-01-01 07:00"]


@pytest.mark.parametrize(
    "wrong", [{"every": 0}, {"unit": Unit.WEEKS}, {"unit": Unit.WEEKS, "weekdays": frozenset({7})}], ids=str
)
def test_a_rule_that_never_comes_round_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="never"):
        rule(**wrong)
