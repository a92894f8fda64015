"""Runs a report: the question answered and laid out, calls a page at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounting.models import CallRecord
from accounting.querysets.calls import CallRecordQuerySet
from accounting.services.naming import named_calls
from callanalytics.web.pagination import Paging, Position
from reports.catalogue.base import Report
from reports.engine.answering import Answer, Node, answer, calls_of
from reports.engine.details import DETAILS
from reports.engine.fields import Asker
from reports.engine.layout import Layout, Row, detail_columns, lay_out
from reports.engine.question import Question, previous

CHUNK = 2000
"""Calls that are read at once when all are exported."""
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
            return Run(report, question, report.run(question, asker))
        if not question.group:
            return Run(report, question, list_calls(question, asker, paging or Paging()))
        found = answer(question, asker)
        if "change" in question.columns:
            compare(found, question, asker)
        return Run(report, question, lay_out(found), found)


def compare(found: Answer, question: Question, asker: Asker) -> None:
    """Put the sums of the previous equal period beside those of each group."""
    before = previous(question)
    if before is None:
        return
    earlier = answer(replace(before, top=None), asker)
    found.before = earlier.total
    nodes: dict[tuple[Any, ...], Node] = {}
    gather(earlier.nodes, nodes)

    def put(parts: Sequence[Node]) -> None:
        for node in parts:
            same = nodes.get(node.keys)
            node.before = same.sums if same else None
            put(node.parts)

    put(found.nodes)


def gather(parts: Sequence[Node], into: dict[tuple[Any, ...], Node]) -> None:
    """Collect groups of all levels by their keys."""
    for node in parts:
        into[node.keys] = node
        gather(node.parts, into)


def list_calls(question: Question, asker: Asker, paging: Paging) -> Layout:
    """Return one page of the calls, in order of time; in another order the first of them."""
    records = calls_of(question, asker)
    column = question.sort.removeprefix("-") or "time"
    layout = Layout(detail_columns(question.columns), [])
    if column == "time" and question.top is None:
        turned = Paging(paging.size, not question.sort or question.sort.startswith("-"), paging.after, paging.before)
        page = turned.page(records)
        layout.after, layout.before = page.after, page.before
        layout.rows = call_rows(page.rows, question, asker)
        return layout
    most = question.top or MOST_SORTED
    found = list(in_order(records, question)[: most + 1])
    layout.cut = len(found) > most
    layout.rows = call_rows(found[:most], question, asker)
    if layout.cut and question.top is None:
        layout.notes.append(_("Only the first %(most)s calls of this order are shown.") % {"most": most})
    return layout


def in_order(records: CallRecordQuerySet, question: Question) -> CallRecordQuerySet:
    """Return calls in the order of a column."""
    column = question.sort.removeprefix("-") or "time"
    order = F(DETAILS[column].order_by or "started_at")
    descending = not question.sort or question.sort.startswith("-")
    sign = order.desc(nulls_last=True) if descending else order.asc(nulls_last=True)
    return records.order_by(sign, "-id")


def every_call(question: Question, asker: Asker) -> Iterator[Row]:
    """Yield all calls in the question's order, some thousand at a time."""
    records = calls_of(question, asker)
    if question.sort.removeprefix("-") in ("", "time") and question.top is None:
        paging = Paging(CHUNK, newest_first=question.sort != "time")
        while True:
            page = paging.page(records)
            yield from call_rows(page.rows, question, asker)
            if not page.after:
                return
            paging = replace(paging, after=Position.parse(page.after))
    ordered = in_order(records, question)
    left = (ordered[: question.top] if question.top else ordered).iterator(chunk_size=CHUNK)
    while some := list(islice(left, CHUNK)):
        yield from call_rows(some, question, asker)


def call_rows(records: Sequence[CallRecord], question: Question, asker: Asker) -> list[Row]:
    """Return calls as rows; those of others with their owners."""
    calls = named_calls(records, asker.masker, owners="person" in question.columns)
    values = [DETAILS[name].value for name in question.columns]
    return [Row([value(call) for value in values], record_id=call.record.pk) for call in calls]
