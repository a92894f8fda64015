"""The rating engine against the oracle: random tariffs, bands, holidays, clock changes, calls."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from accounting.models import CallType, Pricing
from accounting.services.rating import PriceBook
from accounting.services.rating.book import DatedCarrier, DatedTariff, Gateway
from accounting.services.rating.calendars import HolidayCalendar, Place, Week, band_of
from accounting.services.rating.tariffs import RateLine, RateTable, TariffTable
from callanalytics.lib.money import from_micro, to_micro
from tests.accounting.rating_oracle import OracleBand, OracleRate, OracleTariff, oracle_price, rate_at

# Half-hour offsets, both hemispheres, a clock that changes at midnight, one that never changes.
ZONES = (
    "Europe/Berlin",
    "Europe/London",
    "Asia/Dubai",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Africa/Cairo",
    "Asia/Kathmandu",
)
CHANGES = (
    datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC), datetime(2026, 3, 8, 7, tzinfo=UTC),
    datetime(2026, 11, 1, 6, tzinfo=UTC), datetime(2026, 4, 4, 15, tzinfo=UTC), datetime(2026, 9, 6, 4, tzinfo=UTC),
    datetime(2026, 10, 3, 15, 30, tzinfo=UTC), datetime(2026, 4, 5, 3, tzinfo=UTC),
    datetime(2026, 4, 23, 22, tzinfo=UTC),
    datetime(2026, 10, 29, 21, tzinfo=UTC),
)  # fmt: skip
NUMBERS = ("+4930123456", "+49301", "+442079460000", "112", "1121", "")
PREFIXES = ("", "4", "49", "493", "4930", "44", "1", "112", "4930123456")
TYPES = (CallType.LOCAL, CallType.MOBILE, CallType.EMERGENCY)

times = st.builds(time, st.integers(0, 23), st.sampled_from((0, 0, 15, 30, 59)))
money = st.integers(0, 5_000_000).map(from_micro)
days = st.one_of(st.none(), st.dates(date(2026, 3, 25), date(2026, 11, 5)))


@st.composite
def tariffs(draw: st.DrawFn) -> OracleTariff:
    signs = st.sets(st.sampled_from("1234567H"), min_size=1).map(lambda found: "".join(sorted(found)))
    bands = tuple(draw(st.lists(st.builds(OracleBand, signs, times, times), max_size=3)))
    rate = st.builds(
        OracleRate,
        prefix=st.sampled_from(PREFIXES), price=money, first=st.sampled_from((0, 1, 6, 30, 60)),
        increment=st.sampled_from((0, 1, 6, 7, 60)), fee=money, minimum=money, maximum=st.none() | money,
        free=st.sampled_from((0, 0, 0, 5, 61)),
        band=st.none() | st.integers(0, len(bands) - 1) if bands else st.none(),
        call_type=st.none() | st.sampled_from(TYPES), valid_from=days, valid_to=days,
    )  # fmt: skip
    return OracleTariff(
        zone=draw(st.sampled_from(ZONES)), split=draw(st.booleans()), decimals=draw(st.integers(0, 6)),
        up=draw(st.booleans()), bands=bands, rates=tuple(draw(st.lists(rate, min_size=1, max_size=6))),
        holidays=frozenset(draw(st.sets(st.sampled_from([change.date() for change in CHANGES])))),
    )  # fmt: skip


moments = st.one_of(
    st.builds(lambda change, offset: change + offset, st.sampled_from(CHANGES),
              st.timedeltas(timedelta(hours=-3), timedelta(hours=3))),
    st.datetimes(datetime(2026, 3, 20), datetime(2026, 11, 10), timezones=st.just(UTC)),  # noqa: DTZ001
)  # fmt: skip
durations = st.one_of(st.integers(0, 200), st.integers(0, 4_000))


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


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tariffs(), st.sampled_from(NUMBERS), st.sampled_from(TYPES), moments, durations)
@example(
    OracleTariff(
        "Europe/Berlin", split=True, decimals=6, up=False, bands=(OracleBand("1234567", time(2, 30), time(3)),),
        rates=(OracleRate("", Decimal("0.6"), band=0), OracleRate("", Decimal("0.06"))),
    ),
    "+4930123456", CallType.LOCAL, datetime(2026, 10, 24, 23, 59, 59, 500_000, tzinfo=UTC), 8_000,
)  # fmt: skip
def test_engine_agrees_with_the_oracle(
    tariff: OracleTariff, number: str, call_type: CallType, answered_at: datetime, seconds: int
) -> None:
    call = {"gateway_id": 1, "number": number, "call_type": call_type, "incoming": False, "answered_at": answered_at}
    price = engine(tariff).price(**call, seconds=seconds)
    told = engine(tariff).explain(**call, seconds=seconds)
    expected = oracle_price(tariff, number, call_type, answered_at, seconds)
    assert told.price == price
    assert all(str(step) for step in told.steps)
    if expected is None:
        assert (price.pricing, price.micro, price.rate_id) == (Pricing.NO_RATE, None, None)
    else:
        assert (price.pricing, price.micro, price.rate_id) == (Pricing.PRICED, to_micro(expected[0]), expected[1] + 1)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tariffs(), moments, st.integers(0, 3_000), st.integers(0, 3_000))
def test_a_longer_call_never_costs_less(tariff: OracleTariff, answered_at: datetime, seconds: int, more: int) -> None:
    book = engine(tariff)
    shorter, longer = (
        book.price(gateway_id=1, number="+4930123456", call_type=CallType.LOCAL, incoming=False,
                   answered_at=answered_at, seconds=each)
        for each in (seconds, seconds + more)
    )  # fmt: skip
    if shorter.micro is not None and longer.micro is not None:
        assert shorter.micro <= longer.micro


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tariffs(), moments)
def test_bands_stay_as_told_until_the_next_boundary(tariff: OracleTariff, moment: datetime) -> None:
    table = engine(tariff)._tariffs[1][0].table
    place = engine(tariff)._gateways[1].place
    until = table.week.unchanged_until(place, moment)
    assert moment < until
    day = moment.astimezone(place.zone).date()
    probes = (moment, moment + (until - moment) / 2, until - timedelta(microseconds=1))
    assert len({rate_at(tariff, "+4930123456", CallType.LOCAL, day, each) for each in probes}) == 1
