"""What a call costs, and why: the chain of rules as the number plan and the rating engine tell it (COST-5).

Nothing is computed here: the number is read by NumberPlan and priced by PriceBook, as when calls are recorded, so that
a simulated call costs what a recorded one does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import UnknownLocaleError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounting.models import (
    UNPRICED,
    CallRecord,
    CallType,
    Direction,
    Gateway,
    GatewayCarrier,
    Kind,
    NumberRule,
    Office,
)
from accounting.querysets.validity import holding
from accounting.services.classifying import NumberAnalysis, load_number_plan
from accounting.services.masking import ShownNumber
from accounting.services.rating import Explanation, Price, Quote, Step, Topic, load_price_book
from callanalytics.lib.money import from_micro

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

SITE_RULE = "site-"
NUMBER_STEPS: Mapping[str, StrOrPromise] = {
    "withheld": _("The number is withheld."),
    "feature-code": _("%(number)s is a feature code or a conference bridge: internal."),
    "not-a-number": _("%(number)s is no telephone number: unknown."),
    "site-override": _("Read as %(number)s. The office's prefix %(rule)s decides: %(type)s."),
    "emergency": _("%(number)s is an emergency number (%(country)s)."),
    "short-number": _("%(number)s is a short number (%(country)s): %(type)s."),
    "extension-length": _("%(number)s is no longer than the office's extensions: internal."),
    "no-plan": _("No number plan knows %(number)s: unknown."),
    "public-plan": _("Read by the public number plan as %(number)s (%(country)s): %(type)s."),
}

UNTOLD = "***"
"""Stands for the prefix of somebody else's private call."""


@dataclass(frozen=True, slots=True)
class Question:
    """A call that somebody may make: number as dialled or shown at the gateway's office."""

    number: str
    gateway: Gateway
    answered_at: datetime
    """Aware."""
    seconds: int
    incoming: bool


@dataclass(frozen=True, slots=True)
class Simulation:
    """The answer: what the call costs, each step that led to it, and what other tariffs would take."""

    question: Question
    office: Office | None
    analysis: NumberAnalysis
    call_type: CallType
    explanation: Explanation
    steps: tuple[Step, ...]
    quotes: list[Quote]

    @property
    def price(self) -> Price:
        """The price of the call."""
        return self.explanation.price

    @property
    def is_broken(self) -> bool:
        """Whether the chain of rules breaks at its last step, so that the call has no price."""
        return self.price.pricing in UNPRICED

    @property
    def zone_name(self) -> str:
        """The zone by whose clock the call is priced."""
        return str(zone_at(self.question.gateway))

    @property
    def local_day(self) -> date:
        """The day of the answer by that clock."""
        return self._local.date()

    @property
    def local_time(self) -> str:
        """The time of the answer by that clock."""
        return f"{self._local:%H:%M:%S}"

    @property
    def _local(self) -> datetime:
        return self.question.answered_at.astimezone(zone_at(self.question.gateway))


@dataclass(frozen=True, slots=True)
class PriceStory:
    """Why a recorded call has its price."""

    steps: tuple[Step, ...]
    """The steps by today's rules and tariffs."""
    today: Price | None
    """What today's tariffs give; None when no tariff has a say."""
    is_current: bool
    """Whether that is what the record holds."""

    @property
    def is_broken(self) -> bool:
        """Whether the chain of rules breaks at its last step today."""
        return self.today is not None and self.today.pricing in UNPRICED

    @property
    def cost_today(self) -> Decimal | None:
        """The cost by today's tariffs, None when the call would be unpriced."""
        return None if self.today is None or self.today.micro is None else from_micro(self.today.micro)


def zone_at(gateway: Gateway) -> ZoneInfo:
    """Return the zone by whose clock calls of a gateway are priced."""
    return ZoneInfo(gateway.office.time_zone if gateway.office and gateway.office.time_zone else "UTC")


def day_at(gateway: Gateway, moment: datetime) -> date:
    """Return the day by which a call of a gateway is priced that is answered at a moment."""
    return moment.astimezone(zone_at(gateway)).date()


def carrier_at(gateway: Gateway, moment: datetime) -> GatewayCarrier | None:
    """Return who is behind a gateway for calls answered at a moment, None when nobody is entered."""
    held = gateway.carriers.filter(holding(day_at(gateway, moment)))
    return held.select_related("carrier").order_by("-valid_from").first()


def simulate(question: Question) -> Simulation:
    """Return what a call costs and why, read and priced as a recorded call would be."""
    gateway = question.gateway
    office = gateway.office or gateway.phone_system.office
    analysis = load_number_plan().analyse(office.pk if office else None, question.number, incoming=question.incoming)
    call_type = analysis.call_type
    if call_type == CallType.INTERNAL and question.incoming:
        # As recorded: what came over a trunk is no internal call, however short the caller's number is.
        call_type = CallType.UNKNOWN
    book = load_price_book(analysis.number)
    explanation = book.explain(
        gateway_id=gateway.pk, number=analysis.number, call_type=call_type, incoming=question.incoming,
        answered_at=question.answered_at, seconds=question.seconds,
    )  # fmt: skip
    quotes = book.quotes(
        gateway_id=gateway.pk, number=analysis.number, call_type=call_type, incoming=question.incoming,
        answered_at=question.answered_at, seconds=question.seconds,
    )  # fmt: skip
    steps = (number_step(analysis, call_type), *explanation.steps)
    return Simulation(question, office, analysis, call_type, explanation, steps, quotes)


def number_step(analysis: NumberAnalysis, call_type: CallType) -> Step:
    """Return how a number was read, in words."""
    values = {
        "number": analysis.number or "–",
        "type": call_type.label,
        "country": country_name(analysis.country),
        "rule": analysis.entered,
        "destination": analysis.destination,
    }
    if analysis.rule in NUMBER_STEPS:
        return Step(Topic.NUMBER, NUMBER_STEPS[analysis.rule], values)
    kinds = {str(kind): label for kind, label in NumberRule.Kind.choices}
    values["kind"] = kinds.get(analysis.rule.removeprefix(SITE_RULE), "")
    return Step(Topic.NUMBER, _("%(number)s meets the office's number rule %(rule)s (%(kind)s): %(type)s."), values)


def country_name(code: str) -> str:
    """Return the name of a country in the active language, what stands for no country, or the code."""
    if not code.isalpha():
        return str(_("no country"))
    try:
        names = Locale.parse(get_language() or "en", sep="-").territories
    except (UnknownLocaleError, ValueError):
        names = Locale.parse("en").territories
    return str(names.get(code, code))


def price_story(record: CallRecord, number: ShownNumber) -> PriceStory:
    """Return why a recorded call has its price, told with its number as the reader may see it."""
    if record.answered_at is None or record.kind == Kind.INTERNAL:
        inside = _("Calls inside the organisation are not charged.")
        return told_once(inside if record.answered_at else _("Unanswered calls are not charged."))
    if not record.carries_trunk:
        return told_once(
            _("This part of the call used no channel of its own to the outside: another part carries the cost.")
        )
    told = load_price_book(record.other_number).explain(
        gateway_id=record.gateway_id,
        number=record.other_number,
        call_type=record.call_type,
        incoming=record.direction == Direction.INCOMING,
        answered_at=record.answered_at.astimezone(UTC),
        seconds=record.trunk_seconds,
    )
    steps = (recorded_number(record, number), *masked(told.steps, number))
    return PriceStory(steps, told.price, is_current=is_same(record, told.price))


def told_once(text: StrOrPromise) -> PriceStory:
    """Return the story of a record that no tariff has a say in."""
    return PriceStory((Step(Topic.CHARGEABLE, text, {}),), None, is_current=True)


def recorded_number(record: CallRecord, number: ShownNumber) -> Step:
    """Return the step that names number, type and country of a record."""
    country = "–" if number.private else country_name(record.country)
    values = {"number": number.text or "–", "type": record.get_call_type_display(), "country": country}
    return Step(Topic.NUMBER, _("Number %(number)s (%(country)s): %(type)s."), values)


def is_same(record: CallRecord, price: Price) -> bool:
    """Return whether a record has this price."""
    cost = None if price.micro is None else from_micro(price.micro)
    stored = None if record.is_unpriced else record.cost
    return (record.pricing, stored, record.currency) == (price.pricing, cost, price.currency)


def masked(steps: Iterable[Step], number: ShownNumber) -> Iterable[Step]:
    """Return steps whose prefixes say no digit of the number that the reader may not see."""
    if not number.hidden:
        return steps
    return (replace(step, values=masked_values(step.values, number)) for step in steps)


def masked_values(values: Mapping[str, object], number: ShownNumber) -> dict[str, object]:
    """Return the values of a step with shortened prefixes; of a private call without its destination."""
    found = dict(values)
    if number.private:
        found.pop("destination", None)
    if isinstance(prefix := found.get("prefix"), str):
        found["prefix"] = visible_prefix(prefix, number)
    if isinstance(shorter := found.get("shorter"), tuple):
        found["shorter"] = () if number.private else tuple(visible_prefix(prefix, number) for prefix in shorter)
    return found


def visible_prefix(prefix: str, number: ShownNumber) -> str:
    """Return a prefix of a number with asterisks where the reader does not see the number's digits."""
    if not number.hidden:
        return prefix
    if number.private:
        return UNTOLD  # its length alone would tell some countries: +1 is of one digit
    visible = sum(character.isdigit() for character in number.text.partition("*")[0])
    return prefix[:visible] + "*" * (len(prefix) - visible)
