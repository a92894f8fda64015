"""Bursts of short calls: many calls between the same two numbers in a short time."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounting.services.columns.reading import from_both
from reports.charts.base import Chart, Mark, Series
from reports.engine.conditions import Comparison
from reports.engine.fields import Asker
from reports.engine.layout import CallsBehind, Column, Layout, Row
from reports.engine.measures import Form
from reports.engine.question import Question, period_of
from reports.engine.ranking import MOST_COLUMNS
from reports.engine.tables import calls_of, calls_of_any_time, reads_widely
from reports.engine.writing import write

BURST_CALLS, BURST_TIME, SHORT_SECONDS, MOST_PAIRS = 5, timedelta(minutes=10), 15, 500
Pair = tuple[str, str]
"""An extension and the number on the other side."""


COLUMNS = [
    Column("name", gettext_lazy("Extension")),
    Column("number", gettext_lazy("Number")),
    Column("calls", gettext_lazy("Calls"), Form.COUNT),
    Column("first", gettext_lazy("First"), Form.MOMENT),
    Column("last", gettext_lazy("Last"), Form.MOMENT),
]


class Burst(NamedTuple):
    """Short calls of a pair that follow each other quickly."""

    extension: str
    number: str
    calls: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Bursting:
    """In DuckDB: the calls of the pairs that had so many short calls in so short a time."""

    values: Sequence[Any] = ()

    def among(self, sql: str) -> str:
        """Return the SQL; few pairs have enough calls close to each other at all, so that few are put in order.

        So short a time touches at most two of the parts into which time is cut: one of them has half of the calls.
        """
        pair, micros = "extension, other_number", BURST_TIME // timedelta(microseconds=1)
        return f"""
            short AS NOT MATERIALIZED ({sql}),
            many AS (
                SELECT DISTINCT pair FROM (
                    SELECT hash({pair}) AS pair, epoch_us(started_at) // {micros} AS part
                    FROM short GROUP BY ALL HAVING count(*) >= {(BURST_CALLS + 1) // 2}
                )
            ), near AS MATERIALIZED (
                SELECT {pair}, started_at,
                    lag(started_at, {BURST_CALLS - 1}) OVER (PARTITION BY {pair} ORDER BY started_at) AS before
                FROM (SELECT *, hash({pair}) AS pair FROM short) SEMI JOIN many USING (pair)
            ), found AS (
                SELECT DISTINCT {pair} FROM near
                WHERE started_at - before <= INTERVAL {int(BURST_TIME.total_seconds())} SECOND
            )
            SELECT {pair}, started_at FROM near SEMI JOIN found USING ({pair}) ORDER BY started_at
        """  # noqa: S608  (names and numbers of our own)


def bursts(question: Question, asker: Asker) -> Layout:
    """Return extensions and numbers with many short calls in a short time: five of at most 15 seconds in 10 minutes."""
    found = [
        Burst(extension, number, *burst)
        for (extension, number), moments in short_calls(question, asker).items()
        for burst in bursts_among(moments)
    ]
    found.sort(key=lambda burst: (-burst.calls, burst.first))
    calls = CallsBehind(short_only(question))
    layout = Layout(COLUMNS, [row_of(burst, calls, asker) for burst in found], levels=1)
    layout.charts = scatter(layout.rows[:MOST_COLUMNS])
    return layout


def short_only(question: Question) -> Question:
    """Return the question about short calls, unless it tells their length itself."""
    if any(test.field == "talk" for test in question.tests):
        return question
    return replace(question, tests=(*question.tests, Comparison("talk", "le", (str(SHORT_SECONDS),))))


def row_of(burst: Burst, calls: CallsBehind, asker: Asker) -> Row:
    """Return one burst's row with the address of the pair's calls on its days."""
    shown = asker.masker.of_others(burst.number)
    cells = [burst.extension, shown.text, burst.calls, burst.first, burst.last]
    if not (burst.extension and shown.key):
        return Row(cells)
    first, last = (timezone.localtime(moment).date() for moment in (burst.first, burst.last))
    pair = (("extension", burst.extension, burst.extension), ("number", burst.number, shown.key))
    return Row(cells, calls=calls.of(pair, (first, last)))


def scatter(rows: Sequence[Row]) -> list[Chart]:
    """Return the picture of bursts: when each began, and how many calls it has; none for no bursts."""
    chart = Chart("scatter", _("Bursts by their beginning and number of calls"), [], [Series(_("Calls"))], Form.COUNT)
    for row in rows:
        extension, number, calls, first, _last = row.cells
        chart.categories.append(f"{extension} · {number} · {write(first, Form.MOMENT)}")
        words = ngettext("%(count)s call", "%(count)s calls", calls) % {"count": write(calls, Form.COUNT)}
        chart.series[0].marks.append(Mark(Decimal(calls), words, row.calls, timezone.localtime(first)))
    return [chart] if rows else []


def short_calls(question: Question, asker: Asker) -> dict[Pair, list[datetime]]:
    """Return when the pairs that may have bursts had short calls, in order."""
    period, private = period_of(question, asker.zone), asker.masker.hidden_whole()
    names = ("extension", "other_number", "started_at")
    found: dict[Pair, list[datetime]] = defaultdict(list)
    rows = None
    if reads_widely(asker.reader):
        records = calls_of_any_time(question, asker).filter(talk_seconds__lte=SHORT_SECONDS).exclude(private)
        rows = from_both(records, period.start, period.end, lambda some: some.order_by().values(*names), Bursting())
    if rows is not None:
        for row in rows:
            found[row["extension"], row["other_number"]].append(row["started_at"])
        return found
    short = calls_of(question, asker).filter(talk_seconds__lte=SHORT_SECONDS).exclude(private)
    # The database finds the pairs that have enough short calls at all; few are left to look at.
    pairs = short.order_by().values_list(*names[:2]).annotate(calls=Count("id")).filter(calls__gte=BURST_CALLS)
    for extension, number, _calls in pairs.order_by("-calls")[:MOST_PAIRS]:
        calls = short.filter(extension=extension, other_number=number).order_by("started_at")
        found[extension, number] = list(calls.values_list("started_at", flat=True))
    return found


def bursts_among(moments: Sequence[datetime]) -> Iterable[tuple[int, datetime, datetime]]:
    """Yield the bursts of one pair: how many calls, from when, until when."""
    start = 0
    for place, moment in enumerate(moments):
        while moment - moments[start] > BURST_TIME:
            start += 1
        ends_here = place + 1 == len(moments) or moments[place + 1] - moments[start] > BURST_TIME
        if place - start + 1 >= BURST_CALLS and ends_here:
            yield place - start + 1, moments[start], moment
