"""When people telephone: hours of the day, days of the week, holidays, summer and growth, in each office's own zone."""

import math
import random
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

from accounting.demo.organisation import OFFICES

SLOT = timedelta(minutes=30)
GROWTH_PER_YEAR = 0.08

_HALF_HOURS = (
    *(0.3, 0.2, 0.15, 0.1, 0.1, 0.1, 0.1, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2, 6, 14),  # 00:00 to 08:00
    *(40, 68, 92, 104, 110, 104, 92, 76, 50, 42, 62, 84, 98, 100, 92, 82),  # 08:00 to 16:00
    *(68, 52, 34, 20, 12, 8, 6, 4.5, 3.5, 3, 2.2, 1.6, 1.2, 0.9, 0.6, 0.4),  # 16:00 to 24:00
)
_DAY_SHARES = [weight / sum(_HALF_HOURS) for weight in _HALF_HOURS]
_WEEKDAYS = {
    "DE": (1.10, 1.04, 1.02, 1.00, 0.84, 0.06, 0.04),
    "GB": (1.07, 1.05, 1.02, 1.00, 0.86, 0.08, 0.05),
    "AE": (1.12, 1.08, 1.05, 1.02, 0.73, 0.09, 0.07),
}
_SUMMER = {"DE": ((7, 0.86), (8, 0.76)), "GB": ((7, 0.9), (8, 0.78)), "AE": ((7, 0.78), (8, 0.74))}
_FRIDAY_ENDS_AT = 24  # half-hours: noon, when offices in the Emirates close on Fridays


@cache
def holidays_of(office: int, year: int) -> frozenset[date]:
    """Return the public holidays of an office in a year."""
    plan = OFFICES[office]
    return frozenset(holidays.country_holidays(plan.country, subdiv=plan.subdivision or None, years=year))


@cache
def day_factor(office: int, day: date) -> float:
    """Return how busy a local day is; 1 is an ordinary working day."""
    country = OFFICES[office].country
    if day in holidays_of(office, day.year):
        return 0.07
    factor = _WEEKDAYS[country][day.weekday()] * dict(_SUMMER[country]).get(day.month, 1.0)
    if country != "AE" and (day.month, day.day) >= (12, 24):
        factor *= 0.4
    return factor * random.Random(f"{office} {day}").uniform(0.92, 1.08)


def slot_share(office: int, slot: datetime) -> float:
    """Return the part of an ordinary day's calls that begin in this half-hour at an office (aware, on :00 or :30)."""
    local = slot.astimezone(ZoneInfo(OFFICES[office].time_zone))
    index = local.hour * 2 + local.minute // 30
    share = _DAY_SHARES[index] * day_factor(office, local.date())
    if OFFICES[office].country == "AE" and local.weekday() == 4:
        share *= 1.45 if index < _FRIDAY_ENDS_AT else 0.12
    return share


def growth(start: date, slot: datetime) -> float:
    """Return the factor by which calls have grown since the start."""
    return 1 + GROWTH_PER_YEAR * (slot.astimezone(UTC).date() - start).days / 365


def poisson(rng: random.Random, mean: float) -> int:
    """Return a random count with this mean."""
    if mean > 60:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    count, product, limit = 0, rng.random(), math.exp(-mean)
    while product > limit:
        count += 1
        product *= rng.random()
    return count
