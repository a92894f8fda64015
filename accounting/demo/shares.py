"""How often each scenario happens, and how a caller of the generator changes that."""

from collections.abc import Mapping

from accounting.demo import features, scenarios
from accounting.demo.scenarios import Scenario

SCENARIOS: dict[str, tuple[Scenario, float]] = {
    "internal": (scenarios.internal, 13.0),
    "internal_missed": (scenarios.internal_missed, 2.4),
    "internal_busy": (scenarios.internal_busy, 1.1),
    "intercluster": (scenarios.intercluster, 2.0),
    "off_hook": (scenarios.off_hook, 0.5),
    "short_call": (scenarios.short_call, 0.4),
    "outgoing": (scenarios.outgoing, 26.0),
    "outgoing_missed": (scenarios.outgoing_missed, 3.2),
    "outgoing_busy": (scenarios.outgoing_busy, 1.6),
    "outgoing_failed": (scenarios.outgoing_failed, 0.9),
    "plus_dialled": (scenarios.plus_dialled, 1.5),
    "toll_free": (scenarios.toll_free, 0.8),
    "shared_cost": (scenarios.shared_cost, 0.4),
    "premium": (scenarios.premium, 0.15),
    "emergency": (scenarios.emergency, 0.03),
    "satellite": (scenarios.satellite, 0.08),
    "authorised": (scenarios.authorised, 0.4),
    "client_matter": (scenarios.client_matter, 0.9),
    "unowned": (scenarios.unowned, 0.4),
    "incoming": (scenarios.incoming, 18.0),
    "incoming_missed": (scenarios.incoming_missed, 3.6),
    "incoming_busy": (scenarios.incoming_busy, 0.5),
    "incoming_rejected": (scenarios.incoming_rejected, 0.2),
    "anonymous": (scenarios.anonymous, 1.2),
    "plus_calling": (scenarios.plus_calling, 0.4),
    "sip_uri": (scenarios.sip_uri, 0.3),
    "malicious": (scenarios.malicious, 0.03),
    "hunt_answered": (scenarios.hunt_answered, 5.5),
    "hunt_queued": (scenarios.hunt_queued, 1.6),
    "hunt_abandoned": (scenarios.hunt_abandoned, 1.1),
    "forwarded_all": (scenarios.forwarded_all, 0.8),
    "forwarded_busy": (scenarios.forwarded_busy, 0.4),
    "forwarded_twice": (scenarios.forwarded_twice, 0.15),
    "forwarded_to_mobile": (scenarios.forwarded_to_mobile, 0.6),
    "voicemail": (scenarios.voicemail, 3.0),
    "voicemail_after_forward": (scenarios.voicemail_after_forward, 0.25),
    "voicemail_internal": (scenarios.voicemail_internal, 0.8),
    "blind_transfer": (features.blind_transfer, 0.9),
    "consult_transfer": (features.consult_transfer, 1.1),
    "transferred_abroad": (features.transferred_abroad, 0.05),
    "refer_with_replaces": (features.refer_with_replaces, 0.08),
    "conference": (features.conference, 0.35),
    "meet_me": (features.meet_me, 0.12),
    "pickup": (features.pickup, 0.7),
    "park": (features.park, 0.3),
    "idivert": (features.idivert, 0.35),
    "barge": (features.barge, 0.08),
    "recording": (features.recording, 0.4),
    "monitoring": (features.monitoring, 0.08),
}
"""Each scenario with its function and its share of calls in percent (the sum need not be 100)."""

GROUPS: dict[str, tuple[str, ...]] = {
    "transfer": ("blind_transfer", "consult_transfer", "transferred_abroad", "refer_with_replaces"),
    "forward": ("forwarded_all", "forwarded_busy", "forwarded_twice", "forwarded_to_mobile"),
    "to_voicemail": ("voicemail", "voicemail_after_forward", "voicemail_internal", "idivert"),
    "hunt": ("hunt_answered", "hunt_queued", "hunt_abandoned"),
    "missed": ("internal_missed", "outgoing_missed", "incoming_missed", "hunt_abandoned"),
    "conferences": ("conference", "meet_me", "barge"),
}
"""Names under which the shares of several scenarios are set together."""


def shares(wanted: Mapping[str, float] | None = None) -> dict[str, float]:
    """Return the share of each scenario, adding up to 1.

    `wanted` sets scenarios, or groups of them, to parts of 1; the others keep their proportions in what is left.
    ValueError for a name that is neither or for parts that exceed 1.
    """
    parts: dict[str, float] = {}
    for name, part in (wanted or {}).items():
        parts |= _divided(name, part)
    left = 1 - sum(parts.values())
    others = {name: weight for name, (_, weight) in SCENARIOS.items() if name not in parts}
    if min([left, *parts.values()]) < -1e-9 or (left > 1e-9 and not others):
        raise ValueError("the shares of the scenarios are parts of 1 and must not exceed it")
    total = sum(others.values()) or 1
    return {name: parts[name] if name in parts else others[name] / total * max(0.0, left) for name in SCENARIOS}


def _divided(name: str, part: float) -> dict[str, float]:
    members = GROUPS.get(name, (name,))
    unknown = set(members) - SCENARIOS.keys()
    if unknown:
        raise ValueError(f"no such scenario: {name}; known are {', '.join([*SCENARIOS, *GROUPS])}")
    total = sum(SCENARIOS[member][1] for member in members)
    return {member: part * SCENARIOS[member][1] / total for member in members}
