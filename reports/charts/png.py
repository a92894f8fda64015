"""Charts as PNG for documents and mails, where SVG texts would lose the joining of Arabic letters."""

from reports.charts.base import Chart
from reports.charts.svg import draw

SCALE = 2.5


def png_of(chart: Chart, *, rtl: bool) -> bytes:
    """Return the same picture as on pages, large enough for print."""
    import vl_convert  # noqa: PLC0415  (160 MB that only documents with charts need)

    return bytes(vl_convert.svg_to_png(draw(chart, rtl=rtl), scale=SCALE))
