"""Calls as programs read them: with the names, and with the digits of numbers, that one person may see."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal, Self, cast

from django.db.models import Model, QuerySet

from accounting.api.shapes import PersonOut, Shape, UnitOut, amount_text, people_of
from accounting.models import CallRecord, CostCentre, Department, Office, Pricing
from accounting.models import CallType as CallTypes
from accounting.models import Direction as Directions
from accounting.models import Kind as Kinds
from accounting.models import Outcome as Outcomes
from accounting.services.masking import Masker, ShownNumber
from accounting.services.naming import NamedCall, named_calls

Direction = Literal["outgoing", "incoming"]
Kind = Literal["public", "internal"]
Outcome = Literal["answered", "missed", "busy", "rejected", "failed", "voicemail"]
CallType = Literal[
    "internal", "local", "national", "mobile", "international", "toll_free", "shared_cost", "premium", "emergency",
    "service", "unknown",
]  # fmt: skip
PriceState = Literal["not_chargeable", "priced", "no_carrier", "no_tariff", "no_rate"]
UNITS: dict[str, type[Model]] = {"department_id": Department, "cost_centre_id": CostCentre, "office_id": Office}
BETWEEN_DIGITS = re.compile(r"[\s()/.\-]+")
MOS_SCALE = Decimal(100)


class CallOut(Shape):
    """One extension's part in a call."""

    id: int
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime
    extension: str
    """Empty: the call has been anonymised."""
    person: PersonOut | None
    """Who held the extension when the call was made; the units are those of that moment, too."""
    department: UnitOut | None
    cost_centre: UnitOut | None
    office: UnitOut | None
    direction: Direction
    kind: Kind
    outcome: Outcome
    call_type: CallType
    other_number: str
    """The other party's, with asterisks for digits that the person may not see; empty: withheld, or private."""
    other_key: str
    """What the filter “number” takes to find all calls with this number, also when digits of it are hidden."""
    hidden: Literal["none", "digits", "all"]
    """What the person may not see of the other party: nothing, some digits, or, of others' private calls, anything."""
    other_name: str
    """The person who held the other party's extension."""
    country: str
    destination: str
    ring_seconds: int
    queue_seconds: int
    talk_seconds: int
    gateway: UnitOut | None
    private: bool
    pricing: PriceState
    """“priced”, or why there is no price: never 0 for a call whose price is missing."""
    cost: str | None
    """An exact decimal."""
    currency: str | None


class QualityOut(Shape):
    """Voice quality that the phone reported."""

    mos: str | None
    """Mean opinion score, an exact decimal."""
    jitter_ms: int | None
    latency_ms: int | None
    loss_permille: int | None

    @classmethod
    def of(cls, record: CallRecord) -> Self | None:
        """Return the voice quality of a call, None when nothing was reported."""
        known = (record.mos, record.jitter_ms, record.latency_ms, record.loss_permille)
        if all(value is None for value in known):
            return None
        mos = None if record.mos is None else f"{record.mos / MOS_SCALE:.2f}"
        return cls(mos=mos, jitter_ms=known[1], latency_ms=known[2], loss_permille=known[3])


class LegOut(Shape):
    """One leg, as the phone system reported it."""

    began_at: datetime
    connected_at: datetime | None
    ended_at: datetime
    caller: str
    caller_name: str
    called: str
    called_name: str
    first_called: str
    redirected_by: str
    talk_seconds: int
    cause: int


def calls_out(records: Sequence[CallRecord], masker: Masker) -> list[CallOut]:
    """Return calls in the same order as the masker's viewer may see them; seven queries however many."""
    people = people_of(record.user_id for record in records)
    units = {name: units_of(model, (getattr(record, name) for record in records)) for name, model in UNITS.items()}
    return [call_out(call, people, units) for call in named_calls(records, masker)]


def call_out(call: NamedCall, people: dict[int, PersonOut], units: dict[str, dict[int, UnitOut]]) -> CallOut:
    """Return one call."""
    record, priced = call.record, call.record.pricing == Pricing.PRICED
    return CallOut(
        id=record.pk, started_at=record.started_at, answered_at=record.answered_at, ended_at=record.ended_at,
        extension=record.extension, person=people.get(record.user_id or 0),
        department=units["department_id"].get(record.department_id or 0),
        cost_centre=units["cost_centre_id"].get(record.cost_centre_id or 0),
        office=units["office_id"].get(record.office_id or 0),
        direction=cast("Direction", Directions(record.direction).name.lower()),
        kind=cast("Kind", Kinds(record.kind).name.lower()),
        outcome=cast("Outcome", Outcomes(record.outcome).name.lower()),
        call_type=cast("CallType", CallTypes(record.call_type).name.lower()),
        other_number=plain(call.number), other_key=call.number.key, hidden=hidden_of(call.number),
        other_name=call.other_name, country="" if call.number.private else record.country,
        destination=call.destination, ring_seconds=record.ring_seconds, queue_seconds=record.queue_seconds,
        talk_seconds=record.talk_seconds,
        gateway=UnitOut(id=record.gateway_id, name=call.gateway) if record.gateway_id else None,
        private=record.is_private, pricing=cast("PriceState", Pricing(record.pricing).name.lower()),
        cost=amount_text(record.cost) if priced else None, currency=record.currency if priced else None,
    )  # fmt: skip


def hidden_of(number: ShownNumber) -> Literal["none", "digits", "all"]:
    """Return how much of a number is hidden."""
    return "all" if number.private else "digits" if number.hidden else "none"


def plain(number: ShownNumber) -> str:
    """Return a number without blanks between its digits, with asterisks for hidden ones; '' for a private one."""
    if number.private:
        return ""
    if not number.hidden:
        return number.key or number.text
    return BETWEEN_DIGITS.sub("", number.text) if number.text.startswith("+") else number.text


def units_of(model: type[Model], ids: Iterable[int | None]) -> dict[int, UnitOut]:
    """Return units of one kind by id; one query."""
    wanted = {pk for pk in ids if pk}
    rows: QuerySet[Model] = QuerySet(model).filter(pk__in=wanted)
    return {row.pk: UnitOut(id=row.pk, name=str(row)) for row in rows} if wanted else {}
