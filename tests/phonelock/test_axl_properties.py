"""Whatever is changed, and whatever goes wrong meanwhile: never shown as locked while open, and all ends well.

A worker dies before or after any request, requests are not done, done twice or done without an answer.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounting.models import Extension
from phonelock.engines.soap import SoapConnection
from phonelock.models import EngineTurn, LineState, LineStatus, Lock, LockEvent, LockSetUp, Reason, Through
from phonelock.services.comparing import compare
from phonelock.services.locking import Actor, lock, release
from phonelock.simulator.server import Ucm
from tests.phonelock.clusters import (
    OWN_CSS,
    PARTITION,
    assert_honest,
    css_of,
    line,
    running,
    set_up,
    status_of,
    work_off,
)

SOMEBODY = Actor(Through.PORTAL)
NUMBERS = {"211": OWN_CSS, "212": ""}
REASONS = [Reason.SELF, Reason.BUDGET]
CUTS = ["busy", "fault", "nonsense", "cut_before", "cut_after", "half"]
OPERATIONS = ["*", "getLine", "updateLine", "applyLine"]

changes = st.tuples(st.sampled_from(["lock", "release"]), st.sampled_from([0, 1]), st.sampled_from(REASONS))
troubles = st.tuples(st.just("trouble"), st.sampled_from(CUTS), st.sampled_from(OPERATIONS), st.integers(1, 2))
work = st.tuples(st.just("work"), st.none() | st.integers(0, 9), st.none() | changes, st.integers(0, 9))
steps = st.lists(changes | troubles | work | work, min_size=3, max_size=12)


class Killed(BaseException):
    """Ends a worker at once."""


@contextmanager
def watched(ucm: Ucm, kill_at: int | None = None, meanwhile: Any = None, meanwhile_at: int = 0) -> Iterator[None]:
    """Look before and after each request; die at one of these moments, let something happen at another one."""
    ask, moments = SoapConnection.ask, iter(range(1_000))

    def moment() -> None:
        assert_honest(ucm)
        now = next(moments)
        if now == meanwhile_at and meanwhile is not None:
            meanwhile()
            assert_honest(ucm)
        if now == kill_at:
            raise Killed

    def watched_ask(self: SoapConnection, action: str, request: Any) -> Any:
        moment()
        answer = ask(self, action, request)
        moment()
        return answer

    SoapConnection.ask = watched_ask  # type: ignore[method-assign]
    try:
        yield
    finally:
        SoapConnection.ask = ask  # type: ignore[method-assign]
    assert_honest(ucm)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ucm, int]]:
    with running(tmp_path_factory.mktemp("ucm")) as found:
        yield found


def change(extensions: list[Extension], what: str, which: int, reason: Reason) -> None:
    (lock if what == "lock" else release)([extensions[which].pk], reason, SOMEBODY)


def begin(cluster: tuple[Ucm, int]) -> list[Extension]:
    """Begin with nothing locked; return the lines."""
    ucm, port = cluster
    for model in (Lock, LockEvent, LineState, EngineTurn, LockSetUp, Extension):
        model.objects.all().delete()
    ucm.troubles.clear()
    set_up(ucm, port)
    return [line(ucm, number, css) for number, css in NUMBERS.items()]


def assert_ends_well(ucm: Ucm, lines: list[Extension]) -> None:
    """One comparison later everybody agrees."""
    ucm.troubles.clear()
    with watched(ucm):
        work_off()
        compare(LockSetUp.objects.select_related("phone_system").get())
        work_off()
    assert not LineState.objects.exclude(due_at=None).exists()
    for extension, own_css in zip(lines, NUMBERS.values(), strict=True):
        wanted = Lock.objects.filter(extension=extension).exists()
        assert ucm.cluster.bars(extension.number, PARTITION) == wanted
        if LineState.objects.filter(extension=extension).exists():
            assert status_of(extension) == (LineStatus.LOCKED if wanted else LineStatus.OPEN)
        if not wanted:
            assert css_of(ucm, extension.number) == own_css


@pytest.mark.django_db
@pytest.mark.parametrize(("which", "locked_first"), [(0, False), (1, True)])
def test_killed_and_ordered_otherwise_at_each_moment(
    cluster: tuple[Ucm, int], db: None, which: int, locked_first: bool
) -> None:
    """A worker locks, or releases, with four requests: at each moment the order is reversed, and the worker dies."""
    ucm = cluster[0]
    first, second = ("release", "lock") if locked_first else ("lock", "release")
    for moment in range(8):
        for reversed_at in (moment, 99, None):
            lines = begin(cluster)
            if locked_first:
                change(lines, "lock", which, Reason.SELF)
                work_off()
            change(lines, first, which, Reason.SELF)
            back = partial(change, lines, second, which, Reason.SELF)
            kill_at = moment if reversed_at != moment else None
            with suppress(Killed), watched(ucm, kill_at, back, moment if reversed_at == moment else 99):
                work_off()
            if reversed_at == 99:
                back()
            assert_ends_well(ucm, lines)


@pytest.mark.django_db
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_never_shown_as_locked_while_open(cluster: tuple[Ucm, int], db: None, steps: list[Any]) -> None:
    ucm, lines = cluster[0], begin(cluster)
    for step in steps:
        match step:
            case ("trouble", kind, operation, times):
                ucm.troubles.plan(kind, operation, times=times)
            case ("work", kill_at, meanwhile, meanwhile_at):
                then = (lambda order=meanwhile: change(lines, *order)) if meanwhile else None
                with suppress(Killed), watched(ucm, kill_at, then, meanwhile_at):
                    work_off()
            case _:
                change(lines, *step)
        assert_honest(ucm)
    assert_ends_well(ucm, lines)
