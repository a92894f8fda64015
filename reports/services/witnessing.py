"""Records that somebody has read others' numbers in full in a report that lists calls (ORG-3)."""

from collections.abc import Sequence

from accounting.models import CallRecord
from accounting.services.masking import Masker
from accounting.services.stored_calls import ids_at_once
from accounting.services.witnessing import witness
from reports.engine.layout import Column, Row

NUMBER = "other"
"""The column that tells the other party's number."""


def witness_rows(masker: Masker, columns: Sequence[Column], rows: Sequence[Row], address: str | None) -> None:
    """Record, as the list of calls does, that the masker's viewer sees these rows; one query where it may matter."""
    if not masker.lower or all(column.name != NUMBER for column in columns):
        return
    if ids := [row.record_id for row in rows if row.record_id is not None]:
        seen = CallRecord.objects.filter(pk__in=ids_at_once(ids)).order_by()
        witness(masker, seen.iterator(200), "calls", "", "", address)
