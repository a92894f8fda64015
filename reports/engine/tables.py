"""Which table answers a question, and its rows: call records, their columnar copy, or totals by day.

A table of totals answers a question only when it has every column that the question names and the period begins and
ends with its days.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import BigIntegerField, BooleanField, Count, ExpressionWrapper, F, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import Cast, TruncMonth, TruncWeek

from accounting.models import UNPRICED, Direction, ExtensionDay, Outcome, User
from accounting.querysets.calls import CallRecordQuerySet, supervised_by
from accounting.services.columns.parting import Best, Only
from accounting.services.columns.reading import from_both, within
from reports.engine.conditions import comparisons_in
from reports.engine.dimensions import Dimension
from reports.engine.fields import FIELDS, Asker
from reports.engine.question import Question, condition_of, period_of

POOR_MOS = 360
"""Hundredths of the mean opinion score below which many people are dissatisfied (ITU-T G.107, R below 70)."""
SEEN_AS = {
    "number": "seen_number",
    "other": "seen_digits",
    "prefix": "seen_prefix",
    "country": "seen_country",
    "destination": "seen_destination",
}
"""The fields, ways of grouping and columns of calls that tell the other party, and what they read."""
ANSWERED, INCOMING = Q(outcome=Outcome.ANSWERED), Q(direction=Direction.INCOMING)
DAY_COLUMNS = frozenset(column.name for column in ExtensionDay._meta.fields) | {
    "user_id", "department_id", "cost_centre_id", "office_id", "phone_system_id",
}  # fmt: skip
IN_TOTALS = frozenset(
    {
        "calls",
        "answered",
        "missed",
        "unanswered",
        "talk",
        "ring",
        "ring_answered",
        "unpriced",
        "incoming",
        "outgoing",
        "cost",
    }
)


def calls_of(question: Question, asker: Asker) -> CallRecordQuerySet:
    """Return the calls that the asker may see and that meet the question."""
    period = period_of(question, asker.zone)
    return within(calls_of_any_time(question, asker), period.start, period.end)


def calls_of_any_time(question: Question, asker: Asker) -> CallRecordQuerySet:
    """Return the calls that the asker may see and that meet the question, whatever its period."""
    return asker.masker.telling(asker.calls, seen_in(question)).filter(every_condition(question, asker))


def seen_in(question: Question) -> set[str]:
    """Return the columns that a question compares, groups or sorts by as the reader sees them."""
    names = {*question.group, *fields_in(question), question.sort.removeprefix("-")}
    return {column for name, column in SEEN_AS.items() if name in names}


def every_condition(question: Question, asker: Asker) -> Q:
    """Return the test of all filters together."""
    found = Q()
    for test in question.tests:
        found &= condition_of(test, asker)
    return found & condition_of(question.where, asker) if question.where else found


def source_of(
    question: Question,
    asker: Asker,
    dimensions: Sequence[Dimension],
    needs: frozenset[str],
    parting: Best | Only | None,
) -> tuple[str, Iterable[dict[str, Any]]]:
    """Return the name of the table that answers, and its rows: k0, k1 … for the levels, currency, sums."""
    copied = copied_rows(question, asker, dimensions, needs, parting)
    if copied is not None:
        return "columns", copied
    if in_days(question, asker, dimensions, needs):
        return "days", day_rows(question, asker, dimensions, needs)
    sums = sums_of_calls(question, needs)
    return "calls", grouped(calls_of(question, asker), dimensions, asker.zone, sums).iterator(5000)


def copied_rows(
    question: Question,
    asker: Asker,
    dimensions: Sequence[Dimension],
    needs: frozenset[str],
    parting: Best | Only | None,
) -> list[dict[str, Any]] | None:
    """Return sums from the columnar copy and the database together; None where the database is to answer alone."""
    if not reads_widely(asker.reader):
        return None
    period, sums = period_of(question, asker.zone), sums_of_calls(question, needs)
    return from_both(
        calls_of_any_time(question, asker),
        period.start,
        period.end,
        lambda records: grouped(records, dimensions, asker.zone, sums),
        parting,
    )


def rows_of_both(
    question: Question,
    before: Question,
    asker: Asker,
    dimensions: Sequence[Dimension],
    needs: frozenset[str],
    parting: Best | Only | None,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]] | None:
    """Return the rows of copied_rows for a period and for the one that ends where it begins, asked together."""
    if not reads_widely(asker.reader):
        return None
    period, sums = period_of(question, asker.zone), sums_of_calls(question, needs)
    is_earlier = ExpressionWrapper(Q(started_at__lt=period.start), BooleanField())
    rows = from_both(
        calls_of_any_time(question, asker),
        period_of(before, asker.zone).start,
        period.end,
        lambda records: grouped(records, dimensions, asker.zone, sums, is_earlier=is_earlier),
        parting,
    )
    if rows is None:
        return None
    return [row for row in rows if not row["is_earlier"]], [row for row in rows if row["is_earlier"]]


def reads_widely(reader: User) -> bool:
    """Return whether a person sees more than own calls, to which the database has an index."""
    return reader.is_overseer


def in_days(question: Question, asker: Asker, dimensions: Sequence[Dimension], needs: frozenset[str]) -> bool:
    """Return whether the totals by day can answer."""
    if asker.zone.key != settings.TIME_ZONE or not needs <= IN_TOTALS:
        return False
    if not all(one.columns and one.columns <= DAY_COLUMNS for one in dimensions):
        return False
    return all(FIELDS[name].columns and FIELDS[name].columns <= DAY_COLUMNS for name in fields_in(question))


def fields_in(question: Question) -> set[str]:
    """Return the names of all fields that the question compares."""
    parts = (*question.tests, *((question.where,) if question.where else ()))
    return {test.field for part in parts for test in comparisons_in(part)}


# What is counted is a column that is never empty and quickly read.
SUMS: dict[str, Any] = {
    "calls": Count("*"),
    "incoming": Count("direction", filter=INCOMING),
    "outgoing": Count("direction", filter=~INCOMING),
    "answered": Count("direction", filter=ANSWERED),
    "missed": Count("direction", filter=~ANSWERED & INCOMING),
    "unanswered": Count("direction", filter=~ANSWERED & ~INCOMING),
    "talk": Sum("talk_seconds", filter=ANSWERED),
    "ring": Sum("ring_seconds"),
    "ring_answered": Sum("ring_seconds", filter=ANSWERED),
    "unpriced": Count("direction", filter=Q(pricing__in=UNPRICED)),
    "trunk": Sum("trunk_seconds", filter=Q(carries_trunk=True)),
    "rated": Count("mos"),
    "mos": Sum("mos"),
    "poor": Count("direction", filter=Q(mos__lt=POOR_MOS)),
    "first": Min("started_at"),
    "last": Max("started_at"),
}
"""The sums over call records, but for the cost and the calls that were answered in time."""


def sums_of_calls(question: Question, needs: Iterable[str]) -> dict[str, Any]:
    """Return the sums over call records that are needed, the cost apart."""
    in_time = {"in_time": Count("direction", filter=ANSWERED & Q(ring_seconds__lte=question.target))}
    return {name: (in_time if name in in_time else SUMS)[name] for name in needs if name != "cost"}


def day_rows(
    question: Question, asker: Asker, dimensions: Sequence[Dimension], needs: frozenset[str]
) -> Iterable[dict[str, Any]]:
    """Return sums of the totals by day."""
    sums: dict[str, Any] = {
        "calls": Sum("calls"),
        "incoming": Sum("calls", filter=INCOMING),
        "outgoing": Sum("calls", filter=~INCOMING),
        "answered": Sum("calls", filter=ANSWERED),
        "missed": Sum("calls", filter=~ANSWERED & INCOMING),
        "unanswered": Sum("calls", filter=~ANSWERED & ~INCOMING),
        "talk": Sum("talk_seconds", filter=ANSWERED),
        "ring": Sum("ring_seconds"),
        "ring_answered": Sum("ring_seconds", filter=ANSWERED),
        "unpriced": Sum("unpriced"),
    }
    totals = days_visible_to(asker).filter(every_condition(question, asker))
    first, last = question.days()
    if first:
        totals = totals.filter(day__gte=first)
    if last:
        totals = totals.filter(day__lte=last)
    wanted = {name: sums[name] for name in needs if name != "cost"}
    return grouped(totals, dimensions, asker.zone, wanted, days=True).iterator(5000)


def days_visible_to(asker: Asker) -> QuerySet[Any]:
    """Return the totals of calls that the asker may see: the scope of CallRecordQuerySet.visible_to."""
    reader, every = asker.reader, ExtensionDay.objects.all()
    if not reader.is_active:
        return every.none()
    if reader.is_administrator:
        return every
    own = Q(user_id=reader.pk)
    return every.filter(own | supervised_by(reader) if reader.is_supervisor else own)


def grouped(
    rows: QuerySet[Any],
    dimensions: Sequence[Dimension],
    zone: ZoneInfo,
    sums: dict[str, Any],
    *,
    days: bool = False,
    **also: Any,
) -> QuerySet[Any, dict[str, Any]]:
    """Return the query of rows grouped by all levels, the currency and what is named."""
    keys = {f"k{place}": expression_of(one, zone, days=days) for place, one in enumerate(dimensions)} | also
    cost = Sum(Cast("cost", BigIntegerField()))
    return (  # type: ignore[no-any-return]
        rows.order_by()
        .annotate(**keys)
        .values(*keys, "currency")
        .annotate(cost_sum=cost, **{f"s_{name}": one for name, one in sums.items()})
    )


def expression_of(dimension: Dimension, zone: ZoneInfo, *, days: bool) -> Any:
    """Return what a table is grouped by for a dimension."""
    if not days or "day" not in dimension.columns:
        return dimension.expression(zone)
    return {"day": F("day"), "week": TruncWeek("day"), "month": TruncMonth("day")}[dimension.name]
