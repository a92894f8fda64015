"""What collecting and set-up leave behind: silent extensions, the collection log, the journal of corrections."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Sum
from django.db.models.functions import TruncDay
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounting.models import Correction, Extension, ImportFile, LineAssignment
from accounting.services.columns.reading import from_both
from reports.engine.answering import calls_of, calls_of_any_time, reads_widely
from reports.engine.fields import Asker
from reports.engine.layout import Column, Layout, Row
from reports.engine.measures import Form
from reports.engine.question import Question, period_of

MOST_ROWS = 5000


def silent_extensions(question: Question, asker: Asker) -> Layout:
    """Return known extensions without a call in the period: candidates for giving up."""
    used = used_extensions(question, asker)
    holders = dict(LineAssignment.objects.filter(valid_to__isnull=True).values_list("extension_id", "user__username"))
    layout = Layout(
        [
            Column("name", gettext_lazy("Extension")),
            Column("system", gettext_lazy("Phone system")),
            Column("person", gettext_lazy("Person")),
            Column("first", gettext_lazy("First seen"), Form.MOMENT),
        ],
        [],
        levels=1,
    )
    known = Extension.objects.filter(ignored=False).select_related("phone_system").order_by("number")
    silent = [one for one in known if (one.phone_system_id, one.number) not in used]
    layout.rows = [
        Row([one.number, str(one.phone_system), holders.get(one.pk, ""), one.first_seen]) for one in silent[:MOST_ROWS]
    ]
    if len(silent) > MOST_ROWS:
        layout.notes.append(_("Only the first %(most)s rows are shown.") % {"most": MOST_ROWS})
    return layout


def used_extensions(question: Question, asker: Asker) -> set[tuple[int, str]]:
    """Return the extensions that have calls in the period, with their phone systems."""
    period = period_of(question, asker.zone)

    def distinct(records: Any) -> Any:
        return records.order_by().values("phone_system_id", "extension").distinct()

    rows = from_both(calls_of_any_time(question, asker), period.start, period.end, distinct)
    found = distinct(calls_of(question, asker)) if rows is None else rows
    return {(row["phone_system_id"], row["extension"]) for row in found}


def collection_log(question: Question, asker: Asker) -> Layout:
    """Return files and rows by phone system and day of arrival."""
    period = period_of(question, asker.zone)
    files = ImportFile.objects.all()
    if period.start:
        files = files.filter(imported_at__gte=period.start)
    if period.end:
        files = files.filter(imported_at__lt=period.end)
    sums = (
        files.order_by()
        .annotate(day=TruncDay("imported_at", tzinfo=asker.zone))
        .values("phone_system__name", "day")
        .annotate(
            files=Count("id"),
            rows=Sum("records"),
            calls=Sum("call_records"),
            twice=Sum("duplicates"),
            bad=Sum("rejected"),
            newest=Max("newest_record_at"),
        )
        .order_by("-day", "phone_system__name")
    )
    names = (
        ("files", _("Files")),
        ("rows", _("Rows")),
        ("calls", _("Calls")),
        ("twice", _("Duplicates")),
        ("bad", _("Rejected rows")),
    )
    layout = Layout(
        [
            Column("name", gettext_lazy("Day")),
            Column("system", gettext_lazy("Phone system")),
            *(Column(name, label, Form.COUNT) for name, label in names),
            Column("newest", gettext_lazy("Newest record"), Form.MOMENT),
        ],
        [],
        levels=1,
    )
    rows: Iterable[dict[str, Any]] = sums[:MOST_ROWS]  # type: ignore[assignment]
    for row in rows:
        day = formats.date_format(row["day"].astimezone(asker.zone), "SHORT_DATE_FORMAT")
        layout.rows.append(
            Row([day, row["phone_system__name"], *(row[name] or 0 for name, _label in names), row["newest"]])
        )
    return layout


def corrections(question: Question, asker: Asker) -> Layout:
    """Return the re-costings and re-assignments of past calls."""
    period = period_of(question, asker.zone)
    found = Correction.objects.select_related("created_by")
    if period.start:
        found = found.filter(created_at__gte=period.start)
    if period.end:
        found = found.filter(created_at__lt=period.end)
    layout = Layout(
        [
            Column("name", gettext_lazy("Correction")),
            Column("created", gettext_lazy("Made"), Form.MOMENT),
            Column("by", gettext_lazy("By")),
            Column("state", gettext_lazy("State")),
            Column("looked", gettext_lazy("Calls looked at"), Form.COUNT),
            Column("changed", gettext_lazy("Calls changed"), Form.COUNT),
            Column("reason", gettext_lazy("Reason")),
        ],
        [],
        levels=1,
    )
    layout.rows = [
        Row(
            [
                f"{one.get_kind_display()} {one.pk}",
                one.created_at,
                str(one.created_by or ""),
                one.get_state_display(),
                one.records,
                one.changed,
                one.reason,
            ]
        )
        for one in found[:MOST_ROWS]
    ]
    return layout


BURST_CALLS, BURST_TIME, SHORT_SECONDS, MOST_PAIRS = 5, timedelta(minutes=10), 15, 500
Pair = tuple[str, str]
"""An extension and the number on the other side."""


@dataclass(frozen=True, slots=True)
class Bursting:
    """In DuckDB: the calls of the pairs that had so many short calls in so short a time."""

    values: Sequence[Any] = ()

    def among(self, sql: str) -> str:
        """Return the SQL; few pairs have enough calls at all, so that few are put in order."""
        pair = "extension, other_number"
        return f"""
            short AS NOT MATERIALIZED ({sql}),
            many AS (SELECT {pair} FROM short GROUP BY {pair} HAVING count(*) >= {BURST_CALLS}),
            near AS MATERIALIZED (
                SELECT {pair}, started_at,
                    lag(started_at, {BURST_CALLS - 1}) OVER (PARTITION BY {pair} ORDER BY started_at) AS before
                FROM short SEMI JOIN many USING ({pair})
            ), found AS (
                SELECT DISTINCT {pair} FROM near
                WHERE started_at - before <= INTERVAL {int(BURST_TIME.total_seconds())} SECOND
            )
            SELECT {pair}, started_at FROM near SEMI JOIN found USING ({pair}) ORDER BY started_at
        """  # noqa: S608  (names and numbers of our own)


def bursts(question: Question, asker: Asker) -> Layout:
    """Return extensions and numbers with many short calls in a short time: five of at most 15 seconds in 10 minutes."""
    layout = Layout(
        [
            Column("name", gettext_lazy("Extension")),
            Column("number", gettext_lazy("Number")),
            Column("calls", gettext_lazy("Calls"), Form.COUNT),
            Column("first", gettext_lazy("First"), Form.MOMENT),
            Column("last", gettext_lazy("Last"), Form.MOMENT),
        ],
        [],
        levels=1,
    )
    for (extension, number), moments in short_calls(question, asker).items():
        shown = asker.masker.of_others(number).text
        layout.rows += [Row([extension, shown, count, first, last]) for count, first, last in bursts_among(moments)]
    layout.rows.sort(key=lambda row: (-row.cells[2], row.cells[3]))
    return layout


def short_calls(question: Question, asker: Asker) -> dict[Pair, list[datetime]]:
    """Return when the pairs that may have bursts had short calls, in order."""
    period = period_of(question, asker.zone)
    names = ("extension", "other_number", "started_at")
    found: dict[Pair, list[datetime]] = defaultdict(list)
    rows = None
    if reads_widely(asker.reader):
        records = calls_of_any_time(question, asker).filter(talk_seconds__lte=SHORT_SECONDS)
        rows = from_both(records, period.start, period.end, lambda some: some.order_by().values(*names), Bursting())
    if rows is not None:
        for row in rows:
            found[row["extension"], row["other_number"]].append(row["started_at"])
        return found
    short = calls_of(question, asker).filter(talk_seconds__lte=SHORT_SECONDS)
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
