"""What collecting and set-up leave behind: silent extensions, the collection log, the journal of corrections."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db.models import Count, Max, Min, Sum
from django.db.models.functions import TruncDay
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounting.models import Correction, Extension, ImportFile, LineAssignment
from reports.engine.answering import calls_of
from reports.engine.fields import Asker
from reports.engine.layout import Column, Layout, Row
from reports.engine.measures import Form
from reports.engine.question import Question, period_of

MOST_ROWS = 5000


def silent_extensions(question: Question, asker: Asker) -> Layout:
    """Return known extensions without a call in the period: candidates for giving up."""
    used = set(calls_of(question, asker).order_by().values_list("phone_system_id", "extension").distinct())
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


def bursts(question: Question, asker: Asker) -> Layout:
    """Return extensions and numbers with many short calls in a short time: five of at most 15 seconds in 10 minutes."""
    short = calls_of(question, asker).filter(talk_seconds__lte=15).order_by("extension", "other_number", "started_at")
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
    # The database finds the pairs that have enough short calls at all; few are left to look at.
    pairs = (
        short.order_by()
        .values_list("extension", "other_number")
        .annotate(calls=Count("id"), first=Min("started_at"))
        .filter(calls__gte=BURST_CALLS)
    )
    for extension, number, _calls, _first in pairs.order_by("-calls")[:500]:
        moments = list(short.filter(extension=extension, other_number=number).values_list("started_at", flat=True))
        start = 0
        for place, moment in enumerate(moments):
            while moment - moments[start] > BURST_TIME:
                start += 1
            if place - start + 1 >= BURST_CALLS and (
                place + 1 == len(moments) or moments[place + 1] - moments[start] > BURST_TIME
            ):
                layout.rows.append(
                    Row([extension, asker.masker.of_others(number).text, place - start + 1, moments[start], moment])
                )
    layout.rows.sort(key=lambda row: -row.cells[2])
    return layout


BURST_CALLS, BURST_TIME = 5, timedelta(minutes=10)
