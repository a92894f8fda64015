"""Legs as rows of PostgreSQL: made by the process that has read them, else by the one that writes them."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from accounting.sources.base import Leg
from callanalytics.lib.copy_rows import packed_rows

AT_ONCE = 500
"""Enough for the work per column not to count, few enough to stay in the processor's cache."""


def packed_legs(legs: Iterable[Leg], types: Sequence[str]) -> Iterator[bytes]:
    """Yield the fields of each leg as lib/copy_rows packs them; types are those of the columns."""
    rest = iter(legs)
    while some := list(islice(rest, AT_ONCE)):
        yield from packed_rows(list(zip(*some, strict=True))[:-1], types)
