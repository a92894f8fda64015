"""Django's SQL for PostgreSQL in the words of DuckDB, which differ where moments, patterns and LIKE are concerned."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.backends.postgresql.operations import DatabaseOperations
from django.db.models import QuerySet

A_DAY = timedelta(days=1)
SETTINGS: dict[str, Any] = {
    "ENGINE": "django.db.backends.postgresql",
    "NAME": "columns",
    "OPTIONS": {},
    "TIME_ZONE": None,
    "AUTOCOMMIT": True,
    "ATOMIC_REQUESTS": False,
    "CONN_MAX_AGE": 0,
    "CONN_HEALTH_CHECKS": False,
    **dict.fromkeys(("USER", "PASSWORD", "HOST", "PORT"), ""),
}
LIKE = r"LIKE %s ESCAPE '\'"


class Operations(DatabaseOperations):
    """How DuckDB cuts and takes apart moments, which the copy holds as those of UTC without a zone."""

    connection: "Dialect"

    def _convert_sql_to_tz(self, sql: str, params: Sequence[Any], tzname: str | None) -> tuple[str, Sequence[Any]]:
        return (local(sql, tzname, *self.connection.days), params) if tzname else (sql, params)

    def datetime_trunc_sql(  # type: ignore[override]  # the stubs leave the parameters out
        self, lookup_type: str, sql: str, params: Sequence[Any], tzname: str | None
    ) -> tuple[str, Sequence[Any]]:
        """Return the SQL of a day, or of the first day of a week, month or year: dates are cut faster than moments."""
        sql, params = self._convert_sql_to_tz(sql, params, tzname)
        day = f"CAST({sql} AS date)"
        return (day, params) if lookup_type == "day" else (f"DATE_TRUNC(%s, {day})", (lookup_type, *params))

    def regex_lookup(self, lookup_type: str) -> str:
        """Return the SQL of a pattern that matches anywhere in a text."""
        return "regexp_matches(%s, %s)"


class Dialect(DatabaseWrapper):
    """A connection that never connects: it compiles questions for DuckDB."""

    ops_class = Operations
    knows_folded = True
    operators = {
        name: LIKE if text == "LIKE %s" else text
        for name, text in DatabaseWrapper.operators.items()
        if name not in ("regex", "iregex")
    }

    def __init__(self, first: date, last: date) -> None:
        """`first` and `last`: the UTC days whose records are asked; clocks may change between them."""
        super().__init__(SETTINGS, alias="columns")
        self.days = first, last


def local(sql: str, zone: str, first: date, last: date) -> str:
    """Return the SQL of the local time of a moment; several times as fast as DuckDB's own zones."""
    *before, (_never, offset) = offsets(zone, first, last)
    cases = " ".join(f"WHEN {sql} < TIMESTAMP '{until:%Y-%m-%d %H:%M:%S}' THEN {micros}" for until, micros in before)
    shift = f"CASE {cases} ELSE {offset} END" if cases else str(offset)
    return f"make_timestamp(epoch_us({sql}) + {shift})"


@lru_cache(maxsize=256)
def offsets(zone: str, first: date, last: date) -> list[tuple[datetime, int]]:
    """Return until when (UTC) a zone has which offset in microseconds, from the first day to the end of the last."""
    place = ZoneInfo(zone)
    moment, end = (datetime.combine(day, time.min, UTC) for day in (first, last + A_DAY))
    found = []
    offset = moment.astimezone(place).utcoffset()
    while moment < end:
        following = moment + A_DAY
        changed = following.astimezone(place).utcoffset()
        if changed != offset:
            found.append((change_between(place, moment, following), in_micros(offset)))
            offset = changed
        moment = following
    return [*found, (end, in_micros(offset))]


def change_between(place: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Return the second in which a zone's offset changes between two moments."""
    offset = before.astimezone(place).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=int((after - before).total_seconds()) // 2)
        if middle.astimezone(place).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after


def in_micros(offset: timedelta | None) -> int:
    """Return an offset in microseconds."""
    return (offset or timedelta()) // timedelta(microseconds=1)


def compiled(rows: QuerySet[Any], first: date, last: date) -> tuple[str, list[Any]]:
    """Return the SQL of a query for DuckDB and its parameters; raises EmptyResultSet where nothing can meet it."""
    sql, params = rows.query.get_compiler(connection=Dialect(first, last)).as_sql()
    return sql % (("?",) * len(params)), [plain(value) for value in params]


def plain(value: Any) -> Any:
    """Return a parameter as the copy holds such values: moments of UTC without a zone."""
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value
