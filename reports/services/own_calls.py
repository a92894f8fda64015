"""What the Call Analytics gadget shows: outgoing calls as a chart, and the newest calls of a kind (GAD-2)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Q
from django.db.models.functions import TruncDate, TruncHour
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounting.models import CallRecord, Direction, Outcome, User
from callanalytics.lib.fingerprints import fingerprint
from callanalytics.lib.periods import days_of, named
from reports.charts.base import Chart, Mark, Series
from reports.engine.measures import Form
from reports.engine.writing import write

PERIODS = ("today", "yesterday", "7d")
SHOWN = 25
MISSED = Q(direction=Direction.INCOMING) & ~Q(outcome=Outcome.ANSWERED)
KINDS = {
    "all": (gettext_lazy("All calls"), Q()),
    "incoming": (gettext_lazy("Incoming"), Q(direction=Direction.INCOMING) & ~MISSED),
    "outgoing": (gettext_lazy("Outgoing"), Q(direction=Direction.OUTGOING)),
    "missed": (gettext_lazy("Missed"), MISSED),
}
"""What the list can be narrowed to, in words and as a condition."""


@dataclass(frozen=True, slots=True)
class OwnCalls:
    """The data of the gadget, before names are looked up."""

    chart: Chart
    outgoing: int
    """How many calls the chart shows."""
    records: Sequence[CallRecord]

    @property
    def mark(self) -> str:
        """A short text that differs whenever one of the shown calls or columns differs."""
        columns = [mark and mark.value for mark in self.chart.series[0].marks]
        return fingerprint(columns, [(record.pk, record.batch_id) for record in self.records])


def own_calls(person: User, period: str, kind: str) -> OwnCalls:
    """Return the chart of a period and the newest calls of a kind; three queries."""
    own = CallRecord.objects.own(person)
    within = named(period)
    if within.start is None or within.end is None:
        raise ValueError(period)
    outgoing = own.in_period(within.start, within.end).filter(direction=Direction.OUTGOING).order_by()
    by = TruncDate("started_at") if period == "7d" else TruncHour("started_at")
    found = outgoing.annotate(slot=by).values_list("slot").annotate(calls=Count("id"))
    counts = Counter({slot_of(slot): calls for slot, calls in found})
    chart = Chart("column", _("Outgoing calls"), [], [Series(_("Outgoing calls"))], Form.COUNT)
    for slot, name in slots(period):
        chart.categories.append(name)
        chart.series[0].marks.append(Mark(Decimal(counts[slot]), write(counts[slot], Form.COUNT)))
    return OwnCalls(chart, counts.total(), list(own.filter(KINDS[kind][1]).newest_first()[:SHOWN]))


def slot_of(moment: date | datetime) -> date | int:
    """Return the column of the chart to which a day or an hour belongs; a repeated hour is one column."""
    return timezone.localtime(moment).hour if isinstance(moment, datetime) else moment


def slots(period: str) -> list[tuple[date | int, str]]:
    """Return the columns of a period's chart with their names: hours of a day, or days."""
    first, last = days_of(period, timezone.localdate())
    if period != "7d" or first is None or last is None:
        return [(hour, f"{hour:02}") for hour in range(24)]
    days = [first + timedelta(days=place) for place in range((last - first).days + 1)]
    return [(day, formats.date_format(day, "D")) for day in days]
