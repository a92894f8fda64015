"""What is wrong with the tariffs: overlaps, gaps, gateways without carrier, rates that meet nothing or each other.

The rates of a tariff are read once and looked at in one pass, so that 40,000 of them take about a second.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol, TypeVar

import phonenumbers
from django.db.models import Q
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounting.models import Carrier, Gateway, GatewayCarrier, NumberRule, Office, Rate, Tariff, TariffBand
from accounting.services.public_numbers import Country
from accounting.services.rating.calendars import HOLIDAY, Band, Week, band_of

EXAMPLES = 5
DAY = timedelta(days=1)
SIGNS = "1234567" + HOLIDAY
LONGEST_NUMBER = 15
"""Digits of E.164."""


class Weight(StrEnum):
    """How much a problem matters."""

    ERROR = "error"
    """Calls are unpriced, or priced by what nobody meant."""
    WARNING = "warning"
    """Probably not meant; the rules of pricing decide."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend, in words, and where."""

    weight: Weight
    text: str
    carrier_id: int | None = None
    tariff_id: int | None = None
    gateway_id: int | None = None


class Dated(Protocol):
    """What holds from one day to another."""

    @property
    def valid_from(self) -> date | None:
        """The first day; None: since ever."""

    @property
    def valid_to(self) -> date | None:
        """The day after the last; None: until further notice."""


Row = TypeVar("Row", bound=Dated)


class RateRow(NamedTuple):
    """What the review needs of a rate."""

    id: int
    prefix: str
    call_type: int | None
    incoming: bool
    band_id: int | None
    valid_from: date | None
    valid_to: date | None


def problems() -> list[Problem]:
    """Return everything that is wrong with carriers, gateways and the tariffs that hold now or later."""
    found = [*carrier_problems(), *gateway_problems()]
    coming = Q(valid_to=None) | Q(valid_to__gt=timezone.localdate())
    for tariff in Tariff.objects.filter(coming).select_related("carrier"):
        found += tariff_problems(tariff)
    return sorted(found, key=lambda problem: problem.weight != Weight.ERROR)


def carrier_problems() -> Iterator[Problem]:
    """Yield overlaps and gaps between the tariffs of each carrier, and carriers without any; two queries."""
    tariffs: defaultdict[int, list[Tariff]] = defaultdict(list)
    for tariff in Tariff.objects.select_related("carrier"):
        tariffs[tariff.carrier_id].append(tariff)
    bound = set(GatewayCarrier.objects.values_list("carrier_id", flat=True))
    for carrier in Carrier.objects.all():
        if carrier.pk in bound and not tariffs[carrier.pk]:
            text = _("%(carrier)s stands behind a gateway but has no tariff: its calls are unpriced.")
            yield Problem(Weight.ERROR, text % {"carrier": carrier}, carrier_id=carrier.pk)
        for first, second in overlaps(tariffs[carrier.pk]):
            yield Problem(Weight.WARNING, overlap_in_words(carrier, first, second), carrier.pk, second.pk)
        for begin, end in gaps(tariffs[carrier.pk]):
            text = _("%(carrier)s has no tariff %(days)s: calls of these days are unpriced.")
            yield Problem(Weight.ERROR, text % {"carrier": carrier, "days": days_in_words(begin, end)}, carrier.pk)


def gateway_problems() -> Iterator[Problem]:
    """Yield gateways to the public network without a carrier today, and those with two at once; two queries."""
    bindings: defaultdict[int, list[GatewayCarrier]] = defaultdict(list)
    for binding in GatewayCarrier.objects.select_related("carrier"):
        bindings[binding.gateway_id].append(binding)
    today = timezone.localdate()
    for gateway in Gateway.objects.all():
        held = bindings[gateway.pk]
        if gateway.network == Gateway.Network.PUBLIC and not any(holds_on(one, today) for one in held):
            text = _("Gateway %(gateway)s has no carrier today: its calls are unpriced.")
            yield Problem(Weight.ERROR, text % {"gateway": gateway}, gateway_id=gateway.pk)
        for begin, end in gaps(held):
            text = _("Gateway %(gateway)s has no carrier %(days)s: calls of these days are unpriced.")
            yield Problem(
                Weight.ERROR, text % {"gateway": gateway, "days": days_in_words(begin, end)}, gateway_id=gateway.pk
            )
        for first, second in overlaps(held):
            text = _("Gateway %(gateway)s has two carriers, %(first)s and %(second)s, %(days)s; the newer one counts.")
            values = {
                "gateway": gateway, "first": first.carrier, "second": second.carrier,
                "days": common_days(first, second),
            }  # fmt: skip
            yield Problem(Weight.WARNING, text % values, carrier_id=second.carrier_id, gateway_id=gateway.pk)


def tariff_problems(tariff: Tariff) -> list[Problem]:
    """Return what is wrong with the bands and rates of one tariff; three queries and one pass over the rates."""
    bands = {
        row.pk: band_of(row.pk, row.name, row.days, row.start, row.end)
        for row in TariffBand.objects.filter(tariff=tariff)
    }
    fields = RateRow._fields
    rows = [RateRow(*row) for row in Rate.objects.filter(tariff=tariff).order_by().values_list(*fields)]
    texts = [
        *((Weight.WARNING, text) for text in overlapping_bands(bands.values())),
        *rate_texts(rows, bands),
    ]
    return [Problem(weight, text, tariff.carrier_id, tariff.pk) for weight, text in texts]


def rate_texts(rows: Sequence[RateRow], bands: dict[int, Band]) -> Iterator[tuple[Weight, str]]:
    """Yield what is wrong with the rates of one tariff, each kind of problem once with its first examples."""
    if not rows:
        yield Weight.ERROR, _("This tariff has no rates: every call is unpriced.")
        return
    if same := twice(rows):
        text = ngettext(
            "%(count)d rate holds on the same days as another one for the same prefix, band, call type and direction;"
            " the newest counts: %(examples)s.",
            "%(count)d rates hold on the same days as others for the same prefix, band, call type and direction;"
            " the newest counts: %(examples)s.",
            len(same),
        )
        yield Weight.WARNING, text % told(same)
    yield from outside_bands(rows, bands)
    if unreachable := unreachable_prefixes({row.prefix.removeprefix("+") for row in rows}):
        text = ngettext(
            "%(count)d prefix meets no number, because no country code begins like it: %(examples)s.",
            "%(count)d prefixes meet no number, because no country code begins like them: %(examples)s.",
            len(unreachable),
        )
        yield Weight.WARNING, text % told(unreachable)


def twice(rows: Iterable[RateRow]) -> list[str]:
    """Return the prefixes of rates that hold on the same day as another rate for exactly the same calls."""
    alike: defaultdict[tuple[object, ...], list[RateRow]] = defaultdict(list)
    for row in rows:
        alike[row[1:5]].append(row)
    found = []
    for same in alike.values():
        if len(same) > 1:
            found += [second.prefix for _first, second in overlaps(same)]
    return sorted(found)


def outside_bands(rows: Iterable[RateRow], bands: dict[int, Band]) -> Iterator[tuple[Weight, str]]:
    """Yield prefixes that have rates for some hours only: a shorter prefix or none prices the others."""
    if not bands:
        return
    priced: defaultdict[tuple[bool, int | None, str], set[int | None]] = defaultdict(set)
    for row in rows:
        priced[row.incoming, row.call_type, row.prefix].add(row.band_id)
    covers = covering(Week(tuple(bands.values())))
    partly = [key for key, ids in priced.items() if None not in ids and not covers(frozenset(ids))]
    shorter: list[str] = []
    unpriced: list[str] = []
    for incoming, call_type, prefix in partly:
        lengths = range(len(prefix) + 1)
        others = [
            priced.get((incoming, kind, prefix[:length]), set()) for length in lengths for kind in {call_type, None}
        ]
        taken_over = any(None in ids or covers(frozenset(ids)) for ids in others)
        (shorter if taken_over else unpriced).append(prefix)
    if shorter:
        text = ngettext(
            "%(count)d prefix has a rate for some hours only; at others a shorter prefix prices it: %(examples)s.",
            "%(count)d prefixes have rates for some hours only; at others shorter prefixes price them: %(examples)s.",
            len(shorter),
        )
        yield Weight.WARNING, text % told(sorted(shorter))
    if unpriced:
        text = ngettext(
            "%(count)d prefix has a rate for some hours only; at other hours its calls are unpriced: %(examples)s.",
            "%(count)d prefixes have rates for some hours only; at other hours their calls are unpriced: %(examples)s.",
            len(unpriced),
        )
        yield Weight.ERROR, text % told(sorted(unpriced))


def covering(week: Week) -> Callable[[frozenset[int | None]], bool]:
    """Return a test whether bands together cover the whole week; its answers are kept, as most prefixes share them."""
    own_holidays = any(HOLIDAY in band.days for band in week.bands)
    signs = SIGNS if own_holidays else SIGNS[:-1]
    moments = [
        frozenset(band.id for band in week.bands if sign in band.days and band.covers(second))
        for sign in signs
        for second in sorted({0} | {band.start for band in week.bands} | {band.end % 86_400 for band in week.bands})
    ]
    known: dict[frozenset[int | None], bool] = {}

    def covers(ids: frozenset[int | None]) -> bool:
        if ids not in known:
            known[ids] = all(moment & ids for moment in moments)
        return known[ids]

    return covers


def overlapping_bands(bands: Iterable[Band]) -> Iterator[str]:
    """Yield the pairs of bands that hold at the same hours."""
    every = list(bands)
    for index, first in enumerate(every):
        for second in every[index + 1 :]:
            shared = set(first.days) & set(second.days)
            if shared and any(first.covers(one) and second.covers(one) for one in (first.start, second.start)):
                text = _(
                    "The bands %(first)s and %(second)s overlap: where a prefix has both rates, the newer one counts."
                )
                yield text % {"first": first.name, "second": second.name}


def unreachable_prefixes(prefixes: Iterable[str]) -> list[str]:
    """Return the prefixes that no number can begin with: no country code, no short number or rule of an office."""
    codes = {str(code) for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE}
    begun = {code[:length] for code in codes for length in range(1, len(code) + 1)}
    strange = [
        prefix
        for prefix in prefixes
        if prefix
        and (
            len(prefix) > LONGEST_NUMBER
            or (prefix not in begun and not any(prefix[:length] in codes for length in (1, 2, 3)))
        )
    ]
    if not strange:
        return []
    countries = [Country(code.upper(), "") for code in set(Office.objects.values_list("country", flat=True))]
    rules = set(NumberRule.objects.values_list("first", flat=True))
    short = {one for one in strange if any(country.short(one) or country.emergency(one) for country in countries)}
    return sorted(one for one in strange if one not in short and one not in rules)


def overlaps(rows: Iterable[Row]) -> Iterator[tuple[Row, Row]]:
    """Yield neighbouring rows that hold on the same day, the earlier one first."""
    ordered = sorted(rows, key=lambda row: row.valid_from or date.min)
    latest: Row | None = None
    for row in ordered:
        if latest is not None and (row.valid_from or date.min) < (latest.valid_to or date.max):
            yield latest, row
        if latest is None or (row.valid_to or date.max) > (latest.valid_to or date.max):
            latest = row


def gaps(rows: Iterable[Dated]) -> Iterator[tuple[date, date]]:
    """Yield the days between the first beginning and the last end on which no row holds, the end not included."""
    until: date | None = None
    for row in sorted(rows, key=lambda row: row.valid_from or date.min):
        begin = row.valid_from or date.min
        if until is not None and begin > until:
            yield until, begin
        until = max(until or date.min, row.valid_to or date.max)


def overlap_in_words(carrier: Carrier, first: Tariff, second: Tariff) -> str:
    """Return that two tariffs of a carrier hold on the same days, the earlier one first."""
    text = _("%(first)s and %(second)s of %(carrier)s hold on the same days, %(days)s; the one begun last counts.")
    days = common_days(first, second)
    return text % {"first": first.name, "second": second.name, "carrier": carrier, "days": days}


def holds_on(row: Dated, day: date) -> bool:
    """Return whether a row holds on a day."""
    return (row.valid_from or date.min) <= day < (row.valid_to or date.max)


def common_days(first: Dated, second: Dated) -> str:
    """Return the days on which two rows hold, in words."""
    begin = max(first.valid_from or date.min, second.valid_from or date.min)
    return days_in_words(begin, min(first.valid_to or date.max, second.valid_to or date.max))


def days_in_words(begin: date, end: date) -> str:
    """Return the days from a beginning to an end that is not included, in words."""
    first, last = day_in_words(begin), day_in_words(end - DAY)
    if begin == date.min and end == date.max:
        return _("always")
    if end == date.max:
        return _("since %(first)s") % {"first": first}
    if begin == date.min:
        return _("until %(last)s") % {"last": last}
    if end - begin <= DAY:
        return _("on %(first)s") % {"first": first}
    return _("from %(first)s to %(last)s") % {"first": first, "last": last}


def day_in_words(day: date) -> str:
    """Return a day in the reader's format."""
    return formats.date_format(day, "SHORT_DATE_FORMAT")


def told(prefixes: Sequence[str]) -> dict[str, object]:
    """Return how many prefixes there are, and the first of them as examples."""
    first = ", ".join(prefix or "*" for prefix in list(dict.fromkeys(prefixes))[:EXAMPLES])
    return {"count": len(prefixes), "examples": f"{first} …" if len(prefixes) > EXAMPLES else first}
