"""Pages by key: stable while rows arrive, and as fast on the last page as on the first."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

SIZES = (25, 50, 100, 200)
DEFAULT_SIZE = 50
COUNTED_TO = 1000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Position:
    """A row's place in a list ordered by a time and the id."""

    when: datetime
    pk: int

    def __str__(self) -> str:
        return f"{(self.when - EPOCH) // MICROSECOND}-{self.pk}"

    @classmethod
    def parse(cls, text: str) -> "Position":
        """Read what str() has written; raises ValueError for anything else."""
        micros, dash, pk = text.partition("-")
        if not (dash and all(part.isascii() and part.isdigit() and len(part) < 19 for part in (micros, pk))):
            raise ValueError(_("The page of the list is not readable."))
        try:
            return cls(EPOCH + int(micros) * MICROSECOND, int(pk))
        except OverflowError as error:
            raise ValueError(_("The page of the list is not readable.")) from error


@dataclass(frozen=True, slots=True)
class Page:
    """One page of rows and the positions from which its neighbours begin, '' where there are none."""

    rows: list[Any]
    after: str
    before: str


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page of a list is asked for: after or before a position, how many rows, newest or oldest first."""

    size: int = DEFAULT_SIZE
    newest_first: bool = True
    after: Position | None = None
    before: Position | None = None
    number: int = 0
    """Which page, from 0, of rows that have no position."""

    @classmethod
    def read(cls, params: Any) -> "Paging":
        """Read size, sort, after and before from an address; raises ValueError with what is wrong."""
        size, sort = params.get("size", str(DEFAULT_SIZE)), params.get("sort", "newest")
        if size not in map(str, SIZES):
            raise ValueError(_("The page size must be one of %(sizes)s.") % {"sizes": ", ".join(map(str, SIZES))})
        if sort not in ("newest", "oldest"):
            raise ValueError(_("The list is sorted by “newest” or “oldest”."))
        if "after" in params and "before" in params:
            raise ValueError(_("A page is either after or before a row."))
        after = Position.parse(params["after"]) if "after" in params else None
        before = Position.parse(params["before"]) if "before" in params else None
        number = params.get("page", "1")
        if not (number.isascii() and number.isdigit() and 1 <= len(number) <= 6 and int(number)):
            raise ValueError(_("The page of the list is not readable."))
        return cls(int(size), sort == "newest", after, before, int(number) - 1)

    def page(self, queryset: QuerySet[Any], field: str = "started_at") -> Page:
        """Return the page of a queryset, ordered by this time field and the id; one query."""
        backwards = self.before is not None
        descending = self.newest_first != backwards
        start = self.after or self.before
        if start:
            queryset = queryset.filter(beyond(field, start, descending=descending))
        sign = "-" if descending else ""
        rows = list(queryset.order_by(f"{sign}{field}", f"{sign}pk")[: self.size + 1])
        more = len(rows) > self.size
        rows = rows[: self.size]
        if backwards:
            rows.reverse()
        further, nearer = (bool(rows), more) if backwards else (more, bool(rows) and self.after is not None)
        return Page(
            rows,
            str(Position(getattr(rows[-1], field), rows[-1].pk)) if further else "",
            str(Position(getattr(rows[0], field), rows[0].pk)) if nearer else "",
        )


def beyond(field: str, start: Position, *, descending: bool) -> Q:
    """Return the test for rows that come after a position in the order of this time field and the id."""
    side = "lt" if descending else "gt"
    # The first condition alone lets an index on the time find the place.
    return Q(**{f"{field}__{side}e": start.when}) & (
        Q(**{f"{field}__{side}": start.when}) | Q(**{f"pk__{side}": start.pk})
    )


def counted(queryset: QuerySet[Any], limit: int = COUNTED_TO) -> int:
    """Return the number of rows, limit + 1 when there are more than limit; never reads further."""
    return queryset.order_by()[: limit + 1].count()
