"""Gateways under load: simultaneous calls, busy hour, lines needed, use by the hour (EX-4)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounting.models import Gateway
from reports.charts.base import Chart, Mark, Series
from reports.engine.fields import Asker
from reports.engine.layout import CallsBehind, Column, Layout, Row
from reports.engine.measures import Form
from reports.engine.question import Question
from reports.engine.traffic import HOUR, GatewayLoad, lines_needed
from reports.engine.writing import write
from reports.special.loads import gateway_loads

LOSS = 0.01
LOAD_COLUMNS = [
    Column("name", gettext_lazy("Gateway")),
    Column("channels", gettext_lazy("Channels"), Form.COUNT),
    Column("calls", gettext_lazy("Calls"), Form.COUNT),
    Column("peak", gettext_lazy("Most at once"), Form.COUNT),
    Column("peak_at", gettext_lazy("First reached"), Form.MOMENT),
    Column("busy_hour", gettext_lazy("Busy hour"), Form.MOMENT),
    Column("erlangs", gettext_lazy("Erlangs in it"), Form.SCORE),
    Column("needed", gettext_lazy("Channels needed"), Form.COUNT),
    Column("full", gettext_lazy("All channels taken"), Form.SECONDS),
]


def simultaneous_calls(question: Question, asker: Asker) -> Layout:
    """Return each gateway's peak, busy hour, lines needed at 1 % loss and time with all lines taken."""
    loads = gateway_loads(question, asker).gateways
    gateways = Gateway.objects.in_bulk(loads)
    rows: list[Row] = []
    layout, calls = Layout(LOAD_COLUMNS, rows, levels=1), CallsBehind(question)
    for pk, load in sorted(loads.items(), key=lambda pair: (-pair[1].calls, pair[0])):
        gateway = gateways.get(pk)
        rows.append(load_row(pk, gateway, load, calls))
        if gateway:
            layout.charts.append(day_chart(str(gateway), load))
    layout.charts = [chart for chart in layout.charts[:3] if chart.categories]
    layout.notes.append(
        _(
            "A channel is taken from the beginning of a call, ringing included, until its end. "
            "Channels needed: so that in the busy hour at most one call in a hundred finds none (Erlang B)."
        )
    )
    return layout


def load_row(pk: int, gateway: Gateway | None, load: GatewayLoad, calls: CallsBehind) -> Row:
    """Return one gateway's row."""
    erlangs = load.busiest_seconds / HOUR
    channels = gateway.channels if gateway else None
    return Row(
        [
            str(gateway or pk),
            channels,
            load.calls,
            load.peak,
            moment_of(load.peak_at),
            moment_of(load.busiest),
            Decimal(round(erlangs, 2)).quantize(Decimal("0.01")),
            lines_needed(erlangs, LOSS),
            load.full_seconds if channels else None,
        ],
        calls=calls.of([("gateway", pk, str(pk))]),
    )


def moment_of(seconds: int | None) -> datetime | None:
    """Return epoch seconds as a moment, None for none."""
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def day_chart(name: str, load: GatewayLoad) -> Chart:
    """Return the greatest number of simultaneous calls in each half-hour of the day."""
    peaks = load.peaks
    minutes = list(range(min(peaks, default=0), max(peaks, default=-30) + 1, 30))
    title = _("Most calls at once by time of day – %(gateway)s") % {"gateway": name}
    marks: list[Mark | None] = [
        Mark(Decimal(peaks.get(one, 0)), write(peaks.get(one, 0), Form.COUNT)) for one in minutes
    ]
    return Chart("line", title, [f"{one // 60:02}:{one % 60:02}" for one in minutes], [Series(name, marks)], Form.COUNT)


def utilisation(question: Question, asker: Asker) -> Layout:
    """Return for each gateway the share of its lines that was taken, by hour of the day."""
    loads = gateway_loads(question, asker)
    gateways = Gateway.objects.in_bulk(loads.gateways)
    hours = [f"{hour:02}" for hour in range(24)]
    rows: list[Row] = []
    layout = Layout(
        [Column("name", gettext_lazy("Gateway")), *(Column(hour, hour, Form.PERCENT) for hour in hours)], rows, levels=1
    )
    days, calls = max(1, round((loads.end - loads.start) / 86_400)), CallsBehind(question)
    chart = Chart("heat", _("Mean use of the channels by hour"), hours, [], Form.PERCENT)
    for pk, load in sorted(loads.gateways.items()):
        gateway = gateways.get(pk)
        if gateway is None or not gateway.channels:
            layout.notes.append(
                _("“%(gateway)s” has no number of channels in the set-up.") % {"gateway": gateway or pk}
            )
            continue
        shares = hourly_shares(load.by_hour, gateway.channels, days)
        rows.append(Row([str(gateway), *shares], calls=calls.of([("gateway", pk, str(pk))])))
        chart.series.append(Series(str(gateway), [Mark(share, write(share, Form.PERCENT)) for share in shares]))
    layout.charts = [chart] if chart.series and chart.highest > 0 else []
    return layout


def hourly_shares(hours: Mapping[int, int], channels: int, days: int) -> list[Decimal]:
    """Return the mean share of lines taken in each hour of the day."""
    return [(Decimal(hours.get(hour, 0)) / (HOUR * days * channels)).quantize(Decimal("0.0001")) for hour in range(24)]
