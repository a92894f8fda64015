"""Which groups are kept when only the greatest are wanted, decided before any of them is named."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from accounting.services.columns.parting import Best, Groups
from reports.engine.dimensions import DIMENSIONS, Key
from reports.engine.measures import ADDITIVE, MEASURES, Sums
from reports.engine.question import Question

MOST_BARS, MOST_SLICES, MOST_SERIES, MOST_COLUMNS, MOST_LINES = 15, 7, 6, 400, 30
"""What charts show at most."""
MOST_GROUPS = 20_000
"""Groups of one level that are kept at most; beyond, the greatest are kept and the answer says so."""
SUMMED = frozenset(name for name, one in MEASURES.items() if one.needs == (name,) and name in ADDITIVE)
"""Figures that are a sum themselves."""
Leaves = dict[tuple[Key, ...], Sums]


CHARTED = {
    "": 0,
    "none": 0,
    "bar": MOST_BARS,
    "paired": MOST_BARS,
    "doughnut": MOST_SLICES,
    "heat": MOST_LINES,
    "stacked": MOST_COLUMNS,
}
"""How many of the greatest groups each kind of chart shows; others show groups in another order."""


class Summed(Protocol):
    """A group with its sums."""

    sums: Sums


SummedT = TypeVar("SummedT", bound=Summed)


@dataclass(frozen=True, slots=True)
class Ranking:
    """How many groups are kept, and by which figure."""

    column: str
    count: int
    """Of costs, in each currency."""
    falling: bool = True
    cuts: bool = True
    """Whether the other groups are left out for good, and not only not shown on this page."""

    def best(self, groups: Groups) -> Best:
        """Return the same for groups of the columnar copy."""
        weight = "" if self.column == "cost" else f"COALESCE(sum(s_{self.column}), 0)"
        return Best(groups, self.count, weight, self.falling)


def groups_of(levels: int, sums: Iterable[str], *, of_both: bool = False) -> Groups:
    """Return what groups with a cost and these sums, of one period or of two, consist of in the columnar copy."""
    functions = {"first": "min", "last": "max"}
    added = {"cost_sum": "sum", **{f"s_{name}": functions.get(name, "sum") for name in sums}}
    return Groups(levels, added, of_both)


def ranking_of(question: Question) -> Ranking | None:
    """Return by what the groups of a question are ranked; None where all of them are needed."""
    if len(question.group) != 1 or not DIMENSIONS[question.group[0]].many:
        return None
    column = question.sort.removeprefix("-")
    if column in SUMMED or column == "cost":
        return Ranking(column, question.top or MOST_GROUPS, question.sort.startswith("-"))
    return Ranking("calls", MOST_GROUPS) if question.top is None else None


def ranking_of_page(question: Question, rows: int) -> Ranking | None:
    """Return the same where only the first rows of all levels are shown, and the chart."""
    ranking, column = ranking_of(question), question.sort.removeprefix("-")
    first = DIMENSIONS[question.group[0]]
    is_columns = question.chart == "heat" and len(question.group) == 1  # which show all groups, not the greatest
    if (
        not first.many
        or question.chart not in CHARTED
        or is_columns
        or not question.sort.startswith("-")
        or column != leading_measure(question)
    ):
        return ranking
    shown = max(rows, CHARTED[question.chart])
    if question.top is not None and question.top <= shown:
        return ranking or Ranking(column, question.top)
    return Ranking(column, shown, cuts=False)


def leading_measure(question: Question) -> str:
    """Return the measure of which shares and changes are taken: the one that is sorted by, else cost, else calls."""
    wanted = question.sort.removeprefix("-")
    additive = ("cost", "calls", "talk", "ring", "missed", "answered", "outgoing", "incoming", "unpriced")
    if wanted in additive:
        return wanted
    return next((name for name in question.columns if name in additive), "calls")


def greatest(leaves: Leaves, ranking: Ranking | None) -> tuple[Leaves, Sums]:
    """Return the groups that are kept, with all that are equal to the last of them, and the sums of the others."""
    others = Sums()
    if ranking is None or len(leaves) <= ranking.count:
        return leaves, others
    if ranking.column == "cost":
        return dearest(leaves, ranking)
    weights = {keys: weight(sums, ranking.column) for keys, sums in leaves.items()}
    last = sorted(weights.values(), reverse=ranking.falling)[ranking.count - 1]
    kept = {}
    for keys, sums in leaves.items():
        if weights[keys] == last or (weights[keys] > last) == ranking.falling:
            kept[keys] = sums
        else:
            others.add(sums)
    return kept, others


def dearest(leaves: Leaves, ranking: Ranking) -> tuple[Leaves, Sums]:
    """Return the groups with the greatest amounts of each currency, all groups where too few have one, and the rest."""
    amounts: dict[str, list[int]] = {}
    for sums in leaves.values():
        for currency, micro in sums.costs.items():
            if micro:
                amounts.setdefault(currency, []).append(micro)
    lasts = {
        currency: sorted(found, reverse=ranking.falling)[: ranking.count][-1] for currency, found in amounts.items()
    }

    def is_kept(sums: Sums) -> bool:
        return any(
            micro and (micro == lasts[currency] or (micro > lasts[currency]) == ranking.falling)
            for currency, micro in sums.costs.items()
        )

    kept = {keys: sums for keys, sums in leaves.items() if is_kept(sums)}
    if len(kept) < ranking.count:
        return leaves, Sums()
    others = Sums()
    for keys, sums in leaves.items():
        if keys not in kept:
            others.add(sums)
    return kept, others


def currency_of(sums: Sums) -> tuple[bool, str]:
    """Return the currency among whose groups one stands, those without any cost last."""
    used = [currency for currency, micro in sums.costs.items() if micro]
    return not used, min(used, default="")


def weight(sums: Sums, column: str) -> Any:
    """Return what a group is sorted by; for costs, the amount in the currency among whose groups it stands."""
    if column == "cost":
        return sums.costs.get(currency_of(sums)[1], 0)
    value = MEASURES[column].value(sums)
    return (value is not None, value) if column in ("first", "last") else (value if value is not None else -1)


def first_of(nodes: list[SummedT], question: Question) -> list[SummedT]:
    """Return the first groups of those in order; of costs the first of each currency, others only to fill up."""
    most, falling = question.top or len(nodes), question.sort.startswith("-")
    if question.sort.removeprefix("-") != "cost":
        return nodes[:most]
    kept: set[int] = set()
    for currency in {code for node in nodes for code, micro in node.sums.costs.items() if micro}:
        spent = [node for node in nodes if node.sums.costs.get(currency)]
        spent.sort(key=lambda node, code=currency: node.sums.costs[code], reverse=falling)  # type: ignore[misc]
        kept |= {id(node) for node in spent[:most]}
    if len(kept) < most:
        return nodes[:most]
    return [node for node in nodes if id(node) in kept]
