"""When something that repeats is due next, also on days when the clocks change."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from callanalytics.lib.recurrence import next_after

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
