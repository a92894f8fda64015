"""Answers questions: groups with their sums, from the cheapest table that holds what is asked.

The database groups by everything at once, currency included; subtotals and totals are added up from the groups, so that
they always agree.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext as _

from accounting.services.columns.parting import Best, Only
from accounting.services.masking import order_of_hidden
from reports.engine.dimensions import DIMENSIONS, Dimension, Key, Wording, day_of
from reports.engine.fields import FIELDS, Asker, ChoiceField
from reports.engine.measures import ADDITIVE, MEASURES, Sums, needed_sums
from reports.engine.question import Question
from reports.engine.ranking import (
    Leaves,
    Ranking,
    currency_of,
    first_of,
    greatest,
    groups_of,
    ranking_of,
    ranking_of_page,
    weight,
)
from reports.engine.tables import rows_of_both, source_of

SUM_COLUMNS = [(name, f"s_{name}") for name in ADDITIVE]


@dataclass(slots=True)
class Node:
    """One group with the groups within it."""

    keys: tuple[Key, ...]
    """From the outermost level down to this one."""
    label: str
    sums: Sums
    dimensions: Sequence[Dimension]
    wording: Wording
    parts: list["Node"] = field(default_factory=list)
    before: Sums | None = None
    """The same group in the previous equal period; None when it was not asked for."""

    @property
    def level(self) -> int:
        """1 for the outermost groups."""
        return len(self.keys)

    @property
    def texts(self) -> tuple[str, ...]:
        """The keys as they stand in addresses; numbers that the reader does not see whole are sealed."""
        pairs = zip(self.dimensions, self.keys, strict=False)
        return tuple(text_of(one.filter_by, key, self.wording) for one, key in pairs)


@dataclass(slots=True)
class Answer:
    """Groups and their total."""

    question: Question
    total: Sums
    nodes: list[Node]
    source: str
    """Which table answered: "calls" or "days"."""
    before: Sums | None = None
    cut: bool = False
    """Whether there are more groups than are shown; the total counts all."""
    others: Node | None = None
    """The groups that were not wanted, as one; what they consist of is named by the inner levels."""

    @property
    def is_empty(self) -> bool:
        """Whether no call meets the question."""
        return not self.total.of("calls")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of the outermost groups are looked at, where that is known before they are counted."""

    rows: int = 0
    """So many rows from the first on, of all levels; 0: all."""
    keys: Sequence[Key] | None = None
    """Only these, without names: those of another answer, to be compared with."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked of the tables for a question."""

    question: Question
    wanted: Wanted
    dimensions: Sequence[Dimension]
    needs: frozenset[str]
    ranking: Ranking | None
    parting: Best | Only | None
    """What leaves of the groups of the columnar copy those that are wanted; None where all are."""


def plan_of(question: Question, wanted: Wanted, *, of_both: bool = False) -> Plan:
    """Return what is asked of the tables, of the copy for two periods at once if wanted."""
    # A report may be in the order of a figure that is not shown.
    named = (*question.columns, question.sort.removeprefix("-"))
    needs = needed_sums(name for name in named if name in MEASURES)
    dimensions = [DIMENSIONS[name] for name in question.group]
    ranking = ranking_of_page(question, wanted.rows) if wanted.rows else ranking_of(question)
    groups = groups_of(len(dimensions), sorted(needs - {"cost"}), of_both=of_both)
    parting: Best | Only | None = ranking.best(groups) if ranking else None
    if wanted.keys and dimensions[0].many:
        parting = Only(groups, wanted.keys)
    return Plan(question, wanted, dimensions, needs, ranking, parting)


def answer(question: Question, asker: Asker, wanted: Wanted = Wanted()) -> Answer:
    """Return the groups of a question with names, sums and total; those that are not wanted may be missing."""
    plan = plan_of(question, wanted)
    return answer_of(plan, asker, *source_of(question, asker, plan.dimensions, plan.needs, plan.parting))


def answers_of_both(question: Question, before: Question, asker: Asker, wanted: Wanted) -> tuple[Answer, Answer]:
    """Return the answer for a period, and that for the one before it with the same groups, which have no names there.

    Both periods are asked at once where the columnar copy can tell, one after the other elsewhere.
    """
    plan = plan_of(question, wanted, of_both=True)
    rows = rows_of_both(question, before, asker, plan.dimensions, plan.needs, plan.parting)
    found = answer(question, asker, wanted) if rows is None else answer_of(plan, asker, "columns", rows[0])
    same = Wanted(keys=[node.keys[0] for node in found.nodes])
    before = replace(before, top=None)
    if rows is None:
        return found, answer(before, asker, same)
    return found, answer_of(replace(plan, question=before, wanted=same), asker, "columns", rows[1])


def answer_of(plan: Plan, asker: Asker, source: str, rows: Iterable[dict[str, Any]]) -> Answer:
    """Return the answer that the rows of a table give."""
    question, dimensions, ranking = plan.question, plan.dimensions, plan.ranking
    is_named = plan.wanted.keys is None
    others, groups = set_apart(rows, dimensions)
    leaves = gather(groups, dimensions)
    if plan.wanted.keys is not None:
        leaves, dropped = those_of(leaves, plan.wanted.keys)
        others.setdefault((), Sums()).add(dropped)
    elif not isinstance(plan.parting, Best) or source != "columns":
        # The database gives all groups.
        leaves, dropped = greatest(leaves, ranking_of(question))
        others = others or {(): dropped}
    wording = Wording(asker.masker, asker.zone)
    found = Answer(question, Sums(), grow(leaves, dimensions, wording, named=is_named), source)
    unseen = Node((None,), _("Others"), Sums(), dimensions, wording)
    for sums in others.values():
        unseen.sums.add(sums)
    for node in (unseen, *found.nodes):
        found.total.add(node.sums)
    if unseen.sums.of("calls") and ranking and ranking.cuts:
        found.cut = True
    elif unseen.sums.of("calls"):
        unseen.parts = grow(others, dimensions[1:], wording, named=is_named) if dimensions[1:] else []
        found.others = unseen
    arrange(found.nodes, dimensions, question)
    if question.top is not None and len(found.nodes) > question.top:
        shown = first_of(found.nodes, question)
        found.nodes, found.cut = shown, found.cut or len(shown) < len(found.nodes)
    return found


def those_of(leaves: Leaves, keys: Collection[Key]) -> tuple[Leaves, Sums]:
    """Return the leaves within the outermost groups with these keys, and the sums of the others."""
    wanted, kept, others = set(keys), {}, Sums()
    for path, sums in leaves.items():
        if path[0] in wanted:
            kept[path] = sums
        else:
            others.add(sums)
    return kept, others


def set_apart(
    rows: Iterable[dict[str, Any]], dimensions: Sequence[Dimension]
) -> tuple[dict[tuple[Key, ...], Sums], list[dict[str, Any]]]:
    """Return the sums of the groups that are not wanted, by their inner keys, and the rows of those that are."""
    others: list[dict[str, Any]] = []
    groups: list[dict[str, Any]] = []
    for row in rows:
        (groups if row.get("is_best", True) else others).append(row)
    return gather(others, dimensions, outermost=1), groups


def gather(
    rows: Iterable[dict[str, Any]], dimensions: Sequence[Dimension], *, outermost: int = 0
) -> dict[tuple[Key, ...], Sums]:
    """Return the sums of each innermost group, by its keys from a level on."""
    found: dict[tuple[Key, ...], Sums] = {}
    names = [f"k{place}" for place in range(outermost, len(dimensions))]
    raw = [(tuple(plain(row[name]) for name in names), sums_of(row)) for row in rows]
    folds = [
        dimension.fold({keys[place] for keys, _sums in raw}) if dimension.fold else None
        for place, dimension in enumerate(dimensions[outermost:])
    ]
    for keys, sums in raw:
        folded = tuple(fold.get(key) if fold is not None else key for key, fold in zip(keys, folds, strict=True))
        known = found.get(folded)
        if known is None:
            found[folded] = sums
        else:
            known.add(sums)
    return {keys: sums for keys, sums in found.items() if any(sums.numbers.values()) or any(sums.costs.values())}


def plain(key: Any) -> Key:
    """Return a key as groups hold it: days instead of midnights."""
    return day_of(key) if hasattr(key, "year") else key


def sums_of(row: dict[str, Any]) -> Sums:
    """Return the sums of a row of the database."""
    numbers = {name: row[column] or 0 for name, column in SUM_COLUMNS if column in row}
    costs = {row["currency"]: row["cost_sum"]} if row["currency"] and row["cost_sum"] is not None else {}
    return Sums(numbers, costs, row.get("s_first"), row.get("s_last"))


def grow(
    leaves: dict[tuple[Key, ...], Sums], dimensions: Sequence[Dimension], wording: Wording, *, named: bool = True
) -> list[Node]:
    """Return the tree of groups, each with its name and the sums of all within it."""
    names: list[Mapping[Key, str]] = [
        dimension.names({keys[place] for keys in leaves}, wording) if named else {}
        for place, dimension in enumerate(dimensions)
    ]
    nodes: dict[tuple[Key, ...], Node] = {}
    roots: list[Node] = []
    for keys, sums in leaves.items():
        siblings = roots
        for level in range(1, len(keys) + 1):
            path = keys[:level]
            node = nodes.get(path)
            if node is None:
                key, dimension = path[-1], dimensions[level - 1]
                without = key is None or key == ""
                label = str(dimension.without) if without else names[level - 1].get(key) or str(key)
                # The innermost group is the row itself; those around it add up theirs.
                own = sums if level == len(keys) else Sums()
                node = nodes[path] = Node(path, label, own, dimensions, wording)
                siblings.append(node)
            if node.sums is not sums:
                node.sums.add(sums)
            siblings = node.parts
    return roots


def text_of(name: str, key: Key, wording: Wording) -> str:
    """Return a group's key as a value of a filter field."""
    if key is None or key == "":
        return "none"
    field_ = FIELDS.get(name)
    if isinstance(field_, ChoiceField):
        return next(text for text, (values, _label) in field_.members.items() if key in values)
    if name == "number":
        return wording.masker.of_others(key).key
    return f"id:{key}" if name == "person" else str(key)


def arrange(nodes: list[Node], dimensions: Sequence[Dimension], question: Question) -> None:
    """Put groups in order, level by level: by the wanted column, times by themselves."""
    if not nodes:
        return
    dimension = dimensions[nodes[0].level - 1]
    column, falling = question.sort.removeprefix("-"), question.sort.startswith("-")
    if dimension.ordered and column not in MEASURES:
        nodes.sort(key=lambda node: (node.keys[-1] is None, node.keys[-1]), reverse=falling)
    elif column in MEASURES:
        nodes.sort(key=by_name)
        nodes.sort(key=lambda node: weight(node.sums, column), reverse=falling)
        if column == "cost":
            nodes.sort(key=lambda node: currency_of(node.sums))
    else:
        nodes.sort(key=by_name, reverse=falling)
    for node in nodes:
        arrange(node.parts, dimensions, question)


def by_name(node: Node) -> tuple[str, str]:
    """Return what names are sorted by; the same names always stand in the same order."""
    key = str(node.keys[-1])
    return node.label.casefold(), order_of_hidden(key) if "*" in node.label else key
