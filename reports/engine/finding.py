"""Finds the few calls that a list shows in the columnar copy; the database then reads these by their ids."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from accounting.querysets.calls import CallRecordQuerySet
from accounting.services.columns.reading import from_both
from callanalytics.web.pagination import Paging, beyond
from reports.engine.fields import Asker
from reports.engine.question import Question, period_of
from reports.engine.tables import calls_of, calls_of_any_time, reads_widely

NEAR = timedelta(days=31)
"""A page is looked for in so long a time first: most are full by then."""
Order = Callable[[CallRecordQuerySet], CallRecordQuerySet]


def calls_in_order(question: Question, asker: Asker, order: Order, most: int) -> CallRecordQuerySet:
    """Return the calls of a question among which the first `most` of an order are, in that order."""
    records = calls_of(question, asker)
    if not reads_widely(asker.reader):
        return order(records)
    period = period_of(question, asker.zone)
    ids = found(calls_of_any_time(question, asker), period.start, period.end, order, most)
    return order(records if ids is None else records.filter(pk__in=ids))


def currencies_of(question: Question, asker: Asker) -> set[str]:
    """Return the currencies of the calls of a question, '' for those without a price."""
    period = period_of(question, asker.zone)

    def distinct(records: Any) -> Any:
        return records.order_by().values("currency").distinct()

    rows = None
    if reads_widely(asker.reader):
        rows = from_both(calls_of_any_time(question, asker), period.start, period.end, distinct)
    return {row["currency"] for row in (distinct(calls_of(question, asker)) if rows is None else rows)}


def calls_of_page(question: Question, asker: Asker, paging: Paging) -> CallRecordQuerySet:
    """Return the calls of a question among which those of a page in order of time are.

    Without conditions the database finds them by its index; rare ones it would look for among all calls.
    """
    records, period = calls_of(question, asker), period_of(question, asker.zone)
    if not reads_widely(asker.reader) or not (question.tests or question.where):
        return records
    falling = paging.newest_first != (paging.before is not None)
    sign = "-" if falling else ""
    every, start, end = calls_of_any_time(question, asker), period.start, period.end
    if position := paging.after or paging.before:
        every = every.filter(beyond("started_at", position, descending=falling))
        if falling:
            end = min(end or position.when, position.when) + timedelta(microseconds=1)
        else:
            start = max(start or position.when, position.when)
    ids: list[int] | None = None
    for begin, until in near_and_whole(start, end, falling=falling):
        ids = found(every, begin, until, lambda some: some.order_by(f"{sign}started_at", f"{sign}pk"), paging.size + 1)
        if ids is None:
            return records
        if len(ids) > paging.size:
            break
    return records.filter(pk__in=ids or [])


def near_and_whole(
    start: datetime | None, end: datetime | None, *, falling: bool
) -> list[tuple[datetime | None, datetime | None]]:
    """Return where to look first, and the whole time."""
    if falling:
        near = (end or timezone.now()) - NEAR
        return [(near, end), (start, end)] if start is None or start < near else [(start, end)]
    if start is None:
        return [(start, end)]
    near = start + NEAR
    return [(start, near), (start, end)] if end is None or near < end else [(start, end)]


def found(
    records: CallRecordQuerySet, start: datetime | None, end: datetime | None, order: Order, most: int
) -> list[int] | None:
    """Return the ids of the first calls of an order, and of some more; None where the copy cannot tell."""

    def first(some: Any) -> Any:
        return order(some).values("id")[:most]

    rows = from_both(records, start, end, first)
    return None if rows is None else [row["id"] for row in rows]
