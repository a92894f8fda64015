"""Keeps what people have said of their calls, private or business, when calls are put together anew."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from accounting.models import CallRecord, Purpose
from accounting.services.parting import Part

SAID = frozenset({int(Purpose.MARKED), int(Purpose.RULED_BUSINESS)})
"""Purposes that a person has given; the others follow from the number that was dialled."""


class Ruling(NamedTuple):
    """The purpose that somebody has given a record that is taken back."""

    extension: str
    direction: int
    leg: int
    purpose: int


class Rulings:
    """What was said of the records that one batch takes back, by the call that they belong to from now on."""

    def __init__(self) -> None:
        self.joined: dict[int, int] = {}
        """Calls that have become part of another one."""
        self.kept: dict[int, list[Ruling]] = {}

    def keep(self, record: CallRecord) -> None:
        """Remember the purpose of a record that is taken back, if somebody has given it one."""
        if record.purpose in SAID:
            call_id = self.joined.get(record.call_id, record.call_id)
            ruling = Ruling(record.extension, record.direction, record.leg, record.purpose)
            self.kept.setdefault(call_id, []).append(ruling)


def hand_on(rulings: Iterable[Ruling], parts: Sequence[Part]) -> None:
    """Give the parts of a call what was said of its former records.

    The same leg of the same extension is meant; where the leg is gone, the extension's first call in this direction.
    """
    for ruling in rulings:
        same = [part for part in parts if (part.extension, part.direction) == ruling[:2]]
        found = next((part for part in same if part.leg == ruling.leg), same[0] if same else None)
        if found is not None:
            found.ruled = ruling.purpose
