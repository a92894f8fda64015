"""Answers questions: groups with their sums, or pages of calls, from the cheapest table that holds what is asked.

The database groups by everything at once, currency included; subtotals and totals are added up from the groups, so that
they always agree. A table of totals answers a question only when it has every column that the question names and the
period begins and ends with its days.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import BigIntegerField, Count, F, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import Cast, TruncMonth, TruncWeek

from accounting.models import UNPRICED, CallRecord, Direction, ExtensionDay, Outcome, User
from accounting.querysets.calls import CallRecordQuerySet, supervised_by
from accounting.services.columns.reading import from_both, within
from reports.engine.conditions import Comparison, Condition
from reports.engine.dimensions import DIMENSIONS, Dimension, Key, Wording, day_of
from reports.engine.fields import FIELDS, Asker, ChoiceField
from reports.engine.measures import ADDITIVE, MEASURES, Sums, needed_sums
from reports.engine.question import Question, condition_of, period_of
from reports.engine.ranking import greatest, ranking_of, weight

POOR_MOS = 360
"""Hundredths of the mean opinion score below which many people are dissatisfied (ITU-T G.107, R below 70)."""
SUM_COLUMNS = [(name, f"s_{name}") for name in ADDITIVE]
ANSWERED, INCOMING = Q(outcome=Outcome.ANSWERED), Q(direction=Direction.INCOMING)
DAY_COLUMNS = frozenset(column.name for column in ExtensionDay._meta.fields) | {
    "user_id", "department_id", "cost_centre_id", "office_id", "phone_system_id",
}  # fmt: skip
IN_TOTALS = frozenset(
    {
        "calls",
        "answered",
        "missed",
        "unanswered",
        "talk",
        "ring",
        "ring_answered",
        "unpriced",
        "incoming",
        "outgoing",
        "cost",
    }
)


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

    @property
    def is_empty(self) -> bool:
        """Whether no call meets the question."""
        return not self.total.of("calls")


def calls_of(question: Question, asker: Asker) -> CallRecordQuerySet:
    """Return the calls that the asker may see and that meet the question."""
    period = period_of(question, asker.zone)
    return within(calls_of_any_time(question, asker), period.start, period.end)


def calls_of_any_time(question: Question, asker: Asker) -> CallRecordQuerySet:
    """Return the calls that the asker may see and that meet the question, whatever its period."""
    return CallRecord.objects.visible_to(asker.reader).filter(every_condition(question, asker))


def every_condition(question: Question, asker: Asker) -> Q:
    """Return the test of all filters together."""
    found = Q()
    for test in question.tests:
        found &= condition_of(test, asker)
    return found & condition_of(question.where, asker) if question.where else found


def answer(question: Question, asker: Asker, *, named: bool = True) -> Answer:
    """Return the groups of a question with names, sums and total; those for comparing need no names."""
    # A report may be in the order of a figure that is not shown.
    wanted = (*question.columns, question.sort.removeprefix("-"))
    needs = needed_sums(name for name in wanted if name in MEASURES)
    dimensions = [DIMENSIONS[name] for name in question.group]
    ranking = ranking_of(question)
    source, rows = source_of(question, asker, dimensions, needs)
    total, groups = set_apart(rows)
    leaves, others = greatest(gather(groups, dimensions), ranking)
    total.add(others)
    cut = bool(total.of("calls"))
    tree = grow(leaves, dimensions, Wording(asker.masker, asker.zone), named=named)
    for node in tree:
        total.add(node.sums)
    arrange(tree, dimensions, question)
    if question.top is not None and len(tree) > question.top:
        tree, cut = tree[: question.top], True
    return Answer(question, total, tree, source, cut=cut)


def set_apart(rows: Iterable[dict[str, Any]]) -> tuple[Sums, list[dict[str, Any]]]:
    """Return the sums of the groups that are not shown, and the rows of those that are."""
    others, groups = Sums(), []
    for row in rows:
        if row.get("is_best", True):
            groups.append(row)
        else:
            others.add(sums_of(row))
    return others, groups


def source_of(
    question: Question, asker: Asker, dimensions: Sequence[Dimension], needs: frozenset[str]
) -> tuple[str, Iterable[dict[str, Any]]]:
    """Return the name of the table that answers, and its rows: k0, k1 … for the levels, currency, sums."""
    copied = copied_rows(question, asker, dimensions, needs)
    if copied is not None:
        return "columns", copied
    if in_days(question, asker, dimensions, needs):
        return "days", day_rows(question, asker, dimensions, needs)
    sums = sums_of_calls(question, needs)
    return "calls", grouped(calls_of(question, asker), dimensions, asker.zone, sums).iterator(5000)


def copied_rows(
    question: Question, asker: Asker, dimensions: Sequence[Dimension], needs: frozenset[str]
) -> list[dict[str, Any]] | None:
    """Return sums from the columnar copy and the database together; None where the database is to answer alone."""
    if not reads_widely(asker.reader):
        return None
    period, sums, ranking = period_of(question, asker.zone), sums_of_calls(question, needs), ranking_of(question)
    return from_both(
        calls_of_any_time(question, asker),
        period.start,
        period.end,
        lambda records: grouped(records, dimensions, asker.zone, sums),
        ranking.best(sums) if ranking else None,
    )


def reads_widely(reader: User) -> bool:
    """Return whether a person sees more than own calls, to which the database has an index."""
    return reader.is_administrator or reader.is_supervisor


def in_days(question: Question, asker: Asker, dimensions: Sequence[Dimension], needs: frozenset[str]) -> bool:
    """Return whether the totals by day can answer."""
    if asker.zone.key != settings.TIME_ZONE or not needs <= IN_TOTALS:
        return False
    if not all(one.columns and one.columns <= DAY_COLUMNS for one in dimensions):
        return False
    return all(FIELDS[name].columns and FIELDS[name].columns <= DAY_COLUMNS for name in fields_in(question))


def fields_in(question: Question) -> set[str]:
    """Return the names of all fields that the question compares."""

    def named(condition: Condition) -> Iterable[str]:
        if isinstance(condition, Comparison):
            yield condition.field
        else:
            for part in condition.parts:
                yield from named(part)

    parts = (*question.tests, *((question.where,) if question.where else ()))
    return {name for part in parts for name in named(part)}


def sums_of_calls(question: Question, needs: Iterable[str]) -> dict[str, Any]:
    """Return the sums over call records that are needed, the cost apart."""
    # What is counted is a column that is never empty and quickly read.
    sums: dict[str, Any] = {
        "calls": Count("*"),
        "incoming": Count("direction", filter=INCOMING),
        "outgoing": Count("direction", filter=~INCOMING),
        "answered": Count("direction", filter=ANSWERED),
        "missed": Count("direction", filter=~ANSWERED & INCOMING),
        "unanswered": Count("direction", filter=~ANSWERED & ~INCOMING),
        "talk": Sum("talk_seconds", filter=ANSWERED),
        "ring": Sum("ring_seconds"),
        "ring_answered": Sum("ring_seconds", filter=ANSWERED),
        "unpriced": Count("direction", filter=Q(pricing__in=UNPRICED)),
        "in_time": Count("direction", filter=ANSWERED & Q(ring_seconds__lte=question.target)),
        "trunk": Sum("trunk_seconds", filter=Q(carries_trunk=True)),
        "rated": Count("mos"),
        "mos": Sum("mos"),
        "poor": Count("direction", filter=Q(mos__lt=POOR_MOS)),
        "first": Min("started_at"),
        "last": Max("started_at"),
    }
    return {name: sums[name] for name in needs if name != "cost"}


def day_rows(
    question: Question, asker: Asker, dimensions: Sequence[Dimension], needs: frozenset[str]
) -> Iterable[dict[str, Any]]:
    """Return sums of the totals by day."""
    sums: dict[str, Any] = {
        "calls": Sum("calls"),
        "incoming": Sum("calls", filter=INCOMING),
        "outgoing": Sum("calls", filter=~INCOMING),
        "answered": Sum("calls", filter=ANSWERED),
        "missed": Sum("calls", filter=~ANSWERED & INCOMING),
        "unanswered": Sum("calls", filter=~ANSWERED & ~INCOMING),
        "talk": Sum("talk_seconds", filter=ANSWERED),
        "ring": Sum("ring_seconds"),
        "ring_answered": Sum("ring_seconds", filter=ANSWERED),
        "unpriced": Sum("unpriced"),
    }
    totals = days_visible_to(asker).filter(every_condition(question, asker))
    first, last = question.days()
    if first:
        totals = totals.filter(day__gte=first)
    if last:
        totals = totals.filter(day__lte=last)
    wanted = {name: sums[name] for name in needs if name != "cost"}
    return grouped(totals, dimensions, asker.zone, wanted, days=True).iterator(5000)


def days_visible_to(asker: Asker) -> QuerySet[Any]:
    """Return the totals of calls that the asker may see: the scope of CallRecordQuerySet.visible_to."""
    reader, every = asker.reader, ExtensionDay.objects.all()
    if not reader.is_active:
        return every.none()
    if reader.is_administrator:
        return every
    own = Q(user_id=reader.pk)
    return every.filter(own | supervised_by(reader) if reader.is_supervisor else own)


def grouped(
    rows: QuerySet[Any], dimensions: Sequence[Dimension], zone: ZoneInfo, sums: dict[str, Any], *, days: bool = False
) -> QuerySet[Any, dict[str, Any]]:
    """Return the query of rows grouped by all levels and the currency."""
    keys = {f"k{place}": expression_of(one, zone, days=days) for place, one in enumerate(dimensions)}
    cost = Sum(Cast("cost", BigIntegerField()))
    return (  # type: ignore[no-any-return]
        rows.order_by()
        .annotate(**keys)
        .values(*keys, "currency")
        .annotate(cost_sum=cost, **{f"s_{name}": one for name, one in sums.items()})
    )


def expression_of(dimension: Dimension, zone: ZoneInfo, *, days: bool) -> Any:
    """Return what a table is grouped by for a dimension."""
    if not days or "day" not in dimension.columns:
        return dimension.expression(zone)
    return {"day": F("day"), "week": TruncWeek("day"), "month": TruncMonth("day")}[dimension.name]


def gather(rows: Iterable[dict[str, Any]], dimensions: Sequence[Dimension]) -> dict[tuple[Key, ...], Sums]:
    """Return the sums of each innermost group."""
    found: dict[tuple[Key, ...], Sums] = {}
    raw = [(tuple(plain(row[f"k{place}"]) for place in range(len(dimensions))), sums_of(row)) for row in rows]
    folds = [
        dimension.fold({keys[place] for keys, _sums in raw}) if dimension.fold else None
        for place, dimension in enumerate(dimensions)
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
    else:
        nodes.sort(key=by_name, reverse=falling)
    for node in nodes:
        arrange(node.parts, dimensions, question)


def by_name(node: Node) -> tuple[str, str]:
    """Return what names are sorted by; the same names always stand in the same order."""
    return node.label.casefold(), str(node.keys[-1])
