"""Parts the groups of a question, in DuckDB: those that are wanted, and the sums of all others by what is within them.

Groups have keys k0, k1 … from the outermost level down, a currency and sums; rows of the copy and of the database may
hold parts of the same group.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Groups:
    """What the groups consist of."""

    levels: int
    sums: Mapping[str, str]
    """The columns that add up, each with the function that adds it."""

    def added(self, *keys: str) -> str:
        """Return the SQL of these keys, the currency and the sums of all rows that have the same."""
        sums = (f'{function}("{name}") AS "{name}"' for name, function in self.sums.items())
        return ", ".join((*keys, "currency", *sums))

    def parted(self, sql: str, best: str) -> str:
        """Return the SQL of wanted groups (is_best) and of the others' sums; `best` ends with the table best(k0)."""
        keys = [f"k{place}" for place in range(self.levels)]
        names = ", ".join((*keys, "currency", *(f'"{name}"' for name in self.sums)))
        same = "ON found.k0 IS NOT DISTINCT FROM best.k0"
        return (
            f"found AS MATERIALIZED (SELECT {self.added(*keys)} FROM ({sql}) GROUP BY ALL), {best} "  # noqa: S608
            f"SELECT TRUE AS is_best, {names} FROM (FROM found SEMI JOIN best {same}) UNION ALL "
            f"SELECT FALSE, NULL, * FROM (SELECT {self.added(*keys[1:])} FROM found ANTI JOIN best {same} GROUP BY ALL)"
        )


@dataclass(frozen=True, slots=True)
class Best:
    """Wanted are the outermost groups with the greatest (or least) weight, and all that are equal to the last."""

    groups: Groups
    count: int
    weight: str
    """SQL over the sums of an outermost group in each currency: what it is ranked by."""
    greatest: bool = True
    in_currency: int = 0
    """So many of the greatest by the cost in each currency are wanted, too."""
    values: Sequence[Any] = ()

    def among(self, sql: str) -> str:
        """Return the SQL of the parted groups."""
        order, side = ("DESC", ">=") if self.greatest else ("ASC", "<=")
        last = f"(SELECT weight FROM weighed ORDER BY weight {order} LIMIT 1 OFFSET {self.count - 1})"  # noqa: S608
        best = (
            f"outermost AS MATERIALIZED (SELECT {self.groups.added('k0')} FROM found GROUP BY ALL), "  # noqa: S608
            f"weighed AS MATERIALIZED (SELECT k0, {self.weight} AS weight FROM outermost GROUP BY k0), "
            f"best AS MATERIALIZED (SELECT k0 FROM weighed WHERE weight {side} COALESCE({last}, weight){self.further})"
        )
        return self.groups.parted(sql, best)

    @property
    def further(self) -> str:
        """The SQL of those wanted for a currency."""
        if not self.in_currency:
            return ""
        place = "rank() OVER (PARTITION BY currency ORDER BY cost_sum DESC)"
        costly = "FROM outermost WHERE currency <> '' AND cost_sum > 0"
        return f" UNION SELECT k0 {costly} QUALIFY {place} <= {self.in_currency}"


@dataclass(frozen=True, slots=True)
class Only:
    """Wanted are the outermost groups with these keys."""

    groups: Groups
    keys: Sequence[Any]

    @property
    def values(self) -> Sequence[Any]:
        """The keys."""
        return [list(self.keys)]

    def among(self, sql: str) -> str:
        """Return the SQL of the parted groups."""
        return self.groups.parted(sql, "best AS MATERIALIZED (SELECT unnest(?) AS k0)")
