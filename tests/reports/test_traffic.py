"""Simultaneous calls are those of counting second by second; Erlang B is that of the printed tables."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.engine.traffic import HALF_HOUR, HOUR, GatewayLoad, erlang_b, lines_needed
from reports.special.sweeping import Clock, events_of, loads_of

START = datetime(2025, 10, 25, 23, 20, tzinfo=UTC)
"""Shortly before clocks are put back in Berlin."""
CALLS = st.lists(
    st.tuples(
        st.integers(1, 2),
        st.sampled_from((0, 590, 2390, 6000)).flatmap(lambda about: st.integers(about, about + 20)),
        st.sampled_from((0, 1, 7, 15, 1800, 5000)),
    ),
    min_size=1,
    max_size=14,
)
"""Gateway, second after the start and length of calls."""


@given(
    spans=CALLS,
    shift=st.sampled_from((0, 900, 1800, 2700)),
    channels=st.sampled_from((1, 2, 3)),
    zone=st.sampled_from(("UTC", "Europe/Berlin", "Asia/Kathmandu")),
)
def test_a_sweep_is_counting_second_by_second(
    spans: list[tuple[int, int, int]], shift: int, channels: int, zone: str
) -> None:
    calls = [
        (gateway, START + timedelta(seconds=after), START + timedelta(seconds=after + long))
        for gateway, after, long in spans
    ]
    clock = Clock(zone, date(2025, 10, 25), date(2025, 10, 27))
    expected = {
        gateway: counted([call for call in calls if call[0] == gateway], channels, shift, ZoneInfo(zone))
        for gateway in {gateway for gateway, begun, ended in calls if begun < ended}
    }
    assert loads_of(events_of(calls, shift), {1: channels, 2: channels}, clock, shift) == expected


def counted(calls: list[tuple[int, datetime, datetime]], channels: int, shift: int, zone: ZoneInfo) -> GatewayLoad:
    """Return the load of one gateway, second by second."""
    levels: dict[int, int] = defaultdict(int)
    for _gateway, begun, ended in calls:
        for second in range(int(begun.timestamp()), int(ended.timestamp())):
            levels[second] += 1
    hours: dict[int, int] = defaultdict(int)
    by_hour: dict[int, int] = defaultdict(int)
    peaks: dict[int, int] = defaultdict(int)
    for second, level in levels.items():
        hour, half = (second - (second - shift) % length for length in (HOUR, HALF_HOUR))
        hours[hour] += level
        by_hour[datetime.fromtimestamp(hour, zone).hour] += level
        moment = datetime.fromtimestamp(half, zone)
        minute = moment.hour * 60 + moment.minute
        peaks[minute] = max(peaks[minute], level)
    peak, busiest = max(levels.values()), max(hours.values())
    return GatewayLoad(
        calls=sum(begun < ended for _gateway, begun, ended in calls),
        peak=peak,
        peak_at=min(second for second, level in levels.items() if level == peak),
        full_seconds=sum(level >= channels for level in levels.values()),
        busiest=min(hour for hour, busy in hours.items() if busy == busiest),
        busiest_seconds=busiest,
        by_hour=by_hour,
        peaks=peaks,
        first_hour=min(hours),
        last_hour=max(hours),
    )


@pytest.mark.parametrize(
    ("lines", "loss", "traffic"),
    [(1, 0.01, 0.0101), (10, 0.01, 4.46), (30, 0.01, 20.3), (50, 0.001, 32.5), (100, 0.01, 84.1)],
)
def test_erlang_b_agrees_with_the_printed_tables(lines: int, loss: float, traffic: float) -> None:
    assert erlang_b(lines, traffic) == pytest.approx(loss, rel=0.02)
    assert lines_needed(traffic * 0.99, loss) == lines
    assert lines_needed(traffic * 1.01, loss) == lines + 1
