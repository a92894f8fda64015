"""What is asked of an engine that must tell a phone system about locks; call control needs none: there UCM asks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from phonelock.models.engines import Former


class EngineFault(Exception):  # noqa: N818  (what people read)
    """The phone system was not told, or has not done it; the text says why and what to look at."""

    def __init__(self, text: str, *, concerns_all: bool = False, wait: float | None = None) -> None:
        """Take whether it would be the same for every line, and the seconds that the phone system asks for."""
        super().__init__(text)
        self.concerns_all = concerns_all
        self.wait = wait


@dataclass(slots=True)
class LineWork:
    """One line that an engine works on, with what must outlive the work."""

    number: str
    former: Former = field(default_factory=dict)
    keep: Callable[[Former], None] = lambda _former: None
    """Stores what the line had. Called before each change of the phone system: raises when the line is another's."""


class Engine(Protocol):
    """Bars and frees lines; every operation may be repeated, and continues what was cut off."""

    def lock(self, line: LineWork) -> None:
        """Bar the line's calls and see that it is done; raises EngineFault."""

    def release(self, line: LineWork) -> bool:
        """Give the line back what it had and see that it is done; raises EngineFault.

        Returns False when somebody has given it something else meanwhile: that stays.
        """

    def show(self, line: LineWork, text: str) -> None:
        """Let the phones of the line show a text beside it; raises EngineFault."""

    def hide(self, line: LineWork) -> None:
        """Give the phones of the line their own text back; raises EngineFault."""

    def locked_numbers(self) -> Iterator[str]:
        """Yield the numbers that are barred on the phone system; raises EngineFault."""

    def close(self) -> None:
        """Hang up."""


def wears_text(former: Former | None) -> bool:
    """Whether phones may show the text of the lock."""
    return bool(former and former.get("labels"))
