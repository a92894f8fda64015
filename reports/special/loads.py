"""How gateways were loaded: all calls from what the columnar copy keeps, some calls by a sweep; both give the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from accounting.models import CallRecord, Gateway
from accounting.services.columns import loads
from accounting.services.columns.dialect import local
from accounting.services.columns.reading import Split, arrays, of_clean_days, within
from callanalytics.lib.periods import Period
from reports.engine.fields import Asker
from reports.engine.question import Question, period_of
from reports.engine.tables import calls_of_any_time, fields_in, reads_widely
from reports.engine.traffic import HALF_HOUR, HOUR, GatewayLoad
from reports.special import sweeping

EARLIEST, LONGEST = date(1990, 1, 1), timedelta(days=31)
"""When clocks may change: from that day on without a beginning, and so long after the end, for calls that go on."""


@dataclass(frozen=True, slots=True)
class Loads:
    """The loads of all gateways in a time."""

    gateways: dict[int, GatewayLoad]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ByGateway:
    """The load of each gateway, from those of slots that make up half-hours."""

    shift: int
    """Seconds after the full hour at which hours begin: in some zones 1800 or 900."""
    zone: ZoneInfo
    days: tuple[date, date]
    """Between which clocks may change."""
    values: Sequence[Any] = ()

    def among(self, sql: str) -> str:
        """Return the SQL; of equal peaks and of equally busy hours the first counts."""
        return f"""
            halves AS MATERIALIZED (
                SELECT g, (slot - {self.shift}) // {HALF_HOUR} * {HALF_HOUR} + {self.shift} AS half,
                    sum(calls) AS calls, max(peak) AS peak, arg_max(peak_at, (peak, -peak_at)) AS peak_at,
                    sum(busy) AS busy, sum(taken) AS taken
                FROM ({sql}) GROUP BY ALL
            ), hours AS MATERIALIZED (
                SELECT g, (half - {self.shift}) // {HOUR} * {HOUR} + {self.shift} AS hour, sum(busy) AS busy
                FROM halves GROUP BY ALL
            ), totals AS (
                SELECT g, CAST(sum(calls) AS BIGINT) AS calls, max(peak) AS peak,
                    arg_max(peak_at, (peak, -peak_at)) AS peak_at, CAST(sum(taken) AS BIGINT) AS full_seconds
                FROM halves GROUP BY g
            ), busiest AS (
                SELECT g, arg_max(hour, (busy, -hour)) AS busiest, CAST(max(busy) AS BIGINT) AS busiest_seconds,
                    min(hour) AS first_hour, max(hour) AS last_hour
                FROM hours GROUP BY g
            ), of_hours AS (
                SELECT g, map(list(h), list(busy)) AS by_hour FROM (
                    SELECT g, {self.minute("hour")} // 60 AS h, CAST(sum(busy) AS BIGINT) AS busy
                    FROM hours GROUP BY ALL
                ) GROUP BY g
            ), of_halves AS (
                SELECT g, map(list(minute), list(peak)) AS peaks FROM (
                    SELECT g, {self.minute("half")} AS minute, max(peak) AS peak FROM halves GROUP BY ALL
                ) GROUP BY g
            )
            SELECT * FROM totals JOIN busiest USING (g) JOIN of_hours USING (g) JOIN of_halves USING (g)
        """  # noqa: S608  (names and numbers of our own)

    def minute(self, moment: str) -> str:
        """Return the SQL of the local minute of the day of epoch seconds."""
        return f"epoch({local(f'make_timestamp({moment} * 1000000)', self.zone.key, *self.days)})::BIGINT // 60 % 1440"


def gateway_loads(question: Question, asker: Asker) -> Loads:
    """Return the load of each gateway that has calls."""
    period = period_of(question, asker.zone)
    lines = Gateway.objects.filter(channels__gt=0).values_list("pk", "channels")
    channels = {pk: count for pk, count in lines if count}
    shift = int(period.start.timestamp()) % HOUR if period.start else 0
    days = days_around(period)
    found = None
    if asker.reader.is_administrator and not fields_in(question):
        found = kept(period, ByGateway(shift, asker.zone, days), channels)
    if found is None:
        found = swept(question, asker, channels, shift, days)
    every = found.values()
    start = int(period.start.timestamp()) if period.start else min((one.first_hour for one in every), default=0)
    latest = max((one.last_hour for one in every), default=start) + HOUR
    return Loads(found, start, int(period.end.timestamp()) if period.end else latest)


def kept(period: Period, then: ByGateway, channels: Mapping[int, int]) -> dict[int, GatewayLoad] | None:
    """Return the loads of all calls from what the copy keeps of gateways; None when it cannot help."""

    def look(parts: Split, rest: Sequence[Any]) -> list[dict[str, Any]]:
        return loads.from_kept(parts, rest, channels, then)

    rows = of_clean_days(on_trunks(CallRecord.objects.all()), period.start, period.end, times_of, look)
    return None if rows is None else {row.pop("g"): GatewayLoad(**row) for row in rows}


def swept(
    question: Question, asker: Asker, channels: Mapping[int, int], shift: int, days: tuple[date, date]
) -> dict[int, GatewayLoad]:
    """Return the loads of some calls, from the copy and the database or from the latter alone."""

    def look(parts: Split, rest: Sequence[Any]) -> Any:
        copied = (sweeping.with_borders(shift, *some) for some in arrays(times_of(records), parts, sweeping.CALLS))
        return np.concatenate([*copied, sweeping.events_of(rest, shift)])

    period, events = period_of(question, asker.zone), None
    records = on_trunks(calls_of_any_time(question, asker))
    if reads_widely(asker.reader):
        events = of_clean_days(records, period.start, period.end, times_of, look)
    if events is None:
        every = times_of(within(records, period.start, period.end))
        events = sweeping.events_of(every.iterator(10_000), shift)
    return sweeping.loads_of(events, channels, sweeping.Clock(asker.zone.key, *days), shift)


def times_of(records: Any) -> Any:
    """Return the query of gateways, beginnings and ends of calls."""
    return records.order_by().values_list("gateway_id", "started_at", "ended_at")


def days_around(period: Period) -> tuple[date, date]:
    """Return the first and last UTC day in which a period's calls may go on."""
    end = (period.end or datetime.now(UTC)) + LONGEST
    return period.start.astimezone(UTC).date() if period.start else EARLIEST, end.astimezone(UTC).date()


def on_trunks(records: Any) -> Any:
    """Keep the calls that take a line of a gateway."""
    return records.filter(carries_trunk=True, gateway_id__isnull=False)
