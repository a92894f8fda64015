"""Simultaneous calls are those of counting second by second; Erlang B is that of the printed tables."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.engine.traffic import erlang_b, lines_needed, slots, sweep

CALLS = st.lists(
    st.tuples(st.integers(-20, 80), st.integers(0, 60)).map(lambda pair: (pair[0], sum(pair))), max_size=25
)


@given(calls=CALLS)
def test_a_sweep_is_counting_second_by_second(calls: list[tuple[int, int]]) -> None:
    load = sweep(calls, 0, 60)
    levels = [sum(begun <= second < ended for begun, ended in calls) for second in range(60)]
    assert load.seconds_at == {level: count for level, count in Counter(levels).items() if level}
    assert load.peak == max(levels)
    assert load.busy_seconds == sum(levels)
    if load.peak:
        assert load.peak_at == levels.index(load.peak)


@given(calls=CALLS)
def test_slots_cut_calls_at_their_borders(calls: list[tuple[int, int]]) -> None:
    found = slots(calls, 0, 60, 15)
    for slot in range(0, 60, 15):
        alone = sweep(calls, slot, slot + 15)
        assert (found[slot].seconds_at if slot in found else {}) == alone.seconds_at


@pytest.mark.parametrize(
    ("lines", "loss", "traffic"),
    [(1, 0.01, 0.0101), (10, 0.01, 4.46), (30, 0.01, 20.3), (50, 0.001, 32.5), (100, 0.01, 84.1)],
)
def test_erlang_b_agrees_with_the_printed_tables(lines: int, loss: float, traffic: float) -> None:
    assert erlang_b(lines, traffic) == pytest.approx(loss, rel=0.02)
    assert lines_needed(traffic * 0.99, loss) == lines
    assert lines_needed(traffic * 1.01, loss) == lines + 1
