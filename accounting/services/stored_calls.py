"""Looking up what is stored of calls, many at once: the values as each database takes and gives them."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models.expressions import RawSQL

from accounting.sources.base import Leg

LEG_FIELDS = ["originated_at", "record_key", "connected_at", "disconnected_at", *Leg._fields[4:]]
"""The columns of a leg, in its order."""


def among(column: str, values: Sequence[Any]) -> tuple[str, Any]:
    """Return an SQL test that a column has one of many values, and its one parameter."""
    if connection.vendor == "postgresql":
        texts = "\0".join(map(str, values)).replace("\\", "\\\\").replace('"', '\\"').replace("\0", '","')
        kind = "text" if isinstance(values[0], str) else "bigint"
        return f"{column} = ANY(%s::{kind}[])", f'{{"{texts}"}}'  # psycopg would dump a list value by value in Python
    return f"{column} IN (SELECT value FROM json_each(%s))", json.dumps(list(values))


def ids_at_once(ids: Iterable[int]) -> RawSQL:
    """Return what a column of ids is to be in: one parameter, as thousands take longer than all the rest of a query."""
    texts = ",".join(map(str, ids))
    if connection.vendor == "postgresql":
        return RawSQL("SELECT unnest(CAST(%s AS bigint[]))", [f"{{{texts}}}"])
    return RawSQL("SELECT value FROM json_each(%s)", [f"[{texts}]"])


def plain_key(value: Any) -> str:
    """Return a stored record key as 32 hexadecimal digits."""
    return value.hex if isinstance(value, UUID) else value


def epoch(value: Any) -> int:
    """Return a stored moment as epoch seconds."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return int((value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp())


def load_legs(call_ids: Iterable[int]) -> dict[int, list[Leg]]:
    """Return the stored legs of calls."""
    found: dict[int, list[Leg]] = {call_id: [] for call_id in call_ids}
    if not found:
        return found
    test, parameter = among("call_id", list(found))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT call_id, {', '.join(LEG_FIELDS)} FROM accounting_callleg WHERE {test}", [parameter])
        for call_id, begun, key, answered, ended, *rest in cursor.fetchall():
            leg = Leg(epoch(begun), plain_key(key), epoch(answered) if answered else 0, epoch(ended), *rest)
            found[call_id].append(leg)
    return found
