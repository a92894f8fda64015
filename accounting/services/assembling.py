"""Legs to call records: who called whom, how it ended, how long they talked, and who pays which trunk.

The rules stand in docs/counting-rules.md. In short: each leg of an own extension gives one call record; each leg on a
trunk is carried, and paid, by exactly one record; records that only hand a call on count nothing.
"""

from collections.abc import Iterable
from dataclasses import replace

from accounting.services.parting import ANSWERED, OUTGOING, PARK_REVERSION, VOICEMAIL, Part, parts_of
from accounting.services.topology import Topology
from accounting.sources.base import Leg


def assemble(legs: list[Leg], topology: Topology) -> list[Part]:
    """Return the parts of one call from all its legs known so far; their order does not matter."""
    if len(legs) == 1:
        parts = parts_of(legs[0], topology)
        if not parts or parts[0].consumed:  # all of a record's parts are
            return []
        return [part for part in parts if part.carries or not part.stand_in] if parts[0].stand_in else parts
    legs = sorted(legs, key=lambda leg: (leg.originated, leg.disconnected, leg.orig_leg, leg.record_key))
    parts = []
    for leg in legs:
        parts.extend(parts_of(leg, topology))
    intervals = trunk_intervals(legs)
    parts = [part for part in merged(parts) if not part.consumed or part.answered or has_dialled_out(part, intervals)]
    parts = without_voicemail_twins(parts)
    settle_trunks(parts, intervals)
    return [part for part in parts if part.carries or not part.stand_in]


def merged(parts: Iterable[Part]) -> list[Part]:
    """Return one part for each own leg (and direction of a forwarder), in order of their beginnings (rule 8)."""
    kept: dict[tuple[int, str, int, int], Part] = {}
    found: list[Part] = []
    for part in parts:
        key = merging_key(part)
        before = kept.get(key)
        if before is None and part.reason == PARK_REVERSION:
            before = next((one for one in found if one.extension == part.extension), None)
        if before is None:
            kept[key] = part
            found.append(part)
            continue
        if part.carries and before.answered and part.trunk != before.trunk:
            # One record has one trunk: this one gets a record of its own unless another part has brought it in.
            found.append(replace(part, leg=part.trunk, talk=0, stand_in=True))
        continue_part(before, part)
    return found


def merging_key(part: Part) -> tuple[int, str, int, int]:
    """Return what the records of one part share: the leg alone where it is the extension's own, however it is spelled.

    A call that reached no device has no leg: attempts of one second are one.
    """
    if not part.leg:
        return 0, part.extension, part.direction, part.started
    return part.leg, "" if part.own_end else part.extension, 0, 0


def continue_part(before: Part, part: Part) -> None:
    """Add a later record of the same own leg to its part."""
    if before.extension == part.hunt_pilot:
        before.extension = part.extension  # transferred to a hunt group: the member takes the pilot's place
    if not before.answered:
        first_talk(before, part)
    elif part.answered and part.other and part.other_leg != before.other_leg:
        before.connected_other = part.other
    before.talk += part.talk
    before.ended = max(before.ended, part.ended)
    before.conference = before.conference or part.conference
    before.cause, before.released_by = part.cause, part.released_by
    before.consumed = before.consumed and part.consumed
    before.authorization_code = before.authorization_code or part.authorization_code
    before.matter_code = before.matter_code or part.matter_code
    before.hunt_pilot = before.hunt_pilot or part.hunt_pilot


def first_talk(before: Part, part: Part) -> None:
    """Let the first answered record say whom the extension talked with."""
    before.outcome, before.answered, before.device = part.outcome, part.answered, part.device or before.device
    if part.other:
        before.kind, before.other, before.other_leg = part.kind, part.other, part.other_leg
    if part.trunk:
        before.trunk, before.trunk_device, before.trunk_protocol = part.trunk, part.trunk_device, part.trunk_protocol
        before.carries, before.trunk_seconds = part.carries, part.trunk_seconds
        before.outpulsed, before.as_dialled = part.outpulsed, part.as_dialled


def without_voicemail_twins(parts: list[Part]) -> list[Part]:
    """Drop the voicemail part of an extension that has another part in the same call (rule 5)."""
    return [
        part
        for part in parts
        if part.outcome != VOICEMAIL
        or part.direction == OUTGOING
        or not any(one is not part and one.extension == part.extension for one in parts)
    ]


def has_dialled_out(part: Part, intervals: dict[int, tuple[int, int]]) -> bool:
    """Return whether a part handed its call on while it rang and the trunk was connected later: it pays (rule 9)."""
    connected, ended = intervals[part.trunk] if part.carries and part.trunk else (0, 0)
    if not connected or part.direction != OUTGOING:
        return False
    part.outcome, part.answered, part.ended, part.consumed = ANSWERED, connected, ended, False
    return True


def settle_trunks(parts: list[Part], intervals: dict[int, tuple[int, int]]) -> None:
    """Give each trunk leg to the first part that carries it, for the whole time it was connected (rule 9)."""
    carriers: dict[int, Part] = {}
    for part in parts:
        if not part.carries or not part.trunk:
            continue
        if part.trunk in carriers:
            part.carries, part.trunk_seconds, part.as_dialled = False, 0, carriers[part.trunk].as_dialled
            continue
        carriers[part.trunk] = part
        first, last = intervals[part.trunk]
        part.trunk_seconds = last - first if first else 0


def trunk_intervals(legs: list[Leg]) -> dict[int, tuple[int, int]]:
    """Return the first connect and the last disconnect of each leg identifier, 0 where never connected."""
    found: dict[int, tuple[int, int]] = {}
    for leg in legs:
        for identifier in (leg.orig_leg, leg.dest_leg):
            first, last = found.get(identifier, (0, 0))
            if leg.connected:
                first = min(first, leg.connected) if first else leg.connected
                last = max(last, leg.disconnected)
            found[identifier] = (first, last)
    return found
