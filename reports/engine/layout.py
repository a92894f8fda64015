"""A report laid out: columns and rows with typed cells; the page, every export and every chart read it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, cached_property
from itertools import islice
from typing import Any, overload
from urllib.parse import quote_plus, urlencode

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounting.models import Department
from reports.engine.answering import Answer, Node
from reports.engine.conditions import Comparison, written
from reports.engine.details import DETAILS
from reports.engine.dimensions import DIMENSIONS
from reports.engine.measures import MEASURES, Form, Sums, share
from reports.engine.question import Question, key_of
from reports.engine.ranking import leading_measure


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    name: str
    label: str | Promise
    form: Form | None = None
    """How its cells are written; None: texts."""

    @property
    def numeric(self) -> bool:
        """Whether its cells are set at the end."""
        return self.form not in (None, Form.MOMENT)


@dataclass(slots=True)
class Row:
    """One row: a group, or a call."""

    cells: list[Any]
    """Texts, int, Decimal, Decimal by currency, timedelta, datetime; None for nothing."""
    level: int = 1
    """Depth of a group; 1 is the outermost."""
    has_parts: bool = False
    calls: str = ""
    """Query string of the call list behind the row; '' when there is none."""
    record_id: int | None = None
    key: Any = None


class RowsMade(Sequence[Row]):
    """Rows that are made of something else, together, when they are looked at: of thousands a page shows some."""

    def __init__(self, items: Sequence[Any], make: Callable[[Sequence[Any]], Iterable[Row]]) -> None:
        self._items, self._make = items, make

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._make(self._items))

    @overload
    def __getitem__(self, place: int) -> Row: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Row]: ...

    def __getitem__(self, place: int | slice) -> Row | Sequence[Row]:
        if isinstance(place, slice):
            return RowsMade(self._items[place], self._make)
        return next(iter(self._make([self._items[place]])))


@dataclass(slots=True)
class Layout:
    """Columns, rows and total."""

    columns: list[Column]
    rows: Sequence[Row]
    total: Row | None = None
    cut: bool = False
    """Whether there are more rows than these."""
    levels: int = 0
    """How many levels of groups; 0: calls."""
    after: str = ""
    before: str = ""
    """Positions of the neighbouring pages of calls."""
    page: int = 0
    """Which page of groups, from 0."""
    has_more: bool = False
    """Whether another page of groups follows."""
    notes: list[str] = field(default_factory=list)
    narrower: dict[str, str] = field(default_factory=dict)
    """By column of counts, what follows the query string of a group's calls to leave those that are counted."""
    charts: list[Any] = field(default_factory=list)
    """Pictures (reports.charts.base.Chart) of reports that are no plain question."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not self.rows


CENT = Decimal("0.01")
Days = tuple[date | None, date | None]
"""First and last day, both included; None for an open side."""
DERIVED_COLUMNS = {
    "share": Column("share", gettext_lazy("Share"), Form.PERCENT),
    "change": Column("change", gettext_lazy("Change"), Form.CHANGE),
    "markup": Column("markup", gettext_lazy("Mark-up"), Form.MONEY),
    "tax": Column("tax", gettext_lazy("Tax"), Form.MONEY),
    "total": Column("total", gettext_lazy("Total"), Form.MONEY),
}


def columns_of(question: Question) -> list[Column]:
    """Return the columns of a question about groups, the group's name first."""
    names = " / ".join(str(DIMENSIONS[name].label) for name in question.group)
    return [Column("name", names), *(figure_column(name) for name in question.columns)]


def figure_column(name: str) -> Column:
    """Return the column of a figure."""
    if name in DERIVED_COLUMNS:
        return DERIVED_COLUMNS[name]
    measure = MEASURES[name]
    return Column(name, measure.label, measure.form)


def lay_out(answer: Answer, page: int = 0, size: int = 0) -> Layout:
    """Return an answer as columns and rows, groups followed by their parts; with a size only one page, from 0."""
    question = answer.question
    layout = Layout(columns_of(question), [], cut=answer.cut, levels=len(question.group))
    measure = leading_measure(question)
    every = in_line(answer.nodes, ())
    if size:
        nodes = list(islice(every, page * size, (page + 1) * size + 1))
        layout.page, layout.has_more, nodes = page, len(nodes) > size, nodes[:size]
        every = iter(with_surroundings(nodes))
    calls = CallsBehind(question)
    narrower = {name: calls.narrower(name) for name in question.columns}
    layout.narrower = {name: text for name, text in narrower.items() if text is not None}
    layout.rows = [node_row(node, question, answer.total, measure, calls) for node, _around in every]
    if answer.nodes:
        cells = [_("Total"), *figures(answer.total, answer.before, question, answer.total, measure)]
        layout.total = Row(cells, level=0, calls=calls.every)
    return layout


Placed = tuple[Node, tuple[Node, ...]]
"""A group, and the groups around it from the outermost."""


def in_line(nodes: Iterable[Node], around: tuple[Node, ...]) -> Iterator[Placed]:
    """Yield each group, followed by its parts."""
    for node in nodes:
        yield node, around
        if node.parts:
            yield from in_line(node.parts, (*around, node))


def with_surroundings(nodes: list[Placed]) -> list[Placed]:
    """Return the groups of a page, before them again those around the first one."""
    around = nodes[0][1] if nodes else ()
    return [(one, around[:place]) for place, one in enumerate(around)] + nodes


def node_row(node: Node, question: Question, total: Sums, measure: str, calls: "CallsBehind") -> Row:
    """Return a group's row."""
    cells = [node.label, *figures(node.sums, node.before, question, total, measure)]
    return Row(cells, node.level, bool(node.parts), calls.behind(node), key=node.keys[-1])


def figures(sums: Sums, before: Sums | None, question: Question, total: Sums, measure: str) -> list[Any]:
    """Return the cells of a row's figures."""
    found: list[Any] = []
    for name in question.columns:
        if name == "share":
            found.append(share(sums, total, measure))
        elif name == "change":
            found.append(change(sums, before, measure))
        elif name in DERIVED_COLUMNS:
            found.append(charge(sums, question, name))
        else:
            found.append(MEASURES[name].value(sums))
    return found


def charge(sums: Sums, question: Question, name: str) -> dict[str, Decimal]:
    """Return mark-up, tax or total of each currency, rounded to hundredths as a bill is."""
    found = {}
    for currency, cost in sums.money.items():
        base = cost.quantize(CENT, ROUND_HALF_UP)
        markup = (base * question.markup / 100).quantize(CENT, ROUND_HALF_UP)
        tax = ((base + markup) * question.tax / 100).quantize(CENT, ROUND_HALF_UP)
        found[currency] = {"markup": markup, "tax": tax, "total": base + markup + tax}[name]
    return found


def change(sums: Sums, before: Sums | None, measure: str) -> Any:
    """Return by how much a measure has changed against the previous period; None where there was nothing."""
    if before is None:
        return None
    if measure == "cost":
        return {
            code: Decimal(micro) / before.costs[code] - 1 if before.costs.get(code) else None
            for code, micro in sorted(sums.costs.items())
        }
    return Decimal(sums.of(measure)) / before.of(measure) - 1 if before.of(measure) else None


class CallsBehind:
    """The addresses of the calls behind groups of one question: what they have in common is made once."""

    def __init__(self, question: Question) -> None:
        self._question, self._levels = question, question.group
        self._days = question.days()
        self._keys = {(test.field, test.operator): key_of(test) for test in question.tests}
        plain = replace(question, group=(), columns=(), sort="", top=None, chart="")
        self._address = plain.address(NOTHING).dict()
        self._begins: dict[tuple[Days, frozenset[str]], str] = {}

    @property
    def every(self) -> str:
        """The query string of the list of all calls that the question is about."""
        return urlencode(self._address)

    def behind(self, node: Node) -> str:
        """Return the query string of the list of a group's calls; '' when a level has no filter."""
        return self.of(zip(self._levels, node.keys, node.texts, strict=False))

    def of(self, levels: Iterable[tuple[str, Any, str]], days: Days | None = None) -> str:
        """Return the same for levels as name, key and text of the key in addresses, and for these days only."""
        days, narrowed = days or self._days, {}
        for name, key, text in levels:
            if name in LENGTHS and key is not None:
                days = max(key, days[0] or key), min(LENGTHS[name](key), days[1] or date.max)
                continue
            filter_by = DIMENSIONS[name].filter_by
            if not filter_by:
                return ""
            narrowed[filter_by] = written(text)
        end = "&".join(f"{key_of_group(name)}={quote_plus(text)}" for name, text in narrowed.items())
        if below := self._below.get(narrowed.get("department", "")):
            end += f"&{WITHOUT_DEPARTMENTS}={quote_plus(below)}"
        return "&".join(part for part in (self._begin(days, frozenset(narrowed)), end) if part)

    @cached_property
    def _below(self) -> dict[str, str]:
        """The departments right below each one: a group is a department alone, a filter is it with all below it."""
        found: dict[str, list[str]] = {}
        if ("department", "not") not in self._keys:
            for pk, parent in Department.objects.exclude(parent=None).order_by("pk").values_list("pk", "parent_id"):
                found.setdefault(str(parent), []).append(str(pk))
        return {parent: ",".join(children) for parent, children in found.items()}

    def narrower(self, figure: str) -> str | None:
        """Return what follows the query string of a group's calls to leave those that a figure counts.

        None where it counts no calls, and where the question or its groups compare the same field already.
        """
        if figure not in COUNTED:
            return None
        held = {key_of(test): test.values for test in self._question.tests}
        tests = {key_of(test): test.values for test in COUNTED[figure](self._question)}
        added = {key: values for key, values in tests.items() if held.get(key) != values}
        if added.keys() & {*held, *(DIMENSIONS[name].filter_by for name in self._levels)}:
            return None
        return "".join(f"&{key}={quote_plus(text)}" for key, (text,) in added.items())

    def _begin(self, days: Days, narrowed: frozenset[str]) -> str:
        """Return what groups of these days have in common, without the filters that the groups narrow."""
        begin = self._begins.get((days, narrowed))
        if begin is None:
            # In an address a field stands once, and last: the group is narrower than any list of its field.
            gone = {self._keys.get((name, "is")) for name in narrowed}
            address = {key: text for key, text in self._address.items() if key not in gone}
            begin = urlencode(address if days == self._days else within_days(address, days))
            self._begins[days, narrowed] = begin
        return begin


IS_ANSWERED, NOT_ANSWERED = (Comparison("outcome", operator, ("answered",)) for operator in ("is", "not"))
IS_INCOMING, IS_OUTGOING = (Comparison("direction", "is", (value,)) for value in ("incoming", "outgoing"))
COUNTED: dict[str, Callable[[Question], tuple[Comparison, ...]]] = {
    "calls": lambda _question: (),
    "incoming": lambda _question: (IS_INCOMING,),
    "outgoing": lambda _question: (IS_OUTGOING,),
    "answered": lambda _question: (IS_ANSWERED,),
    "missed": lambda _question: (IS_INCOMING, NOT_ANSWERED),
    "unanswered": lambda _question: (IS_OUTGOING, NOT_ANSWERED),
    "in_time": lambda question: (IS_ANSWERED, Comparison("ring", "le", (str(question.target),))),
    "unpriced": lambda _question: (Comparison("price", "is", ("unpriced",)),),
    "rated": lambda _question: (Comparison("quality", "ge", ("0",)),),
    "good": lambda _question: (Comparison("quality", "ge", ("3.6",)),),
    "poor": lambda _question: (Comparison("quality", "lt", ("3.6",)),),
}
"""Figures that count calls of a group, and what these meet."""


@cache
def key_of_group(name: str) -> str:
    """Return the key under which an address says that calls are of one group."""
    return quote_plus(key_of(Comparison(name, "is", ())))


def within_days(address: Mapping[str, Any], days: Days) -> dict[str, Any]:
    """Return an address with these days as its period."""
    period = {name: day.isoformat() for name, day in zip(("from", "to"), days, strict=True) if day}
    return period | {name: text for name, text in address.items() if name not in ("period", "from", "to")}


def list_address(question: Question) -> str:
    """Return the query string of the list of all calls that a question is about."""
    return CallsBehind(question).every


def last_of_month(first: date) -> date:
    """Return the last day of the month that begins on this day."""
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


LENGTHS: dict[str, Callable[[date], date]] = {
    "day": lambda day: day,
    "week": lambda day: day + timedelta(days=6),
    "month": last_of_month,
}
"""The last day of each group of days."""
WITHOUT_DEPARTMENTS = key_of(Comparison("department", "not", ()))
NOTHING = Question(period="")
"""A question without period and filters: what an address leaves out is usual in every list of calls."""


def detail_columns(names: Sequence[str]) -> list[Column]:
    """Return the columns of calls."""
    return [Column(name, DETAILS[name].label, DETAILS[name].form) for name in names]
