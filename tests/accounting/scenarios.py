"""The 39 call scenarios of Cisco's Call Reporting and Billing guide: records as UCM writes them, and what they must give.

Field values follow the guide's "CDR Examples" (release 14), restated; times are seconds from the beginning of a scenario.
"""

from dataclasses import dataclass
from typing import Any

OUT, IN = "outgoing", "incoming"
ANSWERED, MISSED, BUSY, REJECTED, FAILED, VOICEMAIL = "answered", "missed", "busy", "rejected", "failed", "voicemail"
SPLIT = 393216


@dataclass(frozen=True)
class Expected:
    """One call record: extension, direction, kind, outcome, other party, talk time, and the trunk seconds it pays."""

    extension: str
    direction: str
    kind: str
    outcome: str
    other: str
    talk: int
    trunk: int | None = None
    """None: the record carries no trunk."""


def record(
    calling: str, called: str, final: str | None = None, redirect: str | None = None, *, call: int = 1,
    legs: tuple[int, int] = (100, 101), causes: tuple[int, int] = (16, 0), term: tuple[int, int] = (0, 0),
    reasons: tuple[int, int] = (0, 0), by: tuple[int, int] = (0, 0), join: int = 0, conversation: int = 0,
    at: int = 0, ring: int = 0, talk: int | None = None, devices: tuple[str, str] | None = None, **more: Any,
) -> dict[str, Any]:  # fmt: skip
    """Return the fields of one CDR; talk None: never connected. Numbers of seven and more digits are behind the trunk."""
    final = called if final is None else final
    orig_device, dest_device = devices or (device_of(calling), device_of(final))
    return {
        "globalCallID_callId": call, "origLegCallIdentifier": legs[0], "destLegIdentifier": legs[1],
        "callingPartyNumber": calling, "originalCalledPartyNumber": called, "finalCalledPartyNumber": final,
        "lastRedirectDn": final if redirect is None else redirect,
        "origCause_value": causes[0], "destCause_value": causes[1],
        "origCallTerminationOnBehalfOf": term[0], "destCallTerminationOnBehalfOf": term[1],
        "origCalledPartyRedirectReason": reasons[0], "lastRedirectRedirectReason": reasons[1],
        "origCalledPartyRedirectOnBehalfOf": by[0], "lastRedirectRedirectOnBehalfOf": by[1],
        "joinOnBehalfOf": join, "destConversationId": conversation,
        "dateTimeOrigination": at, "dateTimeConnect": None if talk is None else at + ring,
        "dateTimeDisconnect": at + ring + (talk or 0), "duration": talk or 0,
        "origDeviceName": orig_device, "destDeviceName": dest_device, **more,
    }  # fmt: skip


def device_of(number: str) -> str:
    """Return a phone for an extension, the trunk for a public number, nothing for a conference or no number."""
    if not number or number[:3] in ("b00", "BIB"):
        return ""
    return f"SEP{int(number):012X}" if number.isdigit() and len(number) < 7 else "SIP-PSTN"


def internal(caller: str, called: str, outcome: str, talk: int) -> list[Expected]:
    """Return the two records of a call between two extensions."""
    return [
        Expected(caller, OUT, "internal", outcome, called, talk),
        Expected(called, IN, "internal", outcome, caller, talk),
    ]


PSTN, PSTN_E164 = "9728134987", "+19728134987"
LOCAL, LOCAL_E164 = "3071111", "+19723071111"
BRIDGE = "b0029901001"
XFER: dict[str, Any] = {"causes": (SPLIT, SPLIT), "term": (10, 10)}
CONF_COMMENT = "ConfControllerDn=2001;ConfControllerDeviceName=SEP0003E333FEBD"

SCENARIOS: dict[str, tuple[list[dict[str, Any]], list[Expected]]] = {
    "abandoned_offhook": ([record("2001", "", "", legs=(100, 0))], []),
    "abandoned_ringing": ([record("2001", "2309", ring=9)], internal("2001", "2309", MISSED, 0)),
    "normal_caller_clears": ([record("2001", "2309", ring=4, talk=60)], internal("2001", "2309", ANSWERED, 60)),
    "normal_callee_clears": (
        [record("2001", "2309", causes=(0, 16), ring=4, talk=60)],
        internal("2001", "2309", ANSWERED, 60),
    ),
    "short_call": ([record("2001", "2309", causes=(0, 16), ring=4, talk=0)], internal("2001", "2309", ANSWERED, 0)),
    "busy_pstn": (
        [record("2001", PSTN, causes=(0, 17))],
        [Expected("2001", OUT, "public", BUSY, PSTN_E164, 0, 0)],
    ),
    "unallocated_pstn": (
        [record("2001", PSTN, causes=(1, 0))],
        [Expected("2001", OUT, "public", FAILED, PSTN_E164, 0, 0)],
    ),
    "trunk_down": (
        [record("2001", PSTN, causes=(0, 38))],
        [Expected("2001", OUT, "public", FAILED, PSTN_E164, 0, 0)],
    ),
    "blind_transfer_by_caller": (
        [
            record("2001", LOCAL, call=1, legs=(101, 102), talk=120, **XFER),
            record("2001", "2002", call=2, legs=(103, 104), at=120, **XFER),
            record(LOCAL, "2002", redirect="2001", call=1, legs=(102, 104), join=10, at=120, talk=360),
        ],
        [
            Expected("2001", OUT, "public", ANSWERED, LOCAL_E164, 120, 480),
            Expected("2002", IN, "public", ANSWERED, LOCAL_E164, 360),
        ],
    ),
    "consult_transfer_by_caller": (
        [
            record("2001", LOCAL, redirect="50001", call=1, legs=(111, 112), talk=60, **XFER),
            record("2001", "2002", redirect="50001", call=2, legs=(113, 114), at=60, talk=10, **XFER),
            record(LOCAL, "2002", redirect="2001", call=1, legs=(112, 114), join=10, at=70, talk=360),
        ],
        [
            Expected("2001", OUT, "public", ANSWERED, LOCAL_E164, 60, 430),
            Expected("2001", OUT, "internal", ANSWERED, "2002", 10),
            Expected("2002", IN, "internal", ANSWERED, "2001", 370),
        ],
    ),
    "blind_transfer_by_called": (
        [
            record("50000", "50001", call=1, legs=(200, 201), talk=120, **XFER),
            record("50001", "50002", redirect="50001", call=2, legs=(202, 203), at=120, **XFER),
            record("50000", "50002", redirect="50001", call=1, legs=(200, 203), join=10, at=120, talk=360),
        ],
        [
            Expected("50000", OUT, "internal", ANSWERED, "50001", 480),
            Expected("50001", IN, "internal", ANSWERED, "50000", 120),
            Expected("50002", IN, "internal", ANSWERED, "50000", 360),
        ],
    ),
    "adhoc_conference_3": (
        [
            record("2001", "2309", redirect="2001", call=1, legs=(101, 102), causes=(SPLIT, SPLIT), term=(4, 4), talk=60),
            record("2001", LOCAL, call=2, legs=(105, 106), causes=(0, 0), term=(4, 4), at=60, talk=20, comment=CONF_COMMENT),
            record("2001", BRIDGE, call=1, legs=(101, 115), term=(12, 0), reasons=(0, 4), by=(4, 4), conversation=1, at=80, talk=360),
            record("2309", BRIDGE, call=1, legs=(102, 116), causes=(SPLIT, SPLIT), term=(12, 0), reasons=(0, 4), by=(4, 4), conversation=1, at=80, talk=360),
            record(LOCAL, BRIDGE, call=1, legs=(106, 117), causes=(SPLIT, SPLIT), term=(4, 4), reasons=(0, 4), by=(4, 4), conversation=1, at=80, talk=360),
            record("2001", "2309", redirect=BRIDGE, call=1, legs=(101, 102), term=(12, 0), reasons=(0, 98), by=(0, 4), join=4, at=440, talk=55),
        ],
        [
            Expected("2001", OUT, "internal", ANSWERED, "2309", 475),
            Expected("2309", IN, "internal", ANSWERED, "2001", 475),
            Expected("2001", OUT, "public", ANSWERED, LOCAL_E164, 20, 380),
        ],
    ),
    "cfa": (
        [record(PSTN, "2001", "2309", "2001", causes=(0, 16), reasons=(15, 15), by=(5, 5), ring=5, talk=120)],
        [Expected("2309", IN, "public", ANSWERED, PSTN_E164, 120, 120)],
    ),
    "cfa_then_cfna": (
        [record(PSTN, "1000", "6000", "2000", causes=(0, 16), reasons=(15, 2), by=(5, 5), ring=12, talk=15)],
        [Expected("2000", IN, "public", VOICEMAIL, PSTN_E164, 0, 15)],
    ),
    "cfna_then_cfb": (
        [record(PSTN, "4444", "6666", "5555", causes=(0, 16), reasons=(2, 1), by=(5, 5), ring=12, talk=30)],
        [Expected("6666", IN, "public", ANSWERED, PSTN_E164, 30, 30)],
    ),
    "hunt_answered_flag_true": (
        [record("1000", "2000", "3001", causes=(0, 16), talk=40, huntPilotDN="2000")],
        internal("1000", "3001", ANSWERED, 40),
    ),
    "hunt_answered_flag_false": (
        [record("1000", "2000", "2000", causes=(0, 16), talk=40, huntPilotDN="2000", devices=(device_of("1000"), device_of("3001")))],
        internal("1000", "3001", ANSWERED, 40),
    ),
    "hunt_abandoned": (
        [record("1000", "2000", "2000", ring=20, calledPartyPatternUsage=7, devices=(device_of("1000"), ""))],
        internal("1000", "2000", MISSED, 0),
    ),
    "pickup": (
        [record("9728131234", "2001", "2002", "2001", causes=(0, 16), term=(16, 16), reasons=(0, 5), by=(16, 16), ring=6, talk=75)],
        [Expected("2002", IN, "public", ANSWERED, "+19728131234", 75, 75)],
    ),
    "auto_pickup": (
        [
            record(PSTN, "2001", call=11, legs=(12345, 12346), causes=(SPLIT, SPLIT), term=(16, 16), ring=6),
            record(PSTN, "2001", "2002", "2001", call=11, legs=(12345, 12347), term=(12, 16), reasons=(0, 5), by=(16, 16), at=6, talk=120),
        ],
        [Expected("2002", IN, "public", ANSWERED, PSTN_E164, 120, 120)],
    ),
    "park_pickup": (
        [
            record("50003", "50002", legs=(20863957, 20863958), causes=(SPLIT, SPLIT), term=(3, 3), talk=4),
            record("50001", "50003", redirect="44444", legs=(20863961, 20863957), causes=(0, 16), term=(0, 12), reasons=(0, 8), by=(0, 3), join=3, at=20, talk=60),
        ],
        [
            Expected("50003", OUT, "internal", ANSWERED, "50002", 64),
            Expected("50002", IN, "internal", ANSWERED, "50003", 4),
            Expected("50001", IN, "internal", ANSWERED, "50003", 60),
        ],
    ),
    "park_reversion": (
        [
            record("50003", "50002", call=2, legs=(20863963, 20863964), causes=(SPLIT, SPLIT), term=(3, 3), talk=7),
            record("50003", "50002", call=2, legs=(20863963, 20863967), causes=(0, 16), term=(3, 12), reasons=(7, 11), by=(3, 3), join=3, at=67, talk=60),
        ],
        internal("50003", "50002", ANSWERED, 67),
    ),
    "barge": (
        [
            record("40003", "40001", call=7, legs=(16777230, 16777231), talk=90),
            record("40001", "b001501001", call=7, legs=(16777232, 16777235), causes=(0, 0), reasons=(114, 114), by=(15, 15), join=15, conversation=16777231, at=30, talk=60),
        ],
        [*internal("40003", "40001", ANSWERED, 90), Expected("40001", OUT, "internal", ANSWERED, "", 60)],
    ),
    "recording": (
        [
            record(PSTN, "30000", call=7, legs=(16777110, 16777111), talk=100),
            record("BIB", "90000", call=10, legs=(16777120, 16777121), causes=(0, 0), reasons=(354, 354), by=(27, 27), conversation=16777111, talk=100),
            record("BIB", "90000", call=11, legs=(16777122, 16777123), causes=(0, 0), reasons=(354, 354), by=(27, 27), conversation=16777111, talk=100),
        ],
        [Expected("30000", IN, "public", ANSWERED, PSTN_E164, 100, 100)],
    ),
    "monitoring": (
        [
            record(PSTN, "30000", call=7, legs=(16777230, 16777231), talk=100),
            record("40003", "b001501001", call=10, legs=(16777232, 16777235), reasons=(370, 370), by=(28, 28), conversation=16777231, talk=50),
        ],
        [Expected("30000", IN, "public", ANSWERED, PSTN_E164, 100, 100)],
    ),
    "fac": (
        [record("45000", PSTN, causes=(0, 16), talk=120, authCodeDescription="Legal1", authorizationLevel=1, authorizationCodeValue="12345")],
        [Expected("45000", OUT, "public", ANSWERED, PSTN_E164, 120, 120)],
    ),
    "cmc": (
        [record("10000", "2142364624", causes=(0, 16), talk=600, clientMatterCode="11111")],
        [Expected("10000", OUT, "public", ANSWERED, "+12142364624", 600, 600)],
    ),
    "idivert_ringing": (
        [record("40003", "40001", "40000", "40001", call=37, legs=(16777327, 16777329), reasons=(50, 50), by=(14, 14), join=14, ring=5, talk=20)],
        [
            Expected("40003", OUT, "internal", VOICEMAIL, "40001", 20),
            Expected("40001", IN, "internal", VOICEMAIL, "40003", 0),
        ],
    ),
    "idivert_connected": (
        [
            record("40003", "40001", call=38, legs=(16777330, 16777331), causes=(0, 0), term=(14, 14), talk=10),
            record("40003", "40001", "40000", "40001", call=38, legs=(16777330, 16777332), term=(14, 12), reasons=(50, 50), by=(14, 14), join=14, at=10, talk=25),
        ],
        [
            Expected("40003", OUT, "internal", ANSWERED, "40001", 35),
            Expected("40001", IN, "internal", ANSWERED, "40003", 10),
        ],
    ),
    "refer_with_replaces": (
        [
            record("35010", "3000", call=5045245, legs=(21822461, 21822462), causes=(SPLIT, SPLIT), term=(17, 17), talk=25),
            record("35010", "3001", call=5045246, legs=(21822463, 21822464), causes=(SPLIT, SPLIT), term=(18, 18), at=21, talk=4),
            record("3000", "3001", redirect="35010", call=5045245, legs=(21822462, 21822464), term=(12, 17), reasons=(130, 146), by=(17, 18), join=18, at=25, talk=25),
        ],
        [
            Expected("35010", OUT, "internal", ANSWERED, "3000", 25),
            Expected("3000", IN, "internal", ANSWERED, "35010", 50),
            Expected("35010", OUT, "internal", ANSWERED, "3001", 4),
            Expected("3001", IN, "internal", ANSWERED, "35010", 29),
        ],
    ),
    "meetme": (
        [
            record("2001", "5001", "b0019901001", call=1, legs=(1, 2), talk=70),
            record("2002", "5001", "b0019901001", call=2, legs=(3, 4), at=5, talk=65),
            record("2003", "5001", "b0019901001", call=3, legs=(5, 6), at=2, talk=80),
        ],
        [
            Expected("2001", OUT, "internal", ANSWERED, "5001", 70),
            Expected("2002", OUT, "internal", ANSWERED, "5001", 65),
            Expected("2003", OUT, "internal", ANSWERED, "5001", 80),
        ],
    ),
    "queued": (
        [record("1002", "2000", call=87029, legs=(30117105, 0), ring=30, wasCallQueued=1, totalWaitTimeInQueue=30, devices=(device_of("1002"), ""))],
        internal("1002", "2000", MISSED, 0),
    ),
    "plus_dialling_outbound": (
        [record("2001", "+12145551212", talk=60, outpulsedCalledPartyNumber="2145551212")],
        [Expected("2001", OUT, "public", ANSWERED, "+12145551212", 60, 60)],
    ),
    "plus_calling_inbound": (
        [record("+19725001212", "2001", talk=60, outpulsedCallingPartyNumber="5001212")],
        [Expected("2001", IN, "public", ANSWERED, "+19725001212", 60, 60)],
    ),
    "sip_uri_caller": (
        [record("bob@abc.com", "2309", talk=60)],
        [Expected("2309", IN, "public", ANSWERED, "bob@abc.com", 60, 60)],
    ),
    "sip_424_rejected": (
        [record("2001", "9900", causes=(0, 419430421), devices=(device_of("2001"), "SIP-PSTN"))],
        [Expected("2001", OUT, "internal", REJECTED, "9900", 0, 0)],
    ),
    "sip_503_logical_partition": (
        [record("89224001", "82291002", "41549901", "82291002", causes=(0, -1493172161), devices=("SEP0000055171A1", ""))],
        [Expected("89224001", OUT, "public", FAILED, "41549901", 0)],
    ),
    "malicious": (
        [record("9728552001", "5555", causes=(0, 16), talk=33, comment="callFlag=MALICIOUS")],
        [Expected("5555", IN, "public", ANSWERED, "+19728552001", 33, 33)],
    ),
    "meetme_security_refused": (
        [record("35010", "50000", causes=(58, 0), term=(6, 6), devices=(device_of("35010"), ""))],
        internal("35010", "50000", REJECTED, 0),
    ),
}  # fmt: skip
