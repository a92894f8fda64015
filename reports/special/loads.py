"""How gateways were loaded: in the columnar copy by one sweep in SQL, else call by call; both give the same."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from accounting.models import Gateway
from accounting.services.columns.reading import from_both
from reports.engine.fields import Asker
from reports.engine.question import Question, period_of
from reports.engine.tables import calls_of, calls_of_any_time, reads_widely
from reports.engine.traffic import HOUR, slots, sweep

HALF_HOUR = 1800
TIME_BITS = 40
"""Of the number of an event, those below the gateway's: four times its second and its kind."""
TIMES = (1 << TIME_BITS) - 1


@dataclass(slots=True)
class GatewayLoad:
    """The load of one gateway; moments in epoch seconds."""

    calls: int = 0
    peak: int = 0
    peak_at: int = 0
    full_seconds: int = 0
    """Seconds with all channels taken."""
    hours: dict[int, int] = field(default_factory=dict)
    """Seconds of all calls together in each hour that has any."""
    peaks: dict[int, int] = field(default_factory=dict)
    """Most calls at once in each half-hour that has any."""

    @property
    def busiest(self) -> int | None:
        """The beginning of the first of the busiest hours."""
        return max(sorted(self.hours), key=self.hours.__getitem__, default=None)


@dataclass(frozen=True, slots=True)
class Loads:
    """The loads of all gateways in a time."""

    gateways: dict[int, GatewayLoad]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Sweep:
    """The sweep in SQL over rows of gateway_id, started_at and ended_at, by gateway and half-hour.

    Ends come before beginnings of the same second; marks between them cut the time at each half-hour. Gateway, second
    and kind of event are one number, and every gateway ends with no call: one order serves all without partitions,
    and sums run along it, in floating point as whole numbers, which takes less than half the time.
    """

    shift: int
    """Seconds after the full hour at which hours begin: in some zones 1800 or 900."""
    channels: Mapping[int, int]
    values: Sequence[Any] = ()

    def among(self, sql: str) -> str:
        """Return the SQL of calls, peak, its first moment, seconds of calls and with all lines taken."""
        cases = " ".join(f"WHEN {gateway} THEN {count}" for gateway, count in self.channels.items())
        channels = f"CASE g {cases} END" if cases else "NULL"
        return f"""
            calls AS MATERIALIZED (
                SELECT CAST(gateway_id AS BIGINT) AS g, epoch_us(started_at) // 1000000 AS s,
                    epoch_us(ended_at) // 1000000 AS e
                FROM ({sql}) WHERE e > s
            ), bounds AS (
                SELECT g, (min(s) - {self.shift}) // {HALF_HOUR} AS one, (max(e) - {self.shift}) // {HALF_HOUR} AS last
                FROM calls GROUP BY g
            ), events AS (
                SELECT unnest([s * 4 + 2, e * 4]) + (g << {TIME_BITS}) AS k FROM calls UNION ALL
                SELECT (unnest(range(one, last + 1)) * {HALF_HOUR} + {self.shift}) * 4 + 1 + (g << {TIME_BITS})
                FROM bounds
            ), ordered AS (SELECT k FROM events ORDER BY k), levels AS (
                SELECT k & 3 AS x, k >> {TIME_BITS} AS g, (k & {TIMES}) >> 2 AS t,
                    CAST(sum(CAST(x - 1 AS DOUBLE)) OVER (ROWS UNBOUNDED PRECEDING) AS INTEGER) AS level,
                    ((lead(k) OVER () & {TIMES}) >> 2) - t AS lasts
                FROM ordered
            )
            SELECT g, (t - {self.shift}) // {HALF_HOUR} * {HALF_HOUR} + {self.shift} AS slot,
                count(*) FILTER (WHERE x = 2) AS calls, max(level) AS peak,
                arg_max(t, (CAST(level AS BIGINT) << {TIME_BITS}) - t) AS peak_at,
                sum(level * lasts) AS busy, sum(lasts) FILTER (WHERE level >= {channels}) AS taken
            FROM levels GROUP BY ALL HAVING max(level) > 0 OR calls > 0 ORDER BY g, slot
        """  # noqa: S608  (numbers)


@dataclass(frozen=True, slots=True)
class Busy:
    """The seconds of calls by gateway and half-hour, of the same rows: no order is needed, so that it is quick."""

    shift: int
    values: Sequence[Any] = ()

    def among(self, sql: str) -> str:
        """Return the SQL; the few calls that do not end in the half-hour in which they begin are parted."""
        half_hours = f"unnest(range(one, last + 1)) * {HALF_HOUR} + {self.shift} AS slot"
        return f"""
            calls AS (
                SELECT gateway_id AS g, epoch_us(started_at) // 1000000 AS s, epoch_us(ended_at) // 1000000 AS e,
                    (s - {self.shift}) // {HALF_HOUR} AS one, (e - 1 - {self.shift}) // {HALF_HOUR} AS last
                FROM ({sql}) WHERE e > s
            ), parts AS (
                SELECT g, one * {HALF_HOUR} + {self.shift} AS slot, e - s AS seconds FROM calls WHERE one = last
                UNION ALL SELECT g, slot, least(e, slot + {HALF_HOUR}) - greatest(s, slot)
                FROM (SELECT g, s, e, {half_hours} FROM calls WHERE one < last)
            )
            SELECT g, slot, sum(seconds) AS busy, 0 AS calls, 0 AS peak, 0 AS peak_at, 0 AS taken
            FROM parts GROUP BY g, slot ORDER BY g, slot
        """  # noqa: S608  (numbers)


def gateway_loads(question: Question, asker: Asker, *, hours_only: bool = False) -> Loads:
    """Return the load of each gateway that has calls; of some reports only the hours are needed."""
    period = period_of(question, asker.zone)
    lines = Gateway.objects.filter(channels__gt=0).values_list("pk", "channels")
    channels = {pk: count for pk, count in lines if count}
    shift = int(period.start.timestamp()) % HOUR if period.start else 0
    rows = None
    if reads_widely(asker.reader):
        rows = from_both(
            on_trunks(calls_of_any_time(question, asker)),
            period.start,
            period.end,
            lambda records: records.order_by().values("gateway_id", "started_at", "ended_at"),
            Busy(shift) if hours_only else Sweep(shift, channels),
        )
    found = swept(rows, shift) if rows is not None else counted(question, asker, channels, shift)
    hours = [hour for load in found.values() for hour in load.hours]
    start = int(period.start.timestamp()) if period.start else min(hours, default=0)
    latest = max(hours, default=start) + HOUR
    return Loads(found, start, int(period.end.timestamp()) if period.end else latest)


def on_trunks(records: Any) -> Any:
    """Keep the calls that take a line of a gateway."""
    return records.filter(carries_trunk=True, gateway_id__isnull=False)


def swept(rows: Iterable[dict[str, Any]], shift: int) -> dict[int, GatewayLoad]:
    """Return the loads that the sweep in SQL has found."""
    found: dict[int, GatewayLoad] = defaultdict(GatewayLoad)
    for row in rows:
        load, slot = found[row["g"]], row["slot"]
        load.calls += row["calls"]
        load.full_seconds += row["taken"] or 0
        if row["peak"]:
            load.peaks[slot] = row["peak"]
        if row["busy"]:
            hour = (slot - shift) // HOUR * HOUR + shift
            load.hours[hour] = load.hours.get(hour, 0) + row["busy"]
        if row["peak"] > load.peak:
            load.peak, load.peak_at = row["peak"], row["peak_at"]
    return dict(found)


def counted(question: Question, asker: Asker, channels: Mapping[int, int], shift: int) -> dict[int, GatewayLoad]:
    """Return the loads, call by call."""
    calls: dict[int, list[tuple[int, int]]] = defaultdict(list)
    records: Any = on_trunks(calls_of(question, asker)).values_list("gateway_id", "started_at", "ended_at")
    for gateway, begun, ended in records.iterator(10_000):
        calls[gateway].append((seconds(begun), seconds(ended)))
    found = {}
    for gateway, intervals in calls.items():
        start = (min(begun for begun, _ in intervals) - shift) // HOUR * HOUR + shift
        end = max(ended for _, ended in intervals)
        whole = sweep(intervals, start, end)
        found[gateway] = GatewayLoad(
            whole.calls,
            whole.peak,
            whole.peak_at,
            whole.seconds_from(channels[gateway]) if gateway in channels else 0,
            {slot: load.busy_seconds for slot, load in slots(intervals, start, end, HOUR).items() if load.calls},
            {slot: load.peak for slot, load in slots(intervals, start, end, HALF_HOUR).items() if load.calls},
        )
    return found


def seconds(moment: datetime) -> int:
    """Return a moment in epoch seconds."""
    return int(moment.timestamp())
