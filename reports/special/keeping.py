"""What collecting and set-up leave behind: silent extensions, the collection log, the journal of corrections."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Sum
from django.db.models.functions import TruncDay
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounting.models import Correction, Extension, ImportFile, LineAssignment
from accounting.services.columns.reading import from_both
from reports.charts.base import Chart, Mark, Series
from reports.engine.conditions import Comparison
from reports.engine.fields import Asker
from reports.engine.layout import Column, Layout, Row, list_address
from reports.engine.measures import Form
from reports.engine.question import Question, period_of
from reports.engine.ranking import MOST_COLUMNS, MOST_SERIES
from reports.engine.tables import calls_of, calls_of_any_time
from reports.engine.writing import write

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
    known = Extension.objects.filter(ignored=False).order_by("number")
    columns = known.values_list("phone_system_id", "number", "pk", "phone_system__name", "first_seen")
    silent = [one for one in columns if one[:2] not in used]
    layout.rows = [
        Row([number, system, holders.get(pk, ""), first_seen])
        for _system, number, pk, system, first_seen in silent[:MOST_ROWS]
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
        .values("phone_system_id", "phone_system__name", "day")
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
    rows: Sequence[dict[str, Any]] = list(sums[:MOST_ROWS])  # type: ignore[arg-type]
    layout.rows = [
        Row(
            [
                day_text(day_of(row, asker)),
                row["phone_system__name"],
                *(row[name] or 0 for name, _label in names),
                row["newest"],
            ],
            calls=arrived_on(day_of(row, asker), row["phone_system_id"], asker) if row["calls"] else "",
        )
        for row in rows
    ]
    layout.charts = arrivals(rows, asker)
    text = _(
        "A day leads to the calls that arrived on it, except those that were completed or corrected on a later day."
    )
    layout.notes.append(text)
    return layout


def arrived_on(day: date, phone_system: int, asker: Asker) -> str:
    """Return the query string of the calls that arrived from a phone system on a day, whenever they were made."""
    tests = (Comparison("phone_system", "is", (str(phone_system),)), Comparison("arrived", "is", (day.isoformat(),)))
    return list_address(Question(period="all", zone=asker.zone.key, tests=tests))


def day_of(row: dict[str, Any], asker: Asker) -> date:
    """Return the day of arrival."""
    day: datetime = row["day"]
    return day.astimezone(asker.zone).date()


def day_text(day: date) -> str:
    """Return a day in words."""
    return formats.date_format(day, "SHORT_DATE_FORMAT")


def arrivals(rows: Iterable[dict[str, Any]], asker: Asker) -> list[Chart]:
    """Return the picture of the rows that arrived each day, one series for each phone system; none for no rows.

    Days on which nothing has arrived are shown as such.
    """
    by_system: dict[str, dict[date, int]] = {}
    ids: dict[str, int] = {}
    for row in rows:
        ids[row["phone_system__name"]] = row["phone_system_id"]
        by_system.setdefault(row["phone_system__name"], {})[day_of(row, asker)] = row["rows"] or 0
    ranked = sorted(by_system, key=lambda name: (-sum(by_system[name].values()), name))
    known = {day for rows_of in by_system.values() for day in rows_of}
    length = (max(known) - min(known)).days + 1 if known else 0
    days = [max(known) - timedelta(days=back) for back in reversed(range(min(length, MOST_COLUMNS)))]
    shown = {name: by_system[name] for name in ranked[: MOST_SERIES - 1]}
    others = ranked[MOST_SERIES - 1 :]
    if others:
        name = others[0] if len(others) == 1 else _("Others")
        shown[name] = {day: sum(by_system[other].get(day, 0) for other in others) for day in days}

    def mark(name: str, day: date) -> Mark:
        value = shown[name].get(day, 0)
        link = arrived_on(day, ids[name], asker) if value and name in ids else ""
        return Mark(Decimal(value), write(value, Form.COUNT), link)

    series = [Series(name, [mark(name, day) for day in days]) for name in shown]
    title = _("Rows received each day by phone system")
    chart = Chart("stacked", title, [day_text(day) for day in days], series, Form.COUNT)
    return [chart] if chart.series and chart.highest > 0 else []


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
