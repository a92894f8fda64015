"""What the demo's three carriers charge: price lists in EUR, GBP and AED, with bands and a change of prices."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from functools import cache

import phonenumbers
from babel import Locale

from accounting.models import CallType, Tariff

PEAK = "Peak"

_DOMESTIC = {
    "DE": """
        49 1.2 Germany
        49151,49160,49170,49171,49175 7.9 Germany mobile (T)
        49152,49162,49172,49173,49174 7.9 Germany mobile (V)
        49155,49157,49159,49163,49176,49177,49178,49179 8.4 Germany mobile (O)
        4932 1.5 Germany personal numbers
        49137 14 Germany televoting
        49180 8.39 Germany shared cost
        49700 6.3 Germany personal numbers
        49800 0 Germany toll-free
        49900 158 Germany premium
    """,
    "GB": """
        44 1.1 United Kingdom
        4420 0.9 London
        443 1.1 United Kingdom 03 numbers
        4474,4475,4477,4478,4479 5.6 United Kingdom mobile
        4470 31 United Kingdom personal numbers
        4476 24 United Kingdom pagers
        44800,44808 0 United Kingdom toll-free
        44842,44843,44844,44845,44870,44871 7.5 United Kingdom service numbers
        449 129 United Kingdom premium
    """,
    "AE": """
        971 5.2 United Arab Emirates
        9714 2.6 Dubai
        97150,97154,97156 7.2 United Arab Emirates mobile (E)
        97152,97155,97158 7.4 United Arab Emirates mobile (D)
        971800,971400 0 United Arab Emirates toll-free
        971600 4.1 United Arab Emirates service numbers
        971700 9.4 United Arab Emirates shared cost
        971900 140 United Arab Emirates premium
    """,
}
"""Prefixes, euro cents a minute, destination, as each country's own carrier charges at home."""

_ABROAD = """
    AT1.9 AU3.4 BE2.1 BG4.2 BH14 BR5.9 CA1.2 CH2.4 CL5.1 CN2.6 CO6.2 CY3.9 CZ2.3 DE1.9 DK1.8 EE4.9 EG13 ES1.8
    FI4.4 FR1.7 GB1.6 GR2.6 HK2.9 HR3.8 HU2.4 ID7.9 IE1.9 IL2.9 IN3.2 IS5.2 IT1.9 JO19 JP4.4 KE19 KR3.4 KW11
    LB14 LK22 LT5.9 LU2.8 LV6.1 MA29 MT6.4 MX3.9 MY3.2 NG15 NL1.7 NO1.9 NZ4.1 OM19 PH14 PK11 PL1.9 PT2.1 QA17
    RO2.4 RS12 RU6.8 SA12 SE1.6 SG2.4 SI4.4 SK2.9 TH4.9 TN31 TR3.9 TW3.4 UA14 US1.1 VN8.9 ZA6.4 AE9.8 AR4.6
    BD5.4 DZ24 ET27 GH26 IQ22 IR13 NP16 PE5.8 SD21 SY24 UG28 YE23
"""
"""Countries with the price of fixed lines in euro cents a minute."""

_MOBILE_ABROAD = """
    AT 4.9 650 660 664 676 677 680 681 688 699
    AU 6.9 4
    BE 5.9 46 47 48 49
    BR 11 119 219 319
    CH 9.9 75 76 77 78 79
    CN 2.9 13 15 17 18 19
    CZ 4.6 60 70 72 73 77 79
    DE 5.4 15 16 17
    DK 3.9 2 30 40 50 60
    EG 14 10 11 12 15
    ES 4.2 6 71 72 73 74
    FR 4.4 6 73 74 75 76 77 78
    GB 4.8 74 75 77 78 79
    GR 5.1 69
    HK 3.4 5 6 9
    HU 5.6 20 30 31 50 70
    IE 4.9 83 85 86 87 89
    IN 3.4 6 7 8 9
    IT 4.7 32 33 34 35 36 37 38 39
    JO 21 77 78 79
    KW 12 5 6 9
    LB 19 3 70 71 76 78 79 81
    NL 4.4 6
    NO 4.4 4 9
    NZ 9.9 2
    OM 22 7 9
    PH 17 9
    PK 13 3
    PL 4.2 45 50 51 53 57 60 66 69 72 73 78 79 88
    PT 4.9 91 92 93 96
    QA 21 3 5 6 7
    SA 17 5
    SE 3.6 7
    SG 2.9 8 9
    TR 13 50 53 54 55
    ZA 14 6 7 8
    AE 17 5
    BH 16 3 6
    JP 13 70 80 90
"""
"""Mobile networks abroad: country, euro cents a minute, prefixes after the country code."""


@dataclass(frozen=True, slots=True)
class DemoBand:
    """Hours of the week with prices of their own."""

    name: str
    days: str
    start: time
    end: time


@dataclass(frozen=True, slots=True)
class DemoRate:
    """The price of one prefix; `band` empty for all other hours."""

    prefix: str
    destination: str
    price: Decimal
    band: str = ""
    call_type: int | None = None


@dataclass(frozen=True, slots=True)
class DemoTariff:
    """A price list; the fields are those of Tariff."""

    carrier: str
    name: str
    country: str
    currency: str
    valid_from: date | None
    valid_to: date | None
    band_rule: str
    bands: tuple[DemoBand, ...]
    connection_fee: Decimal
    first_increment: int
    increment: int
    rates: tuple[DemoRate, ...]


def price_lists(turning_day: date) -> tuple[DemoTariff, ...]:
    """Return the carriers' tariffs; the first carrier changes its prices on the first of the month after that day."""
    change = date(turning_day.year + turning_day.month // 12, turning_day.month % 12 + 1, 1)
    peak = (DemoBand(PEAK, "12345", time(8), time(18)),)
    day = (DemoBand(PEAK, "12345", time(7), time(19)),)
    start, split = Tariff.BandRule.START, Tariff.BandRule.SPLIT
    old, new = Decimal(1), Decimal("0.93")
    return (
        DemoTariff(
            "Rheintel",
            f"Business {change.year - 1}",
            "DE",
            "EUR",
            None,
            change,
            start,
            peak,
            Decimal(0),
            60,
            1,
            _rates("DE", old),
        ),
        DemoTariff(
            "Rheintel",
            f"Business {change.year}",
            "DE",
            "EUR",
            change,
            None,
            start,
            peak,
            Decimal(0),
            1,
            1,
            _rates("DE", new),
        ),
        DemoTariff(
            "Albion Telecom",
            "Corporate Voice",
            "GB",
            "GBP",
            None,
            None,
            split,
            day,
            Decimal("0.01"),
            1,
            1,
            _rates("GB", Decimal("0.87")),
        ),
        DemoTariff(
            "Gulf Connect",
            "Business Line",
            "AE",
            "AED",
            None,
            None,
            start,
            (),
            Decimal(0),
            30,
            6,
            _rates("AE", Decimal("4.05")),
        ),
    )


def _rates(country: str, factor: Decimal) -> tuple[DemoRate, ...]:
    """Return the rates of a carrier of this country; prices in euro cents times the factor."""
    cheaper = Decimal(1) if country == "AE" else Decimal("0.6")
    rates: list[DemoRate] = []
    for prefix, cents, destination in _domestic(country):
        rates.append(_rate(prefix, destination, cents * factor * cheaper))
        if cheaper != 1:
            rates.append(_rate(prefix, destination, cents * factor, PEAK))
    rates += [_rate(prefix, destination, cents * factor) for prefix, cents, destination in _abroad(country)]
    rates.append(_rate("", "Emergency", Decimal(0), call_type=CallType.EMERGENCY))
    rates.append(_rate("", "Directory and service numbers", 90 * factor, call_type=CallType.SERVICE))
    return tuple(rates)


def _rate(prefix: str, destination: str, cents: Decimal, band: str = "", call_type: int | None = None) -> DemoRate:
    return DemoRate(prefix, destination[:60], (cents / 100).quantize(Decimal("0.0001")), band, call_type)


def _domestic(country: str) -> Iterator[tuple[str, Decimal, str]]:
    for line in _DOMESTIC[country].strip().splitlines():
        prefixes, cents, destination = line.split(maxsplit=2)
        for prefix in prefixes.split(","):
            yield prefix, Decimal(cents), destination


@cache
def _abroad(home: str) -> tuple[tuple[str, Decimal, str], ...]:
    """Return prefix, euro cents and name of every destination but the own country."""
    names = Locale("en").territories
    mobile = {country: rest for country, *rest in map(str.split, _MOBILE_ABROAD.strip().splitlines())}
    found: list[tuple[str, Decimal, str]] = []
    for entry in _ABROAD.split():
        country, cents = entry[:2], Decimal(entry[2:])
        if country == home or country == "CA":
            continue
        code = str(phonenumbers.country_code_for_region(country))
        found.append((code, cents, "United States and Canada" if country == "US" else names[country]))
        price, *prefixes = mobile.get(country, ["0"])
        found += [(code + prefix, Decimal(price), f"{names[country]} mobile") for prefix in prefixes]
    return tuple(found)
