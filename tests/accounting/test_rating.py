"""Each rule of docs/pricing-rules.md with an example, through the rows of the database."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from accounting.models import (
    CallType,
    Carrier,
    Gateway,
    GatewayCarrier,
    Office,
    PhoneSystem,
    Pricing,
    PublicHoliday,
    Rate,
    Tariff,
    TariffBand,
)
from accounting.services.rating import Price, Topic, load_price_book

pytestmark = pytest.mark.django_db
BERLIN = ZoneInfo("Europe/Berlin")
MUNICH = "+49891234567"
TUESDAY = datetime(2026, 6, 16, 10, 0, tzinfo=BERLIN)


class Prices:
    """A gateway in Berlin, its carrier and one tariff, to which each test adds what it is about."""

    def __init__(self) -> None:
        self.office = Office.objects.create(name="Berlin", country="DE", subdivision="BE", area_code="30")
        system = PhoneSystem.objects.create(name="ucm")
        self.gateway = Gateway.objects.create(phone_system=system, device_name="GW1", office=self.office)
        self.carrier = Carrier.objects.create(name="Telco")
        self.binding = GatewayCarrier.objects.create(gateway=self.gateway, carrier=self.carrier)
        self.tariff = Tariff.objects.create(carrier=self.carrier, name="2026")

    def change(self, **fields: Any) -> None:
        Tariff.objects.filter(pk=self.tariff.pk).update(**fields)

    def rate(self, prefix: str = "", price: str = "0", **fields: Any) -> Rate:
        return Rate.objects.create(tariff=self.tariff, prefix=prefix, price_per_minute=Decimal(price), **fields)

    def band(self, name: str, days: str, start: int = 0, end: int = 0) -> TariffBand:
        return TariffBand.objects.create(tariff=self.tariff, name=name, days=days, start=time(start), end=time(end))

    def call(
        self, seconds: int = 60, number: str = "+49891234567", at: datetime | None = TUESDAY, **fields: Any
    ) -> Any:
        return {
            "gateway_id": self.gateway.pk,
            "number": number,
            "call_type": CallType.NATIONAL,
            "incoming": False,
            "answered_at": at,
            "seconds": seconds,
        } | fields

    def price(
        self, seconds: int = 60, number: str = "+49891234567", at: datetime | None = TUESDAY, **fields: Any
    ) -> Price:
        return load_price_book().price(**self.call(seconds, number, at, **fields))


@pytest.fixture
def prices() -> Prices:
    return Prices()


def test_longest_prefix_wins(prices: Prices) -> None:
    prices.rate("49", "0.01")
    munich = prices.rate("4989", "0.02", destination="Munich")
    prices.rate("49891234568", "0.03")
    prices.rate("1", "0.04")
    assert prices.price() == Price(Pricing.PRICED, 20_000, "EUR", munich.pk, "Munich")


def test_rate_for_the_call_type_comes_before_any_type_and_band_before_all_times(prices: Prices) -> None:
    anything = prices.rate("49", "0.01")
    national = prices.rate("49", "0.02", call_type=CallType.NATIONAL)
    assert prices.price().rate_id == national.pk
    assert prices.price(call_type=CallType.MOBILE).rate_id == anything.pk
    banded = prices.rate("49", "0.03", band=prices.band("day", "12345", 8, 18))
    assert prices.price().rate_id == banded.pk


def test_short_number_is_not_met_by_a_country_code(prices: Prices) -> None:
    prices.rate("1", "0.5")
    assert prices.price(number="112", call_type=CallType.EMERGENCY).pricing == Pricing.NO_RATE
    free = prices.rate("", "0", call_type=CallType.EMERGENCY)
    assert prices.price(number="112", call_type=CallType.EMERGENCY) == Price(Pricing.PRICED, 0, "EUR", free.pk)
    directory = prices.rate("118", "2", call_type=CallType.SERVICE)
    assert prices.price(number="11833", call_type=CallType.SERVICE).rate_id == directory.pk
    whole = prices.rate("116117")
    assert prices.price(number="116117", call_type=CallType.SERVICE).rate_id == whole.pk


def test_unpriced_is_never_zero(prices: Prices) -> None:
    assert prices.price() == Price(Pricing.NO_RATE, None, "EUR", None)
    assert prices.price(gateway_id=None) == Price(Pricing.NO_CARRIER, None, "", None)
    assert prices.price(gateway_id=999) == Price(Pricing.NO_CARRIER, None, "", None)
    prices.change(valid_from=date(2026, 6, 17))
    assert prices.price() == Price(Pricing.NO_TARIFF, None, "", None)
    GatewayCarrier.objects.all().delete()
    assert prices.price() == Price(Pricing.NO_CARRIER, None, "", None)


def test_what_is_not_chargeable(prices: Prices) -> None:
    nothing = Price(Pricing.NOT_CHARGEABLE, 0, "", None)
    prices.rate("", "1")
    assert prices.price(at=None) == nothing
    assert prices.price(call_type=CallType.INTERNAL) == nothing
    assert prices.price(incoming=True) == nothing
    GatewayCarrier.objects.all().delete()
    assert prices.price(incoming=True) == nothing
    Gateway.objects.update(network=Gateway.Network.INTERNAL)
    assert prices.price() == nothing


def test_incoming_rate_prices_incoming_calls_only(prices: Prices) -> None:
    toll_free = prices.rate("49", "0.05", incoming=True)
    assert prices.price(incoming=True) == Price(Pricing.PRICED, 50_000, "EUR", toll_free.pk)
    assert prices.price().pricing == Pricing.NO_RATE


def test_dates_are_days_of_the_gateways_office(prices: Prices) -> None:
    old = prices.rate("", "0.01", valid_to=date(2026, 6, 17))
    new = prices.rate("", "0.02", valid_from=date(2026, 6, 17))
    before_midnight = datetime(2026, 6, 16, 21, 59, 59, tzinfo=UTC)
    assert prices.price(at=before_midnight).rate_id == old.pk
    assert prices.price(at=datetime(2026, 6, 16, 22, 0, tzinfo=UTC)).rate_id == new.pk
    GatewayCarrier.objects.filter(pk=prices.binding.pk).update(valid_from=date(2026, 6, 17))
    assert prices.price(at=before_midnight).pricing == Pricing.NO_CARRIER


def test_what_began_last_wins_where_tariffs_overlap(prices: Prices) -> None:
    prices.rate("", "0.01")
    newer = Tariff.objects.create(
        carrier=prices.carrier, name="June", currency="GBP", valid_from=date(2026, 6, 1), valid_to=date(2026, 7, 1)
    )
    Rate.objects.create(tariff=newer, price_per_minute=Decimal("0.07"))
    assert prices.price().currency == "GBP"
    assert prices.price(at=datetime(2026, 7, 1, tzinfo=BERLIN)).currency == "EUR"


@pytest.mark.parametrize(
    ("seconds", "first", "increment", "micro"),
    [
        (0, 60, 60, 600_000),
        (60, 60, 60, 600_000),
        (61, 60, 60, 1_200_000),
        (61, 60, 1, 610_000),
        (29, 30, 6, 300_000),
        (31, 30, 6, 360_000),
        (36, 30, 6, 360_000),
        (37, 30, 6, 420_000),
        (7, 1, 1, 70_000),
        (0, 1, 1, 10_000),
        (7, 0, 6, 120_000),
        (7, 0, 0, 70_000),
    ],
)
def test_increments(prices: Prices, seconds: int, first: int, increment: int, micro: int) -> None:
    prices.rate("", "0.6", first_increment=first, increment=increment)
    assert prices.price(seconds).micro == micro


def test_started_blocks_count_as_in_cisco_car(prices: Prices) -> None:
    prices.rate("", "0.06", first_increment=6, increment=6)
    assert prices.price(7).micro == 12_000


@pytest.mark.parametrize(
    ("seconds", "micro"), [(0, 90_000), (20, 90_000), (21, 690_000), (80, 690_000), (81, 1_290_000)]
)
def test_free_seconds_are_covered_by_the_connection_fee(prices: Prices, seconds: int, micro: int) -> None:
    prices.rate("", "0.6", connection_fee=Decimal("0.09"), free_seconds=20, first_increment=60, increment=60)
    assert prices.price(seconds).micro == micro


def test_minimum_and_maximum_count_with_the_fee(prices: Prices) -> None:
    prices.rate("", "0.6", connection_fee=Decimal("0.1"), minimum=Decimal("0.25"), maximum=Decimal(1))
    assert [prices.price(seconds).micro for seconds in (1, 15, 16, 90, 3600)] == [
        250_000,
        250_000,
        260_000,
        1_000_000,
        1_000_000,
    ]


@pytest.mark.parametrize(
    ("rounding", "decimals", "seconds", "micro"),
    [
        ("half_up", 2, 29, 0),
        ("half_up", 2, 30, 10_000),
        ("up", 2, 1, 10_000),
        ("up", 2, 60, 10_000),
        ("half_up", 4, 1, 200),
        ("up", 6, 1, 167),
        ("half_up", 6, 1, 167),
        ("half_up", 6, 2, 333),
        ("half_up", 9, 2, 333),
    ],
)
def test_rounded_once_by_the_tariffs_rule(
    prices: Prices, rounding: str, decimals: int, seconds: int, micro: int
) -> None:
    prices.change(rounding=rounding, decimals=decimals)
    prices.rate("", "0.01")
    assert prices.price(seconds).micro == micro


def day_and_night(prices: Prices) -> tuple[Rate, Rate]:
    day = prices.rate("", "0.6", band=prices.band("day", "12345", 8, 18), first_increment=60, increment=60)
    night = prices.rate("", "0.06", first_increment=1, increment=1)
    return day, night


def test_start_rule_prices_all_by_the_answer(prices: Prices) -> None:
    day, night = day_and_night(prices)
    assert prices.price(120, at=datetime(2026, 6, 16, 17, 59, 59, tzinfo=BERLIN)).micro == 1_200_000
    assert prices.price(120, at=datetime(2026, 6, 16, 18, 0, 0, tzinfo=BERLIN)).rate_id == night.pk
    assert prices.price(120, at=datetime(2026, 6, 20, 12, 0, 0, tzinfo=BERLIN)).rate_id == night.pk
    assert prices.price(120, at=datetime(2026, 6, 16, 8, 0, 0, tzinfo=BERLIN)).rate_id == day.pk


def test_split_rule_prices_each_unit_by_the_band_in_which_it_begins(prices: Prices) -> None:
    prices.change(band_rule="split")
    day_and_night(prices)
    # Minutes begin at 17:58:30 and 17:59:30, which lasts until 18:00:30; the other 30 seconds are night seconds.
    assert prices.price(150, at=datetime(2026, 6, 16, 17, 58, 30, tzinfo=BERLIN)).micro == 1_200_000 + 30_000


def test_split_into_a_band_without_rate_is_unpriced(prices: Prices) -> None:
    prices.change(band_rule="split")
    prices.rate("", "0.6", band=prices.band("day", "12345", 8, 18))
    at = datetime(2026, 6, 16, 17, 59, 0, tzinfo=BERLIN)
    assert prices.price(60, at=at).pricing == Pricing.PRICED
    assert prices.price(61, at=at) == Price(Pricing.NO_RATE, None, "EUR", None)


def test_split_is_exact_when_the_clock_changes(prices: Prices) -> None:
    prices.change(band_rule="split")
    prices.rate("", "0.6", band=prices.band("early", "1234567", 2, 4))
    prices.rate("", "0.06")
    # From 1:00 to 5:00 the band lasts two hours, one in spring, three in autumn.
    for day, hours in ((date(2026, 6, 16), 2), (date(2026, 3, 29), 1), (date(2026, 10, 25), 3)):
        at, end = (datetime.combine(day, time(hour), BERLIN).astimezone(UTC) for hour in (1, 5))
        assert prices.price(int((end - at).total_seconds()), at=at).micro == hours * 36_000_000 + 2 * 3_600_000


def test_public_holidays_of_the_region_and_those_entered(prices: Prices) -> None:
    holiday = prices.rate("", "0.01", band=prices.band("weekend", "67H"))
    normal = prices.rate("", "0.02", band=prices.band("week", "12345"))
    womens_day = datetime(2027, 3, 8, 12, tzinfo=BERLIN)  # A Monday, holiday in Berlin but not in Bavaria.
    assert prices.price(at=womens_day).rate_id == holiday.pk
    assert prices.price(at=TUESDAY).rate_id == normal.pk
    PublicHoliday.objects.create(office=prices.office, day=TUESDAY.date())
    PublicHoliday.objects.create(office=prices.office, day=womens_day.date(), is_holiday=False)
    assert prices.price(at=womens_day).rate_id == normal.pk
    assert prices.price(at=TUESDAY).rate_id == holiday.pk
    Office.objects.update(subdivision="BY")
    PublicHoliday.objects.all().delete()
    assert prices.price(at=womens_day).rate_id == normal.pk


def test_holidays_count_as_weekdays_when_no_band_names_them(prices: Prices) -> None:
    monday = prices.rate("", "0.02", band=prices.band("week", "12345"))
    assert prices.price(at=datetime(2027, 3, 8, 12, tzinfo=BERLIN)).rate_id == monday.pk


def test_band_over_midnight_covers_both_ends_of_its_days(prices: Prices) -> None:
    night = prices.rate("", "0.01", band=prices.band("night", "2", 22, 6))
    hours = [datetime(2026, 6, 16, hour, tzinfo=BERLIN) for hour in (0, 5, 6, 21, 22, 23)]
    assert [prices.price(at=at).rate_id == night.pk for at in hours] == [True, True, False, False, True, True]


def test_explanation_tells_the_chain_and_the_same_price(prices: Prices) -> None:
    prices.change(band_rule="split")
    prices.rate("49", "0.5", valid_to=date(2026, 1, 1))
    day = prices.rate(
        "",
        "0.6",
        band=prices.band("day", "12345", 8, 18),
        connection_fee=Decimal("0.05"),
        maximum=Decimal("0.5"),
        free_seconds=10,
    )
    prices.rate("", "0.06")
    call = prices.call(100, at=datetime(2026, 6, 16, 17, 59, 0, tzinfo=BERLIN))
    told = load_price_book().explain(**call)
    assert told.price == load_price_book().price(**call)
    assert told.price.rate_id == day.pk
    assert [step.topic for step in told.steps] == [
        Topic.CARRIER,
        Topic.TARIFF,
        Topic.BAND,
        Topic.CANDIDATE,
        Topic.RATE,
        Topic.FREE,
        Topic.TIME,
        Topic.TIME,
        Topic.FEE,
        Topic.SUM,
        Topic.BOUND,
        Topic.ROUNDING,
    ]
    assert str(told.steps[-3]) == "Sum before rounding: 0.59."
    assert str(told.steps[-1]) == "Rounded commercially to 4 decimals: 0.500000 EUR."


@pytest.mark.parametrize(
    ("fields", "topic"),
    [
        ({"at": None}, Topic.CHARGEABLE),
        ({"call_type": CallType.INTERNAL}, Topic.CHARGEABLE),
        ({"gateway_id": None}, Topic.CARRIER),
        ({}, Topic.RATE),
        ({"incoming": True}, Topic.RATE),
    ],
)
def test_explanation_of_calls_without_price_ends_with_the_reason(
    prices: Prices, fields: dict[str, Any], topic: Topic
) -> None:
    told = load_price_book().explain(**prices.call(**fields))
    assert told.steps[-1].topic == topic
    assert all(str(step) for step in told.steps)


def test_price_book_is_read_in_few_queries(prices: Prices, django_assert_max_num_queries: Any) -> None:
    for prefix in range(50):
        prices.rate(str(prefix), "0.01")
    with django_assert_max_num_queries(7):
        load_price_book()
