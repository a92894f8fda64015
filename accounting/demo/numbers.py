"""Public numbers that the demo people call or are called from: valid by the number plans, as each site dials them."""

import random
import re
from functools import cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberType

from accounting.demo.organisation import H323, OFFICES, SIP, DemoOffice

LOCAL, NATIONAL, MOBILE, INTERNATIONAL = "local", "national", "mobile", "international"
TOLL_FREE, SHARED_COST, PREMIUM, EMERGENCY, SATELLITE = "toll_free", "shared_cost", "premium", "emergency", "satellite"

UNRATED_PREFIX = "881"
"""Satellite telephones: called now and then, in no price list."""

POOL_SIZES = {LOCAL: 900, NATIONAL: 900, MOBILE: 1500, TOLL_FREE: 25, SHARED_COST: 12, PREMIUM: 8}
ABROAD = {
    "DE": "GB60 AT60 CH55 FR50 US50 NL40 PL40 IT40 TR25 AE20 CZ20 ES20 CN15 SE10",
    "GB": "US70 IE60 DE60 FR50 ES40 IN40 NL30 AE20 AU20 ZA20 CA15 HK10 SG10",
    "AE": "IN90 SA60 PK50 GB50 EG40 US30 PH30 LB25 QA25 KW25 DE25 BH20 OM20 JO15",
}
"""Where each country calls abroad, with how many numbers."""
_AREAS = {
    "DE": (
        "89",
        "40",
        "221",
        "69",
        "711",
        "211",
        "341",
        "351",
        "421",
        "511",
        "911",
        "761",
        "391",
        "431",
        "6221",
        "8821",
    ),
    "GB": ("161", "121", "113", "131", "141", "117", "151", "191", "118", "114", "29", "28", "1223", "1865", "1273"),
    "AE": ("2", "3", "6", "7", "9"),
}
_MOBILE_CODES = {
    "DE": ("151", "152", "157", "160", "162", "170", "171", "172", "173", "175", "176", "177", "178", "179"),
    "GB": ("7400", "7500", "7540", "7700", "7710", "7770", "7800", "7860", "7890", "7900", "7930", "7970", "7980"),
    "AE": ("50", "52", "54", "55", "56", "58"),
}
_LENGTHS = {"DE": (10, 11), "GB": (10,), "AE": (8,)}
_MOBILE_LENGTHS = {"DE": (10, 11), "GB": (10,), "AE": (9,)}
_KINDS = {
    "fixed_line": "fixed_line",
    MOBILE: "mobile",
    TOLL_FREE: "toll_free",
    PREMIUM: "premium_rate",
    SHARED_COST: "shared_cost",
}
_SPECIAL_CODES = {
    (TOLL_FREE, "DE"): ("800", 10), (TOLL_FREE, "GB"): ("800", 10), (TOLL_FREE, "AE"): ("800", 8),
    (SHARED_COST, "DE"): ("180", 10), (SHARED_COST, "GB"): ("345", 10), (SHARED_COST, "AE"): ("700", 9),
    (PREMIUM, "DE"): ("900", 10), (PREMIUM, "GB"): ("909", 10), (PREMIUM, "AE"): ("900", 9),
}  # fmt: skip
_EMERGENCY = {"DE": ("112", "110"), "GB": ("999", "112"), "AE": ("999", "998")}


class PublicNumber(NamedTuple):
    """A number of the public network, as it appears in the records of one site."""

    e164: str
    """With +; short numbers as they are."""
    dialled: str
    outpulsed: dict[int, str]
    """What a trunk of each protocol sends where that differs from what was dialled, else empty."""
    shown: str
    """As the site's gateways present it for a caller."""
    pattern: str
    """The route pattern that a call to it meets."""


@cache
def public_numbers(office: int) -> dict[str, tuple[PublicNumber, ...]]:
    """Return the numbers of each category that the people of this office meet; the first call takes about 0.1 s."""
    plan = OFFICES[office]
    rng = random.Random(f"numbers {plan.country}")
    numbers: dict[str, list[str]] = {category: [] for category in POOL_SIZES}
    for category, size in POOL_SIZES.items():
        while len(numbers[category]) < size:
            numbers[category].append(plan.dial_code + _domestic(rng, category, plan))
    numbers[INTERNATIONAL] = [
        _foreign(rng, abroad[:2]) for abroad in ABROAD[plan.country].split() for _ in range(int(abroad[2:]))
    ]
    rng.shuffle(numbers[INTERNATIONAL])
    numbers[SATELLITE] = [f"{UNRATED_PREFIX}6{rng.randrange(10**8):08d}" for _ in range(3)]
    pools = {
        category: tuple(_as_dialled(rng, plan, category, digits) for digits in found)
        for category, found in numbers.items()
    }
    pools[EMERGENCY] = tuple(_short(plan, digits) for digits in _EMERGENCY[plan.country])
    return pools


@cache
def _pattern(country: str, kind: str) -> re.Pattern[str]:
    metadata = PhoneMetadata.metadata_for_region(country)
    return re.compile(getattr(metadata, kind).national_number_pattern)


def _domestic(rng: random.Random, category: str, plan: DemoOffice) -> str:
    """Return a national significant number of this category that the plan of the country allows."""
    country = plan.country
    kind = "fixed_line" if category in (LOCAL, NATIONAL) else category
    # The United Kingdom has no shared-cost numbers any more; its 03 numbers (UAN) take their part.
    pattern = _pattern(country, "uan" if (kind, country) == (SHARED_COST, "GB") else _KINDS[kind])
    for _ in range(200):
        code, length = _beginning(rng, category, plan)
        # Subscriber numbers begin with 2 to 9: a 0 or 1 after the outside line would be read as a prefix.
        first = rng.choice("23456789") if kind == "fixed_line" else rng.choice("0123456789")
        number = code + first + "".join(rng.choices("0123456789", k=length - len(code) - 1))
        if pattern.fullmatch(number):
            return number
    return _example(country, kind)


def _beginning(rng: random.Random, category: str, plan: DemoOffice) -> tuple[str, int]:
    """Return the first digits and the length of a national number of this category."""
    if category == LOCAL:
        return plan.area_code, rng.choice(_LENGTHS[plan.country])
    if category == NATIONAL:
        return rng.choice(_AREAS[plan.country]), rng.choice(_LENGTHS[plan.country])
    if category == MOBILE:
        return rng.choice(_MOBILE_CODES[plan.country]), rng.choice(_MOBILE_LENGTHS[plan.country])
    return _SPECIAL_CODES[category, plan.country]


def _example(country: str, kind: str) -> str:
    types = {
        TOLL_FREE: PhoneNumberType.TOLL_FREE,
        PREMIUM: PhoneNumberType.PREMIUM_RATE,
        SHARED_COST: PhoneNumberType.SHARED_COST,
        MOBILE: PhoneNumberType.MOBILE,
    }
    example = phonenumbers.example_number_for_type(country, types.get(kind, PhoneNumberType.FIXED_LINE))
    if example is None:
        raise ValueError(f"no {kind} numbers in {country}")
    return phonenumbers.national_significant_number(example)


def _foreign(rng: random.Random, country: str) -> str:
    """Return country code and national number of a fixed line or mobile abroad."""
    kind = rng.choice(("fixed_line", MOBILE))
    example = _example(country, kind)
    pattern = _pattern(country, _KINDS[kind])
    number = example
    for _ in range(100):
        number = example[:3] + "".join(rng.choices("0123456789", k=len(example) - 3))
        if pattern.fullmatch(number):
            break
        number = example
    return f"{phonenumbers.country_code_for_region(country)}{number}"


def _as_dialled(rng: random.Random, plan: DemoOffice, category: str, digits: str) -> PublicNumber:
    national = _national_form(plan, category, digits)
    public = national
    if category == LOCAL and rng.random() < 0.7:
        public = digits.removeprefix(plan.dial_code + plan.area_code)
    clicked = rng.random() < 0.15
    return PublicNumber(
        e164=f"+{digits}",
        dialled=f"+{digits}" if clicked else plan.access_code + public,
        outpulsed={SIP: "" if clicked else f"+{digits}", H323: public} | ({} if not clicked else {4: national}),
        shown=f"+{digits}" if plan.country == "DE" else national,
        pattern="\\+!" if clicked else f"{plan.access_code}.!",
    )


def _national_form(plan: DemoOffice, category: str, digits: str) -> str:
    if category in (INTERNATIONAL, SATELLITE):
        return "00" + digits
    without_zero = plan.country == "AE" and category in (TOLL_FREE, SHARED_COST, PREMIUM)
    return ("" if without_zero else "0") + digits.removeprefix(plan.dial_code)


def _short(plan: DemoOffice, digits: str) -> PublicNumber:
    return PublicNumber(
        digits, plan.access_code + digits, {SIP: digits, H323: digits}, digits, f"{plan.access_code}.{digits}"
    )
