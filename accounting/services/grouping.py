"""Which legs belong to one call: found by keys and time, whatever the order in which they arrive."""

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

from accounting.sources.base import Leg

WINDOW = 6 * 3600
"""Seconds between two records of one call at most: UCM's call numbers come again after days (24 bits, restarts)."""


@dataclass(frozen=True, slots=True)
class StoredLeg:
    """What grouping needs of a leg in the database."""

    record_key: str
    call_ref: str
    call_id: int
    orig_leg: int
    dest_leg: int
    stitch: bool
    originated: int
    disconnected: int


@dataclass(slots=True)
class Forest:
    """Union-find over legs and stored calls."""

    parents: dict[Hashable, Hashable] = field(default_factory=dict)

    def root(self, node: Hashable) -> Hashable:
        """Return the representative of a node's set."""
        parent = self.parents.setdefault(node, node)
        while parent != node:
            self.parents[node] = self.parents[parent]
            node, parent = parent, self.parents[parent]
        return node

    def join(self, one: Hashable, other: Hashable) -> None:
        """Make two nodes members of one set."""
        self.parents[self.root(one)] = self.root(other)


@dataclass(slots=True)
class Group:
    """New legs of one call, by position, and the stored calls that they continue."""

    positions: list[int] = field(default_factory=list)
    call_ids: set[int] = field(default_factory=set)


def group(legs: list[Leg], stored: Iterable[StoredLeg]) -> dict[int, Group]:
    """Return, by the position of each member, the calls of several records; every other leg is a call of its own.

    Two records belong together when they share the call reference, or when both bear a feature's mark (transfer,
    conference, park ...) and share a leg identifier, and lie within WINDOW; and so on from record to record.
    """
    stored = list(stored)
    records = Counter([leg.call_ref for leg in legs] + [one.call_ref for one in stored])
    members: dict[Hashable, list[tuple[int, int, Hashable]]] = {}
    for index, leg in enumerate(legs):
        if not leg.stitch and records[leg.call_ref] == 1:
            continue  # nothing that another record could share; so are nine of ten
        span = (leg.originated, leg.disconnected, index)
        for key in (leg.call_ref, *identifiers(leg)):
            members.setdefault(key, []).append(span)
    for one in stored:
        node = ("call", one.call_id)
        for key in (one.call_ref, *identifiers(one)):
            if key in members:
                members[key].append((one.originated, one.disconnected, node))
    forest = Forest()
    for spans in members.values():
        if len(spans) > 1:
            chain(spans, forest)
    return collect(forest)


def identifiers(leg: Leg | StoredLeg) -> tuple[tuple[str, int], ...]:
    """Return the leg identifiers by which a record may continue another; they are unique within one cluster."""
    if not leg.stitch:
        return ()
    cluster = leg.call_ref.split("/", 1)[0]
    return tuple((cluster, identifier) for identifier in (leg.orig_leg, leg.dest_leg) if identifier)


def chain(spans: list[tuple[int, int, Hashable]], forest: Forest) -> None:
    """Join the neighbours in time that lie within the window."""
    spans.sort(key=lambda span: span[:2])
    _, latest, before = spans[0]
    for start, end, node in spans[1:]:
        if start - latest <= WINDOW:
            forest.join(node, before)
        latest, before = max(latest, end), node


def collect(forest: Forest) -> dict[int, Group]:
    """Return the groups of new legs by position, their positions ascending."""
    groups: dict[Hashable, Group] = {}
    found: dict[int, Group] = {}
    for position in sorted(node for node in forest.parents if isinstance(node, int)):
        one = found[position] = groups.setdefault(forest.root(position), Group())
        one.positions.append(position)
    for node in list(forest.parents):
        if isinstance(node, tuple) and forest.root(node) in groups:
            groups[forest.root(node)].call_ids.add(node[1])
    return found
