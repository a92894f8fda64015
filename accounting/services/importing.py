"""Files in, call records out, exactly once.

A batch of files is one transaction: ledger, legs, call records, totals and rejected rows are committed together or not
at all. One batch of a phone system is written at a time (its row is locked), so that continuations always find each
other.
"""

import logging
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from django.db import IntegrityError, OperationalError, connection, transaction

from accounting.models import CallRecord, FileState, ImportBatch, ImportFile, PhoneSystem, RejectedRow
from accounting.services.reading_ahead import batches_read_ahead
from accounting.services.reference import forget_reference
from accounting.services.writing import BatchWriter
from accounting.signals import calls_imported
from accounting.sources.files import CallFile
from callanalytics.lib.bulk import latest_id
from callanalytics.lib.cycles import cycle_search_paused
from callanalytics.lib.turns import bulk_transaction
from callanalytics.lib.updating import update_rows

MOST_NAMED = 1000
"""People from whom an import took records back, whom its row names; with more it may be anybody."""

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class ImportSummary:
    """What became of files: `records` are all their rows, `duplicates` those that were there before."""

    files: int = 0
    records: int = 0
    call_records: int = 0
    duplicates: int = 0
    rejected: int = 0
    set_aside: int = 0
    seconds: float = 0.0

    def add(self, other: "ImportSummary") -> None:
        """Add the figures of another summary."""
        for name, value in asdict(other).items():
            setattr(self, name, getattr(self, name) + value)


@dataclass(slots=True)
class Outcome:
    """Files of a committed batch, by what became of them."""

    summary: ImportSummary
    imported: list[CallFile] = field(default_factory=list)
    set_aside: list[CallFile] = field(default_factory=list)


def import_files(phone_system: PhoneSystem, paths: Iterable[Path]) -> ImportSummary:
    """Import files of a phone system and leave them where they are; the next are read while some are written."""
    summary = ImportSummary()
    begun = time.monotonic()
    for outcome in import_batches(phone_system, paths):
        summary.add(outcome.summary)
    summary.seconds = round(time.monotonic() - begun, 3)
    return summary


def import_batches(phone_system: PhoneSystem, paths: Iterable[Path]) -> Iterator[Outcome]:
    """Import files batch by batch; yields after each commit."""
    with batches_read_ahead(phone_system.kind, list(paths)) as batches:
        for batch in batches:
            yield from commit_or_part(phone_system, batch)


def commit_or_part(phone_system: PhoneSystem, batch: list[CallFile]) -> Iterator[Outcome]:
    """Commit a batch; when it fails, file by file, and set aside the file that fails alone."""
    try:
        yield commit_at_second_try(phone_system, batch)
        return
    except OperationalError:
        forget_reference()
        raise
    except Exception as error:
        forget_reference()
        logger.exception("batch of %s files of %s failed", len(batch), phone_system.name)
        if len(batch) == 1:
            batch[0].reading, batch[0].reason, batch[0].detail = None, "failed", str(error).replace("\0", "")[:200]
            yield commit_batch(phone_system, batch)
            return
    for file in batch:
        yield from commit_or_part(phone_system, [file])


def commit_at_second_try(phone_system: PhoneSystem, batch: list[CallFile]) -> Outcome:
    """Commit a batch; when a unique key refuses it, a record may be there under another call: then look for each."""
    try:
        return commit_batch(phone_system, batch)
    except IntegrityError:
        forget_reference()
        return commit_batch(phone_system, batch, wary=True)


@cycle_search_paused()
def commit_batch(phone_system: PhoneSystem, files: list[CallFile], *, wary: bool = False) -> Outcome:
    """Write a batch in one transaction; receivers of calls_imported hear of it after the commit.

    `wary`: look for stored records one by one, not only among the calls of the batch.
    """
    outcome = Outcome(ImportSummary())
    with bulk_transaction():
        PhoneSystem.objects.select_for_update().get(pk=phone_system.pk)
        known = known_files(phone_system, files)
        if all((file.name, file.sha256) in known for file in files):
            return all_known(files)
        batch = ImportBatch.objects.create(phone_system=phone_system)
        entries: list[tuple[CallFile, ImportFile]] = []
        for file in files:
            summary = outcome.summary
            summary.files += 1
            if (file.name, file.sha256) in known:
                summary.records += file.records
                summary.duplicates += file.records
                outcome.imported.append(file)
                continue
            known.add((file.name, file.sha256))
            entries.append((file, ledger_row(phone_system, batch, file)))
            (outcome.imported if file.reading else outcome.set_aside).append(file)
        ImportFile.objects.bulk_create([row for _, row in entries])
        before = latest_id(CallRecord)
        writer = BatchWriter(phone_system, batch, wary=wary)
        write_entries(writer, entries, outcome.summary)
        if (latest := latest_id(CallRecord)) > before:
            batch.first_record, batch.last_record = before + 1, latest
        if len(writer.taken_from) <= MOST_NAMED:
            batch.taken_from = sorted(writer.taken_from)
        batch.save(update_fields=["first_record", "last_record", "taken_from"])
    if outcome.summary.call_records:
        transaction.on_commit(lambda: calls_imported.send(sender=ImportBatch, batch_id=batch.pk))
    for file in files:
        file.reading = None  # else the rows stay in memory until the next batch is written
    return outcome


def all_known(files: list[CallFile]) -> Outcome:
    """Return what becomes of files that were all imported before: nothing is written."""
    records = sum(file.records for file in files)
    return Outcome(ImportSummary(files=len(files), records=records, duplicates=records), imported=files)


def known_files(phone_system: PhoneSystem, files: list[CallFile]) -> set[tuple[str, str]]:
    """Return name and hash of those files that were imported before; what was once set aside is tried again."""
    hashes = [file.sha256 for file in files]
    rows = ImportFile.objects.filter(phone_system=phone_system, sha256__in=hashes)
    rows.filter(state=FileState.SET_ASIDE, name__in=[file.name for file in files]).delete()
    return set(rows.values_list("name", "sha256"))


def ledger_row(phone_system: PhoneSystem, batch: ImportBatch, file: CallFile) -> ImportFile:
    """Return the file's row in the ledger, not yet stored."""
    return ImportFile(
        phone_system=phone_system,
        batch=batch,
        name=file.name,
        sha256=file.sha256,
        size=file.size,
        kind=file.reading.kind if file.reading else "",
        state=FileState.IMPORTED if file.reading else FileState.SET_ASIDE,
        reason_code=file.reason,
        reason=file.detail,
    )


def write_entries(writer: BatchWriter, entries: list[tuple[CallFile, ImportFile]], summary: ImportSummary) -> None:
    """Write the calls of new files, then their figures into the ledger and the summary."""
    for file, row in entries:
        if file.reading:
            writer.take(file.reading, row)
    writer.write()
    rejected: list[RejectedRow] = []
    for file, row in entries:
        summary.set_aside += file.reading is None
        if not file.reading:
            continue
        row.records = file.reading.records
        row.rejected = len(file.reading.rejected)
        summary.records += row.records
        summary.duplicates += row.duplicates
        summary.rejected += row.rejected
        rejected += [
            RejectedRow(
                file=row, line=bad.line, reason_code=bad.reason, reason=bad.detail[:200].replace("\0", ""),
                header=bad.header, content=bad.content,
            )
            for bad in file.reading.rejected
        ]  # fmt: skip
    summary.call_records += writer.net_records
    RejectedRow.objects.bulk_create(rejected, batch_size=500)
    as_value = connection.ops.adapt_datetimefield_value
    update_rows(
        ImportFile,
        ["records", "call_records", "duplicates", "rejected", "unanswered", "newest_record_at"],
        [
            (
                row.pk, row.records, row.call_records, row.duplicates, row.rejected, row.unanswered,
                as_value(row.newest_record_at),
            )
            for _, row in entries
        ],
    )  # fmt: skip
