"""Names for what corrections keep as ids: differences by unit with bars to draw, samples, and the journal's rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounting.models import (
    CallRecord,
    CallType,
    Carrier,
    CorrectedRecord,
    Correction,
    CorrectionKind,
    CostCentre,
    Department,
    Office,
    Pricing,
    User,
)
from accounting.services.masking import Masker
from accounting.services.naming import NamedCall, named_calls, person_names
from callanalytics.lib.money import from_micro

DIMENSIONS: dict[str, str | Promise] = {
    "person": gettext_lazy("Person"),
    "department": gettext_lazy("Department"),
    "cost_centre": gettext_lazy("Cost centre"),
    "office": gettext_lazy("Office"),
    "carrier": gettext_lazy("Carrier"),
    "call_type": gettext_lazy("Call type"),
}
MODELS: dict[str, Any] = {
    "person": User, "department": Department, "cost_centre": CostCentre, "office": Office, "carrier": Carrier,
}  # fmt: skip
OF_OWNERS = ("person", "department", "cost_centre", "office")
OF_COSTS = ("department", "cost_centre", "office", "carrier", "call_type")
SIDES = ("before", "after")
FULL = 100
"""The length of the longest bar."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """An amount before and after, and bars for both."""

    currency: str
    before: Decimal
    after: Decimal
    bar_before: int = 0
    bar_after: int = 0

    @property
    def difference(self) -> Decimal:
        """After less before."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class UnitDifference:
    """One unit's calls and costs before and after."""

    name: str
    calls_before: int
    calls_after: int
    amounts: tuple[Amounts, ...]


@dataclass(frozen=True, slots=True)
class PriceSide:
    """What a call cost on one side of a correction, and whose it was."""

    pricing: str
    priced: bool
    cost: Decimal | None
    currency: str
    owner: str
    unit: str
    """The department."""


@dataclass(frozen=True, slots=True)
class CorrectedCall:
    """A call with what it held before and after; no call when its record is gone."""

    pk: int
    call: NamedCall | None
    before: PriceSide
    after: PriceSide
    entry: CorrectedRecord | None = None


def dimensions_of(correction: Correction) -> list[str]:
    """Return by what a correction's differences can be looked at."""
    return list(OF_OWNERS if correction.kind == CorrectionKind.OWNER else OF_COSTS)


def currencies_of(correction: Correction) -> list[Amounts]:
    """Return the whole difference by currency."""
    rows: dict[str, list[int]] = correction.summary.get("currencies", {})
    return [amounts(currency, costs, 0) for currency, costs in sorted(rows.items())]


def units_of(correction: Correction, dimension: str) -> list[UnitDifference]:
    """Return the differences of all units of one dimension, with bars to one scale for each currency."""
    rows: list[dict[str, Any]] = correction.summary.get("units", {}).get(dimension, [])
    names = unit_names(dimension, (row["unit"] for row in rows))
    greatest: dict[str, int] = {}
    for row in rows:
        for currency, costs in row["costs"].items():
            greatest[currency] = max(greatest.get(currency, 0), *costs)
    return [
        UnitDifference(
            name_of_row(row, names, dimension),
            row["calls"][0],
            row["calls"][1],
            tuple(amounts(currency, costs, greatest[currency]) for currency, costs in sorted(row["costs"].items())),
        )
        for row in rows
    ]


def amounts(currency: str, costs: Sequence[int], greatest: int) -> Amounts:
    """Return an amount before and after with bars that fill their place at `greatest`."""
    before, after = (from_micro(cost) for cost in costs)
    bars = [round(FULL * cost / greatest) if greatest > 0 else 0 for cost in costs]
    return Amounts(currency, before, after, *bars)


def unit_names(dimension: str, ids: Iterable[int | None]) -> dict[int, str]:
    """Return the names of units by id."""
    if dimension == "call_type":
        return {int(one): str(one.label) for one in CallType}
    wanted = {pk for pk in ids if pk is not None}
    return {pk: str(unit) for pk, unit in MODELS[dimension].objects.in_bulk(wanted).items()}


def name_of_row(row: dict[str, Any], names: dict[int, str], dimension: str) -> str:
    """Return what a row of differences is called."""
    if row.get("others"):
        return ngettext("%(count)s other", "%(count)s others", row["others"]) % {"count": row["others"]}
    if row["unit"] is None:
        return _("Nobody") if dimension == "person" else _("None")
    return names.get(row["unit"], str(row["unit"]))


def samples_of(correction: Correction, masker: Masker) -> list[CorrectedCall]:
    """Return the calls with the greatest differences."""
    rows: list[dict[str, Any]] = correction.summary.get("sample", [])
    calls = calls_by_id([row["record"] for row in rows], masker)
    owners = owners_of([row[side] for row in rows for side in SIDES])
    return [
        CorrectedCall(
            row["record"], calls.get(row["record"]), side_of(row["before"], owners), side_of(row["after"], owners)
        )
        for row in rows
    ]


def journal_of(entries: Sequence[CorrectedRecord], masker: Masker) -> list[CorrectedCall]:
    """Return entries of the journal with their calls: the same number of queries for any number of entries."""
    calls = calls_by_id([entry.record_id for entry in entries], masker)
    owners = owners_of([values for entry in entries for values in (entry.before, entry.after)])
    return [
        CorrectedCall(
            entry.record_id, calls.get(entry.record_id), side_of(entry.before, owners), side_of(entry.after, owners),
            entry,
        )
        for entry in entries
    ]  # fmt: skip


def owners_of(sides: Sequence[dict[str, Any]]) -> tuple[dict[int, str], dict[int, str]]:
    """Return the names of the people and of the departments of corrected calls; two queries."""
    departments = {pk for side in sides if (pk := side.get("department_id"))}
    names = {pk: str(unit) for pk, unit in Department.objects.in_bulk(departments).items()} if departments else {}
    return person_names(side.get("user_id") for side in sides), names


def side_of(values: dict[str, Any], owners: tuple[dict[int, str], dict[int, str]]) -> PriceSide:
    """Return one side of a corrected call in words."""
    pricing, cost = values.get("pricing"), values.get("cost")
    return PriceSide(
        pricing=str(Pricing(pricing).label) if pricing else "",
        priced=pricing == Pricing.PRICED,
        cost=None if cost is None else from_micro(cost),
        currency=values.get("currency", ""),
        owner=owners[0].get(values.get("user_id") or 0, ""),
        unit=owners[1].get(values.get("department_id") or 0, ""),
    )


def calls_by_id(ids: Sequence[int], masker: Masker) -> dict[int, NamedCall]:
    """Return calls with everything that a row shows, those that the reader may see."""
    records = list(CallRecord.objects.visible_to(masker.viewer).filter(pk__in=ids))
    return {call.record.pk: call for call in named_calls(records, masker, owners=True)}
