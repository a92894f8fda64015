"""What happens on calls of several records: transfers, conferences, park, pickup, iDivert, barge, recording.

The columns follow the examples of Cisco's reporting guide.
"""

from accounting.demo import numbers
from accounting.demo.call_book import NORMAL_CLEARING, Side
from accounting.demo.scenarios import NEVER, caller
from accounting.demo.traffic import SPLIT, Line, Traffic

TRANSFER, CONFERENCE, PARK, PICKUP, IDIVERT, BARGE = 10, 4, 3, 16, 14, 15
DEVICE, REFER, REPLACES, RECORDING, MONITORING = 12, 17, 18, 27, 28
_BY_CALLER = {"origCause_value": NORMAL_CLEARING}
_BY_CALLED = {"destCause_value": NORMAL_CLEARING}


def ended_by(feature: int) -> dict[str, int]:
    """Return the columns of a record that a feature ended on both sides."""
    return {"origCallTerminationOnBehalfOf": feature, "destCallTerminationOnBehalfOf": feature}


def joined_by(feature: int, last: int, *, first: int = 0, first_reason: int = 0) -> dict[str, int]:
    """Return the columns of a record that a feature joined, redirected for `first_reason`, in the end for `last`."""
    return {
        "origCalledPartyRedirectReason": first_reason,
        "lastRedirectRedirectReason": last,
        "origCalledPartyRedirectOnBehalfOf": first,
        "lastRedirectRedirectOnBehalfOf": feature,
        "joinOnBehalfOf": feature,
    }


def called_as(side: Side) -> dict[str, str]:
    """Return the columns that name the line called first and redirecting last."""
    return {
        "originalCalledPartyNumber": side.number,
        "originalCalledPartyNumberPartition": side.partition,
        "originalCalledPartyPattern": side.pattern,
    } | redirected_by(side)


def redirected_by(side: Side) -> dict[str, str]:
    """Return the columns that name the line that redirected last."""
    return {
        "lastRedirectDn": side.number,
        "lastRedirectDnPartition": side.partition,
        "lastRedirectingPartyPattern": side.pattern,
    }


def blind_transfer(t: Traffic, office: int, at: int) -> None:
    """The caller or the called person transfers without asking."""
    _transfer(t, office, at, consult=0)


def consult_transfer(t: Traffic, office: int, at: int) -> None:
    """The caller or the called person asks a colleague first, then transfers."""
    _transfer(t, office, at, consult=t.rng.randrange(5, 60))


def _transfer(t: Traffic, office: int, at: int, consult: int) -> None:
    line = t.line(office)
    other = t.colleague(line)
    if t.rng.random() < 0.5:
        _transfer_by_caller(t, line, t.phone(other), at, consult)
    else:
        _transfer_by_called(t, caller(t, office), t.phone(line), t.phone(other), at, consult)


def _transfer_by_caller(t: Traffic, line: Line, target: Side, at: int, consult: int) -> None:
    """A calls outside and passes the call on: the surviving leg moves to the calling side of the last record."""
    first, public = t.phone(line), t.trunk_out(line, t.number(line))
    call, second = t.call(first), t.call(first)
    a, outside, b, c = t.legs(first.system, 4)
    answered = at + t.ring() + 3
    asked = answered + t.talk(0.5)
    joined = asked + (3 + consult if consult else 1)
    ended = ended_by(TRANSFER) | SPLIT
    t.record(call, first, a, public, outside, at, answered, joined, **ended)
    t.record(second, first, b, target, c, asked, joined - consult if consult else NEVER, joined, **ended)
    connected = joined if consult else joined + t.ring()
    last = _as_caller(public)
    t.record(
        call,
        last,
        outside,
        target,
        c,
        joined,
        connected,
        connected + t.talk(1.2),
        **redirected_by(first),
        **joined_by(TRANSFER, 4),
        **_BY_CALLER,
    )


def _transfer_by_called(t: Traffic, orig: Side, first: Side, target: Side, at: int, consult: int) -> None:
    """A is called and passes the call on; the caller's leg stays on the calling side."""
    call, second = t.call(orig), t.call(first)
    outside, a, b, c = t.legs(first.system, 4)
    answered = at + t.ring()
    asked = answered + t.talk(0.4)
    joined = asked + (3 + consult if consult else 1)
    ended = ended_by(TRANSFER) | SPLIT
    t.record(call, orig, outside, first, a, at, answered, joined, **ended)
    t.record(
        second,
        first,
        b,
        target,
        c,
        asked,
        joined - consult if consult else NEVER,
        joined,
        **ended,
        **redirected_by(first),
    )
    connected = joined if consult else joined + t.ring()
    t.record(
        call,
        orig,
        outside,
        target,
        c,
        joined,
        connected,
        connected + t.talk(1.2),
        **redirected_by(first),
        **joined_by(TRANSFER, 4),
        **_BY_CALLER,
    )


def _as_caller(side: Side) -> Side:
    """Return a called side as it appears on the calling side after a transfer."""
    return side._replace(outpulsed="", outpulsed_calling="")


def conference(t: Traffic, office: int, at: int) -> None:
    """A talks with B, adds somebody outside, and leaves last but one: six records."""
    line = t.line(office)
    first, second, public = t.phone(line), t.phone(t.colleague(line)), t.trunk_out(line, t.number(line))
    bridge = t.bridge(first)
    call, setup = t.call(first), t.call(first)
    a, b, a_again, outside, a_bridged, b_bridged, outside_bridged = t.legs(first.system, 7)
    answered = at + t.ring()
    asked = answered + t.talk(0.4)
    connected = asked + t.ring()
    joined = connected + t.rng.randrange(8, 40)
    dropped = joined + t.talk(3)
    t.record(call, first, a, second, b, at, answered, joined, **ended_by(CONFERENCE), **SPLIT, **redirected_by(first))
    comment = f"ConfControllerDn={first.number};ConfControllerDeviceName={first.device}"
    t.record(setup, first, a_again, public, outside, asked, connected, joined, **ended_by(CONFERENCE), comment=comment)
    common: dict[str, object] = {
        **joined_by(CONFERENCE, 0, first=CONFERENCE),
        "destConversationId": a_bridged,
    }
    by_device = {"origCallTerminationOnBehalfOf": DEVICE}
    t.record(
        call,
        first,
        a,
        bridge,
        a_bridged,
        joined,
        joined,
        dropped,
        **common,
        **by_device,
        origCause_value=16,
        destCause_value=393216,
    )
    t.record(call, second, b, bridge, b_bridged, joined, joined, dropped, **common, **by_device, **SPLIT)
    t.record(
        call,
        _as_caller(public),
        outside,
        bridge,
        outside_bridged,
        joined,
        joined,
        dropped,
        **common,
        **ended_by(CONFERENCE),
        **SPLIT,
    )
    t.record(
        call,
        first,
        a,
        second,
        b,
        dropped,
        dropped,
        dropped + t.rng.randrange(5, 60),
        **redirected_by(bridge),
        **joined_by(CONFERENCE, 98),
        **_BY_CALLER,
        origCallTerminationOnBehalfOf=DEVICE,
        destCallTerminationOnBehalfOf=CONFERENCE,
    )


def meet_me(t: Traffic, office: int, at: int) -> None:
    """Several people dial a meet-me number: one record for each."""
    line = t.line(office)
    number = t.organisation.offices[office].special(t.organisation.extension_digits, "50")
    bridge = t.bridge(t.phone(line))
    conversation, ended = t.legs(bridge.system, 1)[0], at + t.talk(6) + 120
    for _ in range(t.rng.randrange(2, 6)):
        side = t.phone(line)
        leg, bridged = t.legs(side.system)
        joined = at + t.rng.randrange(1, 60)
        t.record(
            t.call(side),
            side,
            leg,
            bridge,
            bridged,
            joined - 1,
            joined,
            ended + t.rng.randrange(0, 20),
            **_BY_CALLER,
            originalCalledPartyNumber=number,
            originalCalledPartyPattern=number,
            destConversationId=conversation,
        )
        line = t.colleague(line)


def pickup(t: Traffic, office: int, at: int) -> None:
    """A colleague picks up a call that rings elsewhere; with auto-pickup the ringing part gets a record of its own."""
    line = t.line(office)
    orig, rang, picker = caller(t, office), t.phone(line), t.phone(t.colleague(line))
    call = t.call(orig)
    leg, other, picked = t.legs(orig.system, 3)
    answered = at + t.rng.randrange(3, 18)
    ended = answered + t.talk()
    joined = called_as(rang) | joined_by(PICKUP, 5)
    if t.rng.random() < 0.5:
        t.record(call, orig, leg, picker, other, at, answered, ended, **joined, **ended_by(PICKUP), **_BY_CALLED)
        return
    t.record(call, orig, leg, rang, other, at, NEVER, answered, **ended_by(PICKUP), **SPLIT)
    by = {"origCallTerminationOnBehalfOf": DEVICE, "destCallTerminationOnBehalfOf": PICKUP}
    t.record(call, orig, leg, picker, picked, answered, answered, ended, **joined, **by, **_BY_CALLER)


def park(t: Traffic, office: int, at: int) -> None:
    """A call is parked; a colleague fetches it (the parties swap sides), or it comes back."""
    line = t.line(office)
    orig, parker = caller(t, office), t.phone(line)
    call = t.call(orig)
    leg, other, fetching, back = t.legs(orig.system, 4)
    answered = at + t.ring()
    parked = answered + t.talk(0.3)
    t.record(call, orig, leg, parker, other, at, answered, parked, **ended_by(PARK), **SPLIT)
    if t.rng.random() < 0.7:
        code = t.organisation.offices[office].special(t.organisation.extension_digits, "60")
        fetcher, fetched = t.phone(t.colleague(line)), parked + t.rng.randrange(4, 50)
        side = orig._replace(usage=0, partition="", pattern=orig.number)
        t.record(
            call,
            fetcher,
            fetching,
            side,
            leg,
            fetched,
            fetched,
            fetched + t.talk(),
            **joined_by(PARK, 8),
            **_BY_CALLED,
            lastRedirectDn=code,
            lastRedirectingPartyPattern=code,
            destCallTerminationOnBehalfOf=DEVICE,
        )
        return
    again = parked + 60 + t.ring()
    t.record(
        call,
        orig,
        leg,
        parker,
        back,
        parked,
        again,
        again + t.talk(),
        **joined_by(PARK, 11, first=PARK, first_reason=7),
        **_BY_CALLED,
        origCallTerminationOnBehalfOf=PARK,
        destCallTerminationOnBehalfOf=DEVICE,
    )


def idivert(t: Traffic, office: int, at: int) -> None:
    """The called person sends a call to voicemail, while it rings or after answering."""
    orig, called = caller(t, office), t.phone(t.line(office))
    port = t.voicemail(called.system)
    call = t.call(orig)
    leg, other, recorded = t.legs(orig.system, 3)
    diverted = called_as(called) | joined_by(IDIVERT, 50, first=IDIVERT, first_reason=50)
    answered = at + t.ring()
    if t.rng.random() < 0.6:
        t.record(
            call, orig, leg, port, recorded, at, answered, answered + t.rng.randrange(4, 60), **diverted, **_BY_CALLER
        )
        return
    sent = answered + t.rng.randrange(3, 20)
    t.record(call, orig, leg, called, other, at, answered, sent, **ended_by(IDIVERT))
    by = {"origCallTerminationOnBehalfOf": IDIVERT, "destCallTerminationOnBehalfOf": DEVICE}
    t.record(call, orig, leg, port, recorded, sent, sent, sent + t.rng.randrange(4, 60), **diverted, **by, **_BY_CALLER)


def barge(t: Traffic, office: int, at: int) -> None:
    """A colleague barges in to a call."""
    line = t.line(office)
    orig, called = caller(t, office), t.phone(line)
    barging = t.phone(t.colleague(line))
    call = t.call(orig)
    leg, other, barged, bridged = t.legs(orig.system, 4)
    answered = at + t.ring()
    ended = answered + t.talk(2) + 30
    t.record(call, orig, leg, called, other, at, answered, ended, **_BY_CALLER)
    t.record(
        call,
        barging,
        barged,
        t.bridge(called),
        bridged,
        answered + 10,
        answered + 11,
        ended,
        **joined_by(BARGE, 114, first=BARGE, first_reason=114),
        destConversationId=other,
    )


def recording(t: Traffic, office: int, at: int) -> None:
    """A recorded call: two more records, with calls of their own, lead to the recorder."""
    orig, called = caller(t, office), t.phone(t.line(office))
    leg, other = t.legs(orig.system)
    answered = at + t.ring()
    ended = answered + t.talk()
    t.record(t.call(orig), orig, leg, called, other, at, answered, ended, **_BY_CALLER)
    recorder = Side(
        called.system,
        called.node,
        t.organisation.offices[office].special(t.organisation.extension_digits, "90"),
        "Recording",
        "RecordingTrunk",
        ip=called.ip.rsplit(".", 2)[0] + ".0.50",
        usage=5,
    )
    for _ in range(2):
        own, far = t.legs(called.system)
        t.record(
            t.call(called),
            called._replace(number="BIB", partition="", user=""),
            own,
            recorder,
            far,
            answered,
            answered,
            ended,
            **joined_by(RECORDING, 354, first=RECORDING, first_reason=354),
            destConversationId=other,
        )


def monitoring(t: Traffic, office: int, at: int) -> None:
    """A supervisor listens: one more record with a call of its own."""
    line = t.line(office)
    orig, called, listener = caller(t, office), t.phone(line), t.phone(t.colleague(line))
    leg, other, own, far = t.legs(orig.system, 4)
    answered = at + t.ring()
    ended = answered + t.talk()
    t.record(t.call(orig), orig, leg, called, other, at, answered, ended, **_BY_CALLER)
    t.record(
        t.call(listener),
        listener,
        own,
        t.bridge(called),
        far,
        answered + 4,
        answered + 5,
        ended,
        **joined_by(MONITORING, 370, first=MONITORING, first_reason=370),
        destConversationId=other,
    )


def refer_with_replaces(t: Traffic, office: int, at: int) -> None:
    """A SIP telephone transfers by REFER with Replaces: both called persons are left with each other."""
    line = t.line(office)
    first, second, third = t.phone(line), t.phone(t.colleague(line)), t.phone(t.colleague(line))
    call, consultation = t.call(first), t.call(first)
    a, b, c, d = t.legs(first.system, 4)
    answered = at + t.ring()
    asked = answered + t.talk(0.3)
    joined = asked + 8
    t.record(call, first, a, second, b, at, answered, joined, **ended_by(REFER), **SPLIT)
    t.record(consultation, first, c, third, d, asked, asked + 3, joined, **ended_by(REPLACES), **SPLIT)
    t.record(
        call,
        second,
        b,
        third,
        d,
        joined,
        joined,
        joined + t.talk(),
        **redirected_by(first),
        **_BY_CALLER,
        **joined_by(REPLACES, 146, first=REFER, first_reason=130),
        origCallTerminationOnBehalfOf=DEVICE,
        destCallTerminationOnBehalfOf=REFER,
    )


def transferred_abroad(t: Traffic, office: int, at: int) -> None:
    """A caller from outside is transferred to a number abroad: both trunk legs stay until the end."""
    line = t.line(office)
    _transfer_by_called(
        t, caller(t, office), t.phone(line), t.trunk_out(line, t.number(line, numbers.INTERNATIONAL)), at, consult=20
    )
