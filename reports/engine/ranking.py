"""Which groups are kept when only the greatest are wanted, decided before any of them is named."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from accounting.services.columns.reading import Best
from reports.engine.dimensions import DIMENSIONS, Key
from reports.engine.measures import ADDITIVE, MEASURES, Sums
from reports.engine.question import Question

MOST_GROUPS = 20_000
"""Groups of one level that are kept at most; beyond, the greatest are kept and the answer says so."""
SUMMED = frozenset(name for name, one in MEASURES.items() if one.needs == (name,) and name in ADDITIVE)
"""Figures that are a sum themselves."""
Leaves = dict[tuple[Key, ...], Sums]


@dataclass(frozen=True, slots=True)
class Ranking:
    """How many groups are kept, and by which figure."""

    column: str
    count: int
    falling: bool = True

    def best(self, sums: Iterable[str]) -> Best:
        """Return the same for the columnar copy, where groups have a cost and these sums."""
        functions = {"s_first": "min", "s_last": "max"}
        names = {"cost_sum": "sum", **{f"s_{name}": functions.get(f"s_{name}", "sum") for name in sums}}
        cost = "max(cost_sum) FILTER (WHERE currency <> '')"
        weight = cost if self.column == "cost" else f"sum(s_{self.column})"
        return Best(self.count, names, f"COALESCE({weight}, 0)", self.falling)


def ranking_of(question: Question) -> Ranking | None:
    """Return by what the groups of a question are ranked; None where all of them are needed."""
    if len(question.group) != 1 or DIMENSIONS[question.group[0]].fold:
        return None
    column = question.sort.removeprefix("-")
    if column in SUMMED or column == "cost":
        return Ranking(column, question.top or MOST_GROUPS, question.sort.startswith("-"))
    return Ranking("calls", MOST_GROUPS) if question.top is None else None


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
