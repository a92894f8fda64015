"""The chart of a ranking of calls: a bar for each of the first ones, one picture for each currency."""

from collections.abc import Sequence
from decimal import Decimal

from reports.charts.base import Chart, Mark, Series
from reports.engine.layout import Layout, Row
from reports.engine.measures import Form
from reports.engine.question import Question
from reports.engine.ranking import MOST_BARS
from reports.engine.writing import write

SECONDS = ("talk", "ring")


def charts_of_calls(layout: Layout, question: Question) -> list[Chart]:
    """Return the pictures of calls that are sorted by cost or by a length of time; none for other lists."""
    ranked = question.sort.removeprefix("-")
    places = {column.name: place for place, column in enumerate(layout.columns)}
    if question.chart != "bar" or ranked not in ("cost", *SECONDS) or ranked not in places:
        return []
    if ranked in SECONDS:
        charts = [bars(layout.rows, places, ranked, Form.SECONDS, "", str(layout.columns[places[ranked]].label))]
        return [chart for chart in charts if chart.categories]
    charts = []
    for currency in sorted({str(row.cells[places["currency"]]) for row in layout.rows} - {""}):
        rows = [row for row in layout.rows if row.cells[places["currency"]] == currency]
        title = f"{layout.columns[places[ranked]].label} ({currency})"
        charts.append(bars(rows, places, ranked, Form.MONEY, currency, title))
    return [chart for chart in charts if chart.categories]


def bars(rows: Sequence[Row], places: dict[str, int], ranked: str, form: Form, currency: str, title: str) -> Chart:
    """Return a bar for each of the first calls that have a value."""
    chart = Chart("bar", title, [], [Series(title)], form, currency)
    for row in rows[:MOST_BARS]:
        value = row.cells[places[ranked]]
        if value:
            amount = value if form is Form.MONEY else Decimal(int(value.total_seconds()))
            chart.categories.append(called(row, places))
            chart.series[0].marks.append(Mark(amount, write(value, form, currency)))
    return chart


def called(row: Row, places: dict[str, int]) -> str:
    """Return what a call is called: whose it is, and when it was."""
    names = [str(row.cells[places[name]]) for name in ("person", "extension") if name in places]
    moment = write(row.cells[places["time"]], Form.MOMENT) if "time" in places else ""
    return " · ".join(part for part in (next(filter(None, names), ""), moment) if part)
