"""The paper of charts: shapes and words, axes and legends, on wide pages and in narrow mails, from either side.

Letters are set from the side where the language begins; the picture itself is mirrored by computing, not by styles.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from html import escape

from django.utils import formats

from reports.charts.base import Chart, Mark
from reports.engine.measures import Form
from reports.engine.writing import write

WIDTH, LEFT, RIGHT = 960.0, 64.0, 16.0
NARROW = 400.0
"""The width of pictures in mails: letters are still readable when a phone shows them."""
PALETTE = ("#0b5965", "#d55e00", "#0072b2", "#e69f00", "#7a4fa3", "#009e73", "#8c564b", "#56b4e9")
"""Told apart with every kind of colour blindness, also in grey; in the order of use."""
INK, LINE = "#40514f", "#e0e6e5"
FONT = "Inter Portal, Plex Portal, Noto Sans, Noto Sans Arabic, sans-serif"
FEW, MANY, SLANTED = 12, 60, 20
DAY = 100.0
"""Room for a day along an axis."""
EDGE = 10.0
"""Around pictures with a ground of their own."""
LAST_DAY = 48.0
"""Room beside the last day of an axis of days, for half of its name."""
LETTER = 7.2  # width of a letter at 12 px in names with many wide ones: no name may be cut off


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a picture is drawn on."""

    rtl: bool = False
    link: Callable[[str], str] | None = None
    """Makes addresses of the calls behind marks; None for pictures without links."""
    width: float = WIDTH
    ground: str = ""
    """A colour behind everything, for programs that may show the picture on a dark ground."""

    @property
    def is_narrow(self) -> bool:
        """Whether names and legends need other places than on a page."""
        return self.width < WIDTH / 2


class Drawing:
    """Collects the shapes of one picture, mirrored for languages that run from the right."""

    def __init__(self, height: float, sheet: Sheet) -> None:
        self.height, self.sheet, self.width, self.rtl = height, sheet, sheet.width, sheet.rtl
        self.shapes: list[str] = []

    def x(self, x: float, width: float = 0) -> float:
        """Return where something stands that begins at x in a picture from the left."""
        return self.width - x - width if self.rtl else x

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

    def slanted(self, x: float, y: float, words: str) -> None:
        """Write words that rise towards a place, the end of which they have."""
        x, turn, anchor = self.x(x), 40 if self.rtl else -40, "start" if self.rtl else "end"
        self.shapes.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" transform="rotate({turn} {x:.1f} {y:.1f})"'
            f' font-size="11" fill="{INK}" class="chart-ink">{escape(words)}</text>'
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
        link = self.sheet.link
        if link and mark.calls:
            shape = f'<a href="{escape(link(mark.calls))}" aria-label="{label}">{shape}</a>'
        self.shapes.append(shape)

    def band(self, x: float, y: float, width: float, height: float, opacity: float) -> None:
        """Draw the ground of a part of a scale; it means nothing by itself."""
        self.shapes.append(
            f'<rect x="{self.x(x, width):.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{height:.1f}"'
            f' fill="{INK}" fill-opacity="{opacity:.2f}" class="chart-ink"/>'
        )

    def upright(self, x: float, top: float, bottom: float) -> None:
        """Draw a thick upright line."""
        self.shapes.append(
            f'<rect x="{self.x(x - 1.5, 3):.1f}" y="{top:.1f}" width="3" height="{bottom - top:.1f}" fill="{INK}"'
            ' class="chart-ink"/>'
        )

    def whole(self, summary: str) -> str:
        """Return the picture."""
        edge = EDGE if self.sheet.ground else 0
        box = f"{-edge:.0f} {-edge:.0f} {self.width + 2 * edge:.0f} {self.height + 2 * edge:.0f}"
        role = "group" if self.sheet.link else "img"
        ground = (
            f'<rect x="{-edge}" y="{-edge}" width="100%" height="100%" fill="{self.sheet.ground}"/>'
            if self.sheet.ground
            else ""
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" direction="ltr"'
            f' font-family="{FONT}" role="{role}" aria-label="{escape(summary)}"'
            f' class="chart">{ground}{"".join(self.shapes)}</svg>'
        )


def colour(place: int) -> str:
    """Return the colour of a series."""
    return PALETTE[place % len(PALETTE)]


def fill(place: int) -> str:
    """Return the attributes of a shape in the colour of a series."""
    return f'fill="{colour(place)}" class="chart-{place % len(PALETTE) + 1}"'


def shortened(words: str, width: float) -> str:
    """Return words that fit into a width."""
    letters = max(3, int(width / LETTER + 0.01))  # a hair more: widths are computed from letters
    return words if len(words) <= letters else f"{words[: letters - 1]}…"


def before_bars(names: Sequence[str], sheet: Sheet) -> float:
    """Return the room for names before bars."""
    widest = max(len(name) for name in names) * LETTER + 16
    return min(140.0, max(60.0, widest)) if sheet.is_narrow else min(300.0, max(110.0, widest))


def behind_bars(chart: Chart, sheet: Sheet) -> float:
    """Return the room for values behind bars."""
    if not sheet.is_narrow:
        return 130
    texts = [mark.text for series in chart.series for mark in series.marks if mark]
    return max(map(len, texts), default=0) * LETTER + 16


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


def values_axis(drawing: Drawing, chart: Chart, top: float, bottom: float) -> Decimal:
    """Draw the values at the side; return the value at the top."""
    marks = steps(chart.highest, chart.form)
    for value in marks:
        y = bottom - float(value / marks[-1]) * (bottom - top)
        drawing.rule(LEFT, y, drawing.width - RIGHT, y)
        drawing.text(LEFT - 8, y + 4, write(value, chart.form, ""), "end", 11)
    return marks[-1]


@dataclass(frozen=True, slots=True)
class Names:
    """How the names below columns are written so that they do not run into each other."""

    slot: float
    every: int = 1
    longest: float = 0
    """Width to which a name is shortened."""
    slants: bool = False

    @property
    def height(self) -> float:
        """The room that they need."""
        return 26 + self.longest * 0.66 if self.slants else 30


NEARER = 10
"""How much nearer to the one before it a name may stand that would be cut at the edge."""


def names_below(categories: Sequence[str], sheet: Sheet) -> Names:
    """Return how names are written: a few are shortened or slanted, of many (times mostly) some are left out."""
    slot = (sheet.width - LEFT - RIGHT) / len(categories)
    widest = max(len(name) for name in categories) * LETTER + 10
    if sheet.is_narrow and widest > slot and len(categories) <= SLANTED:
        return Names(slot, 1, min(widest, 104), slants=True)
    every = max(1, math.ceil(widest / slot)) if len(categories) > FEW else 1
    return Names(slot, every, max(slot * every, 40))


def axes(drawing: Drawing, chart: Chart, top: float, bottom: float, names: Names) -> Decimal:
    """Draw the values at the side and the names below; return the value at the top."""
    highest = values_axis(drawing, chart, top, bottom)
    for place, name in enumerate(chart.categories):
        x = LEFT + names.slot * (place + 0.5)
        if names.slants:
            drawing.slanted(x + 4, bottom + 16, shortened(name, names.longest))
        elif place % names.every == 0:
            text = shortened(name, names.longest)
            beyond = max(0.0, x + len(text) * LETTER / 2 + 2 - drawing.width)
            if beyond <= NEARER or names.every == 1:
                drawing.text(x - beyond, bottom + 18, text, "middle", 11)
    return highest


def legend_lines(names: Sequence[str], sheet: Sheet) -> list[list[tuple[float, int]]]:
    """Return place and number of each name of a legend, line by line."""
    begin = 8.0 if sheet.is_narrow else LEFT
    lines: list[list[tuple[float, int]]] = [[]]
    x = begin
    for place, name in enumerate(names):
        width = 34 + min(len(name), 30) * LETTER * 1.1
        if lines[-1] and x + width > sheet.width:
            lines.append([])
            x = begin
        lines[-1].append((x, place))
        x += width
    return lines


def legend_height(names: Sequence[str], sheet: Sheet) -> float:
    """Return the room that a legend takes at the top; nothing for a single series."""
    return 16.0 + len(legend_lines(names, sheet)) * 20 if len(names) > 1 else 12.0


def legend(drawing: Drawing, names: Sequence[str]) -> None:
    """Draw the colours and names of several series at the top; nothing for a single one."""
    lines = legend_lines(names, drawing.sheet) if len(names) > 1 else []
    for line, entries in enumerate(lines):
        y = 18.0 + line * 20
        for x, place in entries:
            drawing.shapes.append(
                f'<rect x="{drawing.x(x, 12):.1f}" y="{y - 10:.1f}" width="12" height="12" rx="2" {fill(place)}/>'
            )
            drawing.text(x + 18, y, shortened(names[place], 190))


def days_axis(drawing: Drawing, moments: Sequence[datetime], bottom: float) -> Callable[[datetime], float]:
    """Draw the days below; return what finds the place of a moment, in a picture from the left."""
    first, last = min(moments).date(), max(moments).date() + timedelta(days=1)
    days = (last - first).days
    every = math.ceil(days / max(2, int((drawing.width - LEFT) / DAY)))

    def place(moment: datetime) -> float:
        since = (moment.replace(tzinfo=None) - datetime.combine(first, time())) / timedelta(days=1)
        return LEFT + since / days * (drawing.width - LEFT - LAST_DAY)

    for number in range(0, days + 1, every):
        day = first + timedelta(days=number)
        x = place(datetime.combine(day, time()))
        drawing.rule(x, bottom, x, bottom + 5)
        drawing.text(x, bottom + 20, formats.date_format(day, "SHORT_DATE_FORMAT"), "middle", 11)
    return place
