"""Gateways under load: simultaneous calls, busy hour, lines needed, use by the hour (EX-4)."""

from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounting.models import Gateway
from reports.charts.base import Chart, Mark, Series
from reports.engine.answering import calls_of
from reports.engine.fields import Asker
from reports.engine.layout import Column, Layout, Row, list_address, narrowed_to
from reports.engine.measures import Form
from reports.engine.question import Question, period_of
from reports.engine.traffic import HOUR, Load, lines_needed, slots, sweep
from reports.engine.writing import write

LOSS = 0.01
HALF_HOUR = 1800
LOAD_COLUMNS = [
    Column("name", gettext_lazy("Gateway")),
    Column("channels", gettext_lazy("Channels"), Form.COUNT),
    Column("calls", gettext_lazy("Calls"), Form.COUNT),
    Column("peak", gettext_lazy("Most at once"), Form.COUNT),
    Column("peak_at", gettext_lazy("First reached"), Form.MOMENT),
    Column("busy_hour", gettext_lazy("Busy hour"), Form.MOMENT),
    Column("erlangs", gettext_lazy("Erlangs in it"), Form.SCORE),
    Column("needed", gettext_lazy("Lines needed"), Form.COUNT),
    Column("full", gettext_lazy("All lines taken"), Form.SECONDS),
]
Intervals = dict[int, list[tuple[int, int]]]


def intervals(question: Question, asker: Asker) -> tuple[Intervals, int, int]:
    """Return the calls on each gateway as epoch seconds, and the whole time from the first to the last of them."""
    records = calls_of(question, asker).filter(carries_trunk=True, gateway_id__isnull=False)
    found: Intervals = defaultdict(list)
    for gateway, begun, ended in records.values_list("gateway_id", "started_at", "ended_at").iterator(10_000):
        if gateway is not None:
            found[gateway].append((int(begun.timestamp()), int(ended.timestamp())))
    period = period_of(question, asker.zone)
    earliest = min((one for calls in found.values() for one, _end in calls), default=0)
    latest = max((one for calls in found.values() for _start, one in calls), default=0)
    start = int(period.start.timestamp()) if period.start else earliest // HOUR * HOUR
    return found, start, max(latest, int(period.end.timestamp()) if period.end else latest)


def simultaneous_calls(question: Question, asker: Asker) -> Layout:
    """Return each gateway's peak, busy hour, lines needed at 1 % loss and time with all lines taken."""
    found, start, end = intervals(question, asker)
    gateways = Gateway.objects.in_bulk(found)
    layout = Layout(LOAD_COLUMNS, [], levels=1)
    for pk, calls in sorted(found.items(), key=lambda pair: -len(pair[1])):
        gateway = gateways.get(pk)
        whole, hours = sweep(calls, start, end), slots(calls, start, end, HOUR)
        layout.rows.append(load_row(pk, gateway, whole, hours, question))
        if gateway:
            layout.charts.append(day_chart(str(gateway), slots(calls, start, end, HALF_HOUR)))
    layout.charts = [chart for chart in layout.charts[:3] if chart.categories]
    layout.notes.append(
        _(
            "A line is taken from the beginning of a call, ringing included, until its end. "
            "Lines needed: so that in the busy hour at most one call in a hundred finds none (Erlang B)."
        )
    )
    return layout


def load_row(pk: int, gateway: Gateway | None, whole: Load, hours: dict[int, Load], question: Question) -> Row:
    """Return one gateway's row."""
    busiest = max(hours, key=lambda hour: hours[hour].busy_seconds, default=None)
    erlangs = hours[busiest].busy_seconds / HOUR if busiest is not None else 0.0
    channels = gateway.channels if gateway else None
    narrowed = narrowed_to(question, "gateway", pk, str(pk))
    return Row(
        [
            str(gateway or pk),
            channels,
            whole.calls,
            whole.peak,
            moment_of(whole.peak_at),
            moment_of(busiest),
            Decimal(round(erlangs, 2)).quantize(Decimal("0.01")),
            lines_needed(erlangs, LOSS),
            whole.seconds_from(channels) if channels else None,
        ],
        calls=list_address(narrowed) if narrowed else "",
    )


def moment_of(seconds: int | None) -> datetime | None:
    """Return epoch seconds as a moment, None for none."""
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def day_chart(name: str, loads: dict[int, Load]) -> Chart:
    """Return the greatest number of simultaneous calls in each half-hour of the day."""
    peaks: dict[int, int] = {}
    for slot, load in loads.items():
        local = timezone.localtime(datetime.fromtimestamp(slot, UTC))
        minute = local.hour * 60 + local.minute
        peaks[minute] = max(peaks.get(minute, 0), load.peak)
    minutes = list(range(min(peaks, default=0), max(peaks, default=-30) + 1, 30))
    title = _("Most calls at once by time of day – %(gateway)s") % {"gateway": name}
    marks: list[Mark | None] = [
        Mark(Decimal(peaks.get(one, 0)), write(peaks.get(one, 0), Form.COUNT)) for one in minutes
    ]
    return Chart("line", title, [f"{one // 60:02}:{one % 60:02}" for one in minutes], [Series(name, marks)], Form.COUNT)


def utilisation(question: Question, asker: Asker) -> Layout:
    """Return for each gateway the share of its lines that was taken, by hour of the day."""
    found, start, end = intervals(question, asker)
    gateways = Gateway.objects.in_bulk(found)
    hours = [f"{hour:02}" for hour in range(24)]
    layout = Layout(
        [Column("name", gettext_lazy("Gateway")), *(Column(hour, hour, Form.PERCENT) for hour in hours)], [], levels=1
    )
    days = max(1, round((end - start) / 86_400))
    chart = Chart("heat", _("Mean use of the lines by hour"), hours, [], Form.PERCENT)
    for pk, calls in found.items():
        gateway = gateways.get(pk)
        if gateway is None or not gateway.channels:
            layout.notes.append(
                _("“%(gateway)s” has no number of channels in the set-up.") % {"gateway": gateway or pk}
            )
            continue
        shares = hourly_shares(slots(calls, start, end, HOUR), gateway.channels, days)
        narrowed = narrowed_to(question, "gateway", pk, str(pk))
        layout.rows.append(Row([str(gateway), *shares], calls=list_address(narrowed) if narrowed else ""))
        chart.series.append(Series(str(gateway), [Mark(share, write(share, Form.PERCENT)) for share in shares]))
    layout.charts = [chart] if chart.series and chart.highest > 0 else []
    return layout


def hourly_shares(loads: dict[int, Load], channels: int, days: int) -> list[Decimal]:
    """Return the mean share of lines taken in each hour of the day."""
    busy = [0] * 24
    for slot, load in loads.items():
        busy[timezone.localtime(datetime.fromtimestamp(slot, UTC)).hour] += load.busy_seconds
    return [(Decimal(seconds) / (HOUR * days * channels)).quantize(Decimal("0.0001")) for seconds in busy]
