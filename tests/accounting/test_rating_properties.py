"""The rating engine against the oracle: random tariffs, bands, holidays, clock changes, calls."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from accounting.models import CallType, Pricing
from accounting.services.rating import PriceBook
from accounting.services.rating.book import DatedCarrier, DatedTariff, Gateway
from accounting.services.rating.calendars import HolidayCalendar, Place, Week, band_of
from accounting.services.rating.tariffs import RateLine, RateTable, TariffTable
from callanalytics.lib.money import from_micro, to_micro
from tests.accounting.rating_oracle import OracleBand, OracleRate, OracleTariff, in_band, oracle_price

# Clock changes of each zone: half an hour, at midnight, in the southern hemisphere, a zone that never changes.
CHANGES = {
    "Europe/Berlin": (datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)),
    "America/New_York": (datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC)),
    "Australia/Lord_Howe": (datetime(2026, 4, 4, 15, tzinfo=UTC), datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
    "America/Santiago": (datetime(2026, 9, 6, 4, tzinfo=UTC), datetime(2026, 4, 5, 3, tzinfo=UTC)),
    "Africa/Cairo": (datetime(2026, 4, 23, 22, tzinfo=UTC), datetime(2026, 10, 29, 21, tzinfo=UTC)),
    "Asia/Kathmandu": (datetime(2026, 6, 15, 18, 15, tzinfo=UTC),),
}
NUMBERS = ("+4930123456", "+4930123456", "+4930123456", "112", "1121", "")
PREFIXES = ("", "", "", "49", "4930", "1", "112")
TYPES = (CallType.LOCAL, CallType.EMERGENCY)

times = st.builds(time, st.integers(0, 5) | st.integers(0, 23), st.sampled_from((0, 0, 15, 30, 59)))
money = st.sampled_from((0, 60_000)).map(from_micro) | st.integers(0, 5_000_000).map(from_micro)
seldom = st.integers(0, 4).map(lambda chance: chance == 0)


@dataclass(frozen=True)
class Case:
    """A tariff and a call, near the places where rules meet: clock changes, ends of bands, units and free seconds."""

    tariff: OracleTariff
    answered_at: datetime
    seconds: int
    number: str = "+4930123456"
    call_type: CallType = CallType.LOCAL


def rate(draw: st.DrawFn, bands: int, decimals: int, dates: list[date]) -> OracleRate:
    # At the first price every odd second ends half-way between two amounts of so many decimals.
    tie = from_micro(3 * 10 ** (7 - decimals))
    return OracleRate(
        prefix=draw(st.sampled_from(PREFIXES)), price=draw(st.just(tie) | money),
        first=draw(st.sampled_from((0, 1, 6, 30, 60))), increment=draw(st.sampled_from((0, 1, 1, 6, 7, 60))),
        fee=draw(money) if draw(seldom) else Decimal(0), minimum=draw(money) if draw(seldom) else Decimal(0),
        maximum=draw(money) if draw(seldom) else None, free=draw(st.sampled_from((5, 61))) if draw(seldom) else 0,
        band=draw(st.integers(0, bands - 1)) if bands and not draw(seldom) else None,
        call_type=draw(st.sampled_from(TYPES)) if draw(seldom) else None,
        valid_from=draw(st.sampled_from(dates)) if draw(seldom) else None,
        valid_to=draw(st.sampled_from(dates)) if draw(seldom) else None,
    )  # fmt: skip


@st.composite
def tariffs(draw: st.DrawFn) -> OracleTariff:
    signs = st.sets(st.sampled_from("1234567H"), min_size=5).map(lambda found: "".join(sorted(found)))
    bands = (
        tuple(draw(st.lists(st.builds(OracleBand, signs, times, times), min_size=1, max_size=3)))
        if not draw(seldom)
        else ()
    )
    zone, decimals = draw(st.sampled_from(tuple(CHANGES))), draw(st.integers(0, 6))
    dates = [change.date() for change in CHANGES[zone]]
    rates = [rate(draw, len(bands), decimals, dates) for _ in range(draw(st.integers(1, 4)))]
    if draw(st.booleans()):  # A price for each band, so that calls do go from one to another.
        always = {"prefix": "", "call_type": None, "valid_from": None, "valid_to": None}
        plain = [replace(rate(draw, 0, decimals, dates), **always) for _ in range(len(bands) + 1)]
        rates = [replace(each, band=place if place < len(bands) else None) for place, each in enumerate(plain)]
    elif not draw(seldom):
        rates.append(OracleRate("", draw(money)))
    return OracleTariff(
        zone=zone, split=not draw(seldom), decimals=decimals, up=draw(st.booleans()), bands=bands,
        rates=tuple(rates),
        holidays=frozenset(dates[:1]) if draw(st.booleans()) else frozenset(),
    )  # fmt: skip


@st.composite
def cases(draw: st.DrawFn) -> Case:
    tariff = draw(tariffs())
    change = draw(st.sampled_from(CHANGES[tariff.zone]))
    day = change.astimezone(ZoneInfo(tariff.zone)).date()
    ends = [
        datetime.combine(day, end, ZoneInfo(tariff.zone)) for band in tariff.bands for end in (band.start, band.end)
    ]
    units = {0, 1, 60} | {second for each in tariff.rates for second in (each.free, each.first, each.increment)}
    anchor = draw(st.sampled_from([change, *ends])).astimezone(UTC)
    offset = draw(st.integers(-100, 1) | st.integers(-8_000, 1_000) | st.integers(-200_000, 200_000))
    across = st.integers(min(max(-offset, 0), 4_000), 4_000)
    near = st.sampled_from(sorted(units)).flatmap(lambda unit: st.integers(max(unit - 1, 0), unit + 1))
    return Case(
        tariff, anchor + timedelta(seconds=offset, microseconds=draw(st.sampled_from((0, 0, 250_000)))),
        draw(near | across | across | st.integers(0, 300)), draw(st.sampled_from(NUMBERS)),
        draw(st.sampled_from(TYPES)),
    )  # fmt: skip


def call(case: Case) -> dict[str, Any]:
    """Return the arguments of PriceBook.price."""
    return {
        "gateway_id": 1, "number": case.number, "call_type": case.call_type, "incoming": False,
        "answered_at": case.answered_at, "seconds": case.seconds,
    }  # fmt: skip


def engine(tariff: OracleTariff) -> PriceBook:
    """Return a price book with one gateway, its carrier and this tariff; ids count from 1 in the order of the lists."""
    always = (date.min, date.max)
    week = Week(tuple(
        band_of(place, f"band {place}", band.days, band.start, band.end) for place, band in enumerate(tariff.bands, 1)
    ))  # fmt: skip
    lines = [
        RateLine(
            id=place, prefix=rate.prefix, call_type=rate.call_type, incoming=False,
            band_id=None if rate.band is None else rate.band + 1, valid_from=rate.valid_from or date.min,
            valid_to=rate.valid_to or date.max, connection_fee=to_micro(rate.fee),
            price_per_minute=to_micro(rate.price), first_increment=rate.first, increment=rate.increment,
            minimum=to_micro(rate.minimum), maximum=None if rate.maximum is None else to_micro(rate.maximum),
            free_seconds=rate.free, destination="",
        )
        for place, rate in enumerate(tariff.rates, 1)
    ]  # fmt: skip
    table = TariffTable(
        id=1, name="tariff", carrier="carrier", currency="EUR", splits=tariff.split and bool(tariff.bands),
        decimals=tariff.decimals, rounds_up=tariff.up, week=week, outgoing=RateTable(lines), incoming=RateTable([]),
    )  # fmt: skip
    place = Place(ZoneInfo(tariff.zone), HolidayCalendar("", "", dict.fromkeys(tariff.holidays, True)))
    gateway = Gateway(1, "gateway", place, to_own_system=False, carriers=(DatedCarrier(*always, 1, 1, "carrier"),))
    return PriceBook([gateway], {1: [DatedTariff(*always, 1, table)]})


many = settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
some = settings(many, max_examples=150)
NIGHT = OracleTariff(
    "Europe/Berlin", split=True, decimals=6, up=False, bands=(OracleBand("1234567", time(1), time(4)),),
    rates=(OracleRate("", Decimal("0.6"), first=30, band=0, free=5), OracleRate("", Decimal("0.06"), first=7, free=61)),
    holidays=frozenset({date(2026, 3, 29)}),
)  # fmt: skip
SPRING = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
AUTUMN = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
BEFORE_NIGHT = datetime(2026, 3, 28, 23, 59, 30, tzinfo=UTC)


@many
@given(cases())
@example(Case(NIGHT, SPRING, 9_000))
@example(Case(NIGHT, AUTUMN + timedelta(microseconds=500_000), 15_000))
@example(Case(NIGHT, SPRING, 5))
@example(Case(NIGHT, BEFORE_NIGHT, 80))
def test_engine_agrees_with_the_oracle(case: Case) -> None:
    price = engine(case.tariff).price(**call(case))
    told = engine(case.tariff).explain(**call(case))
    expected = oracle_price(case.tariff, case.number, case.call_type, case.answered_at, case.seconds)
    assert told.price == price
    assert all(str(step) for step in told.steps)
    if expected is None:
        assert (price.pricing, price.micro, price.rate_id) == (Pricing.NO_RATE, None, None)
    else:
        assert (price.pricing, price.micro, price.rate_id) == (Pricing.PRICED, to_micro(expected[0]), expected[1] + 1)


@many
@given(cases())
@example(Case(NIGHT, SPRING, 9_000))
@example(Case(NIGHT, AUTUMN, 15_000))
@example(Case(NIGHT, BEFORE_NIGHT, 80))
def test_the_quick_way_gives_the_same_price(case: Case) -> None:
    book = engine(case.tariff)
    answered = int(case.answered_at.timestamp())
    for moment in (answered, answered - answered % 900, answered - answered % 900 + 899):
        careful = book.price(**call(case) | {"answered_at": datetime.fromtimestamp(moment, UTC)})
        assert book.price_at(1, case.number, case.call_type, False, moment, case.seconds) == careful


@some
@given(cases(), st.integers(0, 3_000))
def test_a_longer_call_never_costs_less(case: Case, more: int) -> None:
    book = engine(case.tariff)
    shorter = book.price(**call(case)).micro
    longer = book.price(**call(replace(case, seconds=case.seconds + more))).micro
    assert shorter is None or longer is None or shorter <= longer


@some
@given(cases())
@example(Case(NIGHT, SPRING, 0))
def test_bands_stay_as_told_until_the_next_boundary(case: Case) -> None:
    book = engine(case.tariff)
    until = book._tariffs[1][0].table.week.unchanged_until(book._gateways[1].place, case.answered_at)
    assert case.answered_at < until
    probes = (case.answered_at, case.answered_at + (until - case.answered_at) / 2, until - timedelta(microseconds=1))
    for band in case.tariff.bands:
        assert len({in_band(case.tariff, band, each) for each in probes}) == 1
