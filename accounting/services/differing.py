"""What a correction would change, added up by currency, by units of the organisation, by carrier and call type."""

from dataclasses import dataclass, field
from heapq import heappush, heapreplace
from typing import Any

from accounting.models import Pricing, Rate
from accounting.services.correcting import Change, Stored
from accounting.services.recording import UNPRICED_CODES

SAMPLE = 20
MOST_UNITS = 100
DIMENSIONS = ("person", "department", "cost_centre", "office", "carrier", "call_type")
Key = tuple[int | None, int | None, int | None, int | None, int | None, int, str]
"""Person, department, cost centre, office, rate, call type, currency."""


@dataclass(slots=True)
class Side:
    """Calls and millionths of one side of a correction."""

    calls: int = 0
    cost: int = 0


@dataclass(slots=True)
class Differences:
    """Counts changed records; `summary` is what a correction keeps of its dry run."""

    by_person: bool
    changed: int = 0
    newly_priced: int = 0
    now_unpriced: int = 0
    before: dict[Key, Side] = field(default_factory=dict)
    after: dict[Key, Side] = field(default_factory=dict)
    largest: list[tuple[int, int, dict[str, Any]]] = field(default_factory=list)
    """A heap of the greatest differences."""

    def add(self, change: Change) -> None:
        """Count one changed record."""
        before, after = change
        self.changed += 1
        self.newly_priced += before.pricing in UNPRICED_CODES and after.pricing == Pricing.PRICED
        self.now_unpriced += before.pricing not in UNPRICED_CODES and after.pricing in UNPRICED_CODES
        for sides, record in ((self.before, before), (self.after, after)):
            side = sides.get(key := self.key(record))
            if side is None:
                side = sides[key] = Side()
            side.calls += 1
            side.cost += record.cost or 0
        self.keep(before, after)

    def key(self, record: Stored) -> Key:
        """Return what a record is added up by."""
        person = record.user_id if self.by_person else None
        return (
            person, record.department_id, record.cost_centre_id, record.office_id, record.rate_id, record.call_type,
            record.currency,
        )  # fmt: skip

    def keep(self, before: Stored, after: Stored) -> None:
        """Keep a record among the samples when its difference is one of the greatest."""
        size = abs((after.cost or 0) - (before.cost or 0)) or (0 if before.cost == after.cost else 1)
        if len(self.largest) == SAMPLE and size <= self.largest[0][0]:
            return
        sample = {"record": before.id, "before": shown(before), "after": shown(after)}
        if len(self.largest) < SAMPLE:
            heappush(self.largest, (size, -before.id, sample))
        else:
            heapreplace(self.largest, (size, -before.id, sample))

    def summary(self) -> dict[str, Any]:
        """Return everything as JSON: costs by currency, units by dimension, samples."""
        return {
            "newly_priced": self.newly_priced,
            "now_unpriced": self.now_unpriced,
            "currencies": self.currencies(),
            "units": {name: self.units(place) for place, name in enumerate(DIMENSIONS)},
            "sample": [sample for _, _, sample in sorted(self.largest, key=lambda one: (-one[0], -one[1]))],
        }

    def currencies(self) -> dict[str, list[int]]:
        """Return millionths before and after by currency."""
        found: dict[str, list[int]] = {}
        for place, sides in enumerate((self.before, self.after)):
            for key, side in sides.items():
                if key[-1]:
                    found.setdefault(key[-1], [0, 0])[place] += side.cost
        return {currency: costs for currency, costs in found.items() if any(costs)}

    def units(self, dimension: int) -> list[dict[str, Any]]:
        """Return one row for each unit of a dimension, the greatest differences first, the rest in one row."""
        carriers = self.carriers() if DIMENSIONS[dimension] == "carrier" else None
        found: dict[int | None, dict[str, Any]] = {}
        for place, sides in enumerate((self.before, self.after)):
            for key, side in sides.items():
                unit: int | None = key[dimension]  # type: ignore[assignment]
                if carriers is not None:
                    unit = carriers.get(unit)
                row = found.setdefault(unit, {"unit": unit, "calls": [0, 0], "costs": {}})
                row["calls"][place] += side.calls
                if key[-1]:
                    row["costs"].setdefault(key[-1], [0, 0])[place] += side.cost
        rows = sorted(found.values(), key=weight, reverse=True)
        return [*rows[:MOST_UNITS], *([together(rows[MOST_UNITS:])] if len(rows) > MOST_UNITS else [])]

    def carriers(self) -> dict[int | None, int]:
        """Return the carriers of the rates that priced the records before or after."""
        rates = {key[4] for sides in (self.before, self.after) for key in sides} - {None}
        # All of them: a list of thousands of ids would be no quicker.
        found = Rate.objects.order_by().values_list("pk", "tariff__carrier_id").iterator()
        return {rate: carrier for rate, carrier in found if rate in rates}


def shown(record: Stored) -> dict[str, Any]:
    """Return what a sample shows of a record's price and owner."""
    return {
        "pricing": record.pricing, "cost": record.cost, "currency": record.currency,
        "user_id": record.user_id, "department_id": record.department_id,
    }  # fmt: skip


def weight(row: dict[str, Any]) -> tuple[int, int]:
    """Return how much a unit's row differs."""
    costs = sum(abs(after - before) for before, after in row["costs"].values())
    return costs, abs(row["calls"][1] - row["calls"][0])


def together(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the sums of several units' rows as one."""
    whole: dict[str, Any] = {"unit": None, "others": len(rows), "calls": [0, 0], "costs": {}}
    for row in rows:
        add_pair(whole["calls"], row["calls"])
        for currency, costs in row["costs"].items():
            add_pair(whole["costs"].setdefault(currency, [0, 0]), costs)
    return whole


def add_pair(whole: list[int], part: list[int]) -> None:
    """Add before and after."""
    whole[0] += part[0]
    whole[1] += part[1]
