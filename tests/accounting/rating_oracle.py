"""A slow, obvious second opinion on prices: walks a call unit by unit with fractions, written from the rules alone.

It shares nothing with the engine but the words: plain rules in, a fraction of a currency unit out.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class OracleBand:
    """Hours of the week."""

    days: str
    start: time
    end: time


@dataclass(frozen=True)
class OracleRate:
    """One rate; money as decimal strings of currency units."""

    prefix: str
    price: Decimal
    first: int = 1
    increment: int = 1
    fee: Decimal = Decimal(0)
    minimum: Decimal = Decimal(0)
    maximum: Decimal | None = None
    free: int = 0
    band: int | None = None
    """Place in the tariff's list of bands."""
    call_type: int | None = None
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True)
class OracleTariff:
    """A tariff with its bands, rates and the holidays of the place."""

    zone: str
    split: bool
    decimals: int
    up: bool
    bands: tuple[OracleBand, ...] = ()
    rates: tuple[OracleRate, ...] = ()
    holidays: frozenset[date] = field(default_factory=frozenset)


def in_band(tariff: OracleTariff, band: OracleBand, moment: datetime) -> bool:
    """Whether the wall clock shows a time of the band at this moment."""
    wall = moment.astimezone(ZoneInfo(tariff.zone))
    sign = str(wall.isoweekday())
    if wall.date() in tariff.holidays and any("H" in each.days for each in tariff.bands):
        sign = "H"
    if sign not in band.days:
        return False
    now = wall.time()
    if band.end == time(0):
        return now >= band.start
    if band.start < band.end:
        return band.start <= now < band.end
    return now >= band.start or now < band.end


def rate_at(tariff: OracleTariff, number: str, call_type: int, day: date, moment: datetime) -> int | None:
    """The place of the rate for a number at a moment: every rate is looked at, the best one kept."""
    best: tuple[tuple[int, bool, bool, date, int], int] | None = None
    for place, rate in enumerate(tariff.rates):
        fits = (
            number.removeprefix("+").startswith(rate.prefix)
            and rate.call_type in (None, call_type)
            and (rate.valid_from is None or rate.valid_from <= day)
            and (rate.valid_to is None or day < rate.valid_to)
            and (rate.band is None or in_band(tariff, tariff.bands[rate.band], moment))
            and (number.startswith("+") or rate.call_type is not None or rate.prefix in ("", number))
        )
        rank = (len(rate.prefix), rate.band is not None, rate.call_type is not None, rate.valid_from or date.min, place)
        if fits and (best is None or rank > best[0]):
            best = (rank, place)
    return None if best is None else best[1]


def oracle_price(
    tariff: OracleTariff, number: str, call_type: int, answered_at: datetime, seconds: int
) -> tuple[Decimal, int] | None:
    """The cost in currency units and the place of its rate; None when the call has no price."""
    day = answered_at.astimezone(ZoneInfo(tariff.zone)).date()
    chosen = rate_at(tariff, number, call_type, day, answered_at)
    if chosen is None:
        return None
    opening = tariff.rates[chosen]
    cost = Fraction(opening.fee)
    second = opening.free
    wholly_free = opening.free > 0 and seconds <= opening.free
    first = True
    while not wholly_free and (first or second < seconds):
        if tariff.split:
            now = rate_at(tariff, number, call_type, day, answered_at + timedelta(seconds=second))
            if now is None:
                return None
            rate = tariff.rates[now]
        else:
            rate = opening
        following = rate.increment or 1
        unit = (rate.first or following) if first else following
        cost += Fraction(rate.price) * unit / 60
        second += unit
        first = False
    cost = max(cost, Fraction(opening.minimum))
    if opening.maximum is not None:
        cost = min(cost, Fraction(opening.maximum))
    return rounded(cost, tariff), chosen


def rounded(cost: Fraction, tariff: OracleTariff) -> Decimal:
    """The cost with the tariff's decimals, from the exact fraction."""
    units = cost * 10**tariff.decimals
    whole, rest = divmod(units.numerator, units.denominator)
    tenths = Decimal(whole) + (
        Decimal("0.5")
        if 2 * rest == units.denominator
        else Decimal("0.9")
        if 2 * rest > units.denominator
        else Decimal("0.1")
        if rest
        else Decimal(0)
    )
    result = tenths.quantize(Decimal(1), ROUND_CEILING if tariff.up else ROUND_HALF_UP)
    return result.scaleb(-tariff.decimals)
