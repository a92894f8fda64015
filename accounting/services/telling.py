"""One call told whole: its records, its legs on a time line, what it cost and why."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounting.models import CallLeg, CallRecord, Gateway, Rate, User
from accounting.services.describing import q850
from accounting.services.masking import PRIVATE_KEY, Masker, ShownNumber, mask_for
from accounting.services.naming import NamedCall, extension_holders, named_calls
from accounting.services.simulating import PriceStory, carrier_at, price_story, visible_prefix
from accounting.services.timelines import Course, Tick, TimeLine, kinds_in

CONFERENCE_BRIDGE = re.compile(r"[bc]00\d{6,}$")
"""What Cisco UCM writes in place of a number for a conference."""


@dataclass(frozen=True, slots=True)
class Party:
    """One end of a leg."""

    number: ShownNumber
    name: str
    device: str


@dataclass(frozen=True, slots=True)
class ToldLeg:
    """One leg with its parties and its place in time."""

    leg: CallLeg
    caller: Party
    called: Party
    first_called: ShownNumber
    redirected_by: ShownNumber
    course: Course
    talk_seconds: int
    cause: int


@dataclass(frozen=True, slots=True)
class Redirection:
    """How a record's call came to or from the own extension."""

    original: ShownNumber
    last: ShownNumber
    later: ShownNumber


@dataclass(frozen=True, slots=True)
class ToldCall:
    """Everything that the page of one call shows."""

    chosen: NamedCall
    records: list[NamedCall]
    legs: list[ToldLeg]
    dialled: ShownNumber
    redirection: Redirection
    rate: Rate | None
    rate_prefix: str
    """The rate's prefix, as far as the reader may see the number's digits."""
    carrier: str
    why: PriceStory
    ticks: list[Tick]
    """Clock times below the legs' time line."""

    @property
    def phases(self) -> list[tuple[str, str | Promise]]:
        """The kinds of phases that the time line shows, with their words."""
        return kinds_in([leg.course for leg in self.legs])

    @property
    def has_continued(self) -> bool:
        """Whether a leg of the time line went on in another one."""
        return any(leg.course.continued for leg in self.legs)

    @property
    def other_in_words(self) -> str:
        """Who or what the other party is: a person, a destination, else the type of the call."""
        return self.chosen.other_name or self.chosen.destination or self.chosen.record.get_call_type_display()


def tell_call(record: CallRecord, viewer: User) -> ToldCall:
    """Return the call of a record as this person may see it; a bounded number of queries."""
    masker = mask_for(viewer)
    records = list(
        CallRecord.objects.visible_to(viewer)
        .filter(phone_system_id=record.phone_system_id, call_id=record.call_id)
        .order_by("started_at", "id")[:100]
    )
    legs = list(CallLeg.objects.filter(call_id=record.call_id).order_by("originated_at", "id")[:100])
    named = named_calls(records, masker, owners=True)
    chosen = next(call for call in named if call.record.pk == record.pk)
    rate = Rate.objects.select_related("tariff__carrier", "band").filter(pk=record.rate_id or 0).first()
    return ToldCall(
        chosen=chosen,
        records=named,
        legs=_told_legs(legs, records, masker),
        dialled=masker.number(record, record.dialled_number),
        redirection=Redirection(
            masker.number(record, record.original_called),
            masker.number(record, record.last_redirect),
            masker.number(record, record.connected_number),
        ),
        rate=rate,
        rate_prefix=visible_prefix(rate.prefix, chosen.number) if rate else "",
        why=price_story(chosen.record, chosen.number),
        carrier=str(rate.tariff.carrier) if rate else _carrier(record),
        ticks=TimeLine.of(legs).ticks() if legs else [],
    )


def _told_legs(legs: Sequence[CallLeg], records: Sequence[CallRecord], masker: Masker) -> list[ToldLeg]:
    if not legs:
        return []
    line = TimeLine.of(legs)
    holders = extension_holders(number for leg in legs for number in (leg.calling, leg.final_called) if number)
    # Numbers of the reader's own records look the same here as there; those of others' private calls nowhere.
    hidden = set(private_numbers(records[0].call_id, masker)) if records else set()
    shown = {number: masker.number(record, number) for record in records for number in _numbers(record) if number}

    def show(number: str) -> ShownNumber:
        if CONFERENCE_BRIDGE.match(number):
            return ShownNumber(_("Conference"), "", hidden=False)
        if number in hidden or (hidden and masker.is_public(number)):
            return masker.of_others(PRIVATE_KEY)
        return shown.get(number) or masker.of_others(number)

    def party(leg: CallLeg, number: str, device: str) -> Party:
        return Party(show(number), holders.name(leg.phone_system_id, number, leg.originated_at), device)

    return [
        ToldLeg(
            leg,
            party(leg, leg.calling, leg.orig_device),
            party(leg, leg.final_called, leg.dest_device),
            show(leg.original_called),
            show(leg.last_redirect),
            line.course(leg),
            int((leg.disconnected_at - leg.connected_at).total_seconds()) if leg.connected_at else 0,
            q850(leg.dest_cause or leg.orig_cause),
        )
        for leg in legs
    ]


def private_numbers(call_id: int, masker: Masker) -> Iterator[str]:
    """Yield the other party's numbers in the private records of others in a call, within the reader's scope or not."""
    for record in CallRecord.objects.of_call(call_id).filter(masker.hidden_whole()):
        yield from (record.other_number, record.dialled_number, record.connected_number)


def _numbers(record: CallRecord) -> tuple[str, ...]:
    return (
        record.other_number,
        record.dialled_number,
        record.connected_number,
        record.original_called,
        record.last_redirect,
    )


def _carrier(record: CallRecord) -> str:
    gateway = Gateway.objects.select_related("office").filter(pk=record.gateway_id or 0).first()
    bound = carrier_at(gateway, record.answered_at or record.started_at) if gateway else None
    return str(bound.carrier) if bound else ""
