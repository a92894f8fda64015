"""Everything that prices depend on, read from the database in a few queries."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date
from zoneinfo import ZoneInfo

from accounting.models import (
    Gateway,
    GatewayCarrier,
    Office,
    PublicHoliday,
    Rate,
    Tariff,
    TariffBand,
)
from accounting.services.rating import book
from accounting.services.rating.calendars import NOWHERE, Band, HolidayCalendar, Place, Week, band_of
from accounting.services.rating.tariffs import RateLine, RateTable, TariffTable
from callanalytics.lib.money import to_micro

RATE_FIELDS = (
    "tariff_id",
    "id",
    "prefix",
    "call_type",
    "incoming",
    "band_id",
    "valid_from",
    "valid_to",
    "connection_fee",
    "price_per_minute",
    "first_increment",
    "increment",
    "minimum",
    "maximum",
    "free_seconds",
    "destination",
)
LONGEST_PREFIX = 20


def load_price_book(number: str | None = None) -> book.PriceBook:
    """Read gateways, carriers, tariffs, bands, rates and holidays from the database.

    For one number (as NumberAnalysis.number) only the rates of its prefixes are read: no other rate can meet it, so
    that its price is the same, and a single price needs no 40,000 rates.
    """
    places = _places()
    carriers: defaultdict[int, list[book.DatedCarrier]] = defaultdict(list)
    for row in GatewayCarrier.objects.select_related("carrier"):
        begin, end = _dates(row.valid_from, row.valid_to)
        dated = book.DatedCarrier(begin, end, row.pk, row.carrier_id, row.carrier.name)
        carriers[row.gateway_id].append(dated)
    gateways = [
        book.Gateway(
            gateway.pk,
            str(gateway),
            places.get(gateway.office_id, NOWHERE),
            gateway.network == Gateway.Network.INTERNAL,
            tuple(carriers[gateway.pk]),
        )
        for gateway in Gateway.objects.all()
    ]
    return book.PriceBook(gateways, _tariffs(number))


def _dates(valid_from: date | None, valid_to: date | None) -> tuple[date, date]:
    return valid_from or date.min, valid_to or date.max


def _places() -> dict[int | None, Place]:
    entered: defaultdict[int, dict[date, bool]] = defaultdict(dict)
    for holiday in PublicHoliday.objects.all():
        entered[holiday.office_id][holiday.day] = holiday.is_holiday
    return {
        office.pk: Place(
            ZoneInfo(office.time_zone) if office.time_zone else UTC,
            HolidayCalendar(office.country, office.subdivision, entered[office.pk]),
        )
        for office in Office.objects.all()
    }


def _tariffs(number: str | None) -> dict[int, list[book.DatedTariff]]:
    bands: defaultdict[int, list[Band]] = defaultdict(list)
    for row in TariffBand.objects.all():
        bands[row.tariff_id].append(band_of(row.pk, row.name, row.days, row.start, row.end))
    lines = _rate_lines(number)
    found: defaultdict[int, list[book.DatedTariff]] = defaultdict(list)
    for tariff in Tariff.objects.select_related("carrier"):
        begin, end = _dates(tariff.valid_from, tariff.valid_to)
        table = _table(tariff, Week(tuple(bands[tariff.pk])), lines[tariff.pk])
        found[tariff.carrier_id].append(book.DatedTariff(begin, end, tariff.pk, table))
    return found


def _table(tariff: Tariff, week: Week, lines: Iterable[RateLine]) -> TariffTable:
    by_direction: dict[bool, list[RateLine]] = {False: [], True: []}
    for line in lines:
        by_direction[line.incoming].append(line)
    return TariffTable(
        id=tariff.pk,
        name=tariff.name,
        carrier=tariff.carrier.name,
        currency=tariff.currency,
        splits=bool(week.bands) and tariff.band_rule == Tariff.BandRule.SPLIT,
        decimals=tariff.decimals,
        rounds_up=tariff.rounding == Tariff.Rounding.UP,
        week=week,
        outgoing=RateTable(by_direction[False]),
        incoming=RateTable(by_direction[True]),
    )


def _rate_lines(number: str | None) -> defaultdict[int, list[RateLine]]:
    lines: defaultdict[int, list[RateLine]] = defaultdict(list)
    rates = Rate.objects.order_by()
    if number is not None:
        digits = number.removeprefix("+")[:LONGEST_PREFIX]
        prefixes = [digits[:length] for length in range(len(digits) + 1)]
        # Named tariffs let the index on tariff and prefix find them.
        tariffs = list(Tariff.objects.order_by().values_list("pk", flat=True))
        rates = rates.filter(tariff_id__in=tariffs, prefix__in=[*prefixes, *(f"+{prefix}" for prefix in prefixes)])
    rows = rates.values_list(*RATE_FIELDS).iterator(chunk_size=5_000)
    for tariff, pk, prefix, call_type, incoming, band, begin, end, fee, price, first, next_, low, high, *rest in rows:
        lines[tariff].append(RateLine(
            pk, prefix.removeprefix("+"), call_type, incoming, band, begin or date.min, end or date.max, to_micro(fee),
            to_micro(price), first, next_, to_micro(low), None if high is None else to_micro(high), *rest,
        ))  # fmt: skip
    return lines
