"""Native charts of a workbook, drawn by the spreadsheet program from the figures beside them; a heat map as colours."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from openpyxl.chart import BarChart, DoughnutChart, LineChart, Reference, ScatterChart
from openpyxl.chart import Series as Dots
from openpyxl.formatting.rule import ColorScaleRule
from openpyxl.styles import Font
from openpyxl.utils import column_index_from_string, get_column_letter

from callanalytics.lib.spreadsheets import cell_text
from reports.charts.base import Chart
from reports.charts.drawing import PALETTE
from reports.engine.measures import Form
from reports.exports.base import Document

DAY = 86_400
FORMATS = {Form.SECONDS: "[h]:mm:ss", Form.MONEY: "#,##0.00", Form.PERCENT: "0.0%", Form.SCORE: "0.00"}
MOMENT, MOMENTS = "yyyy-mm-dd hh:mm", "C"
"""How moments of a scatter are written, and in which column: behind its one series."""
ROOM = 24
"""Rows that a picture takes."""
LONGEST_NAME = 200


def add_charts(book: Any, document: Document) -> None:
    """Add a sheet with the figures of each chart and the chart beside them."""
    sheet = book.create_sheet(_("Chart")[:31])
    sheet.sheet_view.rightToLeft = document.rtl
    sheet.column_dimensions["A"].width = 32
    for place in range(2, 2 + max(len(chart.series) for chart in document.charts)):
        sheet.column_dimensions[get_column_letter(place)].width = 14
    if any(chart.kind == "scatter" for chart in document.charts):
        sheet.column_dimensions[MOMENTS].width = 18
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    row = 1
    for chart in document.charts:
        write_figures(sheet, chart, row)
        last = row + 1 + len(chart.categories)
        if chart.kind == "heat":
            area = f"B{row + 2}:{get_column_letter(1 + len(chart.series))}{last}"
            sheet.conditional_formatting.add(
                area, ColorScaleRule(start_type="min", start_color="F2F8F9", end_type="max", end_color="0B5965")
            )
        else:
            sheet.add_chart(picture(sheet, chart, row), f"{get_column_letter(len(chart.series) + 3)}{row}")
        row = max(last, row + ROOM) + 2


def write_figures(sheet: Any, chart: Chart, row: int) -> None:
    """Write the title, the names of the series, and a row of figures for each category."""
    text(sheet, row, 1, chart.title).font = Font(bold=True)
    for column, series in enumerate(chart.series, 2):
        text(sheet, row + 1, column, series.name).font = Font(bold=True)
    if chart.kind == "scatter":
        text(sheet, row + 1, column_index_from_string(MOMENTS), _("Time")).font = Font(bold=True)
    for place, category in enumerate(chart.categories):
        text(sheet, row + 2 + place, 1, category)
        for column, series in enumerate(chart.series, 2):
            mark = series.marks[place]
            if mark is not None:
                cell = sheet.cell(row + 2 + place, column)
                cell.value = mark.value / DAY if chart.form is Form.SECONDS else Decimal(mark.value)
                cell.number_format = FORMATS.get(chart.form, "#,##0")
            if mark is not None and mark.moment is not None:
                moment = sheet[f"{MOMENTS}{row + 2 + place}"]
                moment.value, moment.number_format = mark.moment.replace(tzinfo=None), MOMENT


def text(sheet: Any, row: int, column: int, words: str) -> Any:
    """Write a text that is never a formula; return its cell."""
    cell = sheet.cell(row, column)
    cell.value = cell_text(words)[:LONGEST_NAME]
    cell.data_type = "s"
    return cell


def picture(sheet: Any, chart: Chart, row: int) -> Any:
    """Return the native chart of the figures that begin in a row."""
    first, last = row + 2, row + 1 + len(chart.categories)
    if chart.kind == "scatter":
        return dots(sheet, chart, row, last)
    made = MAKERS[chart.kind]()
    made.add_data(
        Reference(sheet, min_col=2, max_col=1 + len(chart.series), min_row=row + 1, max_row=last), titles_from_data=True
    )
    made.set_categories(Reference(sheet, min_col=1, min_row=first, max_row=last))
    made.title, made.height, made.width = cell_text(chart.title), 11, 24
    if chart.kind == "doughnut":
        return made
    made.legend = made.legend if len(chart.series) > 1 else None
    made.x_axis.delete = made.y_axis.delete = False
    made.y_axis.number_format = FORMATS.get(chart.form, "#,##0")
    for place, series in enumerate(made.series):
        colour = PALETTE[place % len(PALETTE)].removeprefix("#")
        series.graphicalProperties.line.solidFill = colour
        if chart.kind != "line":
            series.graphicalProperties.solidFill = colour
    return made


def dots(sheet: Any, chart: Chart, row: int, last: int) -> Any:
    """Return a scatter: figures by the moments in the column behind them."""
    made = ScatterChart()
    made.title, made.height, made.width, made.legend, made.style = cell_text(chart.title), 11, 24, None, 13
    moments = Reference(sheet, min_col=column_index_from_string(MOMENTS), min_row=row + 2, max_row=last)
    series = Dots(Reference(sheet, min_col=2, min_row=row + 1, max_row=last), moments, title_from_data=True)
    series.marker.symbol, series.marker.size = "circle", 7
    series.marker.graphicalProperties.solidFill = PALETTE[0].removeprefix("#")
    series.graphicalProperties.line.noFill = True
    made.series.append(series)
    made.x_axis.delete = made.y_axis.delete = False
    made.x_axis.number_format, made.x_axis.majorGridlines = MOMENT, None
    return made


def bars() -> Any:
    """Return horizontal bars, the first at the top."""
    made = BarChart()
    made.type, made.gapWidth = "bar", 40
    made.x_axis.scaling.orientation = "maxMin"
    return made


def columns() -> Any:
    """Return columns."""
    made = BarChart()
    made.type, made.gapWidth = "col", 40
    return made


def stacked() -> Any:
    """Return columns upon each other."""
    made = columns()
    made.grouping, made.overlap = "stacked", 100
    return made


MAKERS = {
    "bar": bars,
    "column": columns,
    "stacked": stacked,
    "in_time": stacked,
    "paired": bars,
    "bullet": bars,
    "line": LineChart,
    "doughnut": DoughnutChart,
}
