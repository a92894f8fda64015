"""Locks as reports: what happened to the lines of whom, and which calls were refused meanwhile (EX-12)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, F
from django.db.models.functions import TruncDay
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounting.services.naming import person_names
from phonelock.models import Happened, LockEvent, RefusedCall
from phonelock.services.refusing import called_number, private_prefixes, reasons_in_words
from phonelock.services.words import event_in_words
from reports.charts.base import Chart, Mark, Series
from reports.engine.fields import Asker
from reports.engine.layout import Column, Layout, Row
from reports.engine.measures import Form
from reports.engine.question import Question, period_of
from reports.engine.ranking import MOST_BARS, MOST_COLUMNS
from reports.engine.tables import every_condition
from reports.engine.writing import write
from reports.special.keeping import day_text

MOST_ROWS = 5000
EVENT_COLUMNS = [
    Column("name", gettext_lazy("Person")),
    Column("line", pgettext_lazy("phone", "Line")),
    Column("at", gettext_lazy("Time"), Form.MOMENT),
    Column("what", gettext_lazy("What happened")),
    Column("until", gettext_lazy("Until"), Form.MOMENT),
    Column("through", gettext_lazy("Through")),
    Column("by", gettext_lazy("By")),
    Column("note", gettext_lazy("Note")),
]
REFUSED_COLUMNS = [
    Column("name", gettext_lazy("Person")),
    Column("line", pgettext_lazy("phone", "Line")),
    Column("at", gettext_lazy("Time"), Form.MOMENT),
    Column("called", gettext_lazy("Called number")),
    Column("reasons", gettext_lazy("Why it was locked")),
    Column("phone", gettext_lazy("Phone")),
]


ORDERS: dict[str, tuple[str, ...]] = {
    "": ("person__last_name", "person__first_name", "person_id", "-pk"),
    "-time": ("-at", "-pk"),
    "time": ("at", "pk"),
}
"""By the names of orders in addresses; usually by person."""


def within(rows: Any, question: Question, asker: Asker) -> Any:
    """Keep the rows of the report's days that meet its filters."""
    period = period_of(question, asker.zone)
    rows = rows.filter(every_condition(question, asker))
    if period.start:
        rows = rows.filter(at__gte=period.start)
    return rows.filter(at__lt=period.end) if period.end else rows


def lock_events(question: Question, asker: Asker) -> Layout:
    """Return what happened to lines and PINs, by person or by time, without what phones were told."""
    visible = LockEvent.objects.visible_to(asker.reader).annotate(user_id=F("person_id"), happened=F("kind"))
    events = within(visible, question, asker).exclude(kind=Happened.TOLD)
    found = list(events.select_related("person").order_by(*ORDERS[question.sort])[: MOST_ROWS + 1])
    layout = Layout(EVENT_COLUMNS, [Row(event_cells(one)) for one in found[:MOST_ROWS]], levels=1)
    return cut(layout, len(found))


def event_cells(event: LockEvent) -> list[Any]:
    """Return the cells of EVENT_COLUMNS."""
    who = str(event.person) if event.person else _("nobody")
    through = event.get_through_display() if event.through else ""
    return [who, event.number, event.at, event_in_words(event), event.until, through, event.by, event.note]


def refused_calls(question: Question, asker: Asker) -> Layout:
    """Return the calls that were refused because their line was locked, the latest first."""
    calls = within(RefusedCall.objects.visible_to(asker.reader), question, asker)
    found = list(calls.order_by("-at", "-pk")[: MOST_ROWS + 1])
    names, prefixes = person_names(one.user_id for one in found), private_prefixes()
    layout = Layout(REFUSED_COLUMNS, [], levels=1)
    layout.rows = [
        Row(
            [
                names.get(one.user_id or 0) or _("nobody"), one.number, one.at,
                called_number(one, asker.masker, prefixes).text, reasons_in_words(one), one.device_name,
            ]
        )
        for one in found[:MOST_ROWS]
    ]  # fmt: skip
    layout.charts = [*bars_by_person(calls), *columns_by_day(calls, asker)]
    return cut(layout, len(found))


def bars_by_person(calls: Any) -> list[Chart]:
    """Return the picture of whose calls were refused most often."""
    counted = calls.order_by().values("user_id").annotate(calls=Count("pk")).order_by("-calls", "user_id")[:MOST_BARS]
    counts = [(row["user_id"], row["calls"]) for row in counted]
    names = person_names(person for person, _number in counts)
    marks: list[Mark | None] = [Mark(Decimal(number), write(number, Form.COUNT)) for _person, number in counts]
    labels = [names.get(person) or _("nobody") for person, _number in counts]
    chart = Chart("bar", _("Refused calls by person"), labels, [Series(_("Refused calls"), marks)], Form.COUNT)
    return [chart] if marks else []


def columns_by_day(calls: Any, asker: Asker) -> list[Chart]:
    """Return the picture of how many calls were refused on each day, the last of many days."""
    by_day = calls.order_by().annotate(day=TruncDay("at", tzinfo=asker.zone)).values("day").annotate(calls=Count("pk"))
    counts = {row["day"].astimezone(asker.zone).date(): row["calls"] for row in by_day}
    if len(counts) < 2:
        return []
    last, length = max(counts), min((max(counts) - min(counts)).days + 1, MOST_COLUMNS)
    days = [last - timedelta(days=back) for back in reversed(range(length))]
    marks: list[Mark | None] = [
        Mark(Decimal(counts.get(day, 0)), write(counts.get(day, 0), Form.COUNT)) for day in days
    ]
    title = _("Refused calls by day")
    return [Chart("column", title, [day_text(day) for day in days], [Series(_("Refused calls"), marks)], Form.COUNT)]


def cut(layout: Layout, found: int) -> Layout:
    """Say when there are more rows than are shown."""
    if found > MOST_ROWS:
        layout.notes.append(_("Only the first %(most)s rows are shown.") % {"most": MOST_ROWS})
    return layout
