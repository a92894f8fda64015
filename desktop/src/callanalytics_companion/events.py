"""What can happen to a session on a computer, in words that mean the same on every system."""

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol


class Event(StrEnum):
    """One thing that happens to the session of the person."""

    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    SESSION_LOCK = "session_lock"
    SESSION_UNLOCK = "session_unlock"
    SHUTDOWN = "shutdown"


ENDINGS = frozenset({Event.SIGN_OUT, Event.SHUTDOWN})
"""After which the system does not wait for long."""
Tell = Callable[[Event], None]


class Source(Protocol):
    """Where the events of one kind of system come from."""

    def run(self, tell: Tell) -> None:
        """Tell each event when it happens, from any thread; return after stop()."""

    def stop(self) -> None:
        """Let run() return; may be called from any thread."""

    def settled(self) -> None:
        """Hear that the last event has been dealt with: a shutdown that was held up may go on."""

    def session_key(self) -> str:
        """Return what tells this session from earlier ones, so that a restart within it is no sign-in."""

    def is_ending(self) -> bool:
        """Return whether the session is being left; asked when the system ends the companion."""
