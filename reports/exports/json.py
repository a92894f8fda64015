"""JSON for programs: typed cells by the names of columns, lengths in seconds, amounts as exact decimals in texts."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import IO, Any
from zoneinfo import ZoneInfo

from reports.engine.layout import Row
from reports.engine.measures import Form
from reports.exports.base import Document, Told

TOLD_EVERY = 1000


def write(document: Document, out: IO[bytes], told: Told) -> None:
    """Write one object: what is asked, the columns, the rows and the total."""
    opening = json.dumps(head(document), ensure_ascii=False)
    out.write(f'{opening[:-1]}, "rows": ['.encode())
    for number, row in enumerate(document.rows, 1):
        out.write(f"{',' if number > 1 else ''}\n{written(row, document)}".encode())
        if number % TOLD_EVERY == 0:
            told(number, document.count)
    out.write(f'], "total": {written(document.total, document) if document.total else "null"}}}\n'.encode())


def head(document: Document) -> dict[str, Any]:
    """Return what is asked, and the columns."""
    return {
        "report": document.name,
        "asked": [{"label": label, "value": words} for label, words in document.head],
        "counting": document.rules,
        "notes": document.notes,
        "time_zone": str(document.zone),
        "made_at": document.made_at.astimezone(document.zone).isoformat(timespec="seconds"),
        "levels": document.levels,
        "columns": [
            {"name": column.name, "label": str(column.label), "form": column.form.value if column.form else "text"}
            for column in document.columns
        ],
    }


def written(row: Row, document: Document) -> str:
    """Return one row as text."""
    return json.dumps(cells_of(row, document), ensure_ascii=False)


def cells_of(row: Row, document: Document) -> dict[str, Any]:
    """Return the cells of a row by the names of their columns."""
    cells = {
        column.name: value_of(value, column.form, document.zone)
        for column, value in zip(document.columns, row.cells, strict=True)
    }
    return {"level": row.level, **cells} if document.levels else cells


def value_of(value: Any, form: Form | None, zone: ZoneInfo) -> Any:
    """Return a cell as JSON has it; None for nothing."""
    if isinstance(value, Mapping):
        return {currency: value_of(amount, form, zone) for currency, amount in value.items()}
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(timespec="seconds")
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value if value is None or isinstance(value, int) else str(value)
