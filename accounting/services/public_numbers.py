"""Public numbers: digits read by the plan of a country, as its phones dial them or its networks show them."""

import re
from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType, shortnumberinfo

from accounting.models import CallType

phonenumbers.enable_pattern_cache()
"""Python keeps 512 patterns; calls to many countries need more, and would have them compiled anew for each number."""
LONGEST_NATIONAL = 11
"""Digits of a national number; longer ones are read as national only when they are nothing else."""
SEPARATE_COUNTRIES = frozenset({1, 7, 599})
"""Calling codes shared by countries that charge calls between each other as international."""
KEEP_ZERO = frozenset({39, 225, 229, 241, 242, 378})
"""Calling codes after which a national number may begin with 0."""
US_TERRITORIES = frozenset({"PR", "VI", "GU", "AS", "MP"})
NON_GEOGRAPHIC = "001"
SPECIAL_TYPES = {
    PhoneNumberType.TOLL_FREE: CallType.TOLL_FREE,
    PhoneNumberType.SHARED_COST: CallType.SHARED_COST,
    PhoneNumberType.UAN: CallType.SHARED_COST,
    PhoneNumberType.PERSONAL_NUMBER: CallType.SHARED_COST,
    PhoneNumberType.PREMIUM_RATE: CallType.PREMIUM,
}


@dataclass(frozen=True, slots=True)
class Reading:
    """A string of digits read as one public number."""

    number: PhoneNumber
    type: int
    """phonenumbers' type, UNKNOWN for numbers that no plan knows."""
    prefixed: bool
    """Written with + or with a prefix, so that it can be nothing but a public number."""

    @property
    def valid(self) -> bool:
        """Whether the number plan of its country knows the number, or it is one of a network without a country."""
        return self.type != PhoneNumberType.UNKNOWN or self.is_worldwide

    @property
    def is_worldwide(self) -> bool:
        """Whether it belongs to a code of no country (satellite, +800) and may be a number there by its length."""
        region = phonenumbers.region_code_for_country_code(self.number.country_code or 0)
        return region == NON_GEOGRAPHIC and phonenumbers.is_possible_number(self.number)

    @property
    def possible(self) -> bool:
        """Whether it has a length that numbers of its country may have, so that it may be too new for the plans."""
        if self.number.italian_leading_zero and self.number.country_code not in KEEP_ZERO:
            return False
        return phonenumbers.is_possible_number_with_reason(self.number) == phonenumbers.ValidationResult.IS_POSSIBLE

    @property
    def is_long(self) -> bool:
        """Whether it has more digits than a national number, so that a country code may have been taken for an area."""
        return len(self.national) > LONGEST_NATIONAL

    @property
    def national(self) -> str:
        """The digits after the country code."""
        return str(phonenumbers.national_significant_number(self.number))

    @property
    def e164(self) -> str:
        """The number with + and country code."""
        return str(phonenumbers.format_number(self.number, phonenumbers.PhoneNumberFormat.E164))


def read(digits: str, region: str | None = None, *, prefixed: bool = False) -> Reading | None:
    """Return the public number that a string is ('+…', or as dialled in a country), None when it is none at all."""
    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return None
    return Reading(number, phonenumbers.number_type(number), prefixed)


def country_of(number: PhoneNumber) -> str:
    """Return the country of a number; islands in another country's plan count as that country (GG: GB)."""
    if number.country_code in SEPARATE_COUNTRIES:
        region = phonenumbers.region_code_for_number(number)
    else:
        region = phonenumbers.region_code_for_country_code(number.country_code or 0)
    return "" if region in (None, "ZZ") else str(region)


def tariff_country(region: str) -> str:
    """Return the country to which a country's or territory's calls count as domestic (PR: US)."""
    return "US" if region in US_TERRITORIES else region


class Country:
    """The public number plan of one country, as its phones dial it."""

    def __init__(self, region: str, area_code: str) -> None:
        """Take the country (ISO 3166 alpha-2, '' or unknown: no plan) and the area code of the site."""
        metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
        self.region = region if metadata else ""
        self.calling_code = phonenumbers.country_code_for_region(region) if metadata else 0
        self.national_prefix = (metadata.national_prefix or "") if metadata else ""
        self._international = re.compile(metadata.international_prefix or "(?!)") if metadata else re.compile("(?!)")
        self.area_code = area_code.removeprefix("0") if self.national_prefix == "0" else area_code

    def prefixed(self, digits: str) -> Reading | None:
        """Return the number behind +, the prefix for calls abroad or the national prefix, None without one."""
        if digits.startswith("+"):
            return read(digits, prefixed=True)
        abroad = self._international.match(digits)
        if abroad:
            return read(f"+{digits[abroad.end() :]}", prefixed=True)
        if self.national_prefix and digits.startswith(self.national_prefix):
            return read(digits, self.region, prefixed=True)
        return None

    def emergency(self, digits: str) -> bool:
        """Return whether the digits are an emergency number of the country."""
        return bool(self.region) and len(digits) <= 6 and shortnumberinfo.is_emergency_number(digits, self.region)

    def short(self, digits: str) -> CallType | None:
        """Return the type of a short number of the country, None when it has no such number."""
        if not self.region or len(digits) > 6 or digits.startswith("0"):
            return None
        number = PhoneNumber(country_code=self.calling_code, national_number=int(digits))
        if not shortnumberinfo.is_valid_short_number_for_region(number, self.region):
            return None
        cost = shortnumberinfo.expected_cost_for_region(number, self.region)
        return CallType.PREMIUM if cost == shortnumberinfo.ShortNumberCost.PREMIUM_RATE else CallType.SERVICE
