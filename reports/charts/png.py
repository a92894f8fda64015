"""Charts as PNG for documents and mails, where SVG texts would lose the joining of Arabic letters."""

import io

from reports.charts.base import Chart
from reports.charts.drawing import NARROW, Sheet
from reports.charts.svg import draw

SCALE, MAIL_SCALE = 2.5, 3
COLOURS = 128
"""More than charts have with the edges of their letters; a picture of so few is a tenth as large."""


def png_of(chart: Chart, *, rtl: bool) -> bytes:
    """Return the same picture as on pages, large enough for print."""
    return drawn(chart, Sheet(rtl), SCALE)


def png_for_mail(chart: Chart, *, rtl: bool) -> bytes:
    """Return a narrow picture, readable on a phone, white behind: dark mail programs show it as it is."""
    from PIL import Image  # noqa: PLC0415  (as above)

    picture = io.BytesIO(drawn(chart, Sheet(rtl, width=NARROW, ground="#ffffff"), MAIL_SCALE))
    small = io.BytesIO()
    with Image.open(picture) as whole:
        whole.convert("RGB").quantize(COLOURS, Image.Quantize.FASTOCTREE).save(small, "PNG")
    return small.getvalue()


def drawn(chart: Chart, sheet: Sheet, scale: float) -> bytes:
    """Return a chart as PNG, so many times as wide as its sheet."""
    import vl_convert  # noqa: PLC0415  (160 MB that only documents with charts need)

    return bytes(vl_convert.svg_to_png(draw(chart, sheet), scale=scale))
