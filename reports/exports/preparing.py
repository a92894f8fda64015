"""Makes a report ready to be written: runs it without pages, and says at its head what was asked, by whom and when."""

from dataclasses import replace
from typing import IO

from django.utils import timezone
from django.utils.translation import get_language, get_language_bidi
from django.utils.translation import gettext as _

from callanalytics.lib.cycles import cycle_search_paused
from callanalytics.templatetags.ui import number
from callanalytics.web.pagination import Paging, counted
from reports.catalogue.base import RULE_TEXTS, Report
from reports.charts.base import charts_of
from reports.engine.dimensions import DIMENSIONS
from reports.engine.fields import Asker
from reports.engine.layout import Layout, detail_columns
from reports.engine.measures import Form
from reports.engine.question import Question
from reports.engine.ranking import MOST_BARS
from reports.engine.running import every_call, list_calls, run_report, with_currency
from reports.engine.tables import calls_of
from reports.engine.words import chips_of, period_in_words
from reports.engine.writing import write
from reports.exports.base import Document, Format, Told, TooManyRows


def untold(done: int, total: int) -> None:
    """Tell nobody how far the work is."""


def export(report: Report, question: Question, asker: Asker, form: Format, out: IO[bytes], told: Told = untold) -> int:
    """Write a report into a binary file, in the active language; return its number of rows.

    Raises TooManyRows, before anything is written, above the format's limit.
    """
    with timezone.override(asker.zone):
        document = prepare(report, question, asker, form)
        with cycle_search_paused():  # rows have no cycles; looking for them took a tenth
            form.write(document, out, told)
    return document.count


def prepare(report: Report, question: Question, asker: Asker, form: Format, *, at_once: bool = False) -> Document:
    """Return what is to be written; raise TooManyRows above the format's limit, with at_once above the lower one."""
    most = form.at_once if at_once else form.most_rows
    document = headed(report, question, asker)
    fill = fill_calls if report.run is None and not question.group else fill_layout
    fill(document, report, question, asker, most)
    if document.count > most:
        raise TooManyRows(beyond(form), document.count)
    return document


def headed(report: Report, question: Question, asker: Asker) -> Document:
    """Return a document that says what is asked, without rows yet."""
    return Document(
        name=str(report.name), head=head_of(report, question, asker),
        rules=[str(RULE_TEXTS[rule]) for rule in report.rules], notes=[], columns=[], levels=[], rows=iter(()), count=0,
        total=None, charts=[], zone=asker.zone, made_at=timezone.now(), rtl=get_language_bidi(),
        language=get_language() or "en",
    )  # fmt: skip


def beyond(form: Format) -> str:
    """Return what is said of a report that is too large for a format."""
    text = _("This report has more than %(most)s rows, the most that %(format)s takes. Narrow it, or use CSV.")
    return text % {"most": number(form.most_rows), "format": form.label}


def count_calls(question: Question, asker: Asker, most: int) -> int:
    """Return the number of calls of a list, most + 1 when there are more."""
    return counted(calls_of(question, asker), most)


def fill_calls(document: Document, report: Report, question: Question, asker: Asker, most: int) -> None:
    """Put all calls of a list into a document, as they are read; amounts stand beside their currencies."""
    question = with_currency(question)
    document.columns = detail_columns(question.columns)
    document.count = counted(calls_of(question, asker), min(most, question.top or most))
    document.fill(every_call(question, asker))
    if question.top and question.chart == "bar":
        document.charts = list_calls(replace(question, top=min(question.top, MOST_BARS)), asker, Paging()).charts
    if question.top and document.count > question.top:
        document.count = question.top
        document.notes.append(_("Only the first %(most)s rows of this order.") % {"most": number(question.top)})


def fill_layout(document: Document, report: Report, question: Question, asker: Asker, most: int) -> None:
    """Put the groups of a report, or what it is by itself, into a document."""
    run = run_report(report, question, asker)
    layout = run.layout
    document.columns, document.rows, document.total = layout.columns, iter(layout.rows), layout.total
    document.count, document.notes = len(layout.rows), list(layout.notes)
    document.levels = levels_of(report, question, layout)
    document.charts = charts_of(run.answer) if run.answer else list(layout.charts)
    if layout.cut:
        document.notes.append(_("Only the first groups are listed; the total counts all."))


def levels_of(report: Report, question: Question, layout: Layout) -> list[str]:
    """Return the names of the levels of groups."""
    if report.run is None:
        return [str(DIMENSIONS[name].label) for name in question.group]
    return [str(layout.columns[0].label)] * layout.levels


def head_of(report: Report, question: Question, asker: Asker) -> list[tuple[str, str]]:
    """Return what was asked, in words, and by whom and when."""
    filters = chips_of(replace(question, zone=""), report.standard, asker)[1:]
    return [
        (_("Report"), str(report.name)),
        (_("Period"), period_in_words(question)),
        *((chip.label, chip.value) for chip in filters),
        (_("Time zone"), str(asker.zone)),
        (_("Author"), str(asker.reader)),
        (_("Made"), write(timezone.now(), Form.MOMENT)),
    ]
