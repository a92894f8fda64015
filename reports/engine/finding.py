"""Finds the few calls that a list shows in the columnar copy; the database then reads these by their ids."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from accounting.querysets.calls import CallRecordQuerySet
from accounting.services.columns.reading import Split, from_both, of_clean_days, read
from callanalytics.web.pagination import Paging, beyond
from reports.engine.fields import Asker
from reports.engine.question import Question, period_of
from reports.engine.tables import calls_of, calls_of_any_time, reads_widely

BEYOND = 1 << 62
"""Millionths that nothing costs."""
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


@dataclass(frozen=True, slots=True)
class Dearest:
    """In DuckDB: the ids of the dearest (or cheapest) calls of each currency, those without a price last.

    Numbering all calls in order would take four to six times as long.
    """

    count: int
    falling: bool
    values: Sequence[Any] = ()

    def among(self, sql: str) -> str:
        """Return the SQL, from that of rows of id, currency and cost."""
        chosen = f"arg_max(id, (COALESCE(cost, -1), id), {self.count})"
        if not self.falling:
            chosen = f"arg_min(id, (COALESCE(cost, {BEYOND}), -id), {self.count})"
        return f"priced AS ({sql}) SELECT currency, unnest({chosen}) AS id FROM priced GROUP BY currency"  # noqa: S608


def dearest(question: Question, asker: Asker, order: Order, most: int) -> dict[str, list[int]] | None:
    """Return by currency the ids of its first calls in the order of costs, and of some more.

    None where the copy cannot tell; `order` is that of the question.
    """
    if not reads_widely(asker.reader):
        return None
    every, period = calls_of_any_time(question, asker), period_of(question, asker.zone)
    step = Dearest(most, question.sort.startswith("-"))

    def look(parts: Split, rest: list[Any]) -> list[Any]:
        return read(every.order_by().values("id", "currency", "cost"), parts, [], step) + rest

    def first(some: Any) -> Any:
        ordering: Any = order(some).query.order_by
        place = Window(RowNumber(), partition_by=F("currency"), order_by=ordering)
        return some.order_by().annotate(place=place).filter(place__lte=most).values("id", "currency")

    rows = of_clean_days(every, period.start, period.end, first, look)
    if rows is None:
        return None
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(row["currency"], []).append(row["id"])
    return found


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
