"""Runs a report: the question answered and laid out, calls a page at a time."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from django.db import connection
from django.db.models import CharField, F, TextField
from django.db.models.functions import Collate
from django.utils import timezone
from django.utils.translation import gettext as _

from accounting.querysets.calls import CallRecordQuerySet
from callanalytics.web.pagination import Paging
from reports.catalogue.base import Report
from reports.charts.calls import charts_of_calls
from reports.engine.answering import Answer, Node, Wanted, answer, answers_of_both
from reports.engine.details import DETAILS
from reports.engine.fields import Asker
from reports.engine.finding import Order, calls_in_order, calls_of_page, currencies_of, dearest
from reports.engine.layout import Layout, Row, detail_columns, lay_out
from reports.engine.question import Question, previous
from reports.engine.reading import CallCells, Columns
from reports.engine.tables import calls_of

MOST_SORTED = 1000
"""Calls that are shown when they are sorted by something else than their time."""


@dataclass(frozen=True, slots=True)
class Run:
    """A report that has been run."""

    report: Report
    question: Question
    layout: Layout
    answer: Answer | None = None
    """The groups behind the layout, for charts; None for lists of calls."""


def run_report(report: Report, question: Question, asker: Asker, paging: Paging | None = None) -> Run:
    """Return what a report shows to this person; days are those of the question's zone."""
    with timezone.override(asker.zone):
        if report.run is not None:
            layout = report.run(question, asker)
            return Run(report, question, paged(layout, paging) if paging else layout)
        if not question.group:
            return Run(report, question, list_calls(question, asker, paging or Paging()))
        wanted = Wanted((paging.number + 1) * paging.size + 1 if paging else 0)
        before = previous(question) if "change" in question.columns or question.chart == "paired" else None
        found = compared(question, before, asker, wanted) if before else answer(question, asker, wanted)
        layout = lay_out(found, paging.number, paging.size) if paging else lay_out(found)
        return Run(report, question, layout, found)


def paged(layout: Layout, paging: Paging) -> Layout:
    """Return one page of the rows."""
    start = paging.number * paging.size
    layout.page, layout.has_more = paging.number, len(layout.rows) > start + paging.size
    layout.rows = layout.rows[start : start + paging.size]
    return layout


def compared(question: Question, before: Question, asker: Asker, wanted: Wanted) -> Answer:
    """Return the answer with the sums of the period before it beside those of each group."""
    found, earlier = answers_of_both(question, before, asker, wanted)
    found.before = earlier.total
    nodes: dict[tuple[Any, ...], Node] = {}
    gather(earlier.nodes, nodes)

    def put(parts: Sequence[Node]) -> None:
        for node in parts:
            same = nodes.get(node.keys)
            node.before = same.sums if same else None
            put(node.parts)

    put(found.nodes)
    return found


def gather(parts: Sequence[Node], into: dict[tuple[Any, ...], Node]) -> None:
    """Collect groups of all levels by their keys."""
    for node in parts:
        into[node.keys] = node
        gather(node.parts, into)


def with_currency(question: Question) -> Question:
    """Return a question about calls whose amounts stand beside their currencies."""
    columns = list(question.columns)
    if "cost" in columns and "currency" not in columns:
        columns.insert(columns.index("cost") + 1, "currency")
    return replace(question, columns=tuple(columns))


def list_calls(question: Question, asker: Asker, paging: Paging) -> Layout:
    """Return one page of the calls, in order of time; in another order the first of them."""
    question = with_currency(question)
    cells = CallCells(question.columns, asker.masker)
    layout = Layout(detail_columns(question.columns), [])
    if in_time(question):
        turned = Paging(paging.size, not question.sort or question.sort.startswith("-"), paging.after, paging.before)
        page = cells.page(calls_of_page(question, asker, turned), turned)
        layout.after, layout.before = page.after, page.before
        layout.rows = call_rows(cells, page.rows)
        return layout
    most, rows = question.top or MOST_SORTED, []
    for ordered in lists_of(question, asker, most + 1):
        found = list(chain.from_iterable(cells.first(ordered, most + 1)))
        layout.cut = layout.cut or len(found) > most
        rows += call_rows(cells, found[:most])
    layout.rows = rows
    if layout.cut and question.top is None:
        layout.notes.append(_("Only the first %(most)s calls of this order are shown.") % {"most": most})
    layout.charts = charts_of_calls(layout, question)
    return layout


def in_time(question: Question) -> bool:
    """Return whether calls are wanted in order of time, all of them."""
    return question.sort.removeprefix("-") in ("", "time") and question.top is None


def in_order(records: CallRecordQuerySet, question: Question) -> CallRecordQuerySet:
    """Return calls in the order of a column."""
    column = question.sort.removeprefix("-") or "time"
    order = as_copied(records, DETAILS[column].order_by or "started_at")
    descending = not question.sort or question.sort.startswith("-")
    sign = order.desc(nulls_last=True) if descending else order.asc(nulls_last=True)
    return records.order_by(sign, F("id").desc())


def as_copied(records: CallRecordQuerySet, column: str) -> F | Collate:
    """Return what calls are ordered by: texts in the order of their letters' codes, as the copy and SQLite have them.

    PostgreSQL would order them by the language that its server was set up in.
    """
    kind = F(column).resolve_expression(records.query).output_field
    if connection.vendor == "postgresql" and isinstance(kind, CharField | TextField):
        return Collate(F(column), "C")
    return F(column)


def lists_of(question: Question, asker: Asker, most: int) -> list[CallRecordQuerySet]:
    """Return lists of calls that are shown one after the other, the first `most` of each at least."""

    def order(records: CallRecordQuerySet) -> CallRecordQuerySet:
        return in_order(records, question)

    if question.sort.removeprefix("-") != "cost":
        return [calls_in_order(question, asker, order, most)]
    records, ids = calls_of(question, asker), dearest(question, asker, order, most)
    if ids is None:
        return [order_of(records) for order_of in orders_of(question, asker)]
    return [order(records.filter(pk__in=ids[code], currency=code)) for code in in_turn(ids)]


def orders_of(question: Question, asker: Asker) -> list[Order]:
    """Return the orders in which calls are listed one after the other: costs of each currency by themselves."""
    if question.sort.removeprefix("-") != "cost":
        return [lambda records: in_order(records, question)]
    return [
        lambda records, currency=currency: in_order(records.filter(currency=currency), question)  # type: ignore[misc]
        for currency in in_turn(currencies_of(question, asker))
    ]


def in_turn(currencies: Iterable[str]) -> list[str]:
    """Return currencies in the order in which lists show them: calls without a price come last."""
    return sorted(currencies, key=lambda code: (not code, code))


def every_call(question: Question, asker: Asker) -> Iterator[Columns]:
    """Yield the cells of all calls in the question's order, column by column, some thousand calls at a time."""
    records, cells = calls_of(question, asker), CallCells(question.columns, asker.masker)
    if in_time(question):
        parts = cells.every(records, newest_first=question.sort != "time")
    else:
        orders = orders_of(question, asker)
        parts = chain.from_iterable(cells.first(order(records), question.top) for order in orders)
    return map(cells.columns, parts)


def call_rows(cells: CallCells, calls: Sequence[Any]) -> list[Row]:
    """Return calls that were read as rows."""
    return [
        Row(list(values), record_id=call.pk)
        for call, values in zip(calls, zip(*cells.columns(calls), strict=True), strict=True)
    ]
