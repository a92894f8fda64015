"""Calls without a price: grouped by reason, gateway and prefix, and what they would cost with a rate not yet saved."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

import phonenumbers
from django.db.models import Count, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import Left

from accounting.models import CallRecord, Direction, Gateway, GatewayCarrier, Pricing, Rate, Tariff
from accounting.querysets.validity import holding
from accounting.services.correcting import read
from accounting.services.naming import gateway_names
from accounting.services.rating.tariffs import RateLine
from accounting.services.reference import current_reference
from accounting.services.selecting import Selection
from accounting.services.simulating import carrier_at, day_at
from callanalytics.lib.money import from_micro, to_micro

HEAD = 7
"""The database groups by so many signs, among them +; prefixes are no longer."""
MOST_GROUPS = 200
DAY = timedelta(days=1)
MOST_PREVIEWED = 10_000
NEWEST_ID = 1 << 62
"""Among equal rates the newest wins, and a draft is the newest."""
LONGEST_SHORT_NUMBER = 6


@dataclass(slots=True)
class UnpricedGroup:
    """Unpriced calls of one reason, gateway and prefix."""

    pricing: int
    gateway_id: int | None
    prefix: str
    country: str
    calls: int
    talk_seconds: int
    first: datetime
    last: datetime
    gateway: str = ""

    @property
    def reason(self) -> str:
        """Why there is no price, in words."""
        return str(Pricing(self.pricing).label)

    @property
    def selection(self) -> Selection:
        """Exactly these calls."""
        return Selection(gateway=self.gateway_id, prefix=self.prefix, pricing=self.pricing, unpriced=True)


@dataclass(frozen=True, slots=True)
class Preview:
    """What calls would cost with a draft rate."""

    calls: int
    """How many were priced, the newest ones."""
    more: bool
    """Whether there are older ones."""
    priced: int
    costs: tuple[tuple[str, Decimal], ...]
    longest_seconds: int


def unpriced_groups(records: QuerySet[CallRecord]) -> list[UnpricedGroup]:
    """Return the groups of all unpriced records among these, the most frequent first; two queries."""
    rows = (
        records.filter(cost__isnull=True)
        # Anonymised calls can no longer be priced.
        .exclude(extension="")
        .order_by()
        .values("pricing", "gateway_id", head=Left("other_number", HEAD))
        .annotate(
            calls=Count("id"), talk=Sum("talk_seconds"), first=Min("started_at"), last=Max("started_at"),
            sample=Min("other_number"), country=Max("country"),
        )
    )  # fmt: skip
    found: dict[tuple[int, int | None, str], UnpricedGroup] = {}
    for row in rows:
        # Which numbers were called makes no difference where the carrier or the whole tariff is missing.
        prefix = useful_prefix(row["sample"]) if row["pricing"] == Pricing.NO_RATE else ""
        key = (row["pricing"], row["gateway_id"], prefix)
        group = found.get(key)
        if group is None:
            found[key] = UnpricedGroup(*key, row["country"], row["calls"], row["talk"], row["first"], row["last"])
        else:
            join(group, **row)
    names = gateway_names(group.gateway_id for group in found.values())
    for group in found.values():
        group.gateway = names.get(group.gateway_id or 0, "")
    return sorted(found.values(), key=lambda group: (-group.calls, group.prefix))


def join(
    group: UnpricedGroup, *, calls: int, talk: int, first: datetime, last: datetime, country: str, **_others: Any
) -> None:
    """Add a row of the database to a group."""
    group.calls += calls
    group.talk_seconds += talk
    group.first, group.last = min(group.first, first), max(group.last, last)
    group.country = group.country if group.country == country else ""


@lru_cache(maxsize=50_000)
def useful_prefix(number: str) -> str:
    """Return country code and area or network of a public number, a short number as it is."""
    if not number.startswith("+"):
        return number if len(number) <= LONGEST_SHORT_NUMBER else number[:HEAD]
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number[:HEAD]
    area = phonenumbers.length_of_national_destination_code(parsed)
    national = phonenumbers.national_significant_number(parsed)
    return f"+{parsed.country_code}{national[:area]}"[:HEAD]


def group_of(records: QuerySet[CallRecord], selection: Selection) -> UnpricedGroup | None:
    """Return the calls of a selection as one group, None when there are none (any more)."""
    sums = records.aggregate(
        calls=Count("id"), talk=Sum("talk_seconds"), first=Min("started_at"), last=Max("started_at"),
        a_country=Max("country"), countries=Count("country", distinct=True),
    )  # fmt: skip
    if not sums["calls"]:
        return None
    country = sums["a_country"] if sums["countries"] == 1 else ""
    return UnpricedGroup(
        selection.pricing or 0, selection.gateway, selection.prefix, country,
        sums["calls"], sums["talk"], sums["first"], sums["last"],
        gateway_names([selection.gateway]).get(selection.gateway or 0, ""),
    )  # fmt: skip


def tariffs_of(group: UnpricedGroup) -> QuerySet[Tariff]:
    """Return the tariffs that hold on days of a group, of all carriers behind its gateway then, the latest first."""
    # A day more on both sides: tariffs change at midnight of the offices, moments are in UTC.
    first, last = group.first.date() - DAY, group.last.date() + DAY
    holds = (Q(valid_from=None) | Q(valid_from__lte=last)) & (Q(valid_to=None) | Q(valid_to__gt=first))
    carriers = GatewayCarrier.objects.filter(holds, gateway_id=group.gateway_id or 0).values("carrier_id")
    found = Tariff.objects.filter(holds, carrier_id__in=carriers)
    return found.select_related("carrier").order_by("-valid_from", "-pk")


def tariff_at(gateway: Gateway, moment: datetime) -> Tariff | None:
    """Return the tariff that prices calls of a gateway answered at a moment, None when there is none."""
    bound = carrier_at(gateway, moment)
    holds = holding(day_at(gateway, moment))
    return Tariff.objects.filter(holds, carrier_id=bound.carrier_id).first() if bound else None


def preview(records: QuerySet[CallRecord], draft: Rate) -> Preview:
    """Return what these calls would cost, by the engine itself, if a rate that is not saved yet were there."""
    book = current_reference().book.with_rate(draft.tariff_id, line_of(draft))
    stored = read(records.order_by("-started_at")[: MOST_PREVIEWED + 1])
    more, stored = len(stored) > MOST_PREVIEWED, stored[:MOST_PREVIEWED]
    costs: dict[str, int] = {}
    priced = 0
    for record in stored:
        price = book.price(
            gateway_id=record.gateway_id, number=record.other_number, call_type=record.call_type,
            incoming=record.direction == Direction.INCOMING, answered_at=record.answered_at,
            seconds=record.trunk_seconds,
        )  # fmt: skip
        if price.pricing == Pricing.PRICED:
            priced += 1
            costs[price.currency] = costs.get(price.currency, 0) + (price.micro or 0)
    return Preview(len(stored), more, priced, in_units(costs), max((one.trunk_seconds for one in stored), default=0))


def in_units(costs: dict[str, int]) -> tuple[tuple[str, Decimal], ...]:
    """Return millionths by currency as amounts."""
    return tuple((currency, from_micro(micro)) for currency, micro in sorted(costs.items()))


def line_of(rate: Rate) -> RateLine:
    """Return an unsaved rate in the form of the rating engine."""
    return RateLine(
        id=NEWEST_ID, prefix=rate.prefix.removeprefix("+"), call_type=rate.call_type, incoming=rate.incoming,
        band_id=rate.band_id, valid_from=rate.valid_from or date.min, valid_to=rate.valid_to or date.max,
        connection_fee=to_micro(rate.connection_fee), price_per_minute=to_micro(rate.price_per_minute),
        first_increment=rate.first_increment, increment=rate.increment, minimum=to_micro(rate.minimum),
        maximum=None if rate.maximum is None else to_micro(rate.maximum), free_seconds=rate.free_seconds,
        destination=rate.destination,
    )  # fmt: skip


def reasons_of(groups: Iterable[UnpricedGroup]) -> dict[int, int]:
    """Return the number of calls by reason."""
    found: dict[int, int] = {}
    for group in groups:
        found[group.pricing] = found.get(group.pricing, 0) + group.calls
    return found
