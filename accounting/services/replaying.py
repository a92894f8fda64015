"""Rejected rows once more: as a file they go through the same door as the inbox, so nothing counts twice."""

import hashlib
import shutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Max, QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone

from accounting.models import AuditedAction, FileState, ImportFile, PhoneSystem, RejectedRow
from accounting.services.auditing import record
from accounting.services.collecting import move
from accounting.services.importing import import_batches
from accounting.services.jobs import Progress

ROWS_AT_ONCE = 2000
REPLAY, DISMISS = "replay_rows", "dismiss_rows"


@dataclass(frozen=True, slots=True)
class RejectedGroup:
    """Rejected rows of one phone system with the same reason."""

    phone_system_id: int
    phone_system: str
    reason_code: str
    rows: int
    newest: datetime


@dataclass(slots=True)
class ReplayFile:
    """A file of rows under one header, and the physical line of each row."""

    name: str
    header: str
    rows: list[RejectedRow] = field(default_factory=list)
    sha256: str = ""
    lines: dict[int, RejectedRow] = field(default_factory=dict)

    def write(self, folder: Path) -> Path:
        """Write the file and remember where each row stands."""
        text = f"{self.header}\n"
        for row in self.rows:
            self.lines[text.count("\n") + 1] = row
            text += f"{as_received(row)}\n"
        content = text.encode("utf-8", "surrogatepass")
        self.sha256 = hashlib.sha256(content).hexdigest()
        path = folder / self.name
        path.write_bytes(content)
        return path


def as_received(row: RejectedRow) -> str:
    """Return a row's content; characters that the database cannot keep are there again, so that they are seen again."""
    return row.content.replace("\\0", "\0") if row.reason_code == "control" else row.content


def rejected_groups() -> list[RejectedGroup]:
    """Return the rejected rows by phone system and reason, the latest first; one query."""
    found = (
        RejectedRow.objects.order_by()
        .values("file__phone_system_id", "file__phone_system__name", "reason_code")
        .annotate(rows=Count("id"), newest=Max("file__imported_at"))
        .order_by("-newest")
    )
    return [
        RejectedGroup(
            row["file__phone_system_id"],
            row["file__phone_system__name"],
            row["reason_code"],
            row["rows"],
            row["newest"],
        )
        for row in found
    ]


def selected(parameters: dict[str, Any]) -> QuerySet[RejectedRow]:
    """Return the rows that a job is about: `rows` are ids, else all up to the id `newest` that meet `conditions`."""
    if "rows" in parameters:
        return RejectedRow.objects.filter(pk__in=parameters["rows"])
    return RejectedRow.objects.filter(pk__lte=parameters["newest"], **parameters["conditions"])


def replay(progress: Progress) -> dict[str, Any]:
    """Import the selected rows again; those that go in leave the list, the others stay with their new reason."""
    chosen = selected(progress.parameters).order_by("pk")
    total, done, taken, last = chosen.count(), 0, 0, 0
    folder = Path(settings.DATA_DIR) / "uploads" / f"replay-{progress.job.pk}"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        while rows := list(chosen.filter(pk__gt=last).select_related("file__phone_system")[:ROWS_AT_ONCE]):
            last = rows[-1].pk
            taken += replay_rows(rows, folder)
            done += len(rows)
            progress.step(done, total)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        record(AuditedAction.IMPORTED, "rejected_rows", progress.job.title, rows=done, added=taken)
    return {"taken": taken, "stayed": done - taken}


def replay_rows(rows: list[RejectedRow], folder: Path) -> int:
    """Import rows again; return how many went in."""
    taken = 0
    by_system: dict[PhoneSystem, list[RejectedRow]] = {}
    for row in rows:
        by_system.setdefault(row.file.phone_system, []).append(row)
    for phone_system, own in by_system.items():
        files = replay_files(own, f"{folder.name}-{own[0].pk}")
        paths = [file.write(folder) for file in files]
        archive = Path(settings.ARCHIVE_DIR) / phone_system.name / timezone.now().strftime("%Y-%m-%d")
        for outcome in import_batches(phone_system, paths):
            for imported in outcome.imported:
                move(imported, archive)
        taken += sum(settle(phone_system, file) for file in files)
    return taken


def replay_files(rows: Iterable[RejectedRow], name: str) -> list[ReplayFile]:
    """Return a file for each header; a row with a lost quotation mark stands alone, for it could swallow others."""
    files: dict[tuple[str, int], ReplayFile] = {}
    for row in rows:
        key = (row.header, row.pk if row.content.count('"') % 2 else 0)
        file = files.setdefault(key, ReplayFile(f"{name}-{len(files) + 1}.csv", row.header))
        file.rows.append(row)
    return list(files.values())


@transaction.atomic
def settle(phone_system: PhoneSystem, file: ReplayFile) -> int:
    """Keep what was rejected again at its first place with the new reason, forget the rest; return how many went in."""
    entry = ImportFile.objects.filter(phone_system=phone_system, name=file.name, sha256=file.sha256).first()
    if entry is None:
        return 0
    if entry.state == FileState.SET_ASIDE:
        refused = dict.fromkeys(file.lines, (entry.reason_code, entry.reason))
        entry.delete()
    else:
        again = entry.rejected_rows.all()
        refused = {row.line: (row.reason_code, row.reason) for row in again}
        again.delete()
        # The rows are counted where they first came from.
        leave(entry.pk, len(refused))
    stayed = []
    for line, row in file.lines.items():
        if line in refused:
            row.reason_code, row.reason = refused[line]
            stayed.append(row)
    RejectedRow.objects.bulk_update(stayed, ["reason_code", "reason"], batch_size=500)
    return forget([row.pk for line, row in file.lines.items() if line not in refused])


def forget(ids: list[int]) -> int:
    """Take rows off the list and out of the figures of their files; return how many were there."""
    there = list(RejectedRow.objects.filter(pk__in=ids).select_for_update().values_list("pk", "file_id"))
    RejectedRow.objects.filter(pk__in=[pk for pk, _file in there]).delete()
    for file_id, count in Counter(file_id for _pk, file_id in there).items():
        leave(file_id, count)
    return len(there)


def leave(file_id: int, rows: int) -> None:
    """Count so many rejected rows less in a file of the ledger."""
    ImportFile.objects.filter(pk=file_id).update(
        records=Greatest(F("records") - rows, 0), rejected=Greatest(F("rejected") - rows, 0)
    )


def dismiss(progress: Progress) -> dict[str, Any]:
    """Take the selected rows off the list for good; the audit log keeps who did it and why."""
    ids = list(selected(progress.parameters).order_by("pk").values_list("pk", flat=True))
    gone = 0
    try:
        for start in range(0, len(ids), ROWS_AT_ONCE):
            with transaction.atomic():
                gone += forget(ids[start : start + ROWS_AT_ONCE])
            progress.step(gone, len(ids))
    finally:
        record(
            AuditedAction.DELETED, "rejected_rows", progress.job.title, rows=gone, reason=progress.parameters["reason"]
        )
    return {"dismissed": gone}
