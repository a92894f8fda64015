"""Re-costing: what stored calls should cost by the prices as they are entered now (COST-4)."""

import hashlib

from accounting.models import (
    Correction,
    Direction,
    Gateway,
    GatewayCarrier,
    Kind,
    Office,
    PhoneSystem,
    PublicHoliday,
    Rate,
    Tariff,
    TariffBand,
)
from accounting.querysets.calls import CallRecordQuerySet
from accounting.services.correcting import Stored, Values
from accounting.services.rating.book import Price
from accounting.services.reference import Reference, current_reference
from accounting.services.selecting import Selection

INCOMING = int(Direction.INCOMING)
PRICES = (
    (Office, ("id", "country", "subdivision", "time_zone")),
    (Gateway, ("id", "office_id", "network")),
    (GatewayCarrier, ("id", "gateway_id", "carrier_id", "valid_from", "valid_to")),
    (PublicHoliday, ("office_id", "day", "is_holiday")),
    (Tariff, ("id", "carrier_id", "currency", "valid_from", "valid_to", "band_rule", "decimals", "rounding")),
    (TariffBand, ("id", "tariff_id", "days", "start", "end")),
    (Rate, (
        "id", "tariff_id", "prefix", "call_type", "incoming", "band_id", "destination", "valid_from", "valid_to",
        "connection_fee", "price_per_minute", "first_increment", "increment", "minimum", "free_seconds", "maximum",
    )),
)  # fmt: skip
"""Everything that a price depends on."""


class Recosting:
    """The rule that a call costs what the tariffs of today say about the day of the call."""

    columns: tuple[str, ...] = ("pricing", "cost", "currency", "rate_id", "destination")

    def __init__(self, correction: Correction) -> None:
        """Take the prices as they are now; they stay the same while this object lives."""
        self.selection = Selection.stored(correction.selection)
        self.reference: Reference = current_reference()
        self.book = self.reference.book
        self.gateway_offices = dict(Gateway.objects.values_list("pk", "office_id"))
        self.system_offices = dict(PhoneSystem.objects.values_list("pk", "office_id"))

    def records(self) -> CallRecordQuerySet:
        """Return the selected records that can have a price: answered, carrying a trunk of the public network.

        Anonymised records keep the price they had: without their whole number they would get another.
        """
        records = self.selection.records().filter(carries_trunk=True, kind=Kind.PUBLIC, answered_at__isnull=False)
        return records.exclude(extension="")

    def corrected(self, record: Stored) -> Values:
        """Return pricing, millionths, currency, rate and destination of a record."""
        price = self.book.price(
            gateway_id=record.gateway_id,
            number=record.other_number,
            call_type=record.call_type,
            incoming=record.direction == INCOMING,
            answered_at=record.answered_at,
            seconds=record.trunk_seconds,
        )
        destination = price.destination or self.destination(record, price)
        return int(price.pricing), price.micro, price.currency, price.rate_id, destination

    def destination(self, record: Stored, price: Price) -> str:
        """Return the destination of a record whose price names none: the number rules' when a rate had named it."""
        if record.rate_id is None or record.rate_id == price.rate_id:
            return record.destination
        office = self.gateway_offices.get(record.gateway_id or 0) or record.office_id
        office = office or self.system_offices.get(record.phone_system_id)
        incoming = record.direction == INCOMING
        return self.reference.plan.analyse(office, record.other_number, incoming=incoming).destination

    def fingerprint(self) -> str:
        """Return a text that differs whenever something changes that prices depend on."""
        found = hashlib.blake2b(digest_size=16)
        for model, fields in PRICES:
            for row in model.objects.order_by("pk").values_list(*fields).iterator(chunk_size=5_000):
                found.update(repr(row).encode())
        return found.hexdigest()
