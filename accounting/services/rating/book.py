"""The way of a call through the prices: gateway, carrier and tariff of the day, rate, charged time, amount."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple, TypeVar

from accounting.models import CallType, Pricing
from accounting.services.rating import charging
from accounting.services.rating.calendars import NO_BANDS, NOWHERE, Place
from accounting.services.rating.explaining import Step, Trail
from accounting.services.rating.tariffs import RateLine, TariffTable, first_in_force

MEMO_SIZE = 100_000
QUARTER = 900
MOST_TERMS = 5_000
INTERNAL = int(CallType.INTERNAL)
PRICED = Pricing.PRICED


class Price(NamedTuple):
    """The price of one call on one trunk."""

    pricing: Pricing
    micro: int | None
    """Cost in millionths of the currency unit; None when unpriced; 0 when not chargeable."""
    currency: str
    rate_id: int | None
    destination: str = ""
    """The rate's name of where the number leads, '' for none."""


NOT_CHARGEABLE = Price(Pricing.NOT_CHARGEABLE, 0, "", None)
NO_CARRIER = Price(Pricing.NO_CARRIER, None, "", None)
NO_TARIFF = Price(Pricing.NO_TARIFF, None, "", None)


@dataclass(frozen=True, slots=True)
class Explanation:
    """A price with every step that led to it."""

    price: Price
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """What a call costs by a tariff that holds on its day."""

    tariff: TariffTable
    price: Price


class DatedCarrier(NamedTuple):
    """The carrier behind a gateway from one local day to another, which is not included."""

    valid_from: date
    valid_to: date
    id: int
    carrier_id: int
    carrier: str


class DatedTariff(NamedTuple):
    """A carrier's tariff from one local day to another, which is not included."""

    valid_from: date
    valid_to: date
    id: int
    table: TariffTable


Dated = TypeVar("Dated", DatedCarrier, DatedTariff)


class Gateway(NamedTuple):
    """What prices need to know of a gateway."""

    id: int | None
    name: str
    place: Place
    to_own_system: bool
    """Leads to another phone system of the organisation: nothing to charge unless a carrier is entered."""
    carriers: tuple[DatedCarrier, ...]


NO_GATEWAY = Gateway(None, "", NOWHERE, to_own_system=False, carriers=())


class Contract(NamedTuple):
    """What holds at a gateway on one local day."""

    carrier: str
    tariff: TariffTable | None
    without: Price
    """The price of outgoing calls when there is no tariff."""


class Terms(NamedTuple):
    """What holds at a gateway for a quarter of an hour."""

    contract: Contract
    day: date
    bands: frozenset[int]
    until: int
    """The epoch second before which the bands stay these; 0 when day or bands change within the quarter."""


class PriceBook:
    """Carriers of gateways, tariffs, bands, rates and holidays, read once."""

    def __init__(self, gateways: Iterable[Gateway], tariffs: Mapping[int, Iterable[DatedTariff]]) -> None:
        """Take all gateways and the tariffs of each carrier by the carrier's id."""
        self._gateways = {gateway.id: gateway for gateway in gateways}
        self._tariffs = {carrier: tuple(dated) for carrier, dated in tariffs.items()}
        self._contracts: dict[tuple[int | None, date], Contract] = {}
        self._terms: dict[tuple[int | None, int], Terms] = {}

    def with_rate(self, tariff_id: int, line: RateLine) -> "PriceBook":
        """Return a book with a draft: one more rate in a tariff, this book stays as it is."""
        tariffs = {
            carrier: [
                dated._replace(table=drafted(dated.table, line)) if dated.id == tariff_id else dated for dated in all_
            ]
            for carrier, all_ in self._tariffs.items()
        }
        return PriceBook(self._gateways.values(), tariffs)

    def price(
        self,
        *,
        gateway_id: int | None,
        number: str,
        call_type: int,
        incoming: bool,
        answered_at: datetime | None,
        seconds: int,
    ) -> Price:
        """Return the price of `seconds` on a gateway to `number` (of NumberAnalysis), answered at an aware moment.

        Unanswered calls and incoming calls without a rate for incoming calls are not chargeable.
        """
        return self._price(None, gateway_id, number, call_type, incoming, answered_at, seconds)

    def price_at(
        self, gateway_id: int | None, number: str, call_type: int, incoming: bool, answered: int, seconds: int
    ) -> Price:
        """Return what price() returns for a call answered at an epoch second, in half the time.

        Day, contract and bands are found once for each quarter of an hour; price() does what lies across their ends.
        """
        if call_type == INTERNAL:
            return NOT_CHARGEABLE
        key = (gateway_id, answered // QUARTER)
        contract, day, bands, until = self._terms.get(key) or self._find_terms(key)
        tariff = contract.tariff
        if not until or (tariff is not None and tariff.splits and answered + seconds > until):
            moment = datetime.fromtimestamp(answered, UTC)
            return self._price(None, gateway_id, number, call_type, incoming, moment, seconds)
        if tariff is None:
            return NOT_CHARGEABLE if incoming else contract.without
        rates = tariff.incoming if incoming else tariff.outgoing
        line = first_in_force(rates.candidates(number, call_type), day, bands)
        if line is None:
            return NOT_CHARGEABLE if incoming else Price(Pricing.NO_RATE, None, tariff.currency, None)
        amount = charging.bounded(charging.single_total(line, max(seconds, 0)), line)
        micro = charging.rounded(amount, tariff.decimals, up=tariff.rounds_up)
        return Price(PRICED, micro, tariff.currency, line.id, line.destination)

    def _find_terms(self, key: tuple[int | None, int]) -> Terms:
        if len(self._terms) >= MOST_TERMS:
            self._terms.clear()
        gateway = self._gateways.get(key[0], NO_GATEWAY)
        place = gateway.place
        begin = datetime.fromtimestamp(key[1] * QUARTER, UTC)
        end = begin + timedelta(seconds=QUARTER)
        local, last = begin.astimezone(place.zone), (end - timedelta(seconds=1)).astimezone(place.zone)
        contract = self._contract(gateway, local.date())
        bands, until = NO_BANDS, end
        if contract.tariff is not None and contract.tariff.week.bands:
            bands = contract.tariff.week.in_force(place, local)
            until = contract.tariff.week.unchanged_until(place, begin)
        lasts = until >= end and last.date() == local.date()
        found = self._terms[key] = Terms(contract, local.date(), bands, int(until.timestamp()) if lasts else 0)
        return found

    def explain(
        self,
        *,
        gateway_id: int | None,
        number: str,
        call_type: int,
        incoming: bool,
        answered_at: datetime | None,
        seconds: int,
    ) -> Explanation:
        """Return the price of the same arguments with each step that led to it, found by pricing the call once more."""
        trail = Trail()
        price = self._price(trail, gateway_id, number, call_type, incoming, answered_at, seconds)
        return Explanation(price, tuple(trail.steps))

    def quotes(
        self,
        *,
        gateway_id: int | None,
        number: str,
        call_type: int,
        incoming: bool,
        answered_at: datetime,
        seconds: int,
    ) -> list[Quote]:
        """Return what the same call costs by each tariff of every carrier that holds on its local day."""
        place = self._gateways.get(gateway_id, NO_GATEWAY).place
        local = answered_at.astimezone(place.zone)
        if call_type == INTERNAL:
            return []
        newest = (_newest(dated, local.date()) for dated in self._tariffs.values())
        return [
            Quote(dated.table, _in_tariff(None, dated.table, place, number, call_type, incoming, local, seconds))
            for dated in newest
            if dated is not None
        ]

    def explain_in(
        self,
        tariff_id: int,
        *,
        gateway_id: int | None,
        number: str,
        call_type: int,
        incoming: bool,
        answered_at: datetime,
        seconds: int,
    ) -> Explanation:
        """Return price and steps by one tariff, whatever the carrier and the tariff's dates; KeyError when unknown."""
        place = self._gateways.get(gateway_id, NO_GATEWAY).place
        tables = {dated.id: dated.table for tariffs in self._tariffs.values() for dated in tariffs}
        trail, local = Trail(), answered_at.astimezone(place.zone)
        price = _in_tariff(trail, tables[tariff_id], place, number, call_type, incoming, local, seconds)
        return Explanation(price, tuple(trail.steps))

    def _price(
        self,
        trail: Trail | None,
        gateway_id: int | None,
        number: str,
        call_type: int,
        incoming: bool,
        answered_at: datetime | None,
        seconds: int,
    ) -> Price:
        if answered_at is None or call_type == INTERNAL:
            if trail is not None:
                trail.not_chargeable(answered=answered_at is not None)
            return NOT_CHARGEABLE
        gateway = self._gateways.get(gateway_id, NO_GATEWAY)
        local = answered_at.astimezone(gateway.place.zone)
        contract = self._contract(gateway, local.date())
        if trail is not None:
            trail.contract(gateway.name, local, contract.carrier, contract.tariff)
        if contract.tariff is None:
            return NOT_CHARGEABLE if incoming else contract.without
        return _in_tariff(trail, contract.tariff, gateway.place, number, call_type, incoming, local, seconds)

    def _contract(self, gateway: Gateway, day: date) -> Contract:
        key = (gateway.id, day)
        found = self._contracts.get(key)
        if found is None:
            if len(self._contracts) >= MEMO_SIZE:
                self._contracts.clear()
            found = self._contracts[key] = self._find_contract(gateway, day)
        return found

    def _find_contract(self, gateway: Gateway, day: date) -> Contract:
        carrier = _newest(gateway.carriers, day)
        if carrier is None:
            return Contract("", None, NOT_CHARGEABLE if gateway.to_own_system else NO_CARRIER)
        tariff = _newest(self._tariffs.get(carrier.carrier_id, ()), day)
        return Contract(carrier.carrier, None if tariff is None else tariff.table, NO_TARIFF)


def drafted(table: TariffTable, line: RateLine) -> TariffTable:
    """Return a tariff with one more rate."""
    if line.incoming:
        return replace(table, incoming=table.incoming.with_line(line))
    return replace(table, outgoing=table.outgoing.with_line(line))


def _newest(dated: Iterable[Dated], day: date) -> Dated | None:
    """Return what holds on a local day; where several overlap, what began last."""
    holding = (each for each in dated if each.valid_from <= day < each.valid_to)
    return max(holding, key=lambda each: (each.valid_from, each.id), default=None)


def _in_tariff(
    trail: Trail | None,
    tariff: TariffTable,
    place: Place,
    number: str,
    call_type: int,
    incoming: bool,
    local: datetime,
    seconds: int,
) -> Price:
    candidates = (tariff.incoming if incoming else tariff.outgoing).candidates(number, call_type)
    return _rate(trail, tariff, place, candidates, local, max(seconds, 0), incoming)


def _rate(
    trail: Trail | None,
    tariff: TariffTable,
    place: Place,
    candidates: tuple[RateLine, ...],
    local: datetime,
    seconds: int,
    incoming: bool,
) -> Price:
    day = local.date()
    bands = tariff.week.in_force(place, local) if tariff.week.bands else NO_BANDS
    line = first_in_force(candidates, day, bands)
    if trail is not None:
        trail.choice(tariff, place, local, bands, candidates, line, incoming=incoming)
    if line is None:
        return NOT_CHARGEABLE if incoming else Price(Pricing.NO_RATE, None, tariff.currency, None)
    try:
        runs = _runs(tariff, place, candidates, line, local, seconds)
    except charging.NoRateInBandError:
        if trail is not None:
            trail.no_rate_in_band()
        return Price(Pricing.NO_RATE, None, tariff.currency, None)
    if trail is not None:
        trail.runs(tariff, line, seconds, runs)
    return _amount(trail, tariff, line, runs)


def _runs(
    tariff: TariffTable,
    place: Place,
    candidates: tuple[RateLine, ...],
    line: RateLine,
    local: datetime,
    seconds: int,
) -> tuple[charging.Run, ...]:
    if not tariff.splits:
        return charging.single_run(line, seconds)

    def line_at(moment: datetime) -> tuple[RateLine, datetime]:
        # Carrier, tariff and dates stay those of the answer; only the bands move on.
        bands = tariff.week.in_force(place, moment.astimezone(place.zone))
        found = first_in_force(candidates, local.date(), bands)
        if found is None:
            raise charging.NoRateInBandError
        return found, tariff.week.unchanged_until(place, moment)

    return charging.split_runs(line, seconds, local.astimezone(UTC), line_at)


def _amount(trail: Trail | None, tariff: TariffTable, line: RateLine, runs: tuple[charging.Run, ...]) -> Price:
    exact = charging.total(runs, line)
    bounded = charging.bounded(exact, line)
    micro = charging.rounded(bounded, tariff.decimals, up=tariff.rounds_up)
    if trail is not None:
        trail.amount(tariff, line, exact, bounded, micro)
    return Price(PRICED, micro, tariff.currency, line.id, line.destination)
