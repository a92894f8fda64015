"""Reads calls by columns, thousands at a time: what lists and exports show is made once of each different value.

Making an object of each call would take several times as long as everything else that an export does.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.db.models import Field, Func

from accounting.models import PRIVATE
from accounting.querysets.calls import CallRecordQuerySet
from accounting.services.masking import PRIVATE_KEY, Masker, Numbered
from accounting.services.naming import NamesOnce
from callanalytics.web.pagination import Page, Paging, Position, beyond
from reports.engine.details import DETAILS, NAMED

CHUNK = 5000
"""Calls that are read at once."""
MOST_KEPT = 50_000
"""Different values whose cells are kept."""
Columns = list[Sequence[Any]]
"""The cells of some calls, column by column."""


class Unconverted(Func):
    """A column as the database has it: an amount in millionths."""

    template = "%(expressions)s"
    output_field = Field()


class Microseconds(Func):
    """A moment as microseconds since 1970 on PostgreSQL, whose moments take longer to read than all the rest."""

    template = "(EXTRACT(EPOCH FROM %(expressions)s) * 1000000)::bigint"
    output_field = Field()


def moment_of(value: datetime | int) -> datetime:
    """Return a moment as it is, or of microseconds since 1970."""
    return datetime.fromtimestamp(value / 1_000_000, UTC) if isinstance(value, int) else value


class Made(dict[Any, Any]):
    """What is made of different values, each once."""

    def __init__(self, make: Callable[..., Any], *, spread: bool = False) -> None:
        super().__init__()
        self._make, self._spread = make, spread

    def __missing__(self, value: Any) -> Any:
        """Make it; tuples are spread over the arguments when it was said so."""
        made = self[value] = self._make(*value) if self._spread else self._make(value)
        return made

    def of(self, values: Sequence[Any]) -> list[Any]:
        """Return what is made of each value."""
        if len(self) > MOST_KEPT:
            self.clear()
        return list(map(self.__getitem__, values))


class CallCells:
    """Turns calls into the cells of some columns."""

    def __init__(self, names: Sequence[str], masker: Masker) -> None:
        self._details = [DETAILS[name] for name in names]
        self._masker, self._names = masker, NamesOnce()
        self._made = [Made(one.value, spread=len(one.sources) > 1) if one.value else None for one in self._details]
        self._numbers = Made(self._shown, spread=True)
        sources = {source for one in self._details for source in one.sources}
        needed = {column for source in sources for column in NAMED.get(source, (source,))}
        self._fields = sorted(needed - {"started_at"})

    def page(self, records: CallRecordQuerySet, paging: Paging) -> Page:
        """Return a page of calls with the columns that are needed."""
        return paging.page(self._narrow(records, named=True))

    def first(self, records: CallRecordQuerySet, most: int | None) -> Iterator[Sequence[Any]]:
        """Yield the calls of a queryset in its order, some thousand at a time."""
        rows = self._narrow(records, named=True)
        some: list[Any] = []
        for row in (rows[:most] if most else rows).iterator(CHUNK):
            some.append(row)
            if len(some) == CHUNK:
                yield some
                some = []
        if some:
            yield some

    def every(self, records: CallRecordQuerySet, *, newest_first: bool) -> Iterator[Sequence[Any]]:
        """Yield all calls in order of time, some thousand at a time."""
        sign, after = "-" if newest_first else "", records
        while True:
            rows = list(self._narrow(after).order_by(f"{sign}started_at", f"{sign}pk")[:CHUNK])
            if rows:
                yield rows
            if len(rows) < CHUNK:
                return
            pk, moment = rows[-1][:2]
            last = Position(moment_of(moment), pk)
            after = records.filter(beyond("started_at", last, descending=newest_first))

    def columns(self, rows: Sequence[Any]) -> Columns:
        """Return the cells of calls that were read here."""
        names = ("pk", "started_at", *self._fields)
        raw: dict[str, Sequence[Any]] = dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else {}
        found: Columns = []
        for detail, made in zip(self._details, self._made, strict=True):
            if not rows:
                found.append([])
                continue
            values = [self._source(name, raw) for name in detail.sources]
            given = values[0] if len(values) == 1 else list(zip(*values, strict=True))
            found.append(given if made is None else made.of(given))
        return found

    def _narrow(self, records: CallRecordQuerySet, *, named: bool = False) -> Any:
        if "micro" in self._fields:
            records = records.annotate(micro=Unconverted("cost"))
        moment = "started_at"
        if not named and connection.vendor == "postgresql":
            moment = "microseconds"
            records = records.annotate(microseconds=Microseconds("started_at"))
        return records.values_list("pk", moment, *self._fields, named=named)

    def _source(self, name: str, raw: dict[str, Sequence[Any]]) -> Sequence[Any]:
        if name == "started_at" and isinstance(raw[name][0], int):
            raw[name] = [moment_of(moment) for moment in raw[name]]
        if name not in NAMED:
            return raw[name]
        columns = [self._source(column, raw) for column in NAMED[name]]
        if name == "person_name":
            return self._names.people(columns[0])
        if name == "gateway_name":
            return self._names.gateways(columns[0])
        if name == "holder_name":
            return self._names.holders(list(zip(*columns, strict=True)))
        masker = self._masker
        if name != "shown_number":
            if not masker.masks_private:
                return columns[0]
            hides = masker.hides
            return [PRIVATE_KEY if hides(*whose) else place for place, *whose in zip(*columns, strict=True)]
        if masker.rules:
            return self._numbers.of(list(zip(*columns, strict=True)))
        if not masker.masks_private:
            return self._numbers.of([(0, 0, 0, None, number, "", 0) for number in columns[4]])
        # Without rules a number looks the same in every call but the private ones.
        return self._numbers.of(
            [
                (0, 0, 0, user if purpose in PRIVATE else None, number, "", purpose)
                for user, number, purpose in zip(columns[3], columns[4], columns[6], strict=True)
            ]
        )

    def _shown(self, *of_call: Any) -> str:
        return self._masker.number(Numbered(*of_call)).text
