"""Named periods against the calendar."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callanalytics.lib.periods import NAMES, days_of, months_between, months_later


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("week", date(2026, 2, 16), date(2026, 2, 18)),
        ("last_week", date(2026, 2, 9), date(2026, 2, 15)),
        ("month", date(2026, 2, 1), date(2026, 2, 18)),
        ("last_month", date(2026, 1, 1), date(2026, 1, 31)),
        ("quarter", date(2026, 1, 1), date(2026, 2, 18)),
        ("last_quarter", date(2025, 10, 1), date(2025, 12, 31)),
        ("year", date(2026, 1, 1), date(2026, 2, 18)),
        ("last_year", date(2025, 1, 1), date(2025, 12, 31)),
        ("365d", date(2025, 2, 19), date(2026, 2, 18)),
    ],
)
def test_a_day_in_february(name: str, first: date, last: date) -> None:
    """A Wednesday in the first quarter."""
    assert days_of(name, date(2026, 2, 18)) == (first, last)


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)))
def test_this_follows_the_previous(today: date) -> None:
    """On any day each unit begins the day after the previous one has ended, and the previous one is whole."""
    for unit, months in (("month", 1), ("quarter", 3), ("year", 12)):
        (begin, end), (before, until) = days_of(unit, today), days_of(f"last_{unit}", today)
        assert begin
        assert before
        assert until
        assert (until + timedelta(days=1), end) == (begin, today)
        assert months_between(before, until) == months
        assert months_later(begin, -months) == before
    assert days_of("last_week", today)[1] == today - timedelta(days=today.weekday() + 1)
    assert all(days_of(name, today) for name in NAMES)
