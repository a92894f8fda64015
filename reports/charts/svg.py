"""Draws charts as SVG: fills as attributes for paper and mails, classes by which pages follow light and dark.

Letters are set from the side where the language begins; the picture itself is mirrored by computing, not by styles.
"""

import math
from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from decimal import Decimal
from html import escape

from django.utils import formats

from reports.charts.base import Chart, Mark
from reports.engine.measures import Form
from reports.engine.writing import write

WIDTH, LEFT, RIGHT = 960.0, 64.0, 16.0
PALETTE = ("#0b5965", "#d55e00", "#0072b2", "#e69f00", "#7a4fa3", "#009e73", "#8c564b", "#56b4e9")
"""Told apart with every kind of colour blindness, also in grey; in the order of use."""
INK, LINE = "#40514f", "#e0e6e5"
FONT = "Inter Portal, Plex Portal, Noto Sans, Noto Sans Arabic, sans-serif"
FEW, MANY, MOST_DAYS = 12, 60, 8
LAST_DAY = 48.0
"""Room beside the last day of an axis of days, for half of its name."""
LETTER = 7.2  # width of a letter at 12 px in names with many wide ones: no name may be cut off


class Drawing:
    """Collects the shapes of one picture, mirrored for languages that run from the right."""

    def __init__(self, height: float, *, rtl: bool, link: Callable[[str], str] | None) -> None:
        self.height, self.rtl, self.link = height, rtl, link
        self.shapes: list[str] = []

    def x(self, x: float, width: float = 0) -> float:
        """Return where something stands that begins at x in a picture from the left."""
        return WIDTH - x - width if self.rtl else x

    def text(
        self, x: float, y: float, words: str, anchor: str = "start", size: int = 12, *, bold: bool = False
    ) -> None:
        """Write words; anchors are those of a picture from the left."""
        if self.rtl and anchor != "middle":
            anchor = {"start": "end", "end": "start"}[anchor]
        weight = ' font-weight="600"' if bold else ""
        self.shapes.append(
            f'<text x="{self.x(x):.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"{weight} fill="{INK}"'
            f' class="chart-ink">{escape(words)}</text>'
        )

    def rule(self, x1: float, y1: float, x2: float, y2: float) -> None:
        """Draw a thin line."""
        self.shapes.append(
            f'<line x1="{self.x(x1):.1f}" y1="{y1:.1f}" x2="{self.x(x2):.1f}" y2="{y2:.1f}" stroke="{LINE}"'
            ' class="chart-line"/>'
        )

    def box(
        self, x: float, y: float, width: float, height: float, place: int, words: str, mark: Mark, opacity: float = 1
    ) -> None:
        """Draw a bar or a cell with its words."""
        fade = f' fill-opacity="{opacity:.3f}"' if opacity < 1 else ""
        self.marked(
            f'<rect x="{self.x(x, width):.1f}" y="{y:.1f}" rx="2"'
            f' width="{max(width, 0.5):.1f}" height="{max(height, 0.5):.1f}"'
            f' {fill(place)}{fade}>',
            "</rect>", words, mark,
        )  # fmt: skip

    def marked(self, opening: str, closing: str, words: str, mark: Mark) -> None:
        """Draw a shape that says what it is, as a link where there are calls behind it."""
        label = escape(f"{words}: {mark.text}")
        shape = f"{opening}<title>{label}</title>{closing}"
        if self.link and mark.calls:
            shape = f'<a href="{escape(self.link(mark.calls))}" aria-label="{label}">{shape}</a>'
        self.shapes.append(shape)

    def whole(self, summary: str) -> str:
        """Return the picture."""
        role = "group" if self.link else "img"
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0f} {self.height:.0f}" direction="ltr"'
            f' font-family="{FONT}" role="{role}" aria-label="{escape(summary)}"'
            f' class="chart">{"".join(self.shapes)}</svg>'
        )


def colour(place: int) -> str:
    """Return the colour of a series."""
    return PALETTE[place % len(PALETTE)]


def fill(place: int) -> str:
    """Return the attributes of a shape in the colour of a series."""
    return f'fill="{colour(place)}" class="chart-{place % len(PALETTE) + 1}"'


def draw(chart: Chart, *, rtl: bool = False, link: Callable[[str], str] | None = None) -> str:
    """Return a chart as SVG; `link` makes addresses of the calls behind marks, None for pictures without links."""
    return DRAWERS[chart.kind](chart, rtl, link)


def shortened(words: str, width: float) -> str:
    """Return words that fit into a width."""
    letters = max(3, int(width / LETTER + 0.01))  # a hair more: widths are computed from letters
    return words if len(words) <= letters else f"{words[: letters - 1]}…"


def steps(highest: Decimal, form: Form) -> list[Decimal]:
    """Return four to six round values from 0 to at least the highest."""
    units = (60, 300, 600, 1800, 3600, 7200, 18000, 36000, 90000, 180000, 360000) if form is Form.SECONDS else ()
    for unit in units:
        if highest <= unit * 5:
            return [Decimal(unit * place) for place in range(math.ceil(highest / unit) + 1)]
    power = Decimal(10) ** (highest.adjusted() - 1 if highest else 0)
    for factor in (1, 2, 5, 10, 20, 50):
        unit_size = power * factor
        if form is Form.COUNT:
            unit_size = max(unit_size, Decimal(1))
        if highest <= unit_size * 5:
            return [unit_size * place for place in range(math.ceil(highest / unit_size) + 1)]
    return [Decimal(0), highest]


def draw_bars(chart: Chart, rtl: bool, link: Callable[[str], str] | None) -> str:
    """Draw horizontal bars with names before and values behind them."""
    names = min(300.0, max(110.0, max(len(name) for name in chart.categories) * LETTER + 16))
    room = WIDTH - names - 130
    drawing = Drawing(len(chart.categories) * 30 + 8, rtl=rtl, link=link)
    highest = chart.highest
    for place, (name, mark) in enumerate(zip(chart.categories, chart.series[0].marks, strict=True)):
        top = place * 30.0 + 4
        drawing.text(names - 10, top + 16, shortened(name, names - 16), "end")
        if mark is not None:
            width = float(mark.value / highest) * room
            drawing.box(names, top + 2, width, 20, 0, name, mark)
            drawing.text(names + width + 8, top + 16, mark.text)
    return drawing.whole(chart.summary())


def draw_pairs(chart: Chart, rtl: bool, link: Callable[[str], str] | None) -> str:
    """Draw two horizontal bars for each name, with their values behind them."""
    names = min(300.0, max(110.0, max(len(name) for name in chart.categories) * LETTER + 16))
    room = WIDTH - names - 130
    drawing = Drawing(len(chart.categories) * 44 + 36, rtl=rtl, link=link)
    legend(drawing, [series.name for series in chart.series], 18)
    highest = chart.highest
    for line, name in enumerate(chart.categories):
        top = line * 44.0 + 34
        drawing.text(names - 10, top + 21, shortened(name, names - 16), "end")
        for place, series in enumerate(chart.series):
            mark, y = series.marks[line], top + place * 18
            if mark is not None:
                width = float(mark.value / highest) * room
                drawing.box(names, y, width, 15, place, f"{name}, {series.name}", mark)
                drawing.text(names + width + 8, y + 12, mark.text)
    return drawing.whole(chart.summary())


def values_axis(drawing: Drawing, chart: Chart, top: float, bottom: float) -> Decimal:
    """Draw the values at the side; return the value at the top."""
    marks = steps(chart.highest, chart.form)
    for value in marks:
        y = bottom - float(value / marks[-1]) * (bottom - top)
        drawing.rule(LEFT, y, WIDTH - RIGHT, y)
        drawing.text(LEFT - 8, y + 4, write(value, chart.form, ""), "end", 11)
    return marks[-1]


def axes(drawing: Drawing, chart: Chart, top: float, bottom: float) -> Decimal:
    """Draw the values at the side and the names below; return the value at the top."""
    highest = values_axis(drawing, chart, top, bottom)
    slot = (WIDTH - LEFT - RIGHT) / len(chart.categories)
    widest = max(len(name) for name in chart.categories) * LETTER + 10
    # A few names are shortened, of many (times mostly) some are left out.
    every = max(1, math.ceil(widest / slot)) if len(chart.categories) > FEW else 1
    for place, name in enumerate(chart.categories):
        if place % every == 0:
            drawing.text(LEFT + slot * (place + 0.5), bottom + 18, shortened(name, max(slot * every, 40)), "middle", 11)
    return highest


def legend(drawing: Drawing, names: Sequence[str], y: float) -> None:
    """Draw the colours and names of several series."""
    x = LEFT
    for place, name in enumerate(names):
        drawing.shapes.append(
            f'<rect x="{drawing.x(x, 12):.1f}" y="{y - 10:.1f}" width="12" height="12" rx="2" {fill(place)}/>'
        )
        drawing.text(x + 18, y, shortened(name, 190))
        x += 34 + min(len(name), 30) * LETTER * 1.1


def draw_columns(chart: Chart, rtl: bool, link: Callable[[str], str] | None) -> str:
    """Draw columns, stacked where there are several series."""
    several = len(chart.series) > 1
    top, bottom = (36.0 if several else 12.0), (296.0 if several else 272.0)
    drawing = Drawing(bottom + 30, rtl=rtl, link=link)
    if several:
        legend(drawing, [series.name for series in chart.series], 18)
    highest = axes(drawing, chart, top, bottom)
    slot = (WIDTH - LEFT - RIGHT) / len(chart.categories)
    width = min(slot * 0.72, 56.0)
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


def draw_line(chart: Chart, rtl: bool, link: Callable[[str], str] | None) -> str:
    """Draw a line with a dot at each value."""
    top, bottom = 12.0, 272.0
    drawing = Drawing(bottom + 30, rtl=rtl, link=link)
    highest = axes(drawing, chart, top, bottom)
    slot = (WIDTH - LEFT - RIGHT) / len(chart.categories)
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


def days_axis(drawing: Drawing, moments: Sequence[datetime], bottom: float) -> Callable[[datetime], float]:
    """Draw the days below; return what finds the place of a moment, in a picture from the left."""
    first, last = min(moments).date(), max(moments).date() + timedelta(days=1)
    days = (last - first).days
    every = math.ceil(days / MOST_DAYS)

    def place(moment: datetime) -> float:
        since = (moment.replace(tzinfo=None) - datetime.combine(first, time())) / timedelta(days=1)
        return LEFT + since / days * (WIDTH - LEFT - LAST_DAY)

    for number in range(0, days + 1, every):
        day = first + timedelta(days=number)
        x = place(datetime.combine(day, time()))
        drawing.rule(x, bottom, x, bottom + 5)
        drawing.text(x, bottom + 20, formats.date_format(day, "SHORT_DATE_FORMAT"), "middle", 11)
    return place


def draw_scatter(chart: Chart, rtl: bool, link: Callable[[str], str] | None) -> str:
    """Draw a dot for each mark, by its moment and its value."""
    top, bottom = 12.0, 272.0
    drawing = Drawing(bottom + 30, rtl=rtl, link=link)
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


def draw_doughnut(chart: Chart, rtl: bool, link: Callable[[str], str] | None) -> str:
    """Draw slices of a ring with their names, values and shares beside it."""
    drawing = Drawing(280, rtl=rtl, link=link)
    marks = [mark for mark in chart.series[0].marks if mark is not None]
    total = sum((mark.value for mark in marks), Decimal(0))
    angle, centre = -math.pi / 2, (drawing.x(170), 140.0)
    for place, (name, mark) in enumerate(zip(chart.categories, marks, strict=True)):
        part = float(mark.value / total)
        drawing.marked(ring(centre, angle, part, place), "</path>", name, mark)
        angle += part * 2 * math.pi
        y = 140 + (place - (len(marks) - 1) / 2) * 30
        drawing.shapes.append(
            f'<rect x="{drawing.x(340, 14):.1f}" y="{y - 11:.1f}" width="14" height="14" rx="3" {fill(place)}/>'
        )
        drawing.text(364, y, shortened(name, 280))
        drawing.text(790, y, mark.text, "end", bold=True)
        drawing.text(870, y, write(Decimal(part), Form.PERCENT), "end")
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


def draw_heat(chart: Chart, rtl: bool, link: Callable[[str], str] | None) -> str:
    """Draw a cell for each pair, the darker the greater."""
    names = min(220.0, max(70.0, max(len(series.name) for series in chart.series) * LETTER + 16))
    slot = (WIDTH - names - RIGHT) / len(chart.categories)
    drawing = Drawing(len(chart.series) * 28 + 34, rtl=rtl, link=link)
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
                    slot - 2,
                    25,
                    0,
                    f"{series.name}, {chart.categories[column]}",
                    mark,
                    0.08 + 0.92 * share,
                )
    return drawing.whole(chart.summary())


DRAWERS: dict[str, Callable[[Chart, bool, Callable[[str], str] | None], str]] = {
    "bar": draw_bars,
    "column": draw_columns,
    "stacked": draw_columns,
    "in_time": draw_columns,
    "paired": draw_pairs,
    "line": draw_line,
    "doughnut": draw_doughnut,
    "heat": draw_heat,
    "scatter": draw_scatter,
}
