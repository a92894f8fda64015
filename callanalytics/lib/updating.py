"""Many rows changed at once: one UPDATE from arrays on PostgreSQL, one prepared statement on SQLite."""

from collections.abc import Sequence
from typing import Any

from django.db import connection, models

from callanalytics.lib.bulk import concrete_fields, type_name


def update_rows(model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Set columns of rows, inside the open transaction; each row is the id and the new database values in order.

    Values: int, str, None. Ids that are not there are passed over.
    """
    if not rows:
        return
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    names = [quote(str(one.column)) for one in concrete_fields(model, columns)]
    if connection.vendor == "postgresql":
        types = ["int8", *(type_name(one) for one in concrete_fields(model, columns))]
        arrays = ", ".join(f"%s::{one}[]" for one in types)
        changes = ", ".join(f"{name} = new.{name}" for name in names)
        source = f"unnest({arrays}) AS new(id, {', '.join(names)})"
        with connection.cursor() as cursor:
            # A table that has grown since it was last analysed would be read from end to end for some thousand rows.
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(
                f"UPDATE {table} AS old SET {changes} FROM {source} WHERE old.id = new.id",  # noqa: S608  (names)
                [list(values) for values in zip(*rows, strict=True)],
            )
            cursor.execute("SET LOCAL enable_seqscan = on")
        return
    statement = f"UPDATE {table} SET {', '.join(f'{name} = ?' for name in names)} WHERE id = ?"  # noqa: S608  (names)
    connection.ensure_connection()
    with connection.wrap_database_errors:
        connection.connection.executemany(statement, ((*values, pk) for pk, *values in rows))
