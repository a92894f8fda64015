"""A document as a plain table for spreadsheets: a column for each level of groups and for each currency."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reports.engine.layout import Column, Row
from reports.engine.measures import Form
from reports.engine.writing import price, write
from reports.exports.base import Document


@dataclass(frozen=True, slots=True)
class Field:
    """One column of the table."""

    label: str
    form: Form | None
    place: int
    """Which cell of a row it reads."""
    currency: str = ""
    """Which amount of the cell it reads; '' for the whole cell."""

    @property
    def numeric(self) -> bool:
        """Whether its values are set at the end."""
        return self.form not in (None, Form.MOMENT)

    def read(self, row: Row) -> Any:
        """Return the value of this column; None for nothing."""
        value = row.cells[self.place]
        if isinstance(value, Mapping):
            return value.get(self.currency)
        return None if value == "" else value

    def text(self, row: Row) -> str:
        """Return the value as people read it: as on the page, the cost of a single call to the last decimal."""
        value = self.read(row)
        is_price = self.form is Form.MONEY and not self.currency and value is not None
        return price(value) if is_price else write(value, self.form)


@dataclass(slots=True)
class Table:
    """The columns, and how rows are read."""

    levels: list[str]
    """Leading columns, the names of groups from the outermost; empty for lists."""
    fields: list[Field]

    @property
    def labels(self) -> list[str]:
        """The header."""
        return [*self.levels, *(field.label for field in self.fields)]

    def lines(self, rows: Iterator[Row]) -> Iterator[tuple[Row, list[Any]]]:
        """Yield rows with their values; a part repeats the names of the groups around it."""
        names: list[Any] = []
        for row in rows:
            if self.levels:
                names = [*names[: row.level - 1], row.cells[0]]
            yield row, [*self.names(names), *(field.read(row) for field in self.fields)]

    def names(self, names: list[Any]) -> list[Any]:
        """Return the names of groups, filled up to all levels."""
        return [*names, *[None] * (len(self.levels) - len(names))] if self.levels else []

    def total(self, row: Row) -> list[Any]:
        """Return the values of the total."""
        return [*self.names([row.cells[0]] if self.levels else []), *(field.read(row) for field in self.fields)]


def table_of(document: Document) -> Table:
    """Return the columns of a document; the amounts of each currency that occurs have a column of their own."""
    grouped = bool(document.levels)
    every = list(document.rows) if grouped else []
    document.rows = iter(every) if grouped else document.rows
    amounts = [*every, document.total] if document.total else every
    fields: list[Field] = []
    for place, column in enumerate(document.columns):
        if grouped and place == 0:
            continue
        fields.extend(fields_of(column, place, amounts))
    return Table(document.levels, fields)


def fields_of(column: Column, place: int, rows: list[Row]) -> list[Field]:
    """Return the columns for one column of the layout."""
    label = str(column.label)
    amounts = [row.cells[place] for row in rows if isinstance(row.cells[place], Mapping)]
    currencies = sorted({currency for amount in amounts for currency in amount})
    if not currencies:
        return [Field(label, column.form, place)]
    return [Field(f"{label} ({currency})", column.form, place, currency) for currency in currencies]
