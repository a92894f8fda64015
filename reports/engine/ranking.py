"""Which groups are kept when only the greatest are wanted, decided before any of them is named."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

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


@dataclass(frozen=True, slots=True)
class Ranking:
    """How many groups are kept, and by which figure."""

    column: str
    count: int
    falling: bool = True
    in_currency: int = 0
    """How many of the greatest in each currency are kept beside them."""
    cuts: bool = True
    """Whether the other groups are left out for good, and not only not shown on this page."""

    def best(self, levels: int, sums: Iterable[str]) -> Best:
        """Return the same for the columnar copy, where groups have a cost and these sums."""
        cost = "max(cost_sum) FILTER (WHERE currency <> '')"
        weight = cost if self.column == "cost" else f"sum(s_{self.column})"
        groups = groups_of(levels, sums)
        return Best(groups, self.count, f"COALESCE({weight}, 0)", self.falling, self.in_currency)


def groups_of(levels: int, sums: Iterable[str]) -> Groups:
    """Return what groups with a cost and these sums consist of in the columnar copy."""
    functions = {"first": "min", "last": "max"}
    return Groups(levels, {"cost_sum": "sum", **{f"s_{name}": functions.get(name, "sum") for name in sums}})


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
    if (
        not first.many
        or question.chart not in CHARTED
        or not question.sort.startswith("-")
        or column != leading_measure(question)
    ):
        return ranking
    shown = max(rows, CHARTED[question.chart])
    if question.top is not None and question.top <= shown:
        return ranking or Ranking(column, question.top)
    return Ranking(column, shown, in_currency=CHARTED[question.chart] if column == "cost" else 0, cuts=False)


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
    weights = {keys: weight(sums, ranking.column) for keys, sums in leaves.items()}
    last = sorted(weights.values(), reverse=ranking.falling)[ranking.count - 1]
    kept = {}
    for keys, sums in leaves.items():
        if weights[keys] == last or (weights[keys] > last) == ranking.falling:
            kept[keys] = sums
        else:
            others.add(sums)
    return kept, others


def weight(sums: Sums, column: str) -> Any:
    """Return what a group is sorted by; amounts of several currencies count as they are, side by side."""
    value = MEASURES[column].value(sums)
    if isinstance(value, dict):
        return max(value.values(), default=0)
    return (value is not None, value) if column in ("first", "last") else (value if value is not None else -1)
