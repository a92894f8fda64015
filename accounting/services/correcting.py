"""Changes many stored call records: the records, the journal and the totals in one transaction for each chunk.

A correction (models.Correction) names its records and a rule says what they should hold. Applying can be killed at any
moment and run again: a record that holds what it should is passed over, so nothing is changed or journalled twice.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple, Protocol

from django.db import connection, transaction
from django.db.models import BigIntegerField, ExpressionWrapper, F, Q, QuerySet

from accounting.models import (
    CallRecord,
    CorrectedRecord,
    Correction,
    ExtensionDay,
    ImportBatch,
    PhoneSystem,
    UnitHalfHour,
)
from accounting.services.columns.touching import day_of, touch
from accounting.services.recording import DAY_COLUMNS, SLOT_COLUMNS, UNPRICED_CODES, Totals
from accounting.signals import calls_corrected
from callanalytics.lib.bulk import Moments, day_value, insert_rows
from callanalytics.lib.turns import bulk_transaction
from callanalytics.lib.updating import update_rows

CHUNK = 5_000
JOURNAL_COLUMNS = ["correction_id", "record_id", "started_at", "before", "after"]
Values = tuple[Any, ...]
Step = Callable[[int, int | None], None]
"""Told how many records of how many are done; may raise to end the work."""


class Stored(NamedTuple):
    """A call record as the database holds it, as far as corrections need it; cost in millionths."""

    id: int
    phone_system_id: int
    started_at: datetime
    answered_at: datetime | None
    extension: str
    user_id: int | None
    department_id: int | None
    cost_centre_id: int | None
    office_id: int | None
    direction: int
    kind: int
    outcome: int
    call_type: int
    other_number: str
    ring_seconds: int
    talk_seconds: int
    gateway_id: int | None
    carries_trunk: bool
    trunk_seconds: int
    pricing: int
    cost: int | None
    currency: str
    rate_id: int | None
    destination: str


Change = tuple[Stored, Stored]
"""A record before and after."""
READ_COLUMNS = ["micro" if name == "cost" else name for name in Stored._fields]


class Rule(Protocol):
    """What call records should hold."""

    columns: tuple[str, ...]
    """Which columns it corrects."""

    def corrected(self, record: Stored) -> Values:
        """Return what the columns of a record should hold."""

    def records(self) -> QuerySet[CallRecord]:
        """Return the records of the correction's selection."""

    def fingerprint(self) -> str:
        """Return a text that differs whenever the rule would give other values."""


class Reached(NamedTuple):
    """A place in the order of start and id, behind which the next chunk begins."""

    started_at: datetime
    id: int


def read(records: QuerySet[CallRecord]) -> list[Stored]:
    """Return records in the form of corrections; one query."""
    micro = ExpressionWrapper(F("cost"), output_field=BigIntegerField())
    rows = records.annotate(micro=micro).values_list(*READ_COLUMNS)
    return [Stored._make(row) for row in rows]


def read_chunk(records: QuerySet[CallRecord], reached: Reached | None) -> list[Stored]:
    """Return the next records in the order of start and id, at most CHUNK."""
    if reached:
        beyond = Q(started_at__gt=reached.started_at) | Q(pk__gt=reached.id)
        records = records.filter(Q(started_at__gte=reached.started_at) & beyond)
    return read(records.order_by("started_at", "id")[:CHUNK])


def chunks(records: QuerySet[CallRecord]) -> Iterator[list[Stored]]:
    """Yield all records, chunk by chunk."""
    reached: Reached | None = None
    while chunk := read_chunk(records, reached):
        yield chunk
        if len(chunk) < CHUNK:
            return
        reached = Reached(chunk[-1].started_at, chunk[-1].id)


def changes(chunk: Iterable[Stored], rule: Rule) -> list[Change]:
    """Return those records that do not hold what they should, each with what it should hold."""
    held, columns, corrected = attrgetter(*rule.columns), rule.columns, rule.corrected
    found = []
    for record in chunk:
        values = corrected(record)
        if values != held(record):
            found.append((record, record._replace(**dict(zip(columns, values, strict=True)))))
    return found


def apply_rule(correction: Correction, rule: Rule, step: Step) -> None:
    """Correct all records of the selection, system by system; `step` hears how many were looked at."""
    looked_at = 0
    for phone_system_id in PhoneSystem.objects.values_list("pk", flat=True):
        records = rule.records().filter(phone_system_id=phone_system_id)
        reached: Reached | None = None
        while chunk := apply_to_chunk(correction, rule, records, phone_system_id, reached):
            looked_at += len(chunk)
            step(looked_at, max(correction.records, looked_at))
            reached = Reached(chunk[-1].started_at, chunk[-1].id)
            if len(chunk) < CHUNK:
                break


def apply_to_chunk(
    correction: Correction, rule: Rule, records: QuerySet[CallRecord], phone_system_id: int, reached: Reached | None
) -> list[Stored]:
    """Correct the next records of one phone system in one transaction; returns those looked at."""
    with bulk_transaction():
        lock(phone_system_id)
        chunk = read_chunk(records, reached)
        changed = changes(chunk, rule)
        if changed:
            write(correction, rule.columns, changed)
            insert_rows(CorrectedRecord, JOURNAL_COLUMNS, journal_rows(correction.pk, rule.columns, changed))
    return chunk


def lock(phone_system_id: int) -> None:
    """Wait for the importer and keep it out until the end of the transaction."""
    PhoneSystem.objects.select_for_update().get(pk=phone_system_id)


def write(correction: Correction, columns: Sequence[str], changed: Sequence[Change]) -> None:
    """Store changed records of one phone system with an arrival mark of their own, and correct the totals."""
    phone_system_id = changed[0][0].phone_system_id
    batch = ImportBatch.objects.create(phone_system_id=phone_system_id)
    values = attrgetter(*columns)
    rows = [(after.id, *values(after), batch.pk) for _, after in changed]
    touch(day_of(before.started_at) for before, _ in changed)
    update_rows(CallRecord, [*columns, "batch_id"], rows)
    totals = Totals()
    for before, after in changed:
        count(totals, before, -1)
        count(totals, after, 1)
    write_totals(totals)
    started, ended = min(one.started_at for one, _ in changed), max(one.started_at for one, _ in changed)
    transaction.on_commit(
        lambda: calls_corrected.send(Correction, started=started, ended=ended, correction_id=correction.pk)
    )


def count(totals: Totals, record: Stored, sign: int) -> None:
    """Add what a record counts to the totals, or take it back (sign -1)."""
    totals.add(
        int(record.started_at.timestamp()),
        record.phone_system_id,
        record.extension,
        (record.user_id, record.department_id, record.cost_centre_id, record.office_id),
        record.gateway_id if record.carries_trunk else None,
        (record.direction, record.kind, record.outcome, record.call_type, record.currency),
        (
            sign, sign * record.talk_seconds, sign * record.ring_seconds, sign * (record.cost or 0),
            sign if record.pricing in UNPRICED_CODES else 0,
        ),
    )  # fmt: skip


def write_totals(totals: Totals) -> None:
    """Append additions and corrections to the tables of totals."""
    insert_rows(ExtensionDay, DAY_COLUMNS, totals.day_rows(day_value))
    insert_rows(UnitHalfHour, SLOT_COLUMNS, totals.slot_rows(Moments()))


def journal_rows(correction_id: int, columns: Sequence[str], changed: Iterable[Change]) -> Iterator[Values]:
    """Yield the rows of JOURNAL_COLUMNS."""
    values, moments = attrgetter(*columns), Moments()
    as_text = connection.vendor == "sqlite"
    for before, after in changed:
        sides: list[Any] = [dict(zip(columns, values(one), strict=True)) for one in (before, after)]
        if as_text:
            sides = [json.dumps(one) for one in sides]
        yield correction_id, before.id, moments[int(before.started_at.timestamp())], *sides
