"""Tables: a column says its name, label, value and cell once; pages and exports read the same definition."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.utils.functional import Promise
from django.utils.safestring import SafeString

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """One column of a table."""

    name: str
    label: str | Promise
    value: Callable[[Row], Any]
    """What exports write."""
    cell: Callable[[Row], str | SafeString]
    """What pages show."""
    numeric: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """One shown cell."""

    name: str
    content: str | SafeString
    numeric: bool


class Table(Generic[Row]):
    """Rows under columns."""

    def __init__(self, columns: Sequence[Column[Row]], rows: Iterable[Row]) -> None:
        self.columns = columns
        self.rows = rows

    def body(self) -> Iterator[list[Cell]]:
        """Return the shown cells row by row."""
        for row in self.rows:
            yield [Cell(column.name, column.cell(row), column.numeric) for column in self.columns]

    def values(self) -> Iterator[list[Any]]:
        """Return the values row by row, for exports."""
        for row in self.rows:
            yield [column.value(row) for column in self.columns]
