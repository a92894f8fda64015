"""How gateways were loaded, found by a sweep in SQL; its result is kept by quarter-hour beside each file of the copy.

All zones are whole quarter-hours from UTC, so that what is kept serves every reader. A kept quarter-hour is used only
when the calls behind it are exactly those of the question; the others, few and mostly at the borders of files and
periods, are swept again call by call.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from math import ceil, floor
from typing import Any

from accounting.services.columns import files
from accounting.services.columns.reading import Split, Step, fetched_from, interrupted, midnight, source_of

QUARTER = 900
EPOCH = date(1970, 1, 1)
TIME_BITS = 40
"""Of the number of an event, those below the gateway's: four times its second and its kind."""
TIMES = (1 << TIME_BITS) - 1
SECONDS_BITS = 10
"""Of the number of what is held, those below the number of calls: its seconds in a quarter-hour."""
MOST_SPANS = 8
"""Times of a file that are looked up one by one; beyond, it is read once from the first to the last of them."""
CALLS = (
    "SELECT CAST(gateway_id AS BIGINT) AS g, epoch_us(started_at) // 1000000 AS s, epoch_us(ended_at) // 1000000 AS e"
)
"""The calls of a table as the sweep takes them; those that do not last are left out."""
DAYS = "SELECT DISTINCT unnest(range(since // 86400, until // 86400 + 1)) FROM unsure ORDER BY 1"
"""The days, counted from 1970, on which calls of unsure slots may have begun."""
ON_TRUNKS = "carries_trunk AND gateway_id IS NOT NULL"


def pieces(calls: str) -> str:
    """Return the SQL of calls (g, s, e: gateway, epoch seconds) cut at each quarter-hour.

    Few calls touch two, and only those are unnested.
    """
    first, last = f"s // {QUARTER}", f"(e - 1) // {QUARTER}"
    return f"""
        SELECT g, {first} * {QUARTER} AS slot, s, e, s AS begun FROM {calls} WHERE e > s AND {first} = {last}
        UNION ALL
        SELECT g, slot, greatest(s, slot) AS s, least(e, slot + {QUARTER}) AS e, s AS begun FROM (
            SELECT g, s, e, unnest(range({first}, {last} + 1)) * {QUARTER} AS slot
            FROM {calls} WHERE e > s AND {first} < {last}
        )
    """  # noqa: S608  (names and numbers of our own)


def swept(channels: Mapping[int, int]) -> str:
    """Return the SQL that sweeps the table `pieces`, ending with the table `swept`: the load of each quarter-hour.

    Ends come before beginnings of the same second; what only goes on from the slot before is no new call. Gateway,
    second and kind of event are one number, and every slot ends with no call: one order serves all without partitions,
    and sums run along it, in floating point as whole numbers, which takes less than half the time.
    """
    return f"""
        events AS (
            SELECT unnest([s * 4 + CASE WHEN begun < s THEN 1 ELSE 2 END, e * 4]) + (g << {TIME_BITS}) AS k FROM pieces
        ), ordered AS (SELECT k FROM events ORDER BY k), levels AS (
            SELECT k & 3 AS x, k >> {TIME_BITS} AS g, (k & {TIMES}) >> 2 AS t,
                CAST(sum(CASE WHEN x = 0 THEN -1.0::DOUBLE ELSE 1 END) OVER (ROWS UNBOUNDED PRECEDING) AS INTEGER)
                    AS level,
                ((lead(k) OVER () & {TIMES}) >> 2) - t AS lasts
            FROM ordered
        ), swept AS (
            SELECT g, t // {QUARTER} * {QUARTER} AS slot,
                count(*) FILTER (WHERE x = 2) AS calls, max(level) FILTER (WHERE x > 0) AS peak,
                arg_max(t, (CAST(level AS BIGINT) << {TIME_BITS}) - t) FILTER (WHERE x > 0) AS peak_at,
                CAST(sum(level * lasts) AS BIGINT) AS busy,
                CAST(COALESCE(sum(lasts) FILTER (WHERE level >= {lines(channels)}), 0) AS BIGINT) AS taken
            FROM levels GROUP BY ALL HAVING peak > 0
        )
    """  # noqa: S608  (names and numbers of our own)


def lines(channels: Mapping[int, int]) -> str:
    """Return the SQL of a gateway's number of channels, NULL where that is not known."""
    cases = " ".join(f"WHEN {gateway} THEN {count}" for gateway, count in channels.items())
    return f"CASE g {cases} END" if cases else "NULL"


def kept_loads(records: str) -> str:
    """Return the query of what is kept beside a file, from that of its records.

    `since` and `until` are the first and the last beginning of the calls that touch the quarter-hour. Of each number of
    calls at once, `levels` has the seconds; how many channels a gateway has may change.
    """
    return f"""
        WITH calls AS MATERIALIZED ({CALLS} FROM ({records}) WHERE {ON_TRUNKS}),
        pieces AS MATERIALIZED ({pieces("calls")}), {swept({})},
        begun AS (SELECT g, slot, min(begun) AS since, max(begun) AS until FROM pieces GROUP BY ALL),
        held AS (
            SELECT g, t // {QUARTER} * {QUARTER} AS slot, level << {SECONDS_BITS} | sum(lasts) AS held
            FROM levels WHERE level > 0 GROUP BY g, slot, level
        ), lists AS (SELECT g, slot, list(CAST(held AS INTEGER)) AS levels FROM held GROUP BY g, slot)
        SELECT g, slot, CAST(calls AS INTEGER) AS calls, peak, peak_at, busy, since, until, levels
        FROM swept JOIN begun USING (g, slot) JOIN lists USING (g, slot) ORDER BY g, slot
    """  # noqa: S608  (names and numbers of our own)


UNSURE = f"""
    SELECT g, slot, min(since) AS since, max(until) AS until FROM (
        SELECT g, slot, since, until, whole FROM kept
        UNION ALL SELECT g, slot, begun, begun, FALSE FROM ({pieces("others")})
    ) GROUP BY g, slot HAVING count(*) > 1 OR NOT bool_and(whole)
"""  # noqa: S608  (names and numbers of our own)
"""The query of the slots that must be swept again: those with calls of two files, of other days or of the rest."""


def from_kept(
    parts: Split, rest: Sequence[tuple[int, datetime, datetime]], channels: Mapping[int, int], step: Step
) -> list[dict[str, Any]]:
    """Return what a step makes of the loads of all gateways: of the clean days, and of the rest's calls.

    `rest`: gateway, beginning and end of calls of which the copy does not know. The step gets the query of
    gateway g, slot, calls, peak, peak_at, busy and taken, the seconds with all `channels` taken.
    """
    cursor = files.engine.cursor()
    with interrupted(cursor):
        cursor.execute(f"CREATE TEMP TABLE kept AS {kept_of(parts, channels)}")
        cursor.execute(
            "CREATE TEMP TABLE others AS SELECT unnest(?::BIGINT[]) AS g, unnest(?::BIGINT[]) AS s,"
            " unnest(?::BIGINT[]) AS e",
            [
                [gateway for gateway, _begun, _ended in rest],
                [floor(begun.timestamp()) for _gateway, begun, _ended in rest],
                [floor(ended.timestamp()) for _gateway, _begun, ended in rest],
            ],
        )
        cursor.execute(f"CREATE TEMP TABLE unsure AS {UNSURE}")
        cursor.execute(DAYS)
        days = [EPOCH + timedelta(days=number) for (number,) in cursor.fetchall()]
        calls = "FROM others"
        if records := records_of(parts, days):
            calls += f" UNION ALL {CALLS} FROM ({records}) WHERE {ON_TRUNKS}"
        slots = (
            f"calls AS MATERIALIZED ({calls}), pieces AS MATERIALIZED (FROM ({pieces('calls')})"
            f" SEMI JOIN unsure USING (g, slot)), {swept(channels)}"
        )
        of_all = (
            "SELECT g, slot, calls, peak, peak_at, busy, taken FROM kept ANTI JOIN unsure USING (g, slot)"
            " UNION ALL SELECT g, slot, calls, peak, peak_at, busy, taken FROM swept"
        )
        return fetched_from(cursor, f"WITH {slots}, {step.among(of_all)}", step.values)


def kept_of(parts: Split, channels: Mapping[int, int]) -> str:
    """Return the query of what is kept of clean days, and whether `whole`: all of its calls are of those days."""
    held = f"list_sum([held & {(1 << SECONDS_BITS) - 1} for held in levels if held >> {SECONDS_BITS} >= lines])"
    taken = f"CASE WHEN peak >= lines THEN {held} ELSE 0 END" if channels else "0"
    selects = []
    for part in parts.parts:
        begin, after = parts.within(part)
        start, end = begin.timestamp(), after.timestamp()
        kept = f"FROM read_parquet({files.quoted(files.loads_of(part.file))})"
        whole = f"since >= {ceil(start)} AND until < {floor(end)} AS whole"
        during = f"until >= {floor(start)} AND since < {ceil(end)}"
        selects.append(
            f"SELECT g, slot, calls, peak, peak_at, busy, since, until, {lines(channels)} AS lines, {taken} AS taken,"
            f" {whole} {kept} WHERE {during}"
        )
    return " UNION ALL ".join(selects)


def records_of(parts: Split, days: Sequence[date]) -> str:
    """Return the SQL source of the records of those clean days of a period that are among some days; '' for none."""
    selects = []
    for part in parts.parts:
        begin, after = parts.within(part)
        spans = list(spans_of([day for day in days if part.first <= day <= part.last]))
        if len(spans) > MOST_SPANS:
            spans = [(spans[0][0], spans[-1][1])]
        for first, last in spans:
            end = midnight(last + timedelta(days=1))
            selects.append(source_of(part, max(begin, midnight(first)), min(after, end)))
    return " UNION ALL ".join(selects)


def spans_of(days: Sequence[date]) -> Iterator[tuple[date, date]]:
    """Yield the first and last of days in order that follow each other."""
    first = last = None
    for day in days:
        if first is None or last is None:
            first = day
        elif day != last + timedelta(days=1):
            yield first, last
            first = day
        last = day
    if first is not None and last is not None:
        yield first, last
