"""Widgets that are a report's picture: the same question, the same figures, the same chart."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _

from accounting.services.masking import mask_for
from callanalytics.web.pagination import Paging
from reports.catalogue import REPORTS
from reports.catalogue.base import Report
from reports.charts.base import charts_of
from reports.charts.drawing import NARROW, Sheet
from reports.charts.svg import draw
from reports.engine.layout import Layout
from reports.engine.question import Question, asker_for
from reports.engine.running import Run, run_report
from reports.widgets.base import Content, Sight

ROWS, MOST_SHOWN = 50, 8
COLUMN = 104.0
"""Pixels of a column of the screen, for the width of pictures: letters keep their size."""


def picture_of(slug: str, **changes: Any) -> Callable[[Sight], Content]:
    """Return what shows the picture of a report, its standard question changed."""

    def show(sight: Sight) -> Content:
        report = REPORTS[slug]
        question = replace(report.standard, **changes)
        if sight.period:
            question = replace(question, period=sight.period, first=None, last=None)
        return pictured(report, question, sight)

    return show


def pictured(report: Report, question: Question, sight: Sight) -> Content:
    """Return the chart of a question, its first rows where it has none, and the address of the whole."""
    run = asked(report, question, sight)
    charts = charts_of(run.answer) if run.answer else run.layout.charts if question.chart != "none" else []
    address = address_of(report, question)
    if not charts:
        return Content("widgets/rows.html", {"layout": first_rows(run.layout, sight.columns)}, address)
    calls = reverse("report", args=["calls"])
    sheet = Sheet(
        get_language_bidi(), lambda query: f"{calls}?{query}", max(NARROW, sight.columns * COLUMN * (not sight.narrow))
    )
    drawn = [(chart, mark_safe(draw(chart, sheet))) for chart in charts[:2]]  # noqa: S308  (escaped by draw)
    return Content("widgets/charts.html", {"charts": drawn}, address)


def asked(report: Report, question: Question, sight: Sight) -> Run:
    """Return the run of a question for the one who looks."""
    asker = asker_for(sight.reader, mask_for(sight.reader), question.zone)
    return run_report(report, question, asker, None if question.group else Paging(ROWS))


def address_of(report: Report, question: Question) -> str:
    """Return the address of a report with a question; a page with a fixed layout keeps its own chart."""
    if report.standard.orders is not None:
        question = replace(question, chart=report.standard.chart)
    query = question.address(report.standard).urlencode()
    address = reverse("report", args=[report.slug])
    return f"{address}?{query}" if query else address


def first_rows(layout: Layout, columns: int) -> Layout:
    """Return the beginning of a table, as wide as there is room."""
    shown = max(2, min(len(layout.columns), columns // 2 + 1))
    rows = [replace(row, cells=row.cells[:shown]) for row in layout.rows[:MOST_SHOWN]]
    return Layout(layout.columns[:shown], rows, notes=[] if rows else [_("Nothing in this time")])
