"""Parts of calls to finished call records: owner, number, price, quality, and what they add to the totals."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from accounting.models import CallRecord, CallType, Direction, Kind, Pricing
from accounting.models.calls import UNPRICED
from accounting.services.assembling import Part
from accounting.services.attributing import Owner
from accounting.services.classifying import NumberAnalysis
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
    "authorization_code", "matter_code", "mos", "jitter_ms", "latency_ms", "loss_permille",
]  # fmt: skip
DAY_COLUMNS = [
    "day", "phone_system_id", "extension", "user_id", "department_id", "cost_centre_id", "office_id",
    "direction", "kind", "outcome", "call_type", "currency", "calls", "talk_seconds", "ring_seconds", "cost", "unpriced",
]  # fmt: skip
SLOT_COLUMNS = [
    "slot", "unit_kind", "unit_id",
    "direction", "kind", "outcome", "call_type", "currency", "calls", "talk_seconds", "ring_seconds", "cost", "unpriced",
]  # fmt: skip
UNPRICED_CODES = frozenset(int(pricing) for pricing in UNPRICED)
HALF_HOUR = 1800
NO_QUALITY = (None, None, None, None)
Sums = list[int]


@dataclass(slots=True)
class Totals:
    """Additions and corrections to the tables of totals; see models.Totals."""

    days: dict[tuple[Any, ...], Sums] = field(default_factory=dict)
    slots: dict[tuple[Any, ...], Sums] = field(default_factory=dict)
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo(settings.TIME_ZONE))
    dates: dict[int, date] = field(default_factory=dict)

    def add(self, fields: "Counted", sign: int = 1) -> None:
        """Count a record, or with sign -1 take it back."""
        measures = fields.measures
        sums = (sign, sign * fields.talk, sign * fields.ring, sign * fields.cost, sign * fields.unpriced)
        day = self.day_of(fields.started)
        add_to(self.days, (day, fields.phone_system_id, fields.extension, *fields.owner, *measures), sums)
        slot = fields.started - fields.started % HALF_HOUR
        _, department, cost_centre, office = fields.owner
        for kind, unit in ((1, department), (2, cost_centre), (3, office), (4, fields.gateway_id)):
            if unit is not None:
                add_to(self.slots, (slot, kind, unit, *measures), sums)

    def day_of(self, moment: int) -> date:
        """Return the day of an epoch second in the organisation's zone (no zone changes within a quarter of an hour)."""
        quarter = moment // 900
        day = self.dates.get(quarter)
        if day is None:
            day = self.dates[quarter] = datetime.fromtimestamp(moment, self.zone).date()
        return day


@dataclass(slots=True)
class Counted:
    """What of a record goes into totals."""

    started: int
    phone_system_id: int
    extension: str
    owner: tuple[int | None, int | None, int | None, int | None]
    measures: tuple[int, int, int, int, str]
    gateway_id: int | None
    talk: int
    ring: int
    cost: int
    unpriced: int


def add_to(table: dict[tuple[Any, ...], Sums], key: tuple[Any, ...], sums: Iterable[int]) -> None:
    """Add to the sums of a key."""
    known = table.get(key)
    if known is None:
        table[key] = list(sums)
    else:
        for index, value in enumerate(sums):
            known[index] += value


def counted_again(record: CallRecord) -> Counted:
    """Return what a stored record has added to the totals."""
    return Counted(
        started=int(record.started_at.timestamp()),
        phone_system_id=record.phone_system_id,
        extension=record.extension,
        owner=(record.user_id, record.department_id, record.cost_centre_id, record.office_id),
        measures=(record.direction, record.kind, record.outcome, record.call_type, record.currency),
        gateway_id=record.gateway_id if record.carries_trunk else None,
        talk=record.talk_seconds,
        ring=record.ring_seconds,
        cost=to_micro(record.cost or 0),
        unpriced=int(record.pricing in UNPRICED_CODES),
    )


@dataclass(slots=True)
class Recorder:
    """Finishes the parts of one batch; collects rows for CallRecord and what they add to the totals."""

    phone_system_id: int
    batch_id: int
    reference: Reference
    topology: Topology
    qualities: Mapping[tuple[str, int], Quality]
    totals: Totals = field(default_factory=Totals)
    rows: list[tuple[Any, ...]] = field(default_factory=list)

    def record(self, part: Part, call_id: int, call_refs: Iterable[str], moment: Any) -> None:
        """Finish one part; `moment` turns epoch seconds into the database's value."""
        owner = self.reference.directory.owner(self.phone_system_id, part.extension, part.started)
        gateway = self.topology.gateways.get(part.trunk_device) if part.trunk_device else None
        analysis = self.analyse(part, owner, gateway)
        kind = int(part.kind if analysis.call_type != CallType.INTERNAL else Kind.INTERNAL)
        price = self.price(part, kind, analysis, gateway)
        ring = max((part.answered or part.ended) - part.started, 0)
        measures = (int(part.direction), kind, int(part.outcome), int(analysis.call_type), price[2])
        self.totals.add(
            Counted(
                part.started, self.phone_system_id, part.extension, owner, measures,
                gateway.id if gateway and part.carries else None,
                part.talk, ring, price[1] or 0, int(price[0] in UNPRICED_CODES),
            )
        )  # fmt: skip
        quality = self.quality(part.leg, call_refs) if self.qualities else NO_QUALITY
        self.rows.append((
            self.phone_system_id, call_id, self.batch_id, part.leg, moment(part.started),
            moment(part.answered) if part.answered else None, moment(part.ended), part.extension, *owner,
            *measures[:4], analysis.number[:255], part.dialled, part.connected_other, analysis.country,
            price[4] or analysis.destination, part.original_called, part.last_redirect, part.reason, part.hunt_pilot,
            part.device, ring, part.talk, part.queue, gateway.id if gateway else None, part.carries,
            part.trunk_seconds, price[0], price[1], price[2], price[3], part.cause, part.released_by, part.conference,
            part.authorization_code, part.matter_code, *quality,
        ))  # fmt: skip

    def analyse(self, part: Part, owner: Owner, gateway: KnownGateway | None) -> NumberAnalysis:
        """Return what the other party's number is, read at the gateway's office, else the owner's, else the system's."""
        if part.kind == Kind.INTERNAL:
            return NumberAnalysis(part.other, CallType.INTERNAL, "", "", "internal")
        office = (gateway.office_id if gateway else None) or owner.office_id or self.topology.office_id
        incoming = not part.as_dialled
        analysis = self.reference.plan.analyse(office, part.other, incoming=incoming)
        if analysis.call_type == CallType.UNKNOWN and part.outpulsed:
            sent = self.reference.plan.analyse(office, part.outpulsed, incoming=incoming, outpulsed=True)
            analysis = sent if sent.call_type != CallType.UNKNOWN else analysis
        return analysis

    def price(
        self, part: Part, kind: int, analysis: NumberAnalysis, gateway: KnownGateway | None
    ) -> tuple[int, int | None, str, int | None, str]:
        """Return pricing, millionths, currency, rate and the rate's destination."""
        if not part.carries or kind == Kind.INTERNAL:
            return int(Pricing.NOT_CHARGEABLE), 0, "", None, ""
        price = self.reference.book.price(
            gateway_id=gateway.id if gateway else None,
            number=analysis.number,
            call_type=analysis.call_type,
            incoming=part.direction == Direction.INCOMING,
            answered_at=datetime.fromtimestamp(part.answered, UTC) if part.answered else None,
            seconds=part.trunk_seconds,
        )
        return int(price.pricing), price.micro, price.currency, price.rate_id, price.destination

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
