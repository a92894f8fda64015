"""Whose call it is: the holder of an extension, and the holder's units, at the moment of the call."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from accounting.models import LineAssignment, Membership

SINCE_EVER, FOR_EVER = -(1 << 62), 1 << 62


class Owner(NamedTuple):
    """A person and the person's units as of a moment; None where there is none."""

    user_id: int | None
    department_id: int | None
    cost_centre_id: int | None
    office_id: int | None


NOBODY = Owner(None, None, None, None)
Interval = tuple[int, int, Owner]


@dataclass(slots=True)
class Directory:
    """Holders of all extensions through time."""

    holders: dict[tuple[int, str], tuple[list[int], list[Owner]]] = field(default_factory=dict)
    """By phone system and number: beginnings, ascending, and who holds the extension from then on."""

    def owner(self, phone_system_id: int, number: str, moment: int) -> Owner:
        """Return the holder at an epoch second."""
        known = self.holders.get((phone_system_id, number))
        if known is None:
            return NOBODY
        beginnings, owners = known
        index = bisect_right(beginnings, moment)
        return owners[index - 1] if index else NOBODY


def load_directory() -> Directory:
    """Read all assignments and memberships."""
    memberships: dict[int, list[tuple[int, int, tuple[int | None, int | None, int | None]]]] = {}
    rows = Membership.objects.values_list(
        "user_id", "department_id", "cost_centre_id", "office_id", "valid_from", "valid_to"
    )
    for user, department, cost_centre, office, start, end in rows.order_by("id"):
        memberships.setdefault(user, []).append((*bounds(start, end), (department, cost_centre, office)))
    directory = Directory()
    intervals: dict[tuple[int, str], list[Interval]] = {}
    lines = LineAssignment.objects.values_list(
        "extension__phone_system_id", "extension__number", "user_id", "valid_from", "valid_to"
    )
    for system, number, user, start, end in lines.order_by("id"):
        first, last = bounds(start, end)
        units = [Owner(user, *unit) for _, _, unit in memberships.get(user, [])]
        times = [(max(first, begin), min(last, finish)) for begin, finish, _ in memberships.get(user, [])]
        held: list[Interval] = [(first, last, Owner(user, None, None, None))]
        held += [(begin, finish, owner) for (begin, finish), owner in zip(times, units, strict=True) if begin < finish]
        intervals.setdefault((system, number), []).extend(held)
    for key, found in intervals.items():
        directory.holders[key] = timeline(found)
    return directory


def bounds(start: datetime | None, end: datetime | None) -> tuple[int, int]:
    """Return a half-open interval in epoch seconds."""
    return (
        int(start.timestamp()) if start else SINCE_EVER,
        int(end.timestamp()) if end else FOR_EVER,
    )


def timeline(intervals: Sequence[Interval]) -> tuple[list[int], list[Owner]]:
    """Return beginnings and owners of consecutive times; where intervals overlap see owner_at()."""
    if len(intervals) <= 2 and all(one[0] == SINCE_EVER and one[1] == FOR_EVER for one in intervals):
        return [SINCE_EVER], [intervals[-1][2]]
    edges = sorted({edge for start, end, _ in intervals for edge in (start, end)} - {FOR_EVER})
    return edges, [owner_at(edge, intervals) for edge in edges]


def owner_at(moment: int, intervals: Iterable[Interval]) -> Owner:
    """Return the holder named last among the intervals that hold a moment, with all units that hold then.

    Of two units of one kind the later entry wins; an entry without a unit leaves the one of an earlier entry.
    """
    found = NOBODY
    for start, end, owner in intervals:
        if start <= moment < end:
            found = _completed(found, owner) if owner.user_id == found.user_id else owner
    return found


def _completed(known: Owner, later: Owner) -> Owner:
    return Owner(*(old if new is None else new for old, new in zip(known, later, strict=True)))
