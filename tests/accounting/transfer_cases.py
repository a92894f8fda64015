"""Transfers, forwards, conferences and pickups over trunks, as UCM writes them; times: seconds from the beginning."""

from typing import Any

from tests.accounting.scenarios import SPLIT, XFER, record

FAR, NEAR, BRIDGE = "9728134987", "3071111", "b0029901001"
TRANSFERRED: dict[str, Any] = {"join": 10, "reasons": (0, 4), "by": (0, 10)}
REFERRED: dict[str, Any] = TRANSFERRED | {"reasons": (0, 34)}
PICKED_UP: dict[str, Any] = {"join": 16, "reasons": (5, 5), "by": (16, 16)}
DIVERTED: dict[str, Any] = {"join": 14, "reasons": (0, 50), "by": (0, 14)}
CONFERENCE: dict[str, Any] = {"causes": (SPLIT, SPLIT), "term": (4, 4)}
ON_BRIDGE: dict[str, Any] = {"call": 1, "reasons": (0, 4), "by": (4, 4), "conversation": 1, "at": 80}


def from_outside(caller: str = NEAR) -> dict[str, Any]:
    """Return a call from outside that its called extension hands on after a minute."""
    return record(caller, "2002", call=1, legs=(101, 102), talk=60, **XFER)


CASES: dict[str, list[dict[str, Any]]] = {
    "internal_blind_to_public": [
        record("2001", "2002", call=1, legs=(101, 102), talk=60, **XFER),
        record("2002", FAR, call=2, legs=(103, 104), at=60, **XFER),
        record("2001", FAR, redirect="2002", call=1, legs=(101, 104), at=60, talk=300, **TRANSFERRED),
    ],
    "internal_to_public_while_ringing": [
        record("2001", "2002", call=1, legs=(101, 102), talk=60, **XFER),
        record("2002", FAR, call=2, legs=(103, 104), at=60, ring=5, **XFER),
        record("2001", FAR, redirect="2002", call=1, legs=(101, 104), at=65, talk=300, **TRANSFERRED),
    ],
    "internal_blind_to_public_without_the_unanswered_record": [
        record("2001", "2002", call=1, legs=(101, 102), talk=60, **XFER),
        record("2001", FAR, redirect="2002", call=1, legs=(101, 104), at=60, talk=300, **TRANSFERRED),
    ],
    "public_blind_to_public": [
        from_outside(),
        record("2002", FAR, call=2, legs=(103, 104), at=60, **XFER),
        record(NEAR, FAR, redirect="2002", call=1, legs=(101, 104), at=60, talk=300, **TRANSFERRED),
    ],
    "public_blind_to_public_by_reason_34": [
        from_outside(),
        record("2002", FAR, call=2, legs=(103, 104), at=60, **XFER),
        record(NEAR, FAR, redirect="2002", call=1, legs=(101, 104), at=60, talk=300, **REFERRED),
    ],
    "public_to_public_after_talking": [
        from_outside(),
        record("2002", FAR, call=2, legs=(103, 104), at=60, ring=3, talk=10, **XFER),
        record(NEAR, FAR, redirect="2002", call=1, legs=(101, 104), at=73, talk=300, **TRANSFERRED),
    ],
    "public_handed_on_twice": [
        record(NEAR, "2001", call=1, legs=(100, 101), talk=10, **XFER),
        record("2001", "2002", call=2, legs=(102, 103), at=10, talk=5, **XFER),
        record(NEAR, "2002", redirect="2001", call=1, legs=(100, 103), at=15, talk=20, **XFER, **TRANSFERRED),
        record("2002", "2003", call=3, legs=(104, 105), at=35, talk=5, **XFER),
        record(NEAR, "2003", redirect="2002", call=1, legs=(100, 105), at=40, talk=60, **TRANSFERRED),
    ],
    "internal_handed_on_twice_then_out": [
        record("2001", "2002", call=1, legs=(101, 102), talk=10, **XFER),
        record("2002", "2003", call=2, legs=(103, 104), at=10, **XFER),
        record("2001", "2003", redirect="2002", call=1, legs=(101, 104), join=10, at=10, talk=20, **XFER),
        record("2003", FAR, call=3, legs=(105, 106), at=30, **XFER),
        record("2001", FAR, redirect="2003", call=1, legs=(101, 106), at=30, talk=90, **TRANSFERRED),
    ],
    "public_forwarded_out": [
        record(NEAR, "2001", FAR, "2001", call=1, legs=(100, 101), ring=5, talk=60, reasons=(15, 15), by=(5, 5)),
    ],
    "internal_forwarded_out": [
        record("2005", "2001", FAR, "2001", call=1, legs=(100, 101), ring=5, talk=60, reasons=(2, 2), by=(5, 5)),
    ],
    "conference_of_two_outside": [
        record("2001", FAR, call=1, legs=(101, 102), talk=60, **CONFERENCE),
        record("2001", NEAR, call=2, legs=(105, 106), at=60, talk=20, comment="ConfControllerDn=2001", **CONFERENCE),
        record("2001", BRIDGE, legs=(101, 115), talk=360, **ON_BRIDGE),
        record(FAR, BRIDGE, legs=(102, 116), talk=360, **ON_BRIDGE),
        record(NEAR, BRIDGE, legs=(106, 117), talk=100, **ON_BRIDGE),
    ],
    "public_parked_and_retrieved": [
        record(NEAR, "2001", call=1, legs=(100, 101), talk=30, causes=(SPLIT, SPLIT), term=(3, 3)),
        record(
            "2003", "5555", NEAR, "5555", call=1, legs=(103, 100), at=50, talk=60, reasons=(0, 8), by=(0, 3), join=3,
            devices=("SEP0000000007D3", "SIP-PSTN"),
        ),
    ],
    "public_picked_up": [
        record(NEAR, "2001", call=1, legs=(100, 101), ring=5, causes=(SPLIT, SPLIT), term=(16, 16)),
        record(NEAR, "2001", "2003", "2001", call=1, legs=(100, 103), at=5, talk=60, **PICKED_UP),
    ],
    "public_diverted_to_voicemail": [
        record(NEAR, "2001", call=1, legs=(100, 101), talk=30, causes=(SPLIT, SPLIT), term=(14, 14)),
        record(NEAR, "2001", "6000", "2001", call=1, legs=(100, 105), at=30, talk=40, **DIVERTED),
    ],
    "clock_connected_before_it_began": [
        record("2001", FAR, talk=60) | {"dateTimeOrigination": 10, "dateTimeConnect": 5}
    ],
    "clock_ended_before_it_was_connected": [
        record("2001", FAR, talk=60) | {"dateTimeConnect": 50, "dateTimeDisconnect": 20, "duration": 0}
    ],
    "clock_ended_before_it_began": [record("2001", FAR) | {"dateTimeDisconnect": -20}],
}  # fmt: skip
