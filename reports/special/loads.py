"""How gateways were loaded: in the columnar copy by one sweep in SQL, else call by call; both give the same."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from accounting.models import CallRecord, Gateway
from accounting.services.columns import loads
from accounting.services.columns.dialect import local
from accounting.services.columns.reading import Split, from_both, of_clean_days
from callanalytics.lib.periods import Period
from reports.engine.fields import Asker
from reports.engine.question import Question, period_of
from reports.engine.tables import calls_of, calls_of_any_time, fields_in, reads_widely
from reports.engine.traffic import HOUR, slots, sweep

HALF_HOUR = 1800
EARLIEST, LONGEST = date(1990, 1, 1), timedelta(days=31)
"""When clocks may change: from that day on without a beginning, and so long after the end, for calls that go on."""


@dataclass(slots=True)
class GatewayLoad:
    """The load of one gateway; moments in epoch seconds."""

    calls: int = 0
    peak: int = 0
    peak_at: int = 0
    full_seconds: int = 0
    """Seconds with all channels taken."""
    busiest: int | None = None
    """The beginning of the first of the busiest hours."""
    busiest_seconds: int = 0
    """Seconds of all calls together in that hour."""
    by_hour: Mapping[int, int] = field(default_factory=dict)
    """The same of each hour of the day."""
    peaks: Mapping[int, int] = field(default_factory=dict)
    """Most calls at once in each half-hour of the day, by its first minute."""
    first_hour: int = 0
    last_hour: int = 0
    """The hours with the first and the last call."""


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


@dataclass(frozen=True, slots=True)
class Sweep:
    """The sweep in SQL over rows of gateway_id, started_at and ended_at."""

    channels: Mapping[int, int]
    then: ByGateway
    values: Sequence[Any] = ()

    def among(self, sql: str) -> str:
        """Return the SQL of the loads."""
        half_hours = loads.pieces("calls", HALF_HOUR, self.then.shift)
        return (
            f"calls AS MATERIALIZED ({loads.CALLS} FROM ({sql})), pieces AS MATERIALIZED ({half_hours}), "
            f"{loads.swept(HALF_HOUR, self.channels, self.then.shift)}, {self.then.among('FROM swept')}"
        )


@dataclass(frozen=True, slots=True)
class Busy:
    """The seconds of calls only, of the same rows: no order is needed, so that it is quick."""

    then: ByGateway
    values: Sequence[Any] = ()

    def among(self, sql: str) -> str:
        """Return the SQL of the loads."""
        busy = "SELECT g, slot, 0 AS calls, 0 AS peak, 0 AS peak_at, sum(e - s) AS busy, 0 AS taken"
        return (
            f"calls AS MATERIALIZED ({loads.CALLS} FROM ({sql})), "
            f"pieces AS ({loads.pieces('calls', HALF_HOUR, self.then.shift)}), "
            f"{self.then.among(f'{busy} FROM pieces GROUP BY g, slot')}"
        )


def gateway_loads(question: Question, asker: Asker, *, hours_only: bool = False) -> Loads:
    """Return the load of each gateway that has calls; of some reports only the hours are needed."""
    period = period_of(question, asker.zone)
    lines = Gateway.objects.filter(channels__gt=0).values_list("pk", "channels")
    channels = {pk: count for pk, count in lines if count}
    shift = int(period.start.timestamp()) % HOUR if period.start else 0
    rows = copied(question, asker, ByGateway(shift, asker.zone, days_around(period)), channels, hours_only=hours_only)
    if rows is None:
        found = counted(question, asker, channels, shift)
    else:
        found = {row.pop("g"): GatewayLoad(**row) for row in rows}
    every = found.values()
    start = int(period.start.timestamp()) if period.start else min((one.first_hour for one in every), default=0)
    latest = max((one.last_hour for one in every), default=start) + HOUR
    return Loads(found, start, int(period.end.timestamp()) if period.end else latest)


def copied(
    question: Question, asker: Asker, then: ByGateway, channels: Mapping[int, int], *, hours_only: bool
) -> list[dict[str, Any]] | None:
    """Return the loads from the copy; of all calls from what it keeps of gateways, None when it cannot help."""
    if not reads_widely(asker.reader):
        return None
    period = period_of(question, asker.zone)
    names = ("gateway_id", "started_at", "ended_at")
    if asker.reader.is_administrator and not fields_in(question):

        def kept(parts: Split, rest: Sequence[Any]) -> list[dict[str, Any]]:
            return loads.from_kept(parts, rest, channels, then)

        every = on_trunks(CallRecord.objects.all())
        return of_clean_days(every, period.start, period.end, lambda some: some.order_by().values_list(*names), kept)
    step = Busy(then) if hours_only else Sweep(channels, then)
    records = on_trunks(calls_of_any_time(question, asker))
    return from_both(records, period.start, period.end, lambda some: some.order_by().values(*names), step)


def days_around(period: Period) -> tuple[date, date]:
    """Return the first and last UTC day in which a period's calls may go on."""
    end = (period.end or datetime.now(UTC)) + LONGEST
    return period.start.astimezone(UTC).date() if period.start else EARLIEST, end.astimezone(UTC).date()


def on_trunks(records: Any) -> Any:
    """Keep the calls that take a line of a gateway."""
    return records.filter(carries_trunk=True, gateway_id__isnull=False)


def counted(question: Question, asker: Asker, channels: Mapping[int, int], shift: int) -> dict[int, GatewayLoad]:
    """Return the loads, call by call."""
    calls: dict[int, list[tuple[int, int]]] = defaultdict(list)
    records: Any = on_trunks(calls_of(question, asker)).values_list("gateway_id", "started_at", "ended_at")
    for gateway, begun, ended in records.iterator(10_000):
        if seconds(begun) < seconds(ended):
            calls[gateway].append((seconds(begun), seconds(ended)))
    return {
        gateway: load_of(intervals, channels.get(gateway), shift, asker.zone) for gateway, intervals in calls.items()
    }


def load_of(intervals: Sequence[tuple[int, int]], channels: int | None, shift: int, zone: ZoneInfo) -> GatewayLoad:
    """Return the load of one gateway's calls, of which there is at least one."""
    start = (min(begun for begun, _ in intervals) - shift) // HOUR * HOUR + shift
    end = max(ended for _, ended in intervals)
    whole = sweep(intervals, start, end)
    hours = {slot: load.busy_seconds for slot, load in slots(intervals, start, end, HOUR).items()}
    busiest = max(hours, key=hours.__getitem__)
    by_hour: dict[int, int] = defaultdict(int)
    for slot, busy in hours.items():
        by_hour[minute_of(slot, zone) // 60] += busy
    peaks: dict[int, int] = defaultdict(int)
    for slot, load in slots(intervals, start, end, HALF_HOUR).items():
        peaks[minute_of(slot, zone)] = max(peaks[minute_of(slot, zone)], load.peak)
    full = whole.seconds_from(channels) if channels else 0
    return GatewayLoad(
        whole.calls, whole.peak, whole.peak_at, full, busiest, hours[busiest], by_hour, peaks, min(hours), max(hours)
    )


def minute_of(second: int, zone: ZoneInfo) -> int:
    """Return the minute of the local day of epoch seconds."""
    moment = datetime.fromtimestamp(second, zone)
    return moment.hour * 60 + moment.minute


def seconds(moment: datetime) -> int:
    """Return a moment in epoch seconds."""
    return int(moment.timestamp())
