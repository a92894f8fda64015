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
    of_both: bool = False
    """Whether there are rows of two periods."""

    @property
    def deciding(self) -> str:
        """The SQL of the rows that decide which groups are wanted."""
        return "(FROM found WHERE NOT is_earlier)" if self.of_both else "found"

    def added(self, *keys: str) -> str:
        """Return the SQL of these keys, the currency and the sums of all rows that have the same."""
        sums = (f'{function}("{name}") AS "{name}"' for name, function in self.sums.items())
        return ", ".join((*self.apart(*keys), *sums))

    def apart(self, *keys: str) -> tuple[str, ...]:
        """Return the columns that keep these groups apart."""
        return (*keys, "currency", *(("is_earlier",) if self.of_both else ()))

    def parted(self, sql: str, best: str) -> str:
        """Return the SQL of wanted groups (is_best) and of the others' sums; `best` ends with the table best(k0)."""
        keys = [f"k{place}" for place in range(self.levels)]
        names = ", ".join((*self.apart(*keys), *(f'"{name}"' for name in self.sums)))
        same = "ON found.k0 IS NOT DISTINCT FROM best.k0"
        # Parts of a group are added up only where it is needed: of hundreds of thousands each time costs a third more.
        return (
            f"found AS MATERIALIZED ({sql}), {best} SELECT TRUE AS is_best, {names} "  # noqa: S608
            f"FROM (SELECT {self.added(*keys)} FROM found SEMI JOIN best {same} GROUP BY ALL) UNION ALL "
            f"SELECT FALSE, NULL, * FROM (SELECT {self.added(*keys[1:])} FROM found ANTI JOIN best {same} GROUP BY ALL)"
        )


@dataclass(frozen=True, slots=True)
class Best:
    """Wanted are the outermost groups with the greatest (or least) weight, and all that are equal to the last."""

    groups: Groups
    count: int
    weight: str
    """SQL over the sums of an outermost group in each currency: what it is ranked by; '': the cost in each currency."""
    greatest: bool = True
    values: Sequence[Any] = ()

    def among(self, sql: str) -> str:
        """Return the SQL of the parted groups."""
        return self.groups.parted(sql, self.weightiest() if self.weight else self.dearest())

    def weightiest(self) -> str:
        """Return the SQL of the best groups by their weight."""
        order, side = ("DESC", ">=") if self.greatest else ("ASC", "<=")
        last = f"(SELECT weight FROM weighed ORDER BY weight {order} LIMIT 1 OFFSET {self.count - 1})"  # noqa: S608
        return (
            f"weighed AS MATERIALIZED (SELECT k0, {self.weight} AS weight FROM {self.groups.deciding} GROUP BY k0), "  # noqa: S608
            f"best AS MATERIALIZED (SELECT k0 FROM weighed WHERE weight {side} COALESCE({last}, weight))"
        )

    def dearest(self) -> str:
        """Return the SQL of the best groups of each currency; of all groups where too few have a cost."""
        function, side = ("max", ">=") if self.greatest else ("min", "<=")
        last = f"list_last({function}(cost_sum, {self.count}))"
        return (
            "outermost AS MATERIALIZED (SELECT k0, currency, sum(cost_sum) AS cost_sum "  # noqa: S608
            f"FROM {self.groups.deciding} GROUP BY ALL), "
            f"lasts AS MATERIALIZED (SELECT currency, {last} AS last FROM outermost "
            "WHERE currency <> '' AND cost_sum <> 0 GROUP BY currency), "
            "dear AS MATERIALIZED (SELECT DISTINCT k0 FROM outermost JOIN lasts USING (currency) "
            f"WHERE cost_sum <> 0 AND cost_sum {side} last), "
            "best AS MATERIALIZED (SELECT k0 FROM dear UNION "
            f"SELECT k0 FROM outermost WHERE (SELECT count(*) FROM dear) < {self.count})"
        )


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
