"""What a chart shows: categories, series and marks with their words and links, taken from a report's answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from reports.engine.answering import Answer, Node
from reports.engine.dimensions import DIMENSIONS
from reports.engine.layout import CallsBehind
from reports.engine.measures import MEASURES, Form, Sums
from reports.engine.ranking import MOST_BARS, MOST_COLUMNS, MOST_LINES, MOST_SERIES, MOST_SLICES, leading_measure
from reports.engine.writing import write

WHOLE = Decimal(1)
PAIRS = (("answered", "missed"), ("incoming", "outgoing"), ("good", "poor"))
"""Figures that add up to something and are stacked when a report has both."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One bar, point, slice or cell."""

    value: Decimal
    text: str
    """The value in words."""
    calls: str = ""
    """Query string of the calls behind it; '' for none."""
    moment: datetime | None = None
    """When it was, in the zone of the question: its place along the axis of a scatter."""


@dataclass(slots=True)
class Series:
    """Marks of one colour, one for each category; None where there is nothing."""

    name: str
    marks: list[Mark | None] = field(default_factory=list)


@dataclass(slots=True)
class Chart:
    """One picture."""

    kind: str
    title: str
    categories: list[str]
    series: list[Series]
    form: Form
    currency: str = ""
    limits: list[tuple[Decimal, ...]] = field(default_factory=list)
    """Of bullets: for each category the shares at which something happens, ascending; the whole is 1."""

    @property
    def highest(self) -> Decimal:
        """The greatest value, of stacked marks their sum; bullets have room for the whole and each limit."""
        if self.kind == "bullet":
            return max(WHOLE, *_values(self.series[0]), *(limit for limits in self.limits for limit in limits))
        if self.kind in ("stacked", "in_time"):
            return max((sum(values) for values in zip(*map(_values, self.series), strict=True)), default=Decimal(0))
        return max((value for series in self.series for value in _values(series)), default=Decimal(0))

    def summary(self) -> str:
        """Return the picture in a sentence, for those who do not see it."""
        pairs = [
            (mark.value, f"{category}: {mark.text}")
            for series in self.series
            for category, mark in zip(self.categories, series.marks, strict=True)
            if mark is not None
        ]
        if self.kind == "bullet":
            return f"{self.title}: {'; '.join(self.bullet_in_words(place) for place in range(len(self.categories)))}"
        highest = [text for _value, text in sorted(pairs, key=lambda pair: -pair[0])[:3]]
        return _("%(title)s; the highest are %(highest)s.") % {"title": self.title, "highest": "; ".join(highest)}

    def bullet_in_words(self, place: int) -> str:
        """Return one bullet in words: what is used, and at which shares something happens."""
        mark = self.series[0].marks[place]
        words = f"{self.categories[place]} {mark.text if mark else ''}".strip()
        limits = ", ".join(write(limit, self.form) for limit in self.limits[place])
        return _("%(bullet)s (thresholds %(limits)s)") % {"bullet": words, "limits": limits} if limits else words


def _values(series: Series) -> list[Decimal]:
    return [mark.value if mark else Decimal(0) for mark in series.marks]


def charts_of(answer: Answer) -> list[Chart]:
    """Return the pictures of an answer: one for each currency where money is shown; none for empty answers."""
    question = answer.question
    if not question.group or question.chart in ("", "none") or not answer.nodes:
        return []
    measure, calls = leading_measure(question), CallsBehind(question)
    currencies = [code for code, micro in sorted(answer.total.costs.items()) if micro] if measure == "cost" else [""]
    charts = (_chart(answer, Read(measure, currency, calls)) for currency in currencies)
    return [chart for chart in charts if chart]


def _chart(answer: Answer, read: "Read") -> Chart | None:
    question, measure, currency = answer.question, read.measure, read.currency
    builder = BUILDERS[question.chart]
    title = f"{MEASURES[measure].label} – {' / '.join(str(DIMENSIONS[name].label) for name in question.group)}"
    if currency and len(answer.total.costs) > 1:
        title = f"{title} ({currency})"
    chart = Chart(question.chart, title, [], [], MEASURES[measure].form, currency)
    builder(chart, answer, read)
    return chart if chart.categories and chart.highest > 0 else None


@dataclass(frozen=True, slots=True)
class Read:
    """What a chart reads of each group: its figure, and the address of its calls."""

    measure: str
    currency: str
    calls: CallsBehind

    def __call__(self, sums: Sums) -> Decimal:
        """Return the figure of a group."""
        if self.currency:
            return Decimal(sums.costs.get(self.currency, 0)).scaleb(-6)
        return Decimal(MEASURES[self.measure].value(sums) or 0)


def _mark(chart: Chart, read: Read, node: Node, value: Decimal, figure: str = "") -> Mark:
    behind = read.calls.behind(node)
    return Mark(
        value, write(value, chart.form, chart.currency), behind and behind + (read.calls.narrower(figure) or "")
    )


def _bars(chart: Chart, answer: Answer, read: Read, most: int = 0) -> None:
    """One mark a group, the greatest first, the rest together."""
    ordered = DIMENSIONS[answer.question.group[0]].ordered
    valued = [(read(node.sums), node) for node in answer.nodes]
    if not ordered:
        valued = sorted((pair for pair in valued if pair[0]), key=lambda pair: -pair[0])
    most = most or MOST_BARS
    shown, rest = valued[:most], [value for value, _node in valued[most:]]
    series = Series(str(chart.title), [_mark(chart, read, node, value) for value, node in shown])
    chart.categories = [node.label for _value, node in shown]
    if not ordered and answer.others and read(answer.others.sums):
        rest.append(read(answer.others.sums))
    if rest:
        value = sum(rest, Decimal(0))
        chart.categories.append(_("Others"))
        series.marks.append(Mark(value, write(value, chart.form, chart.currency)))
    chart.series = [series]


def _paired(chart: Chart, answer: Answer, read: Read) -> None:
    """Two bars a group: this period and the one before."""
    nodes = [node for node in answer.nodes if read(node.sums) or (node.before and read(node.before))]
    nodes = sorted(nodes, key=lambda node: -read(node.sums))[:MOST_BARS]
    chart.categories = [node.label for node in nodes]
    before = [read(node.before) if node.before else Decimal(0) for node in nodes]
    chart.series = [
        Series(_("This period"), [_mark(chart, read, node, read(node.sums)) for node in nodes]),
        Series(_("Period before"), [Mark(value, write(value, chart.form, chart.currency)) for value in before]),
    ]


def _in_time(chart: Chart, answer: Answer, read: Read) -> None:
    """The share that was answered in time, and the rest, up to 100 %; nothing when it is not counted."""
    if not {"in_time", "in_time_rate"} & set(answer.question.columns):
        return
    nodes = answer.nodes[-MOST_COLUMNS:]
    chart.categories, chart.form, chart.currency = [node.label for node in nodes], Form.PERCENT, ""
    shares = [MEASURES["in_time_rate"].value(node.sums) or Decimal(0) for node in nodes]
    chart.series = [
        Series(
            str(MEASURES["in_time"].label),
            [_share(read, node, one, "in_time") for node, one in zip(nodes, shares, strict=True)],
        ),
        Series(
            _("Later or not at all"), [_share(read, node, 1 - one) for node, one in zip(nodes, shares, strict=True)]
        ),
    ]


def _share(read: Read, node: Node, share: Decimal, figure: str = "") -> Mark:
    behind = read.calls.behind(node)
    return Mark(share, write(share, Form.PERCENT), behind and behind + (read.calls.narrower(figure) or ""))


def _columns(chart: Chart, answer: Answer, read: Read) -> None:
    """One mark a group, in the groups' order."""
    nodes = answer.nodes[-MOST_COLUMNS:]
    if len(nodes) < len(answer.nodes):
        chart.title = _("%(title)s (the last %(most)s)") % {"title": chart.title, "most": MOST_COLUMNS}
    chart.categories = [node.label for node in nodes]
    chart.series = [Series(chart.title, [_mark(chart, read, node, read(node.sums)) for node in nodes])]


def _stacked(chart: Chart, answer: Answer, read: Read) -> None:
    """Figures that add up, or the inner groups, one above the other."""
    pair = next((pair for pair in PAIRS if set(pair) <= set(answer.question.columns)), None)
    by_parts = pair is None or len(answer.question.group) > 1
    nodes = [node for node in answer.nodes if not by_parts or read(node.sums)][:MOST_COLUMNS]
    chart.categories = [node.label for node in nodes]
    if pair is None or by_parts:
        _stacked_parts(chart, answer, nodes, read)
        return
    chart.form, chart.currency = Form.COUNT, ""
    chart.series = [
        Series(
            str(MEASURES[name].label),
            [_mark(chart, read, node, Decimal(MEASURES[name].value(node.sums)), name) for node in nodes],
        )
        for name in pair
    ]


def _stacked_parts(chart: Chart, answer: Answer, nodes: Sequence[Node], read: Read) -> None:
    totals: dict[str, Decimal] = {}
    for node in nodes:
        for part in node.parts or [node]:
            totals[part.label] = totals.get(part.label, Decimal(0)) + read(part.sums)
    names = sorted(totals, key=lambda name: -totals[name])[:MOST_SERIES]
    for name in names:
        series = Series(name)
        for node in nodes:
            same = next((part for part in node.parts or [node] if part.label == name), None)
            series.marks.append(_mark(chart, read, same, read(same.sums)) if same else None)
        chart.series.append(series)


def _doughnut(chart: Chart, answer: Answer, read: Read) -> None:
    """Slices of the outermost groups; of people with types, the types of all together."""
    if len(answer.question.group) == 1:
        _bars(chart, answer, read, MOST_SLICES)
        return
    sums: dict[str, Decimal] = {}
    for node in every(answer):
        for part in node.parts:
            sums[part.label] = sums.get(part.label, Decimal(0)) + read(part.sums)
    ranked = sorted((pair for pair in sums.items() if pair[1]), key=lambda pair: -pair[1])
    chart.categories = [name for name, _value in ranked[:MOST_SLICES]]
    marks: list[Mark | None] = [
        Mark(value, write(value, chart.form, chart.currency)) for _name, value in ranked[:MOST_SLICES]
    ]
    chart.series = [Series(chart.title, marks)]


def every(answer: Answer) -> list[Node]:
    """Return the outermost groups, and all that are not shown as one."""
    return [*answer.nodes, answer.others] if answer.others else answer.nodes


def _heat(chart: Chart, answer: Answer, read: Read) -> None:
    """A row for each outer group, a cell for each inner one."""
    if len(answer.question.group) == 1:
        _columns(chart, answer, read)
        chart.kind = "column"
        return
    labels: dict[Any, str] = {part.keys[-1]: part.label for node in every(answer) for part in node.parts}
    keys = sorted((key for key in labels if key is not None), key=lambda key: (str(type(key)), key))
    chart.categories = [labels[key] for key in keys]
    ordered = DIMENSIONS[answer.question.group[0]].ordered
    nodes = answer.nodes if ordered else sorted(answer.nodes, key=lambda node: -read(node.sums))[:MOST_LINES]
    for node in nodes[:MOST_COLUMNS]:
        parts = {part.keys[-1]: part for part in node.parts}
        marks = [_mark(chart, read, parts[key], read(parts[key].sums)) if key in parts else None for key in keys]
        chart.series.append(Series(node.label, marks))


BUILDERS: dict[str, Callable[[Chart, Answer, Read], None]] = {
    "bar": _bars,
    "column": _columns,
    "line": _columns,
    "stacked": _stacked,
    "paired": _paired,
    "in_time": _in_time,
    "doughnut": _doughnut,
    "heat": _heat,
}
