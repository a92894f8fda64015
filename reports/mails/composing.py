"""Composes the mail of a report: what it says at a glance, as HTML and text, and the whole report attached.

"Send mail" and schedules send the same mail:

    with timezone.override(asked.asker.zone):
        document = prepare(asked.report, asked.question, asked.asker, form)
        letter = letter_of(asked, document, form, Wording(subject, text), key=...)

Everything in it comes from the document that the attached file is written from, so the figures cannot differ.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urljoin

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _

from accounting.models import MailPurpose
from accounting.services.outbox import Attachment, InlineImage, Letter, one_line
from callanalytics.templatetags.ui import number
from reports.catalogue import REPORTS
from reports.charts.png import png_for_mail
from reports.engine.layout import Row
from reports.engine.measures import Form
from reports.engine.question import CUSTOM
from reports.engine.words import period_in_words
from reports.exports.asking import Asked, file_name
from reports.exports.base import Document, Format, Told
from reports.exports.preparing import untold
from reports.exports.table import Field, table_of
from reports.mails.wording import Wording, filled

MOST_ROWS, MOST_CHARTS = 10, 4
MOST_TILES = 6
MOST_FIELDS, MOST_FIGURES = 5, 4
"""How many columns of calls, and of groups beside their names, are readable on a phone."""
IN_MEMORY = 2 * 1024 * 1024
MEGABYTE = 1024 * 1024


class MailTooLarge(Exception):  # noqa: N818  (what people read)
    """The attached file is larger than mails may be; the text says so, in the reader's language."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table in a mail."""

    name: str
    cells: list[tuple[bool, str]]
    """Whether a figure, which is set at the end, and its text."""

    @property
    def words(self) -> str:
        """The figures in a line of text."""
        return " · ".join(text for _numeric, text in self.cells if text)


@dataclass(frozen=True, slots=True)
class Table:
    """The first rows of a report."""

    name: str
    """Header of the names, '' for lists of calls."""
    fields: list[Field]
    lines: list[Line]
    total: Line | None
    totals: list[tuple[str, str]]
    """The telling figures of the total, also of columns that are not here: label and text."""
    left_out: bool
    """Whether the file has columns that are not here."""


@dataclass(frozen=True, slots=True)
class Page:
    """A mail as it will be read."""

    subject: str
    text: str
    html: str
    images: list[InlineImage]


def letter_of(
    asked: Asked, document: Document, form: Format, wording: Wording, *, key: str,
    purpose: MailPurpose = MailPurpose.REPORT, cause: str = "", reason: str = "", told: Told = untold,
) -> Letter:  # fmt: skip
    """Return the letter with a report that is prepared, in the active language and within the asker's zone.

    `reason` is a sentence that says why it was sent. Raises MailTooLarge.
    """
    page = page_of(asked, document, wording, reason)
    attachment = Attachment(file_name(asked.report, form.name), form.content_type, content_of(document, form, told))
    return Letter(
        key=key, purpose=purpose, subject=page.subject, text=page.text, html=page.html, attachments=[attachment],
        images=page.images, language=document.language, on_behalf_of=asked.asker.reader, cause=cause,
    )  # fmt: skip


def content_of(document: Document, form: Format, told: Told) -> bytes:
    """Return the attached file; raise MailTooLarge."""
    most = settings.MAIL_ATTACHMENT_MB
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as out:
        form.write(document, out, told)
        size = out.tell()
        if size > most * MEGABYTE:
            text = _("The file has %(size)s MB, and mails carry %(most)s MB at most. Narrow the report, or export it.")
            raise MailTooLarge(text % {"size": number(-(-size // MEGABYTE)), "most": number(most)})
        out.seek(0)
        return out.read()


def page_of(
    asked: Asked, document: Document, wording: Wording, reason: str = "", envelope: Sequence[tuple[str, str]] = ()
) -> Page:
    """Return the mail as it will be read; takes the first rows of the document and puts them back.

    `envelope` is for a preview: lines that mail programs show above a mail, the subject follows them.
    """
    facts = facts_of(asked, document)
    subject = one_line(filled(wording.subject, facts))
    images = [
        (f"chart-{place}", chart, png_for_mail(chart, rtl=document.rtl))
        for place, chart in enumerate(document.charts[:MOST_CHARTS], 1)
    ]
    table = table_in(document)
    context = {
        "document": document,
        "subject": subject,
        "period": facts["period"],
        "own_text": filled(wording.text, facts).strip(),
        "author": asked.asker.reader,
        "facts": document.head[1:],
        "tiles": in_rows(table.totals),
        "charts": [(chart.title, chart.summary(), cid) for cid, chart, _png in images],
        "table": table,
        "more": document.count - len(table.lines),
        "link": link_to(asked),
        "envelope": [*envelope, (_("Subject"), subject)] if envelope else [],
        "reason": reason or _("%(author)s has sent you this report.") % {"author": asked.asker.reader},
        "start": "right" if get_language_bidi() else "left",
        "end": "left" if get_language_bidi() else "right",
    }
    html = render_to_string("emails/report/letter.html", context)
    text = render_to_string("emails/report/letter.txt", context)
    return Page(subject, text, html, [InlineImage(cid, png) for cid, _chart, png in images])


def facts_of(asked: Asked, document: Document) -> dict[str, str]:
    """Return what the placeholders stand for."""
    now = timezone.localtime(document.made_at)
    return {
        "report": document.name,
        "period": period_in_words(asked.question),
        "date": formats.date_format(now, "SHORT_DATE_FORMAT"),
        "time": formats.date_format(now, "TIME_FORMAT"),
        "author": str(asked.asker.reader),
        "rows": number(document.count),
    }


def link_to(asked: Asked) -> str:
    """Return the address of the report in the portal: with the days and the zone of this mail, also when it is old."""
    first, last = asked.question.days()
    fixed = replace(asked.question, zone=str(asked.asker.zone))
    if first and last:
        fixed = replace(fixed, period=CUSTOM, first=first, last=last)
    query = fixed.address(REPORTS[asked.report.slug].standard).urlencode()
    return urljoin(settings.PORTAL_URL, f"{reverse('report', args=[asked.report.slug])}?{query}")


def table_in(document: Document) -> Table:
    """Return the first rows and columns; of groups within groups the outer ones."""
    every = document.first_rows(document.count if document.levels else MOST_ROWS)
    outer = [row for row in every if row.level <= 1][:MOST_ROWS] if document.levels else every
    shown = table_of(replace(document, rows=iter(every), parts=None))
    fields = readable(shown.fields, MOST_FIGURES if document.levels else MOST_FIELDS)
    name = " / ".join(dict.fromkeys(document.levels))
    return Table(
        name, fields, [line_of(row, fields, document) for row in outer],
        line_of(document.total, fields, document) if document.total else None,
        totals_of(document.total, shown.fields) if document.total else [],
        len(shown.fields) > len(fields),
    )  # fmt: skip


def readable(fields: list[Field], most: int) -> list[Field]:
    """Return as many columns as are readable; amounts are shown in all currencies or, beside other figures, not."""
    shown: list[Field] = []
    for place in dict.fromkeys(field.place for field in fields[:most]):
        same = [field for field in fields if field.place == place]
        if len(shown) + len(same) > most + 1:
            break
        shown += same
    return shown or fields[:most]


def line_of(row: Row, fields: list[Field], document: Document) -> Line:
    """Return one row as texts."""
    cells = [(field.numeric, one_line(field.text(row))) for field in fields]
    return Line(str(row.cells[0]) if document.levels else "", cells)


def totals_of(total: Row, fields: list[Field]) -> list[tuple[str, str]]:
    """Return label and text of the figures of the total that say something by themselves; costs whole or not."""
    figures = [field for field in fields if field.form not in (Form.PERCENT, Form.CHANGE)]
    tiles: list[tuple[str, str]] = []
    for place in dict.fromkeys(field.place for field in figures):
        same = [field for field in figures if field.place == place]
        texts = [(field.label, one_line(field.text(total))) for field in same]
        said = [(label, text) for label, text in texts if text]
        if len(tiles) + len(said) <= MOST_TILES or not tiles:
            tiles += said
    return tiles


def in_rows(tiles: list[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """Return tiles in rows that are as full as possible."""
    beside = 2 if len(tiles) == 4 else 3
    return [tiles[place : place + beside] for place in range(0, len(tiles), beside)]
