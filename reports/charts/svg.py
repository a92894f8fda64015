"""Draws charts as SVG: fills as attributes for paper and mails, classes by which pages follow light and dark."""

import math
from collections.abc import Callable
from decimal import Decimal

from reports.charts.base import Chart
from reports.charts.bullets import draw_bullets
from reports.charts.drawing import (
    LEFT,
    LETTER,
    MANY,
    PALETTE,
    RIGHT,
    Drawing,
    Sheet,
    axes,
    before_bars,
    behind_bars,
    colour,
    days_axis,
    fill,
    legend,
    legend_height,
    names_below,
    shortened,
    values_axis,
)
from reports.engine.measures import Form
from reports.engine.writing import write


def draw(chart: Chart, sheet: Sheet | None = None) -> str:
    """Return a chart as SVG, without a sheet as wide as a page and without links."""
    return DRAWERS[chart.kind](chart, sheet or Sheet())


def draw_bars(chart: Chart, sheet: Sheet) -> str:
    """Draw horizontal bars with names before and values behind them."""
    names = before_bars(chart.categories, sheet)
    room = sheet.width - names - behind_bars(chart, sheet)
    drawing = Drawing(len(chart.categories) * 30 + 8, sheet)
    highest = chart.highest
    for place, (name, mark) in enumerate(zip(chart.categories, chart.series[0].marks, strict=True)):
        top = place * 30.0 + 4
        drawing.text(names - 10, top + 16, shortened(name, names - 16), "end")
        if mark is not None:
            width = float(mark.value / highest) * room
            drawing.box(names, top + 2, width, 20, 0, name, mark)
            drawing.text(names + width + 8, top + 16, mark.text)
    return drawing.whole(chart.summary())


def draw_pairs(chart: Chart, sheet: Sheet) -> str:
    """Draw two horizontal bars for each name, with their values behind them."""
    names = before_bars(chart.categories, sheet)
    room = sheet.width - names - behind_bars(chart, sheet)
    series_names = [series.name for series in chart.series]
    above = legend_height(series_names, sheet)
    drawing = Drawing(len(chart.categories) * 44 + above, sheet)
    legend(drawing, series_names)
    highest = chart.highest
    for line, name in enumerate(chart.categories):
        top = line * 44.0 + above - 2
        drawing.text(names - 10, top + 21, shortened(name, names - 16), "end")
        for place, series in enumerate(chart.series):
            mark, y = series.marks[line], top + place * 18
            if mark is not None:
                width = float(mark.value / highest) * room
                drawing.box(names, y, width, 15, place, f"{name}, {series.name}", mark)
                drawing.text(names + width + 8, y + 12, mark.text)
    return drawing.whole(chart.summary())


def draw_columns(chart: Chart, sheet: Sheet) -> str:
    """Draw columns, stacked where there are several series."""
    series_names, below = [series.name for series in chart.series], names_below(chart.categories, sheet)
    several, top = len(series_names) > 1, legend_height(series_names, sheet)
    bottom = top + 260
    drawing = Drawing(bottom + below.height, sheet)
    legend(drawing, series_names)
    highest = axes(drawing, chart, top, bottom, below)
    slot, width = below.slot, min(below.slot * 0.72, 56.0)
    for column, name in enumerate(chart.categories):
        base = bottom
        for place, series in enumerate(chart.series):
            mark = series.marks[column]
            if mark is None or not mark.value:
                continue
            height = float(mark.value / highest) * (bottom - top)
            words = f"{name}, {series.name}" if several else name
            drawing.box(LEFT + slot * (column + 0.5) - width / 2, base - height, width, height, place, words, mark)
            base -= height
    return drawing.whole(chart.summary())


def draw_line(chart: Chart, sheet: Sheet) -> str:
    """Draw a line with a dot at each value."""
    top, bottom, below = 12.0, 272.0, names_below(chart.categories, sheet)
    drawing = Drawing(bottom + below.height, sheet)
    highest, slot = axes(drawing, chart, top, bottom, below), below.slot
    for place, series in enumerate(chart.series):
        points = [
            (
                drawing.x(LEFT + slot * (column + 0.5)),
                bottom - float(mark.value / highest) * (bottom - top),
                chart.categories[column],
                mark,
            )
            for column, mark in enumerate(series.marks)
            if mark is not None
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _name, _mark in points)
        drawing.shapes.append(
            f'<polyline points="{path}" fill="none" stroke="{colour(place)}" stroke-width="2.5"'
            f' class="chart-stroke-{place % len(PALETTE) + 1}"/>'
        )
        for x, y, name, mark in points:
            drawing.marked(
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{4.5 if len(points) <= MANY else 2}" {fill(place)}>',
                "</circle>", name, mark,
            )  # fmt: skip
    return drawing.whole(chart.summary())


def draw_scatter(chart: Chart, sheet: Sheet) -> str:
    """Draw a dot for each mark, by its moment and its value."""
    top, bottom = 12.0, 272.0
    drawing = Drawing(bottom + 30, sheet)
    highest = values_axis(drawing, chart, top, bottom)
    pairs = zip(chart.categories, chart.series[0].marks, strict=True)
    dots = [(name, mark, mark.moment) for name, mark in pairs if mark and mark.moment]
    place = days_axis(drawing, [moment for _name, _mark, moment in dots], bottom)
    for name, mark, moment in dots:
        y = bottom - float(mark.value / highest) * (bottom - top)
        drawing.marked(
            f'<circle cx="{drawing.x(place(moment)):.1f}" cy="{y:.1f}" r="5.5" {fill(0)} fill-opacity="0.75">',
            "</circle>", name, mark,
        )  # fmt: skip
    return drawing.whole(chart.summary())


def draw_doughnut(chart: Chart, sheet: Sheet) -> str:
    """Draw slices of a ring with their names, values and shares beside it, on narrow sheets below it."""
    marks = [mark for mark in chart.series[0].marks if mark is not None]
    total = sum((mark.value for mark in marks), Decimal(0))
    narrow = sheet.is_narrow
    drawing = Drawing(264 + len(marks) * 28 if narrow else 280, sheet)
    ends = (0.0, 24.0, 168.0, 336.0, sheet.width - 2) if narrow else (340.0, 364.0, 280.0, 790.0, 870.0)
    box, name_at, name_width, value_at, share_at = ends
    angle, centre = -math.pi / 2, (sheet.width / 2 if narrow else drawing.x(170), 128.0 if narrow else 140.0)
    for place, (name, mark) in enumerate(zip(chart.categories, marks, strict=True)):
        part = float(mark.value / total)
        drawing.marked(ring(centre, angle, part, place), "</path>", name, mark)
        angle += part * 2 * math.pi
        y = 276 + place * 28 if narrow else 140 + (place - (len(marks) - 1) / 2) * 30
        drawing.shapes.append(
            f'<rect x="{drawing.x(box, 14):.1f}" y="{y - 11:.1f}" width="14" height="14" rx="3" {fill(place)}/>'
        )
        drawing.text(name_at, y, shortened(name, name_width))
        drawing.text(value_at, y, mark.text, "end", bold=True)
        drawing.text(share_at, y, write(Decimal(part), Form.PERCENT), "end")
    return drawing.whole(chart.summary())


def ring(centre: tuple[float, float], start: float, part: float, place: int) -> str:
    """Return the opening of one slice, a hair narrower than it is so that neighbours stand apart."""
    outer, inner = 120.0, 74.0
    end = start + min(part, 0.9999) * 2 * math.pi
    large = 1 if part > 0.5 else 0

    def at(radius: float, angle: float) -> str:
        return f"{centre[0] + radius * math.cos(angle):.2f},{centre[1] + radius * math.sin(angle):.2f}"

    path = (
        f"M{at(outer, start)} A{outer},{outer} 0 {large} 1 {at(outer, end)} "
        f"L{at(inner, end)} A{inner},{inner} 0 {large} 0 {at(inner, start)} Z"
    )
    shape = f'fill="{colour(place)}" class="chart-{place % len(PALETTE) + 1} chart-slice"'
    return f'<path d="{path}" {shape} stroke="#ffffff" stroke-width="2">'


def draw_heat(chart: Chart, sheet: Sheet) -> str:
    """Draw a cell for each pair, the darker the greater."""
    widest = max(len(series.name) for series in chart.series) * LETTER + 16
    names = min(110.0 if sheet.is_narrow else 220.0, max(70.0, widest))
    slot = (sheet.width - names - RIGHT) / len(chart.categories)
    drawing = Drawing(len(chart.series) * 28 + 34, sheet)
    every = max(1, math.ceil((max(len(name) for name in chart.categories) * LETTER + 6) / slot))
    for column, name in enumerate(chart.categories):
        if column % every == 0:
            drawing.text(names + slot * (column + 0.5), 18, name, "middle", 11)
    highest = chart.highest
    for line, series in enumerate(chart.series):
        y = 28.0 + line * 28
        drawing.text(names - 10, y + 17, shortened(series.name, names - 14), "end")
        for column, mark in enumerate(series.marks):
            if mark is not None:
                share = float(mark.value / highest)
                drawing.box(
                    names + slot * column + 1,
                    y,
                    max(slot - 2, 1),
                    25,
                    0,
                    f"{series.name}, {chart.categories[column]}",
                    mark,
                    0.08 + 0.92 * share,
                )
    return drawing.whole(chart.summary())


DRAWERS: dict[str, Callable[[Chart, Sheet], str]] = {
    "bar": draw_bars,
    "column": draw_columns,
    "stacked": draw_columns,
    "in_time": draw_columns,
    "paired": draw_pairs,
    "bullet": draw_bullets,
    "line": draw_line,
    "doughnut": draw_doughnut,
    "heat": draw_heat,
    "scatter": draw_scatter,
}
