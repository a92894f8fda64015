"""Missed calls and what became of them: called back or not, by whom, after how long (EX-3)."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Count, Max
from django.db.models.expressions import RawSQL
from django.db.models.functions import JSONArray
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounting.models import CallRecord, Direction, Kind, Outcome
from accounting.services.columns.reading import from_both
from accounting.services.naming import person_names
from reports.charts.base import Chart, Mark, Series
from reports.engine.fields import Asker
from reports.engine.layout import CallsBehind, Column, Layout, Row, RowsMade
from reports.engine.measures import Form
from reports.engine.question import Question, period_of
from reports.engine.ranking import MOST_BARS
from reports.engine.tables import calls_of, calls_of_any_time, reads_widely
from reports.engine.writing import write

MOST_CALLERS = 2000
CHUNK = 500
CALLERS = {
    "postgresql": "SELECT value->>0 AS number, CAST(value->>1 AS timestamptz) AS last"
    " FROM json_array_elements(CAST(%s AS json))",
    "sqlite": "SELECT value->>0 AS number, value->>1 AS last FROM json_each(%s)",
}
"""The callers' numbers and the moments of their last missed calls, as a table from JSON."""
COLUMNS = [
    Column("name", gettext_lazy("Number")),
    Column("missed", gettext_lazy("Missed"), Form.COUNT),
    Column("last", gettext_lazy("Last missed"), Form.MOMENT),
    Column("state", gettext_lazy("State")),
    Column("by", gettext_lazy("By")),
    Column("after", gettext_lazy("Reaction time"), Form.SECONDS),
]


class FollowUp(NamedTuple):
    """A conversation after a missed call."""

    id: int
    started_at: datetime
    direction: int
    user_id: int | None
    extension: str

    @classmethod
    def read(cls, text: str) -> "FollowUp":
        """Return the conversation that the database has written as JSON; SQLite's moments are those of UTC."""
        pk, moment, *more = json.loads(text)
        started_at = datetime.fromisoformat(moment)
        return cls(pk, started_at if started_at.tzinfo else started_at.replace(tzinfo=UTC), *more)


@dataclass(slots=True)
class Caller:
    """One number's missed calls and the first conversation after the last of them."""

    missed: int
    last: datetime
    answer: str | None = None
    """As the database wrote it, for FollowUp.read: of two thousand callers a page shows fifty."""


@dataclass(frozen=True, slots=True)
class Latest:
    """In DuckDB: the callers with the latest missed calls."""

    values: Sequence[Any] = ()

    def among(self, sql: str) -> str:
        """Return the SQL."""
        return (
            f"missed AS (SELECT other_number, sum(missed) AS missed, max(last) AS last FROM ({sql}) GROUP BY 1) "  # noqa: S608
            f"SELECT * FROM missed ORDER BY last DESC, other_number LIMIT {MOST_CALLERS + 1}"
        )


def missed_and_open(question: Question, asker: Asker) -> Layout:
    """Return callers whose last missed call nobody has followed up, longest waiting first, then the others."""
    callers = callers_of(question, asker)
    cut = len(callers) > MOST_CALLERS
    if cut:
        callers.popitem()
    follow_up(callers, asker)
    following = Following(CallsBehind(question), asker)
    ordered = in_order(callers)
    layout = Layout(COLUMNS, RowsMade(ordered, following.rows), levels=1)
    layout.charts = open_bars([pair for pair in ordered if pair[1].answer is None], following)
    if cut:
        text = _("Only the %(most)s callers with the latest missed calls were looked at.")
        layout.notes.append(text % {"most": MOST_CALLERS})
    return layout


def callers_of(question: Question, asker: Asker) -> dict[str, Caller]:
    """Return those who have called in vain, the latest first, one more than are looked at."""

    def by_number(records: Any) -> Any:
        missed = records.filter(direction=Direction.INCOMING, kind=Kind.PUBLIC).exclude(outcome=Outcome.ANSWERED)
        numbers = missed.exclude(other_number="").order_by().values("other_number")
        return numbers.annotate(missed=Count("*"), last=Max("started_at"))

    period, rows = period_of(question, asker.zone), None
    if reads_widely(asker.reader):
        records = calls_of_any_time(question, asker)
        rows = from_both(records, period.start, period.end, by_number, Latest())
    if rows is None:
        rows = by_number(calls_of(question, asker)).order_by("-last", "other_number")[: MOST_CALLERS + 1]
    return {row["other_number"]: Caller(int(row["missed"]), row["last"]) for row in rows}


def follow_up(callers: dict[str, Caller], asker: Asker) -> None:
    """Find for each number the first conversation, in either direction, after its last missed call.

    The database goes once into its index of numbers for each caller; the copy would have to be read from the first
    missed call until today.
    """
    if not callers:
        return
    talked = CallRecord.objects.filter(outcome=Outcome.ANSWERED, kind=Kind.PUBLIC)
    # Whom somebody has called privately is told to nobody, not even that it was this caller.
    talked = talked.exclude(asker.masker.hidden_whole())
    with_caller = talked.filter(
        other_number=RawSQL("callers.number", ()),
        started_at__gt=RawSQL("callers.last", ()),
    )
    first = with_caller.order_by("started_at", "id").values(call=JSONArray(*FollowUp._fields))[:1]
    sql, params = first.query.sql_with_params()
    source = CALLERS[connection.vendor]
    as_value = connection.ops.adapt_datetimefield_value
    lasts = [(number, str(as_value(caller.last))) for number, caller in callers.items()]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT number, ({sql}) FROM ({source}) AS callers", [*params, json.dumps(lasts)])  # noqa: S608
        for number, call in cursor.fetchall():
            callers[number].answer = call


def visible_ids(ids: Sequence[int], asker: Asker) -> set[int]:
    """Return those follow-up calls whose person the reader may know."""
    if asker.reader.is_administrator:
        return set(ids)
    visible = CallRecord.objects.visible_to(asker.reader)
    return {
        pk
        for start in range(0, len(ids), CHUNK)
        for pk in visible.filter(pk__in=ids[start : start + CHUNK]).values_list("pk", flat=True)
    }


def in_order(callers: dict[str, Caller]) -> list[tuple[str, Caller]]:
    """Return the open ones first, each part by its last missed call, the longest waiting first."""
    return sorted(callers.items(), key=lambda pair: (pair[1].answer is not None, pair[1].last))


class Following:
    """Says of callers who has followed up their calls, as far as the reader may know."""

    def __init__(self, calls: CallsBehind, asker: Asker) -> None:
        self._calls, self._asker = calls, asker

    def rows(self, pairs: Sequence[tuple[str, Caller]]) -> Iterator[Row]:
        """Yield the rows of numbers and their callers."""
        answers = {number: FollowUp.read(caller.answer) for number, caller in pairs if caller.answer}
        seen = visible_ids([answer.id for answer in answers.values()], self._asker)
        names = person_names(answer.user_id for answer in answers.values() if answer.id in seen)
        for number, caller in pairs:
            last, record = caller.last, answers.get(number)
            by, after, state = "", None, _("Open")
            if record is not None:
                state = _("Called back") if record.direction == Direction.OUTGOING else _("Reached us later")
                name = names.get(record.user_id or 0) or record.extension
                by = name if record.id in seen else _("a colleague")
                after = timedelta(seconds=int((record.started_at - last).total_seconds()))
            shown = self._asker.masker.of_others(number)
            calls = self._calls.of([("number", number, shown.key)])
            yield Row([shown.text, caller.missed, last, state, by, after], calls=calls)


def open_bars(waiting: Sequence[tuple[str, Caller]], following: Following) -> list[Chart]:
    """Return the picture of those who still wait, the most missed calls first; none when nobody waits."""
    chart = Chart("bar", _("Not called back, by missed calls"), [], [Series(_("Missed"))], Form.COUNT)
    for row in following.rows(sorted(waiting, key=lambda pair: -pair[1].missed)[:MOST_BARS]):
        chart.categories.append(row.cells[0])
        chart.series[0].marks.append(Mark(Decimal(row.cells[1]), write(row.cells[1], Form.COUNT), row.calls))
    return [chart] if chart.categories else []
