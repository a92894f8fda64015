"""Parts of calls to finished call records: owner, number, price, quality, and what they add to the totals."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from accounting.models import CallRecord, CallType, Pricing, Purpose
from accounting.models.calls import UNPRICED, UnitKind
from accounting.services.attributing import Owner
from accounting.services.parting import INCOMING, INTERNAL, Part
from accounting.services.reference import Reference
from accounting.services.topology import KnownGateway, Topology
from accounting.sources.base import Quality
from callanalytics.lib.money import to_micro

RECORD_COLUMNS = [
    "phone_system_id", "call_id", "batch_id", "leg", "started_at", "answered_at", "ended_at", "extension", "user_id",
    "department_id", "cost_centre_id", "office_id", "direction", "kind", "outcome", "call_type", "other_number",
    "dialled_number", "connected_number", "country", "destination", "original_called", "last_redirect",
    "redirect_reason", "hunt_pilot", "device", "ring_seconds", "talk_seconds", "queue_seconds", "gateway_id",
    "carries_trunk", "trunk_seconds", "pricing", "cost", "currency", "rate_id", "cause", "released_by", "conference",
    "authorization_code", "matter_code", "purpose", "mos", "jitter_ms", "latency_ms", "loss_permille",
]  # fmt: skip
DAY_COLUMNS = [
    "day", "phone_system_id", "extension", "user_id", "department_id", "cost_centre_id", "office_id",
    "direction", "kind", "outcome", "call_type", "currency",
    "calls", "talk_seconds", "ring_seconds", "cost", "unpriced",
]  # fmt: skip
SLOT_COLUMNS = [
    "slot", "unit_kind", "unit_id",
    "direction", "kind", "outcome", "call_type", "currency",
    "calls", "talk_seconds", "ring_seconds", "cost", "unpriced",
]  # fmt: skip
UNPRICED_CODES = frozenset(int(pricing) for pricing in UNPRICED)
HALF_HOUR = 1800
DEPARTMENT, COST_CENTRE, OFFICE, GATEWAY = map(int, UnitKind)
INTERNAL_TYPE, UNKNOWN_TYPE = int(CallType.INTERNAL), int(CallType.UNKNOWN)
BUSINESS, DIALLED_PRIVATELY = int(Purpose.BUSINESS), int(Purpose.DIALLED)
NOT_CHARGED: tuple[int, int | None, str, int | None, str] = (int(Pricing.NOT_CHARGEABLE), 0, "", None, "")
NO_QUALITY = (None, None, None, None)
Units = tuple[int | None, int | None, int | None, int | None]
"""Owner, department, cost centre, office."""
Measures = tuple[int, int, int, int, str]
"""Direction, kind, outcome, call type, currency."""
Sums = tuple[int, int, int, int, int]
DayKey = tuple[date, int, str, Units, Measures]
"""Day, phone system, extension, owner and units, measures."""
SlotKey = tuple[int, int, int, Measures]
"""Half-hour (epoch seconds), kind of unit, unit, measures."""


@dataclass(slots=True)
class Totals:
    """Additions and corrections to the tables of totals; see models.Totals."""

    days: defaultdict[DayKey, list[Sums]] = field(default_factory=lambda: defaultdict(list))
    slots: defaultdict[SlotKey, list[Sums]] = field(default_factory=lambda: defaultdict(list))
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo(settings.TIME_ZONE))
    dates: dict[int, date] = field(default_factory=dict)

    def add(
        self, started: int, system: int, extension: str, owner: Units, gateway: int | None, measures: Measures,
        sums: Sums,
    ) -> None:  # fmt: skip
        """Count a record: calls, talk and ring seconds, millionths of cost, unpriced calls; negative: take it back."""
        quarter = started // 900
        day = self.dates.get(quarter)
        if day is None:
            # No zone changes its day within a quarter of an hour.
            day = self.dates[quarter] = datetime.fromtimestamp(started, self.zone).date()
        self.days[day, system, extension, owner, measures].append(sums)
        slot, slots = started - started % HALF_HOUR, self.slots
        _, department, cost_centre, office = owner
        if department is not None:
            slots[slot, DEPARTMENT, department, measures].append(sums)
        if cost_centre is not None:
            slots[slot, COST_CENTRE, cost_centre, measures].append(sums)
        if office is not None:
            slots[slot, OFFICE, office, measures].append(sums)
        if gateway is not None:
            slots[slot, GATEWAY, gateway, measures].append(sums)

    def day_rows(self, day_value: Callable[[date], Any]) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of DAY_COLUMNS, days as the database takes them; what comes to nothing is left out."""
        values = {day: day_value(day) for day in {key[0] for key in self.days}}
        for (day, system, extension, owner, measures), found in self.days.items():
            sums = added(found)
            if any(sums):
                yield values[day], system, extension, *owner, *measures, *sums

    def slot_rows(self, moment: Mapping[int, Any]) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of SLOT_COLUMNS, with the database's values of moments; what comes to nothing is left out."""
        for (slot, unit_kind, unit, measures), found in self.slots.items():
            sums = added(found)
            if any(sums):
                yield moment[slot], unit_kind, unit, *measures, *sums


def added(found: Sequence[Sums]) -> Sequence[int]:
    """Return the sums of several additions."""
    return found[0] if len(found) == 1 else list(map(sum, zip(*found, strict=True)))


def take_back(record: CallRecord, totals: Totals) -> None:
    """Take back what a stored record has added to the totals."""
    owner = (record.user_id, record.department_id, record.cost_centre_id, record.office_id)
    measures = (record.direction, record.kind, record.outcome, record.call_type, record.currency)
    gateway = record.gateway_id if record.carries_trunk else None
    unpriced = record.pricing in UNPRICED_CODES
    sums = (-1, -record.talk_seconds, -record.ring_seconds, -to_micro(record.cost or 0), -unpriced)
    started = int(record.started_at.timestamp())
    totals.add(started, record.phone_system_id, record.extension, owner, gateway, measures, sums)


@dataclass(slots=True)
class Recorder:
    """Finishes the parts of one batch; gives rows for CallRecord and adds them to the totals."""

    phone_system_id: int
    batch_id: int
    reference: Reference
    topology: Topology
    qualities: Mapping[tuple[str, int], Quality]
    totals: Totals = field(default_factory=Totals)

    def row(self, part: Part, call_id: int, call_refs: Iterable[str], moment: Mapping[int, Any]) -> tuple[Any, ...]:
        """Return one finished part as RECORD_COLUMNS; `moment` gives the database's values of epoch seconds."""
        system, extension, direction, outcome = self.phone_system_id, part.extension, part.direction, part.outcome
        started, answered, ended, talk, carries = part.started, part.answered, part.ended, part.talk, part.carries
        owner = self.reference.directory.owner(system, extension, started)
        gateway = self.topology.gateways.get(part.trunk_device) if part.trunk_device else None
        gateway_id = gateway.id if gateway else None
        if part.kind == INTERNAL:
            kind, number, call_type, country, destination, purpose = (
                INTERNAL, part.other, INTERNAL_TYPE, "", "", BUSINESS,
            )  # fmt: skip
        else:
            kind, number, call_type, country, destination, purpose = self.analyse(part, owner, gateway)
            purpose = part.ruled or purpose
        pricing, cost, currency, rate_id, rated = NOT_CHARGED
        if carries and answered and kind != INTERNAL:
            pricing, cost, currency, rate_id, rated = self.reference.book.price_at(
                gateway_id, number, call_type, direction == INCOMING, answered, part.trunk_seconds
            )
        ring = (answered or ended) - started
        if ring < 0:
            ring = 0
        self.totals.add(
            started, system, extension, owner, gateway_id if carries else None,
            (direction, kind, outcome, call_type, currency),
            (1, talk, ring, cost or 0, 1 if cost is None else 0),
        )  # fmt: skip
        return (
            system, call_id, self.batch_id, part.leg, moment[started], moment[answered], moment[ended], extension,
            *owner, direction, kind, outcome, call_type, number[:255], part.dialled, part.connected_other, country,
            rated or destination, part.original_called, part.last_redirect, part.reason, part.hunt_pilot,
            part.device, ring, talk, part.queue, gateway_id, carries,
            part.trunk_seconds, int(pricing), cost, currency, rate_id, part.cause, part.released_by, part.conference,
            part.authorization_code, part.matter_code, purpose,
            *(self.quality(part.leg, call_refs) if self.qualities else NO_QUALITY),
        )  # fmt: skip

    def analyse(self, part: Part, owner: Owner, gateway: KnownGateway | None) -> tuple[int, str, int, str, str, int]:
        """Return kind of a call that is not internal; number, type, country, destination of the other party; purpose.

        The number is read at the gateway's office, else the owner's, else the phone system's.
        """
        office = (gateway.office_id if gateway else None) or owner.office_id or self.topology.office_id
        incoming = not part.as_dialled
        purpose = BUSINESS
        analysis = self.reference.plan.analyse(office, part.other, incoming=incoming)
        if analysis.private and part.direction != INCOMING:
            purpose = DIALLED_PRIVATELY
        if analysis.call_type == UNKNOWN_TYPE and part.outpulsed:
            sent = self.reference.plan.analyse(office, part.outpulsed, incoming=incoming, outpulsed=True)
            analysis = sent if sent.call_type != UNKNOWN_TYPE else analysis
        call_type, kind = int(analysis.call_type), part.kind
        if call_type == INTERNAL_TYPE and part.direction == INCOMING:
            # Came over a trunk from the public network: a short or borrowed caller's number makes no internal call.
            call_type = UNKNOWN_TYPE
        elif call_type == INTERNAL_TYPE:
            kind = INTERNAL
        return kind, analysis.number, call_type, analysis.country, analysis.destination, purpose

    def quality(self, leg: int, call_refs: Iterable[str]) -> tuple[int | None, ...]:
        """Return the worst quality that the own device reported in a call: mos, jitter, latency, loss."""
        found = [self.qualities[call_ref, leg] for call_ref in call_refs if (call_ref, leg) in self.qualities]
        if not found:
            return NO_QUALITY
        worst = min(found, key=badness)
        return (worst.mos, worst.jitter_ms, worst.latency_ms, worst.loss_permille)


def badness(quality: Quality) -> tuple[int, ...]:
    """Return a key that puts the worst report first; reports that are equal in it are equal in all that is shown."""
    return (
        quality.mos if quality.mos is not None else 1000,
        -(quality.loss_permille or 0),
        -(quality.jitter_ms or 0),
        -(quality.latency_ms or 0),
    )
