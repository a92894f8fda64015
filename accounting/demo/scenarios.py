"""What happens on calls of one record: plain, unanswered, forwarded, answered by a hunt group, with codes."""

from collections.abc import Callable

from accounting.demo import numbers
from accounting.demo.call_book import NORMAL_CLEARING, Side
from accounting.demo.traffic import BUSY, HUNT_PARTITION, HUNT_PILOT, INTERNAL_PARTITION, NO_ANSWER, Line, Traffic

Scenario = Callable[[Traffic, int, int], None]
"""Adds the records of one call that begins in an office (by index) at a moment in epoch seconds."""

NEVER = 0
SHOWS_HUNT_MEMBER = "ucm-gulf"
"""The cluster whose service parameter `Show Line Group Member DN in finalCalledPartyNumber` is on."""
_FAILURES = (1, 1, 28, 34, 38, 41, 42, 1459617833, 83886081)
"""Causes of public calls that fail: wrong numbers, no circuit, network trouble, two SIP answers as UCM packs them."""
_MATTERS = ("10042", "10077", "11111", "20815", "30001", "30415", "42000", "55120")


def caller(t: Traffic, office: int) -> Side:
    """Return a trunk with somebody of the public network who calls this office."""
    return t.trunk_in(office, t.number(t.line(office)).shown)


def internal(t: Traffic, office: int, at: int) -> None:
    """A colleague calls a colleague."""
    line = t.line(office)
    t.simple(t.phone(line), t.phone(t.colleague(line)), at, t.ring(), t.talk(0.6))


def internal_missed(t: Traffic, office: int, at: int) -> None:
    """A colleague gives up while it rings."""
    line = t.line(office)
    unanswered(t, t.phone(line), t.phone(t.colleague(line)), at, t.rng.randrange(5, 30))


def internal_busy(t: Traffic, office: int, at: int) -> None:
    """A colleague is on the telephone."""
    line = t.line(office)
    unanswered(t, t.phone(line), t.phone(t.colleague(line)), at, 3, origCause_value=0, destCause_value=BUSY)


def off_hook(t: Traffic, office: int, at: int) -> None:
    """Somebody lifts the handset and puts it down again."""
    side = t.phone(t.line(office))
    leg = t.legs(side.system, 1)[0]
    nobody = Side(side.system, 0, "", "", "", usage=5)
    t.record(t.call(side), side, leg, nobody, 0, at, NEVER, at + t.rng.randrange(1, 9), origCause_value=NORMAL_CLEARING)


def unanswered(t: Traffic, orig: Side, dest: Side, at: int, rang: int, **changes: object) -> None:
    """Add a call that nobody answers; the caller gives up unless `changes` says otherwise."""
    leg, other = t.legs(orig.system)
    causes = {"origCause_value": NORMAL_CLEARING}
    t.record(t.call(orig), orig, leg, dest, other, at, NEVER, at + rang, **(causes | changes))


def outgoing(t: Traffic, office: int, at: int) -> None:
    """Somebody calls the public network."""
    dial(t, t.line(office), at)


def dial(t: Traffic, line: Line, at: int, category: str = "", factor: float = 1.0, **changes: object) -> None:
    """Add an answered call from this line to a public number."""
    number = t.number(line, category)
    t.simple(t.phone(line), t.trunk_out(line, number), at, t.ring() + 3, t.talk(factor), **changes)


def outgoing_missed(t: Traffic, office: int, at: int) -> None:
    """Nobody answers outside."""
    line = t.line(office)
    dest = t.trunk_out(line, t.number(line))
    if t.rng.random() < 0.7:
        unanswered(t, t.phone(line), dest, at, t.rng.randrange(10, 50))
    else:
        unanswered(t, t.phone(line), dest, at, 60, origCause_value=0, destCause_value=NO_ANSWER)


def outgoing_busy(t: Traffic, office: int, at: int) -> None:
    """Outside it is busy: final and last number stay empty, as in the guide."""
    line = t.line(office)
    dest = t.trunk_out(line, t.number(line))
    unanswered(t, t.phone(line), dest, at, 5, **_not_reached(), origCause_value=0, destCause_value=BUSY)


def outgoing_failed(t: Traffic, office: int, at: int) -> None:
    """A wrong number, or no way out."""
    line = t.line(office)
    dest = t.trunk_out(line, t.number(line))
    cause = t.rng.choice(_FAILURES)
    changes = (
        {"origCause_value": cause, "destCause_value": 0}
        if cause == 1
        else {"origCause_value": 0, "destCause_value": cause}
    )
    unanswered(t, t.phone(line), dest, at, t.rng.randrange(1, 5), **(_not_reached() | changes))


def _not_reached() -> dict[str, object]:
    return dict.fromkeys(
        ("finalCalledPartyNumber", "lastRedirectDn", "finalCalledPartyPattern", "lastRedirectingPartyPattern"), ""
    )


def toll_free(t: Traffic, office: int, at: int) -> None:
    """Somebody calls a toll-free number."""
    dial(t, t.line(office), at, numbers.TOLL_FREE)


def shared_cost(t: Traffic, office: int, at: int) -> None:
    """Somebody calls a service number with a price of its own."""
    dial(t, t.line(office), at, numbers.SHARED_COST)


def premium(t: Traffic, office: int, at: int) -> None:
    """Somebody calls a premium number."""
    dial(t, t.line(office), at, numbers.PREMIUM, 1.5)


def emergency(t: Traffic, office: int, at: int) -> None:
    """Somebody calls for help, with or without the outside line."""
    line = t.line(office)
    number = t.number(line, numbers.EMERGENCY)
    dest = t.trunk_out(line, number)
    if t.rng.random() < 0.5:
        dest = dest._replace(number=number.e164, pattern=number.e164, outpulsed="")
    t.simple(t.phone(line), dest, at, 4, t.talk(0.8))


def satellite(t: Traffic, office: int, at: int) -> None:
    """Somebody calls a satellite telephone, for which no tariff has a price."""
    dial(t, t.line(office), at, numbers.SATELLITE)


def unowned(t: Traffic, office: int, at: int) -> None:
    """An extension that nobody owns is used."""
    line = t.unowned_line(office)
    if t.rng.random() < 0.6:
        dial(t, line, at)
    else:
        t.simple(caller(t, office), t.phone(line), at, t.ring(), t.talk())


def short_call(t: Traffic, office: int, at: int) -> None:
    """A call is answered and over within the same second: connected, duration 0."""
    line = t.line(office)
    t.simple(t.phone(line), t.phone(t.colleague(line)), at, t.ring(), 0)


def authorised(t: Traffic, office: int, at: int) -> None:
    """A forced authorisation code allows a call abroad."""
    level = t.rng.randrange(1, 6)
    dial(
        t,
        t.line(office),
        at,
        numbers.INTERNATIONAL,
        authCodeDescription=f"Level{level}",
        authorizationLevel=level * 10,
        authorizationCodeValue=f"{4711 + level * 37}",
    )


def client_matter(t: Traffic, office: int, at: int) -> None:
    """A client matter code books a call to a project."""
    dial(t, t.line(office), at, factor=1.4, clientMatterCode=t.rng.choice(_MATTERS))


def plus_dialled(t: Traffic, office: int, at: int) -> None:
    """Somebody clicks a number in the form +49…; the gateway sends it in another form."""
    line = t.line(office)
    number = t.number(line)
    dest = t.trunk_out(line, number)
    t.simple(
        t.phone(line),
        dest._replace(number=number.e164, pattern="\\+!", outpulsed=number.e164[1:]),
        at,
        t.ring() + 3,
        t.talk(),
    )


def incoming(t: Traffic, office: int, at: int) -> None:
    """Somebody calls in, straight to an extension."""
    t.simple(caller(t, office), t.phone(t.line(office)), at, t.ring(), t.talk())


def incoming_missed(t: Traffic, office: int, at: int) -> None:
    """A caller from outside gives up while it rings."""
    unanswered(t, caller(t, office), t.phone(t.line(office)), at, t.rng.randrange(6, 40))


def incoming_busy(t: Traffic, office: int, at: int) -> None:
    """A caller from outside meets a busy line."""
    unanswered(t, caller(t, office), t.phone(t.line(office)), at, 2, origCause_value=0, destCause_value=BUSY)


def incoming_rejected(t: Traffic, office: int, at: int) -> None:
    """The called person declines."""
    unanswered(t, caller(t, office), t.phone(t.line(office)), at, 4, origCause_value=0, destCause_value=21)


def anonymous(t: Traffic, office: int, at: int) -> None:
    """A caller withholds the number."""
    t.simple(t.trunk_in(office, ""), t.phone(t.line(office)), at, t.ring(), t.talk())


def plus_calling(t: Traffic, office: int, at: int) -> None:
    """The caller's number comes in the form +44… and reaches the phone in another one."""
    number = t.number(t.line(office))
    t.simple(
        t.trunk_in(office, number.e164),
        t.phone(t.line(office)),
        at,
        t.ring(),
        t.talk(),
        outpulsedCallingPartyNumber=number.e164[-7:],
    )


def sip_uri(t: Traffic, office: int, at: int) -> None:
    """A partner calls with a SIP address in place of a number."""
    name = t.rng.choice(("bob", "reception", "jane.doe", "support", "order-desk"))
    address = f"{name}@partner{t.rng.randrange(1, 9)}.example"
    t.simple(
        t.trunk_in(office, address), t.phone(t.line(office)), at, t.ring(), t.talk(), callingPartyNumber_uri=address
    )


def malicious(t: Traffic, office: int, at: int) -> None:
    """The called person marks a call as malicious."""
    t.simple(caller(t, office), t.phone(t.line(office)), at, t.ring(), t.talk(0.4), comment="callFlag=MALICIOUS")


def intercluster(t: Traffic, office: int, at: int) -> None:
    """A call to the other phone system: each of the two writes a record of its own."""
    offices = t.organisation.offices
    line = t.line(office)
    far = t.rng.choice([o for o, plan in enumerate(offices) if plan.system != offices[office].system])
    near, other = t.phone(line), t.phone(t.line(far))
    ring, talk = t.ring(), t.talk(0.7)
    reference = f"{t.rng.getrandbits(128):032X}"
    causes = t.release()
    leaving = t.intercluster(near.system, other.number, entering=False)
    t.simple(near, leaving, at, ring, talk, OutgoingProtocolCallRef=reference, **causes)
    entering = t.intercluster(other.system, near.number, entering=True)
    t.simple(entering, other, at, ring, talk, IncomingProtocolCallRef=reference, **causes)


def hunt_answered(t: Traffic, office: int, at: int) -> None:
    """A member of a hunt group answers."""
    dest, changes = _hunt(t, office)
    t.simple(caller(t, office), dest, at, t.ring(), t.talk(1.2), **changes)


def hunt_queued(t: Traffic, office: int, at: int) -> None:
    """A member of a hunt group answers after the caller has waited in the queue."""
    dest, changes = _hunt(t, office)
    wait = t.rng.randrange(10, 240)
    waited = {"wasCallQueued": 1, "totalWaitTimeInQueue": wait}
    t.simple(caller(t, office), dest, at, wait + t.ring(), t.talk(1.4), **(changes | waited))


def hunt_abandoned(t: Traffic, office: int, at: int) -> None:
    """Nobody of a hunt group answers before the caller gives up: UCM leaves the pilot's columns empty."""
    group = t.rng.choice([g for g in t.organisation.hunt_groups if g.office == office])
    plan = t.organisation.offices[office]
    pilot = Side(plan.system, plan.node, group.pilot, HUNT_PARTITION, "", usage=HUNT_PILOT, pattern=group.pilot)
    unanswered(t, caller(t, office), pilot, at, t.rng.randrange(15, 90))


def _hunt(t: Traffic, office: int) -> tuple[Side, dict[str, object]]:
    """Return the answering side of a hunt call and the columns that tell the pilot.

    One cluster writes the pilot as final number, the other (service parameter switched on) the member's extension.
    """
    group = t.rng.choice([g for g in t.organisation.hunt_groups if g.office == office])
    extension = t.rng.choice(group.members)
    member = t.phone(t.line_of(office, extension))
    pilot = {
        "huntPilotDN": group.pilot,
        "huntPilotPartition": group.partition_id,
        "huntPilotPattern": group.pilot,
        "calledPartyPatternUsage": HUNT_PILOT,
    }
    if member.system == SHOWS_HUNT_MEMBER:
        pilot |= {"finalCalledPartyNumber": extension, "finalCalledPartyNumberPartition": member.partition}
    return member._replace(number=group.pilot, partition=HUNT_PARTITION, pattern=group.pilot), pilot


def forwarded_all(t: Traffic, office: int, at: int) -> None:
    """The called person has forwarded all calls to a colleague."""
    line = t.line(office)
    _forward(t, caller(t, office), line, t.phone(t.colleague(line)), at, t.ring(), 15, 15)


def forwarded_busy(t: Traffic, office: int, at: int) -> None:
    """The called person is busy; a colleague answers."""
    line = t.line(office)
    _forward(t, caller(t, office), line, t.phone(t.colleague(line)), at, t.ring(), 1, 1)


def forwarded_twice(t: Traffic, office: int, at: int) -> None:
    """Not answered, then busy: only the first, the last but one and the last number are visible."""
    line = t.line(office)
    middle = t.colleague(line)
    _forward(t, caller(t, office), line, t.phone(t.colleague(middle)), at, 12 + t.ring(), 2, 1, via=middle)


def voicemail(t: Traffic, office: int, at: int) -> None:
    """Nobody answers; voicemail does, and the caller leaves a message or not."""
    line = t.line(office)
    port = t.voicemail(t.organisation.offices[office].system)
    _forward(t, caller(t, office), line, port, at, 18, 2, 2, talk=t.rng.randrange(3, 75))


def voicemail_after_forward(t: Traffic, office: int, at: int) -> None:
    """Forwarded to a colleague who does not answer either; voicemail does."""
    line = t.line(office)
    port = t.voicemail(t.organisation.offices[office].system)
    _forward(t, caller(t, office), line, port, at, 18, 15, 2, via=t.colleague(line), talk=t.rng.randrange(3, 60))


def voicemail_internal(t: Traffic, office: int, at: int) -> None:
    """A colleague's call ends in voicemail."""
    line = t.line(office)
    called = t.colleague(line)
    _forward(
        t,
        t.phone(line),
        called,
        t.voicemail(t.organisation.offices[office].system),
        at,
        18,
        2,
        2,
        talk=t.rng.randrange(3, 60),
    )


def forwarded_to_mobile(t: Traffic, office: int, at: int) -> None:
    """Forwarded to a mobile telephone: from trunk to trunk, the forwarding line pays."""
    line = t.line(office)
    mobile = t.trunk_out(line, t.number(line, numbers.MOBILE))
    _forward(t, caller(t, office), line, mobile, at, 5 + t.ring(), 15, 15)


def _forward(
    t: Traffic,
    orig: Side,
    called: Line,
    dest: Side,
    at: int,
    ring: int,
    first: int,
    last: int,
    *,
    via: Line | None = None,
    talk: int = 0,
) -> None:
    """Add a call to `called` that `dest` answers, forwarded for `first` and in the end, by `via`, for `last`."""
    via = via or called
    t.simple(
        orig,
        dest,
        at,
        ring,
        talk or t.talk(),
        originalCalledPartyNumber=called.extension,
        originalCalledPartyNumberPartition=INTERNAL_PARTITION,
        originalCalledPartyPattern=called.extension,
        lastRedirectDn=via.extension,
        lastRedirectDnPartition=INTERNAL_PARTITION,
        lastRedirectingPartyPattern=via.extension,
        origCalledPartyRedirectReason=first,
        lastRedirectRedirectReason=last,
        origCalledPartyRedirectOnBehalfOf=5,
        lastRedirectRedirectOnBehalfOf=5,
    )
