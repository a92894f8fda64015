"""A phone system whose publisher is the simulated one, and the rule that its states are held to."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.utils import timezone

from accounting.models import Extension, PhoneSystem
from phonelock.models import EngineKind, EngineTurn, LineState, LineStatus, LockSetUp
from phonelock.services.telling import tell_due
from phonelock.simulator.server import PASSWORD, USERNAME, Ucm, listening
from tests import factories as make

PARTITION, LOCKED_CSS, OWN_CSS = "PT_Internal", "CSS_Locked", "CSS_Long_Distance"


@contextmanager
def running(folder: Path) -> Iterator[tuple[Ucm, int]]:
    """Run the simulated cluster with two calling search spaces; give it and its port."""
    folder.mkdir(exist_ok=True)
    ucm = Ucm(folder)
    ucm.cluster.add_css(OWN_CSS)
    ucm.cluster.add_css(LOCKED_CSS, blocks=True)
    with listening(ucm) as (port, _control):
        yield ucm, port


def set_up(ucm: Ucm, port: int, **fields: object) -> LockSetUp:
    """Enter the simulated cluster as the default phone system, locked by AXL."""
    system = make.phone_system()
    system.address, system.certificate = f"localhost:{port}", ucm.chain.read_text()
    system.axl_username, system.axl_password = USERNAME, PASSWORD
    system.save()
    values = {"engine": EngineKind.AXL, "route_partition": PARTITION, "locked_css": LOCKED_CSS} | fields
    return LockSetUp.objects.create(phone_system=system, **values)


def line(ucm: Ucm, number: str, css: str = OWN_CSS, phones: tuple[str, ...] = ()) -> Extension:
    """Make a line here and there."""
    pattern = number.replace("+", "\\+")
    ucm.cluster.add_line(pattern, PARTITION, css, phones)
    return Extension.objects.create(phone_system=PhoneSystem.objects.get(), number=number)


def css_of(ucm: Ucm, number: str) -> str:
    """Return the calling search space that the phones of a line use."""
    held = ucm.cluster.content.lines[f"{PARTITION}/{number}"]
    assert held.css == held.applied_css
    return held.css


def status_of(extension: Extension) -> LineStatus:
    """Return what is shown of a line."""
    state = LineState.objects.get(extension=extension)
    return state.status(LockSetUp.objects.get().engine)


def assert_honest(ucm: Ucm) -> None:
    """Nothing is shown as locked whose calls pass."""
    for state in LineState.objects.select_related("extension"):
        if state.status(EngineKind.AXL) == LineStatus.LOCKED:
            assert ucm.cluster.bars(state.extension.number, PARTITION), f"{state.extension.number} is open"


def work_off() -> None:
    """Let all waiting be over, and tell the phone systems what is due."""
    EngineTurn.objects.update(held_until=None, paused_until=None)
    LineState.objects.exclude(due_at=None).update(due_at=timezone.now())
    tell_due()
