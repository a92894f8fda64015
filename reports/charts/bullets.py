"""Draws bullets: what is used against the whole, on a scale whose ground changes at each threshold."""

from decimal import Decimal
from itertools import pairwise

from django.utils.translation import gettext as _

from reports.charts.base import WHOLE, Chart
from reports.charts.drawing import LEFT, LETTER, Drawing, Sheet, before_bars, behind_bars, fill, shortened

STEP, ABOVE = 36.0, 32.0


def draw_bullets(chart: Chart, sheet: Sheet) -> str:
    """Draw a bar before bands that change at each limit, with a line at the whole; names before, values behind."""
    names = before_bars(chart.categories, sheet)
    room = sheet.width - names - behind_bars(chart, sheet)
    drawing = Drawing(len(chart.categories) * STEP + ABOVE + 2, sheet)
    bullet_key(drawing, chart.series[0].name)
    highest = chart.highest
    for place, (name, mark) in enumerate(zip(chart.categories, chart.series[0].marks, strict=True)):
        top = place * STEP + ABOVE
        drawing.text(names - 10, top + 19, shortened(name, names - 16), "end")
        edges = [Decimal(0), *chart.limits[place], highest]
        for band, (begin, end) in enumerate(pairwise(edges)):
            x, width = names + float(begin / highest) * room, float((end - begin) / highest) * room
            drawing.band(x, top, width, 28, min(0.10 + 0.13 * band, 0.5))
        if mark is not None:
            drawing.box(names, top + 9, float(mark.value / highest) * room, 10, 0, name, mark)
            drawing.text(names + room + 8, top + 19, mark.text)
        drawing.upright(names + float(WHOLE / highest) * room, top + 3, top + 25)
    return drawing.whole(chart.summary())


def bullet_key(drawing: Drawing, used: str) -> None:
    """Draw what the parts of a bullet mean."""
    x = 8.0 if drawing.sheet.is_narrow else LEFT
    drawing.shapes.append(f'<rect x="{drawing.x(x, 18):.1f}" y="9" width="18" height="8" rx="2" {fill(0)}/>')
    used, whole, beyond = shortened(used, 90), shortened(_("Budget"), 90), _("Beyond a threshold")
    drawing.text(x + 26, 18, used)
    x += 44 + len(used) * LETTER
    drawing.upright(x, 5, 21)
    drawing.text(x + 10, 18, whole)
    x += 30 + len(whole) * LETTER
    drawing.band(x, 5, 18, 16, 0.36)
    drawing.text(x + 26, 18, shortened(beyond, drawing.width - x - 30))
