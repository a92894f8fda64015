"""Charts of every kind with one mark, with hundreds and with long names: whole, in words, inside of their frame."""

import re
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from openpyxl import Workbook

from reports.charts.base import Chart, Mark, Series
from reports.charts.drawing import NARROW, WIDTH, Sheet
from reports.charts.svg import DRAWERS, draw
from reports.charts.thumbnail import draw_thumbnail
from reports.engine.measures import Form
from reports.exports.xlsx_charts import picture, write_figures

LONG = "Bundesvereinigung für Fernmeldewesen und Gebührenabrechnung, Zweigstelle <Süd> & Ausland"
BEGIN = datetime(2026, 7, 1, 23, 30, tzinfo=ZoneInfo("Europe/Berlin"))
SEVERAL = ("stacked", "in_time", "paired", "heat")


def chart_of(kind: str, count: int, name: str) -> Chart:
    """Return a chart with so many categories, of two series where the kind has several."""
    names = [f"{name} {place}" for place in range(count)]
    values = [Decimal(place % 7 + 1) for place in range(count)]
    series = [
        Series(
            f"{name} {number}",
            [
                Mark(
                    value,
                    str(value),
                    "direction=outgoing",
                    BEGIN + place * timedelta(hours=7) if kind == "scatter" else None,
                )
                for place, value in enumerate(values)
            ],
        )
        for number in range(2 if kind in SEVERAL else 1)
    ]
    limits = [(Decimal("0.8"), Decimal(2))] * count if kind == "bullet" else []
    return Chart(kind, name, names, series, Form.COUNT, limits=limits)


@pytest.mark.parametrize("rtl", [False, True])
@pytest.mark.parametrize(("count", "name"), [(1, "Sales"), (7, LONG), (400, "Day")])
@pytest.mark.parametrize("kind", DRAWERS)
@pytest.mark.parametrize("wide", [WIDTH, NARROW])
def test_a_chart_is_drawn_whole(kind: str, count: int, name: str, rtl: bool, wide: float) -> None:
    chart = chart_of(kind, count, name)
    sheet = Sheet(rtl, lambda query: f"/reports/calls/?{query}", wide)
    drawn = ElementTree.fromstring(draw(chart, sheet))  # noqa: S314
    links = drawn.findall(".//{*}a")
    assert len(links) == sum(len(series.marks) for series in chart.series)
    assert all(link.get("aria-label") for link in links)
    assert name in (drawn.get("aria-label") or "")
    places = [float(text.get("x") or 0) for text in drawn.iter("{http://www.w3.org/2000/svg}text")]
    boxes = [
        (float(box.get("x") or 0), float(box.get("width") or 0))
        for box in drawn.iter("{http://www.w3.org/2000/svg}rect")
    ]
    places += [float(dot.get("cx") or 0) for dot in drawn.iter("{http://www.w3.org/2000/svg}circle")]
    assert all(0 <= place <= wide for place in places)
    assert all(x >= -1 and x + width <= wide + 1 for x, width in boxes)
    ElementTree.fromstring(draw_thumbnail(chart, rtl=rtl))  # noqa: S314
    assert not re.search(r'="[^"]*(nan|inf)', draw(chart, sheet))


@pytest.mark.parametrize("rtl", [False, True])
@pytest.mark.parametrize("kind", DRAWERS)
def test_words_of_a_chart_in_a_mail_neither_leave_it_nor_meet(kind: str, rtl: bool) -> None:
    drawn = ElementTree.fromstring(draw(chart_of(kind, 12, "Wednesday"), Sheet(rtl, width=NARROW)))  # noqa: S314
    lines: dict[str, list[tuple[float, float]]] = {}
    for text in drawn.iter("{http://www.w3.org/2000/svg}text"):
        if text.get("transform"):
            continue  # slanted ones stand side by side
        width = len(text.text or "") * float(text.get("font-size") or 0) * 0.55
        x = float(text.get("x") or 0) - width * {"start": 0, "middle": 0.5, "end": 1}[text.get("text-anchor") or ""]
        lines.setdefault(text.get("y") or "", []).append((x, x + width))
    assert lines
    for words in map(sorted, lines.values()):
        assert words[0][0] >= 0
        assert words[-1][1] <= NARROW
        assert all(one[1] <= other[0] for one, other in pairwise(words))


@pytest.mark.parametrize("kind", [kind for kind in DRAWERS if kind != "heat"])
def test_a_spreadsheet_has_the_chart_with_all_its_figures(kind: str) -> None:
    chart = chart_of(kind, 400, "Day")
    sheet = Workbook().active
    write_figures(sheet, chart, 1)
    made = picture(sheet, chart, 1)
    assert len(made.series) == len(chart.series)
    figures = made.series[0].yVal if kind == "scatter" else made.series[0].val
    assert figures.numRef.f.endswith("$402")


def test_a_spreadsheet_has_the_moments_of_a_scatter_as_dates() -> None:
    chart = chart_of("scatter", 3, "Burst")
    sheet = Workbook().active
    write_figures(sheet, chart, 1)
    assert sheet["C4"].value == (BEGIN + timedelta(hours=7)).replace(tzinfo=None), "the clock of the question's zone"
    assert picture(sheet, chart, 1).series[0].xVal.numRef.f.endswith("$C$3:$C$5")
