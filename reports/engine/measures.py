"""What reports count: each figure by name, with the sums it is computed from.

Sums add up: over groups to subtotals and totals, over days to periods. Every figure is computed from sums at the
end, so that a total never disagrees with its parts. Costs are kept by currency and never added across currencies.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Form(Enum):
    """How a figure is written."""

    COUNT = "count"
    SECONDS = "seconds"
    MONEY = "money"
    PERCENT = "percent"
    CHANGE = "change"
    """A share by which something has grown or shrunk."""
    MOMENT = "moment"
    SCORE = "score"


@dataclass(slots=True)
class Sums:
    """What a group of calls adds up to; see ADDITIVE for the names."""

    numbers: dict[str, int] = field(default_factory=dict)
    costs: dict[str, int] = field(default_factory=dict)
    """Millionths by currency."""
    first: datetime | None = None
    last: datetime | None = None

    def add(self, other: "Sums") -> None:
        """Add another group's sums."""
        for name, value in other.numbers.items():
            self.numbers[name] = self.numbers.get(name, 0) + value
        for currency, micro in other.costs.items():
            self.costs[currency] = self.costs.get(currency, 0) + micro
        if other.first and (self.first is None or other.first < self.first):
            self.first = other.first
        if other.last and (self.last is None or other.last > self.last):
            self.last = other.last

    def of(self, name: str) -> int:
        """Return one sum, 0 when there is nothing."""
        return self.numbers.get(name, 0)

    @property
    def money(self) -> dict[str, Decimal]:
        """Amounts by currency, in units."""
        return {currency: Decimal(micro).scaleb(-6) for currency, micro in sorted(self.costs.items())}


ADDITIVE = (
    "calls", "answered", "missed", "unanswered", "talk", "ring", "ring_answered", "unpriced", "in_time", "incoming",
    "outgoing", "trunk", "rated", "mos", "poor",
)  # fmt: skip
"""Counts and seconds; `missed` are incoming calls that were not answered, `unanswered` outgoing ones."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of the vocabulary."""

    name: str
    label: str | Promise
    form: Form
    needs: tuple[str, ...]
    """The sums it is computed from: names of ADDITIVE, "cost", "first" or "last"."""
    value: Callable[[Sums], Any]
    help: str | Promise = ""


def _ratio(part: str, whole: str) -> Callable[[Sums], Decimal | None]:
    def value(sums: Sums) -> Decimal | None:
        return Decimal(sums.of(part)) / sums.of(whole) if sums.of(whole) else None

    return value


def _mean(total: str, count: str) -> Callable[[Sums], int | None]:
    def value(sums: Sums) -> int | None:
        return round(Decimal(sums.of(total)) / sums.of(count)) if sums.of(count) else None

    return value


def _sum(name: str) -> Callable[[Sums], int]:
    return lambda sums: sums.of(name)


MEASURES: dict[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure("calls", _("Calls"), Form.COUNT, ("calls",), _sum("calls")),
        Measure("incoming", _("Incoming"), Form.COUNT, ("incoming",), _sum("incoming")),
        Measure("outgoing", _("Outgoing"), Form.COUNT, ("outgoing",), _sum("outgoing")),
        Measure("answered", _("Answered"), Form.COUNT, ("answered",), _sum("answered")),
        Measure(
            "missed", _("Missed"), Form.COUNT, ("missed",), _sum("missed"), _("Incoming calls that were not answered.")
        ),
        Measure(
            "unanswered", _("Not reached"), Form.COUNT, ("unanswered",), _sum("unanswered"),
            _("Outgoing calls that were not answered."),
        ),
        Measure("answer_rate", _("Answer rate"), Form.PERCENT, ("answered", "calls"), _ratio("answered", "calls")),
        Measure("talk", _("Talk time"), Form.SECONDS, ("talk",), _sum("talk")),
        Measure(
            "mean_talk", _("Mean talk time"), Form.SECONDS, ("talk", "answered"), _mean("talk", "answered"),
            _("Talk time of the answered calls divided by their number."),
        ),
        Measure("ring", _("Ring time"), Form.SECONDS, ("ring",), _sum("ring")),
        Measure(
            "mean_ring", _("Mean ring time"), Form.SECONDS, ("ring_answered", "answered"),
            _mean("ring_answered", "answered"), _("How long answered calls rang."),
        ),
        Measure("in_time", _("Answered in time"), Form.COUNT, ("in_time",), _sum("in_time")),
        Measure(
            "in_time_rate", _("Answered in time, %"), Form.PERCENT, ("in_time", "calls"), _ratio("in_time", "calls")
        ),
        Measure("trunk", _("Time on trunks"), Form.SECONDS, ("trunk",), _sum("trunk")),
        Measure("rated", _("With voice quality"), Form.COUNT, ("rated",), _sum("rated")),
        Measure(
            "mean_mos", _("Mean MOS"), Form.SCORE, ("mos", "rated"),
            lambda sums: Decimal(sums.of("mos")).scaleb(-2) / sums.of("rated") if sums.of("rated") else None,
            _("Mean opinion score: 1 is bad, 4.5 is the best that a phone call reaches."),
        ),
        Measure(
            "good", _("Good quality"), Form.COUNT, ("rated", "poor"), lambda sums: sums.of("rated") - sums.of("poor"),
            _("Calls with a MOS of 3.6 or more."),
        ),
        Measure("poor", _("Poor quality"), Form.COUNT, ("poor",), _sum("poor"), _("Calls with a MOS below 3.6.")),
        Measure("cost", _("Cost"), Form.MONEY, ("cost",), lambda sums: sums.money),
        Measure(
            "unpriced", _("Without a price"), Form.COUNT, ("unpriced",), _sum("unpriced"),
            _("Chargeable calls for which no price is known; they are not in the cost."),
        ),
        Measure("first", pgettext_lazy("call", "First"), Form.MOMENT, ("first",), lambda sums: sums.first),
        Measure("last", pgettext_lazy("call", "Last"), Form.MOMENT, ("last",), lambda sums: sums.last),
    )
}  # fmt: skip


def needed_sums(measures: Iterable[str]) -> frozenset[str]:
    """Return the sums from which these figures are computed; the number of calls is always among them."""
    return frozenset({"calls"}).union(*(MEASURES[name].needs for name in measures))


def share(part: Sums, whole: Sums, measure: str) -> Decimal | Mapping[str, Decimal] | None:
    """Return which share of the whole a group has, by currency for money; None where there is no whole."""
    if measure == "cost":
        return {
            currency: Decimal(micro) / whole.costs[currency]
            for currency, micro in sorted(part.costs.items())
            if whole.costs.get(currency)
        }
    total = whole.of(measure)
    return Decimal(part.of(measure)) / total if total else None
