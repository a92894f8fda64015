"""Number to call type, country and destination: the site's own rules first, then the public number plans.

The order in which a number is read stands in docs/pricing-rules.md.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from phonenumbers import PhoneNumber, PhoneNumberType

from accounting.models import CallType, NumberRule, Office
from accounting.services.public_numbers import (
    LONGEST_NATIONAL,
    NON_GEOGRAPHIC,
    SEPARATE_COUNTRIES,
    SPECIAL_TYPES,
    Country,
    Reading,
    country_of,
    read,
    tariff_country,
)

CACHE_SIZE = 100_000
SEPARATORS = str.maketrans("", "", " \t\u00a0\u202f-–.()/\\")
NUMBER = re.compile(r"\+?[0-9]+")
FEATURE = re.compile(r"[*#]|[bc]00[0-9]", re.IGNORECASE)
SCHEME = re.compile(r"(?:sips?|tel):", re.IGNORECASE)
WITHHELD = frozenset({"anonymous", "restricted", "unavailable", "unknown", "private", "asserted"})
LOCAL_DIGITS = range(5, 9)
"""Lengths of numbers that are dialled inside an area without its area code."""
WORLD_TYPES = {800: CallType.TOLL_FREE, 808: CallType.SHARED_COST, 979: CallType.PREMIUM}
MOBILE_TYPES = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.PAGER})
AREA_TYPES = frozenset({PhoneNumberType.FIXED_LINE, PhoneNumberType.FIXED_LINE_OR_MOBILE})

Kind = NumberRule.Kind
RULE_TYPES = {
    Kind.VOICEMAIL: CallType.INTERNAL,
    Kind.EXTENSION: CallType.INTERNAL,
    Kind.EMERGENCY: CallType.EMERGENCY,
    Kind.SERVICE: CallType.SERVICE,
}


@dataclass(frozen=True, slots=True)
class NumberAnalysis:
    """What a number is, read as dialled or shown at one site."""

    number: str
    """E.164 with + for public numbers, digits as they are for internal, short and emergency numbers."""
    call_type: CallType
    country: str
    """ISO 3166 alpha-2 of the number's country, '001' for non-geographic codes such as +800, '' for none."""
    destination: str
    """Name of a site rule's destination, else ''."""
    rule: str
    """Code of the rule that decided, for explanations, for instance 'site-override' or 'public-plan'."""
    entered: str = ""
    """The site's own rule that decided: its number, range or prefix as entered, else ''."""
    private: bool = False
    """Whether it was dialled with the office's private prefix, which `number` is without."""


@dataclass(frozen=True, slots=True)
class SiteRule:
    """One number rule of an office or of all offices."""

    kind: str
    first: str
    last: str
    call_type: CallType | None
    destination: str

    @property
    def entered(self) -> str:
        """The number, range or prefix as people read it."""
        return f"{self.first}–{self.last}" if self.last else self.first

    def meets(self, number: str) -> bool:
        """Return whether the number is the rule's number or lies in its range (numbers of the same length)."""
        if not self.last:
            return number == self.first
        return len(number) == len(self.first) and self.first <= number <= self.last


class SiteRules:
    """The rules of one office, or those of all offices."""

    def __init__(self, rules: Iterable[SiteRule]) -> None:
        """Sort the rules: whole numbers by their kind, prefixes by themselves."""
        self._whole: dict[str, list[SiteRule]] = {kind: [] for kind in RULE_TYPES}
        self._prefixes: dict[str, SiteRule] = {}
        for rule in rules:
            if rule.kind == Kind.OVERRIDE:
                self._prefixes[rule.first] = rule
            else:
                self._whole[rule.kind].append(rule)
        self._longest = max(map(len, self._prefixes), default=0)

    def whole(self, kind: str, numbers: Iterable[str]) -> tuple[SiteRule, str] | None:
        """Return the first rule of a kind that meets one of the numbers, and that number."""
        rules = self._whole[kind]
        return next(((rule, number) for number in numbers for rule in rules if rule.meets(number)), None)

    def override(self, numbers: Iterable[str]) -> SiteRule | None:
        """Return the rule with the longest prefix of any of the numbers."""
        found: SiteRule | None = None
        for number in numbers:
            for length in range(min(self._longest, len(number)), len(found.first) if found else 0, -1):
                rule = self._prefixes.get(number[:length])
                if rule is not None:
                    found = rule
                    break
        return found


class Site:
    """One office: its country and area, its outside line, its extensions, its rules before those of all offices."""

    def __init__(
        self, country: Country, access_code: str, extension_digits: int, rules: tuple[SiteRules, ...],
        private_prefix: str = "",
    ) -> None:  # fmt: skip
        """Take the office's dial plan; rules in the order in which they count."""
        self.country = country
        self.access_code = access_code
        self.extension_digits = extension_digits
        self.rules = rules
        self.private_prefix = private_prefix

    def find(self, kind: str, numbers: Iterable[str]) -> tuple[SiteRule, str] | None:
        """Return the first rule of a kind that meets one of the numbers."""
        return next((found for rules in self.rules if (found := rules.whole(kind, numbers))), None)

    def override(self, numbers: Iterable[str]) -> SiteRule | None:
        """Return the overriding prefix that counts: the longest of the office, else the longest of all offices."""
        return next((found for rules in self.rules if (found := rules.override(numbers))), None)

    def stripped(self, digits: str) -> str:
        """Return the digits after the outside line's code, '' when they do not begin with it."""
        if self.access_code and digits.startswith(self.access_code):
            return digits[len(self.access_code) :]
        return ""

    def after_private_prefix(self, digits: str) -> str:
        """Return what was dialled after the private prefix, '' when the digits do not begin with it."""
        if self.private_prefix and digits.startswith(self.private_prefix):
            return digits[len(self.private_prefix) :]
        return ""

    def is_short_internal(self, digits: str) -> bool:
        """Return whether the digits are few enough for an extension."""
        return digits.isdecimal() and len(digits) <= self.extension_digits

    def dialled(self, digits: str) -> Iterator[Reading | None]:
        """Return, best first, the public numbers that digits without outside line may mean when dialled here."""
        country = self.country
        prefixed = country.prefixed(digits)
        yield prefixed
        if prefixed is None and country.region:
            national = read(digits, country.region)
            if national is not None and national.type in SPECIAL_TYPES:
                yield national
            if country.area_code and len(digits) in LOCAL_DIGITS:
                yield read(f"+{country.calling_code}{country.area_code}{digits}")
            yield national

    def shown(self, digits: str) -> Iterator[Reading | None]:
        """Return, best first, the public numbers that a caller's digits may mean: gateways send them in many forms."""
        country = self.country
        forms = [form for form in (digits, self.stripped(digits)) if form]
        for form in forms:
            prefixed = country.prefixed(form)
            yield prefixed
            if country.region and form.startswith(str(country.calling_code)):
                yield read(f"+{form}")
            if prefixed is None and len(form) <= LONGEST_NATIONAL:
                yield from self.dialled(form)
        for form in forms:
            if not form.startswith("+"):
                yield read(f"+{form}")

    def public(self, digits: str, *, incoming: bool, outpulsed: bool) -> Reading | None:
        """Return the public number that the digits mean: the first valid reading, else the first possible one."""
        if incoming:
            readings = self.shown(digits)
        else:
            forms = (digits,) if outpulsed else (self.stripped(digits), digits)
            readings = (reading for form in forms if form for reading in self.dialled(form))
        second_best: Reading | None = None
        for reading in filter(None, readings):
            if reading.valid and not (reading.is_long and self._is_home(reading.number)):
                return reading
            if second_best is None and (reading.valid or (reading.prefixed and reading.possible)):
                second_best = reading
        return second_best

    def describe(self, reading: Reading) -> tuple[CallType, str]:
        """Return call type and country of a public number, seen from this site."""
        country = country_of(reading.number)
        if not reading.valid:
            return CallType.UNKNOWN, country
        if country == NON_GEOGRAPHIC:
            return WORLD_TYPES.get(reading.number.country_code or 0, CallType.INTERNATIONAL), country
        if not self._is_home(reading.number):
            return CallType.INTERNATIONAL, country
        return self._domestic_type(reading), country

    def _is_home(self, number: PhoneNumber) -> bool:
        if number.country_code != self.country.calling_code:
            return False
        if number.country_code not in SEPARATE_COUNTRIES:
            return True
        return tariff_country(country_of(number)) == tariff_country(self.country.region)

    def _domestic_type(self, reading: Reading) -> CallType:
        if reading.type in SPECIAL_TYPES:
            return SPECIAL_TYPES[reading.type]
        if reading.type in MOBILE_TYPES:
            return CallType.MOBILE
        area = self.country.area_code
        in_area = bool(area) and reading.national.startswith(area)
        return CallType.LOCAL if in_area and reading.type in AREA_TYPES else CallType.NATIONAL


def clean(number: str) -> str:
    """Return digits with + where the text is a number, '' for a withheld one, else the text as it is."""
    text = number.strip()
    user = SCHEME.sub("", text).partition("@")[0].partition(";")[0]
    if user.casefold() in WITHHELD:
        return ""
    digits = user.translate(SEPARATORS)
    digits = digits[:-1] if digits.endswith("#") and len(digits) > 1 else digits
    return digits if NUMBER.fullmatch(digits) or FEATURE.match(digits) else text


class NumberPlan:
    """The dial plans of all offices, read once; answers are cached by office, number and direction."""

    def __init__(self, sites: Mapping[int | None, Site]) -> None:
        """Take the sites by office; None holds the rules for all offices."""
        self._sites = sites
        self._analyses: dict[tuple[int | None, str, bool, bool], NumberAnalysis] = {}
        self._extensions: dict[tuple[int | None, str], bool] = {}
        self._voicemails: dict[tuple[int | None, str], bool] = {}

    def analyse(self, office_id: int | None, number: str, *, incoming: bool, outpulsed: bool = False) -> NumberAnalysis:
        """Return what this number is at this office (None: only rules for all offices and no country).

        outpulsed: the number as sent to the carrier, thus without the outside line's code and no extension by length.
        """
        key = (office_id, number, incoming, outpulsed)
        found = self._analyses.get(key)
        if found is None:
            if len(self._analyses) >= CACHE_SIZE:
                self._analyses.clear()
            site = self._site(office_id)
            found = self._analyses[key] = _analyse(site, number, incoming=incoming, outpulsed=outpulsed)
        return found

    def is_extension(self, office_id: int | None, number: str) -> bool:
        """Return whether the office's rules or its extension length make this number an own extension."""
        key = (office_id, number)
        found = self._extensions.get(key)
        if found is None:
            if len(self._extensions) >= CACHE_SIZE:
                self._extensions.clear()
            site, digits = self._site(office_id), clean(number)
            found = bool(digits) and (site.find(Kind.EXTENSION, [digits]) is not None or site.is_short_internal(digits))
            self._extensions[key] = found
        return found

    def is_voicemail(self, office_id: int | None, number: str) -> bool:
        """Return whether a rule names this number as voicemail."""
        key = (office_id, number)
        found = self._voicemails.get(key)
        if found is None:
            if len(self._voicemails) >= CACHE_SIZE:
                self._voicemails.clear()
            digits = clean(number)
            found = bool(digits) and self._site(office_id).find(Kind.VOICEMAIL, [digits]) is not None
            self._voicemails[key] = found
        return found

    def _site(self, office_id: int | None) -> Site:
        return self._sites.get(office_id) or self._sites[None]


def _analyse(site: Site, number: str, *, incoming: bool, outpulsed: bool) -> NumberAnalysis:
    digits = clean(number)
    rest = "" if incoming or outpulsed else site.after_private_prefix(digits)
    if not rest:
        return _read(site, digits, incoming=incoming, outpulsed=outpulsed)
    # What is somebody's extension, a voicemail or a short number stays that, whatever it begins with.
    whole = _by_whole_number(site, digits, [digits])
    if whole is not None or site.is_short_internal(digits):
        return whole or _read(site, digits, incoming=False, outpulsed=False)
    private = _read(site, rest, incoming=False, outpulsed=False)
    if private.call_type == CallType.EMERGENCY:
        return private
    if private.call_type in (CallType.INTERNAL, CallType.UNKNOWN):
        other = _read(site, digits, incoming=False, outpulsed=False)
        if private.call_type == CallType.INTERNAL or other.call_type != CallType.UNKNOWN:
            return other
    return replace(private, private=True)


def _read(site: Site, digits: str, *, incoming: bool, outpulsed: bool) -> NumberAnalysis:
    if not digits:
        return NumberAnalysis("", CallType.UNKNOWN, "", "", "withheld")
    if FEATURE.match(digits):
        return NumberAnalysis(digits, CallType.INTERNAL, "", "", "feature-code")
    stripped = "" if outpulsed or incoming else site.stripped(digits)
    forms = [form for form in (digits, stripped) if form]
    ruled = _by_whole_number(site, digits, forms)
    if ruled is not None:
        return ruled
    if not NUMBER.fullmatch(digits):
        return NumberAnalysis(digits, CallType.UNKNOWN, "", "", "not-a-number")
    planned = _by_plan(site, digits, stripped, incoming=incoming, outpulsed=outpulsed)
    return planned if planned.call_type == CallType.EMERGENCY else _overridden(site, planned, forms)


def _by_whole_number(site: Site, digits: str, forms: list[str]) -> NumberAnalysis | None:
    for kind, call_type in RULE_TYPES.items():
        own = kind in (Kind.EXTENSION, Kind.VOICEMAIL)
        found = site.find(kind, [digits] if own else forms)
        if found is not None:
            rule, number = found
            region = "" if own else site.country.region
            decided = f"site-{kind}"
            return NumberAnalysis(number, rule.call_type or call_type, region, rule.destination, decided, rule.entered)
    return None


def _overridden(site: Site, planned: NumberAnalysis, forms: list[str]) -> NumberAnalysis:
    if planned.number.startswith("+"):
        forms = [*forms, planned.number, planned.number[1:]]
    rule = site.override(forms)
    if rule is None:
        return planned
    call_type = rule.call_type or planned.call_type
    return replace(
        planned, call_type=call_type, destination=rule.destination, rule="site-override", entered=rule.entered
    )


def _by_plan(site: Site, digits: str, stripped: str, *, incoming: bool, outpulsed: bool) -> NumberAnalysis:
    country = site.country
    if not incoming:
        emergency = next((form for form in (digits, stripped) if form and country.emergency(form)), "")
        if emergency:
            return NumberAnalysis(emergency, CallType.EMERGENCY, country.region, "", "emergency")
    if stripped and (short := country.short(stripped)):
        return NumberAnalysis(stripped, short, country.region, "", "short-number")
    if site.is_short_internal(digits) and not outpulsed:
        return NumberAnalysis(digits, CallType.INTERNAL, "", "", "extension-length")
    if short := country.short(digits):
        return NumberAnalysis(digits, short, country.region, "", "short-number")
    reading = site.public(digits, incoming=incoming, outpulsed=outpulsed)
    if reading is None:
        return NumberAnalysis(digits, CallType.UNKNOWN, "", "", "no-plan")
    call_type, region = site.describe(reading)
    return NumberAnalysis(reading.e164, call_type, region, "", "public-plan")


def load_number_plan() -> NumberPlan:
    """Read all offices and number rules from the database."""
    by_office: defaultdict[int | None, list[SiteRule]] = defaultdict(list)
    for row in NumberRule.objects.all():
        call_type = None if row.call_type is None else CallType(row.call_type)
        first, last = (text.translate(SEPARATORS) for text in (row.first, row.last))
        by_office[row.office_id].append(SiteRule(row.kind, first, last, call_type, row.destination))
    shared = SiteRules(by_office[None])
    sites: dict[int | None, Site] = {None: Site(Country("", ""), "", 0, (shared,))}
    for office in Office.objects.all():
        country = Country(office.country.upper(), office.area_code.translate(SEPARATORS))
        rules = (SiteRules(by_office[office.pk]), shared)
        private_prefix = office.private_prefix.translate(SEPARATORS)
        sites[office.pk] = Site(country, office.access_code, office.extension_digits, rules, private_prefix)
    return NumberPlan(sites)
