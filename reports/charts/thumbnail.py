"""Draws a chart as a small picture without words: what a report looks like, for the cards of the list."""

import math
from collections.abc import Callable, Sequence
from decimal import Decimal

from reports.charts.base import Chart, Series
from reports.charts.drawing import fill

WIDTH, HEIGHT, GAP = 240.0, 84.0, 3.0
MOST_BARS, MOST_COLUMNS = 5, 31
RADIUS, RING = 28.0, 20.0


def draw_thumbnail(chart: Chart, *, rtl: bool = False) -> str:
    """Return the picture as SVG; it says nothing that the report itself does not say, so it is hidden from readers."""
    shapes = "".join(SHAPES[chart.kind](chart))
    turned = f' transform="matrix(-1 0 0 1 {WIDTH:.0f} 0)"' if rtl else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" class="thumbnail"'
        f' aria-hidden="true" focusable="false"><g{turned}>{shapes}</g></svg>'
    )


def values(series: Series, most: int) -> list[float]:
    """Return the last values of a series."""
    return [float(mark.value) if mark else 0.0 for mark in series.marks[-most:]]


def box(x: float, y: float, width: float, height: float, place: int, opacity: float = 1) -> str:
    """Return a rectangle in the colour of a series."""
    fade = f' fill-opacity="{opacity:.2f}"' if opacity < 1 else ""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.8):.1f}" height="{max(height, 0.8):.1f}" rx="1.5"'
        f" {fill(place)}{fade}/>"
    )


def bars(chart: Chart) -> list[str]:
    """Return lying bars, the greatest first."""
    found = [float(mark.value) if mark else 0.0 for mark in chart.series[0].marks[:MOST_BARS]]
    step, highest = HEIGHT / MOST_BARS, max(found, default=0) or 1
    return [box(0, place * step + 2, value / highest * WIDTH, step - 5, 0) for place, value in enumerate(found)]


def bullets(chart: Chart) -> list[str]:
    """Return lying bars on their scales, with a line at the whole."""
    found = [float(mark.value) if mark else 0.0 for mark in chart.series[0].marks[:MOST_BARS]]
    step, highest = HEIGHT / MOST_BARS, float(chart.highest)
    shapes = []
    for place, value in enumerate(found):
        shapes.append(box(0, place * step + 2, WIDTH, step - 4, 0, 0.15))
        shapes.append(box(0, place * step + 5, value / highest * WIDTH, step - 10, 0))
        shapes.append(box(1 / highest * WIDTH - 2, place * step + 3, 2, step - 6, 0))
    return shapes


def columns(chart: Chart) -> list[str]:
    """Return standing columns, one series above the other."""
    every = [values(series, MOST_COLUMNS) for series in chart.series]
    highest = max((sum(column) for column in zip(*every, strict=True)), default=0) or 1
    slot = WIDTH / max(len(every[0]), 1)
    shapes = []
    for column, parts in enumerate(zip(*every, strict=True)):
        base, width = HEIGHT, min(max(slot - GAP, slot * 0.6), 28)
        for place, value in enumerate(parts):
            height = value / highest * (HEIGHT - 4)
            if value:
                shapes.append(box(column * slot + (slot - width) / 2, base - height, width, height, place))
            base -= height
    return shapes


def line(chart: Chart) -> list[str]:
    """Return a line over a soft ground."""
    found = values(chart.series[0], MOST_COLUMNS)
    if len(found) < 2:
        return columns(chart)
    step, highest = WIDTH / (len(found) - 1), max(found) or 1
    points = [(place * step, HEIGHT - 4 - value / highest * (HEIGHT - 10)) for place, value in enumerate(found)]
    drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    ground = f'<polygon points="0,{HEIGHT} {drawn} {WIDTH},{HEIGHT}" {fill(0)} fill-opacity="0.15"/>'
    dots = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.4" {fill(0)}/>' for x, y in points]
    return [ground, f'<polyline points="{drawn}" class="thumbnail-line" fill="none" stroke-width="2"/>', *dots]


def doughnut(chart: Chart) -> list[str]:
    """Return a ring of slices with keys beside it."""
    found = [float(mark.value) if mark else 0.0 for mark in chart.series[0].marks]
    total, turned, shapes = sum(found) or 1, 0.0, []
    for place, value in enumerate(found):
        shapes.append(slice_of(turned / total, (turned + value) / total, place))
        turned += value
        if place < MOST_BARS:
            shapes.append(box(110, 8 + place * 15, 10, 8, place))
            shapes.append(box(128, 8 + place * 15, 30 + value / total * 82, 8, place, 0.35))
    return shapes


def slice_of(begin: float, end: float, place: int) -> str:
    """Return one slice of the ring, from one share of the whole to another."""
    end = min(end, begin + 0.9999)
    outer, inner = RADIUS + RING / 2, RADIUS - RING / 2
    points = [corner(begin, outer), corner(end, outer), corner(end, inner), corner(begin, inner)]
    large = int(end - begin > 0.5)
    return (
        f'<path d="M{points[0]} A{outer} {outer} 0 {large} 1 {points[1]} L{points[2]}'
        f' A{inner} {inner} 0 {large} 0 {points[3]} Z" {fill(place)}/>'
    )


def corner(share: float, radius: float) -> str:
    """Return the point of the ring at a share of the whole."""
    angle = 2 * math.pi * share - math.pi / 2
    return f"{46 + radius * math.cos(angle):.1f} {HEIGHT / 2 + radius * math.sin(angle):.1f}"


def heat(chart: Chart) -> list[str]:
    """Return a field of cells, the fuller the more."""
    highest = chart.highest or Decimal(1)
    wide, high = WIDTH / max(len(chart.categories), 1), HEIGHT / max(len(chart.series), 1)
    return [
        box(column * wide, row * high, wide - 1, high - 1, 0, 0.1 + 0.9 * float(mark.value / highest))
        for row, series in enumerate(chart.series)
        for column, mark in enumerate(series.marks)
        if mark is not None
    ]


def dots(chart: Chart) -> list[str]:
    """Return a dot for each mark that has a moment."""
    found = [(mark.moment.timestamp(), float(mark.value)) for mark in chart.series[0].marks if mark and mark.moment]
    begin, end = min(moment for moment, _value in found), max(moment for moment, _value in found)
    highest = max(value for _moment, value in found) or 1
    return [
        f'<circle cx="{6 + (moment - begin) / (end - begin or 1) * (WIDTH - 12):.1f}"'
        f' cy="{HEIGHT - 6 - value / highest * (HEIGHT - 12):.1f}" r="4" {fill(0)} fill-opacity="0.75"/>'
        for moment, value in found
    ]


SHAPES: dict[str, Callable[[Chart], Sequence[str]]] = {
    "bar": bars,
    "column": columns,
    "stacked": columns,
    "in_time": columns,
    "paired": bars,
    "bullet": bullets,
    "line": line,
    "doughnut": doughnut,
    "heat": heat,
    "scatter": dots,
}
