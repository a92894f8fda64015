"""When Python looks for reference cycles beside work that has paused it."""

import gc
from collections.abc import Iterator

import pytest

from callanalytics.lib.cycles import cycle_search_paused


@pytest.fixture
def looks() -> Iterator[list[int]]:
    """The generations that were looked through."""
    found: list[int] = []

    def note(phase: str, details: dict[str, int]) -> None:
        if phase == "start":
            found.append(details["generation"])

    gc.callbacks.append(note)
    yield found
    gc.callbacks.remove(note)


def test_work_within_other_work_is_looked_after_unless_it_leaves_no_cycles(looks: list[int]) -> None:
    with cycle_search_paused():
        with cycle_search_paused(look_after=False):
            assert not gc.isenabled()
        assert looks == []
        with cycle_search_paused():
            pass
        assert looks == [0]
        assert not gc.isenabled()
    assert gc.isenabled()


def test_the_search_goes_on_after_what_fails() -> None:
    with pytest.raises(ZeroDivisionError), cycle_search_paused(look_after=False):
        raise ZeroDivisionError
    assert gc.isenabled()
