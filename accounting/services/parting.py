"""One call detail record to the parts of own extensions in it: who called whom, how it ended, who took which trunk.

The rules stand in docs/counting-rules.md, 1 to 7; what several records of a call make together is in assembling.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from accounting.models import Direction, Kind, Outcome
from accounting.services.topology import End, Topology
from accounting.sources.base import Leg
from accounting.sources.cucm import FEATURES, SPLIT_CAUSES

# Numbers, not members: comparing and hashing members of an enumeration runs Python code, a dozen times for each record.
OUTGOING, INCOMING = int(Direction.OUTGOING), int(Direction.INCOMING)
PUBLIC, INTERNAL = int(Kind.PUBLIC), int(Kind.INTERNAL)
ANSWERED, MISSED, BUSY, REJECTED, FAILED, VOICEMAIL = map(int, Outcome)

RECORDING_REASONS = frozenset({354, 370, 752})
RECORDING_FEATURES = frozenset({27, 28, 33})
FORWARD_REASONS = frozenset({1, 2, 10, 15, 18, 50, 82, 129, 162, 178})
"""Redirections after which the redirecting extension pays: forwards, deflection, iDivert; not transfer, park."""
PARK_RETRIEVAL, PARK_REVERSION, IDIVERT = 8, 11, 50
FORWARD_FEATURES = frozenset({5, 14})
DEVICE_USAGE, HUNT_PILOT_USAGE, VOICEMAIL_PORT_USAGE = 2, 7, 8

BUSY_CAUSES = frozenset({17})
MISSED_CAUSES = frozenset({0, 16, 18, 19, 20, 31})
REJECTED_CAUSES = frozenset({21, 29, 50, 52, 53, 54, 55, 57, 58})
CAUSE_OUTCOMES = (
    dict.fromkeys(BUSY_CAUSES, BUSY) | dict.fromkeys(MISSED_CAUSES, MISSED) | dict.fromkeys(REJECTED_CAUSES, REJECTED)
)


@dataclass(slots=True)
class Part:
    """One own extension's part in a call, before numbers are analysed and prices found; times in epoch seconds.

    Direction, kind and outcome are the numbers of these choices.
    """

    leg: int
    extension: str
    device: str
    direction: int
    kind: int
    other: str
    other_leg: int
    dialled: str
    outpulsed: str
    started: int
    answered: int
    ended: int
    outcome: int
    talk: int
    trunk: int
    """Leg identifier of the trunk that this part carries or talked over, 0 for none."""
    trunk_device: str
    trunk_protocol: int
    carries: bool
    trunk_seconds: int
    original_called: str
    last_redirect: str
    reason: int
    hunt_pilot: str
    queue: int
    cause: int
    released_by: str
    conference: bool
    consumed: bool
    """Whether the record ended because a feature took the call over before it was answered."""
    authorization_code: str
    matter_code: str
    as_dialled: bool = False
    """Whether the other number is in the form in which it was dialled here, not as the network showed it."""
    stand_in: bool = False
    """Whether the part exists only so that a trunk is not without a record."""
    connected_other: str = ""
    own_end: bool = True
    """Whether the leg is the extension's own; else the call only passed it: forwarding, voicemail, a bridge's trunk."""
    ruled: int = 0
    """The purpose that somebody has given the stored record of this part; 0: none, the number tells."""


def parts_of(leg: Leg, topology: Topology) -> list[Part]:
    """Return the parts of own extensions in one call detail record (counting rules 1 to 7)."""
    if is_recording(leg) or (not leg.connected and not leg.original_called and not leg.final_called):
        return []
    rule = RULES.get((origin(leg, topology), destination(leg, topology)))
    return rule(leg, topology) if rule else []


def is_recording(leg: Leg) -> bool:
    """Return whether the record is the copy of a call for recording, monitoring or an agent greeting (rule 1)."""
    return (
        leg.orig_redirect_reason in RECORDING_REASONS
        or leg.last_redirect_reason in RECORDING_REASONS
        or leg.join_by in RECORDING_FEATURES
        or leg.last_redirect_by in RECORDING_FEATURES
        or leg.calling == "BIB"
    )


def origin(leg: Leg, topology: Topology) -> End:
    """Return what the calling side is."""
    number = leg.calling
    known = topology.ends.get((leg.orig_device, leg.incoming_protocol))
    if known and number[1:3] != "00":
        return known  # what topology.end would say, without asking it for each record
    return topology.end(leg.orig_device, leg.incoming_protocol, number, own_line=bool(leg.calling_partition))


def destination(leg: Leg, topology: Topology) -> End:
    """Return what the called side is."""
    number = leg.final_called or leg.original_called
    if leg.pattern_usage == VOICEMAIL_PORT_USAGE or leg.last_redirect_reason == IDIVERT:
        return End.VOICEMAIL
    if topology.is_voicemail(number):
        return End.VOICEMAIL
    known = topology.ends.get((leg.dest_device, leg.outgoing_protocol))
    if known and number[1:3] != "00":
        return known
    own_line = leg.pattern_usage in (DEVICE_USAGE, HUNT_PILOT_USAGE)
    return topology.end(leg.dest_device, leg.outgoing_protocol, number, own_line=own_line)


def outgoing_public(leg: Leg, topology: Topology) -> list[Part]:
    """An own extension dialled the public network; a forwarding extension in between pays instead (rule 4)."""
    forwarder = forwarding_extension(leg, topology)
    if not forwarder:
        return [dialled_part(leg, topology)]
    caller = caller_part(leg, INTERNAL, forwarder)
    return [caller, *forwarded_parts(leg, topology, forwarder, INTERNAL)]


def incoming_public(leg: Leg, topology: Topology) -> list[Part]:
    """A call from outside reached an own extension, or was meant for one (rule 3)."""
    extension = called_extension(leg, topology)
    return [called_part(leg, trunk_kind(leg.orig_device, topology), extension, on_trunk=True)]


def internal(leg: Leg, topology: Topology) -> list[Part]:
    """Both sides are own extensions: the caller's outgoing and the called person's incoming record (rule 2)."""
    extension = called_extension(leg, topology)
    return [caller_part(leg, INTERNAL, extension), called_part(leg, INTERNAL, extension)]


def to_voicemail(leg: Leg, topology: Topology) -> list[Part]:
    """An own extension reached voicemail: its own, or that of the extension which redirected (rule 5)."""
    redirected = redirecting_extension(leg, topology)
    caller = caller_part(leg, INTERNAL, redirected or leg.original_called or leg.final_called)
    parts = [caller]
    if redirected:
        caller.outcome = VOICEMAIL if leg.connected else caller.outcome
        parts.append(voicemail_part(leg, INTERNAL, redirected))
    return parts


def public_to_voicemail(leg: Leg, topology: Topology) -> list[Part]:
    """A call from outside reached the voicemail of an own extension, or voicemail itself (rule 5)."""
    extension = redirecting_extension(leg, topology) or leg.original_called or leg.final_called
    return [voicemail_part(leg, trunk_kind(leg.orig_device, topology), extension, on_trunk=True)]


def tandem(leg: Leg, topology: Topology) -> list[Part]:
    """A call came in on one trunk and left on another: the forwarding extension has both records (rule 4)."""
    forwarder = forwarding_extension(leg, topology)
    return forwarded_parts(leg, topology, forwarder, trunk_kind(leg.orig_device, topology))


def to_bridge(leg: Leg, topology: Topology) -> list[Part]:
    """An own extension entered a conference (rule 6)."""
    part = caller_part(leg, INTERNAL, plain_number(leg.original_called))
    part.conference = True
    return [part]


def public_to_bridge(leg: Leg, topology: Topology) -> list[Part]:
    """A trunk entered a conference: kept with the number dialled, so that no trunk is without a record (rule 6)."""
    part = called_part(leg, trunk_kind(leg.orig_device, topology), plain_number(leg.original_called), on_trunk=True)
    part.conference, part.stand_in, part.own_end = True, True, False
    return [part]


def from_bridge(leg: Leg, topology: Topology) -> list[Part]:
    """A conference or a voicemail port called an own extension."""
    part = called_part(leg, INTERNAL, called_extension(leg, topology))
    part.conference = topology.is_bridge(leg.calling)
    return [part]


def bridge_to_public(leg: Leg, topology: Topology) -> list[Part]:
    """A conference or a voicemail port called out: the extension that asked for it pays, else nobody (rule 6)."""
    part = dialled_part(leg, topology)
    part.extension, part.device, part.conference, part.stand_in = requestor(leg.comment)[:50], "", True, True
    part.own_end = False
    return [part]


Rule = Callable[[Leg, Topology], list[Part]]
RULES: dict[tuple[End, End], Rule] = {
    (End.EXTENSION, End.EXTENSION): internal,
    (End.EXTENSION, End.TRUNK): outgoing_public,
    (End.EXTENSION, End.VOICEMAIL): to_voicemail,
    (End.EXTENSION, End.BRIDGE): to_bridge,
    (End.TRUNK, End.EXTENSION): incoming_public,
    (End.TRUNK, End.TRUNK): tandem,
    (End.TRUNK, End.VOICEMAIL): public_to_voicemail,
    (End.TRUNK, End.BRIDGE): public_to_bridge,
    (End.BRIDGE, End.EXTENSION): from_bridge,
    (End.BRIDGE, End.TRUNK): bridge_to_public,
    (End.VOICEMAIL, End.EXTENSION): from_bridge,
    (End.VOICEMAIL, End.TRUNK): bridge_to_public,
}


def trunk_kind(device: str, topology: Topology) -> int:
    """Return whether a trunk leads to the public network or to another own phone system."""
    gateway = topology.gateways.get(device)
    return INTERNAL if gateway is not None and gateway.network == "internal" else PUBLIC


def called_extension(leg: Leg, topology: Topology) -> str:
    """Return the extension that was reached: behind a hunt pilot the member, where the phone tells it."""
    number = leg.final_called or leg.original_called
    if leg.hunt_pilot and number == leg.hunt_pilot:
        return topology.number_of_device(leg.dest_device, leg.originated) or number
    return number


def redirecting_extension(leg: Leg, topology: Topology) -> str:
    """Return the own extension that redirected the call last, '' when nobody did."""
    number = leg.last_redirect or leg.original_called
    if not number or number == leg.final_called or topology.is_bridge(number):
        return ""
    return number if leg.last_redirect_by in FORWARD_FEATURES or topology.is_own(number) else ""


def forwarding_extension(leg: Leg, topology: Topology) -> str:
    """Return the own extension that forwarded the call to the public network and so pays for it, '' for none."""
    if leg.last_redirect_reason not in FORWARD_REASONS and leg.orig_redirect_reason not in FORWARD_REASONS:
        return ""
    return redirecting_extension(leg, topology)


def plain_number(number: str) -> str:
    """Return a dialled conference number, '' for a bridge's own name."""
    return "" if number[:3] in ("b00", "c00") else number


def requestor(comment: str) -> str:
    """Return the extension that asked for a conference (the last ConfRequestorDn counts; '-' may stand for '=')."""
    found = ""
    for item in comment.split(";"):
        for mark in ("ConfRequestorDn=", "ConfRequestorDn-"):
            if item.strip().startswith(mark):
                found = item.strip()[len(mark) :]
    return found


def forwarded_parts(leg: Leg, topology: Topology, forwarder: str, kind: int) -> list[Part]:
    """Return the two records of an extension (or of nobody) through which a call went on to a trunk."""
    came = called_part(leg, kind, forwarder, on_trunk=kind == PUBLIC or topology.is_internal_trunk(leg.orig_device))
    came.leg, came.device = leg.orig_leg, ""
    went = caller_part(leg, trunk_kind(leg.dest_device, topology), leg.final_called, on_trunk=True)
    went.extension, went.device, went.leg, went.other_leg = forwarder, "", leg.dest_leg, leg.dest_leg
    came.stand_in = went.stand_in = not forwarder
    came.own_end = went.own_end = False
    return [came, went]


def voicemail_part(leg: Leg, kind: int, extension: str, *, on_trunk: bool = False) -> Part:
    """Return the incoming record of an extension whose voicemail took the call."""
    part = called_part(leg, kind, extension, on_trunk=on_trunk)
    part.device, part.own_end = "", False
    if leg.connected:
        part.outcome, part.talk = VOICEMAIL, 0
    return part


def caller_part(leg: Leg, kind: int, other: str, *, on_trunk: bool = False) -> Part:
    """Return the outgoing part of the calling side; `on_trunk`: the called side is a trunk that this part carries."""
    legs, dialled = (leg.orig_leg, leg.dest_leg), leg.original_called
    part = part_of_side(leg, legs, leg.calling, leg.orig_device, OUTGOING, kind, other, dialled)
    if on_trunk:
        put_on_trunk(part, leg, leg.dest_leg, leg.dest_device, leg.outgoing_protocol)
        part.outpulsed, part.as_dialled = leg.outpulsed_called, True
    if leg.last_redirect_reason == PARK_RETRIEVAL:
        part.direction = INCOMING
    return part


def dialled_part(leg: Leg, topology: Topology) -> Part:
    """Return the outgoing part of a call that went to a trunk as it was dialled."""
    return caller_part(
        leg, trunk_kind(leg.dest_device, topology), leg.final_called or leg.original_called, on_trunk=True
    )


def called_part(leg: Leg, kind: int, extension: str, *, on_trunk: bool = False) -> Part:
    """Return the incoming part of the called side; `on_trunk`: the calling side is a trunk that this part carries."""
    legs = (leg.dest_leg, leg.orig_leg)
    part = part_of_side(leg, legs, extension, leg.dest_device, INCOMING, kind, leg.calling, leg.calling)
    if on_trunk:
        put_on_trunk(part, leg, leg.orig_leg, leg.orig_device, leg.incoming_protocol)
    return part


def put_on_trunk(part: Part, leg: Leg, trunk: int, device: str, protocol: int) -> None:
    """Let this part carry the trunk for the time of one record; a call that reached no device took no trunk."""
    part.trunk, part.trunk_device, part.trunk_protocol = trunk, device, protocol
    part.carries = bool(device or leg.connected)
    part.trunk_seconds = part.talk


def part_of_side(
    leg: Leg, legs: tuple[int, int], extension: str, device: str, direction: int, kind: int, other: str, dialled: str
) -> Part:
    """Return the part of one side of a record, whose leg identifier is the first: the caller's when it is outgoing."""
    cause, released_by = released(leg.orig_cause, leg.dest_cause, direction)
    connected, ended, redirect = leg.connected, leg.disconnected, leg.last_redirect
    if connected:
        outcome, talk, consumed = ANSWERED, ended - connected, False
    else:
        outcome, talk, consumed = CAUSE_OUTCOMES.get(cause, FAILED), 0, is_handed_on(leg)
    # By position: by name it takes twice as long, once for each call record.
    return Part(
        legs[0], extension[:50], device, direction, kind, other, legs[1], dialled,
        "",  # outpulsed
        leg.originated, connected, ended, outcome, talk,
        0, "", 0, False, 0,  # no trunk
        leg.original_called, redirect if redirect != leg.final_called else "",
        leg.last_redirect_reason or leg.orig_redirect_reason,
        # When nobody answered the final number is the pilot.
        leg.hunt_pilot or (leg.final_called[:50] if leg.pattern_usage == HUNT_PILOT_USAGE else ""),
        leg.queue_seconds, cause, released_by,
        leg.join_by in (4, 6, 7) or leg.orig_redirect_by == 4,  # conference
        consumed, leg.authorization_code, leg.matter_code,
    )  # fmt: skip


def is_handed_on(leg: Leg) -> bool:
    """Return whether a record ended because a feature split the call: it goes on in another record."""
    return (
        leg.orig_cause in SPLIT_CAUSES
        or leg.dest_cause in SPLIT_CAUSES
        or (leg.orig_term_by in FEATURES and leg.dest_term_by in FEATURES and leg.orig_term_by not in (6, 7, 16))
    )


@lru_cache(4096)
def released(orig_cause: int, dest_cause: int, direction: int) -> tuple[int, str]:
    """Return the Q.850 cause and who released, seen from one side: O this one, R the other, '' not told.

    UCM fills the side that released. Values of 2^24 and more are packed SIP answers whose low byte is the Q.850 cause.
    """
    value, side = (dest_cause, INCOMING) if dest_cause else (orig_cause, OUTGOING)
    if value == 0 or value in SPLIT_CAUSES:
        return 0, ""
    return (value & 0x7F if value >= 1 << 24 else min(value, 2_000_000_000)), "O" if side == direction else "R"
