"""What of a call is forgotten when it is anonymised, and how the totals follow (docs/privacy.md)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection, models
from django.db.models import Case, F, QuerySet, Value, When
from django.db.models.functions import Concat, Length, Substr
from django.db.models.lookups import GreaterThanOrEqual

from accounting.models import (
    CallLeg,
    CallRecord,
    CorrectedRecord,
    ExtensionDay,
    ImportBatch,
    PhoneSystem,
    UnitHalfHour,
)
from accounting.services.columns.touching import days_of, forget
from accounting.services.recording import DAY_COLUMNS, SLOT_COLUMNS, Sums, added
from accounting.services.stored_calls import epoch
from callanalytics.lib.bulk import Moments, day_value, insert_rows

FORGOTTEN = "…"
"""Stands for what was cut off a number."""
CUT_DIGITS = 6
SHORTEST_LEFT = 4
SUMMED = 5
"""The last columns of the totals: calls, talk and ring seconds, cost, unpriced."""
EXTENSION, OWNER = DAY_COLUMNS.index("extension"), DAY_COLUMNS.index("user_id")
LEG_CONTENTS = (
    "orig_device", "dest_device", "calling", "original_called", "final_called", "last_redirect", "outpulsed_called",
    "hunt_pilot", "authorization_code", "matter_code", "comment",
)  # fmt: skip


def shortened(field: str) -> Case:
    """Return an SQL expression: a public number without its last digits, FORGOTTEN for any other text, '' for ''."""
    begin = Substr(field, 1, Length(field) - CUT_DIGITS)
    public = models.Q(**{f"{field}__startswith": "+"}) & ~models.Q(**{f"{field}__contains": "@"})
    long_enough = models.Q(GreaterThanOrEqual(Length(field), CUT_DIGITS + SHORTEST_LEFT))
    return Case(
        When(**{field: ""}, then=Value("")),
        When(**{f"{field}__endswith": FORGOTTEN}, then=F(field)),
        When(public & long_enough, then=Concat(begin, Value(FORGOTTEN))),
        default=Value(FORGOTTEN),
        output_field=models.CharField(),
    )


def anonymise(records: QuerySet[CallRecord], phone_system: PhoneSystem) -> int:
    """Remove from these records of a phone system who made them and whom they name; return how many there were.

    Units, destination, type, times, duration, cost and quality stay. A new arrival mark makes pages show them anew.
    The totals by extension are the caller's; those by unit stay as they are.
    """
    if not records.exists():
        return 0
    forget_corrections(records)
    forget(days_of(records))
    mark = ImportBatch.objects.create(phone_system=phone_system)
    return records.update(
        user_id=None, extension="", leg=F("id"), batch_id=mark.pk, other_number=shortened("other_number"),
        dialled_number="", connected_number="", original_called="", last_redirect="", device="",
        authorization_code="", matter_code="",
    )  # fmt: skip


def forget_corrections(records: QuerySet[CallRecord]) -> None:
    """Forget the journal of corrections of these records: it names owners, and could bring them back."""
    delete_rows(CorrectedRecord.objects.filter(record_id__in=records.order_by().values("pk")))


def blank_legs(legs: QuerySet[CallLeg]) -> int:
    """Empty what legs tell about people; their keys stay, so that the same records delivered again are recognised."""
    return legs.update(**dict.fromkeys(LEG_CONTENTS, ""))


def delete_rows(rows: QuerySet[Any]) -> int:
    """Delete rows that nothing refers to in one statement; QuerySet.delete would fetch each for its signals."""
    return rows.order_by()._raw_delete(rows.db)  # noqa: SLF001


def take_days(condition: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Delete totals by extension and return them as insert_rows takes DAY_COLUMNS."""
    rows = take_rows(ExtensionDay, DAY_COLUMNS, condition, parameters)
    return [(day_value(row[0]) if isinstance(row[0], date) else row[0], *row[1:]) for row in rows]


def take_slots(begin: datetime, end: datetime, moment: Moments) -> list[tuple[Any, ...]]:
    """Delete totals by half-hour and return them as insert_rows takes SLOT_COLUMNS."""
    bounds = [connection.ops.adapt_datetimefield_value(one) for one in (begin, end)]
    rows = take_rows(UnitHalfHour, SLOT_COLUMNS, "slot >= %s AND slot < %s", bounds)
    return [(moment[epoch(row[0])], *row[1:]) for row in rows]


def take_rows(
    model: type[models.Model], columns: Sequence[str], condition: str, parameters: Sequence[Any]
) -> list[tuple[Any, ...]]:
    """Delete rows and return them in the database's values, in one statement: none that comes meanwhile is lost."""
    names = ", ".join(columns)
    statement = f"DELETE FROM {model._meta.db_table} WHERE {condition} RETURNING {names}"  # noqa: S608  (names)
    with connection.cursor() as cursor:
        cursor.execute(statement, list(parameters))
        return [tuple(row) for row in cursor.fetchall()]


def put_anonymous_days(rows: Iterable[tuple[Any, ...]]) -> None:
    """Add totals by extension again without extension and owner."""
    anonymous = ((*row[:EXTENSION], "", None, *row[OWNER + 1 :]) for row in rows)
    insert_rows(ExtensionDay, DAY_COLUMNS, summed(anonymous))


def put_slots(rows: Iterable[tuple[Any, ...]]) -> None:
    """Add totals by half-hour, each key once."""
    insert_rows(UnitHalfHour, SLOT_COLUMNS, summed(rows))


def summed(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Yield rows of totals with each key once; what comes to nothing is left out."""
    table: defaultdict[tuple[Any, ...], list[Sums]] = defaultdict(list)
    for row in rows:
        table[row[:-SUMMED]].append(row[-SUMMED:])
    for key, found in table.items():
        sums = added(found)
        if any(sums):
            yield *key, *sums
