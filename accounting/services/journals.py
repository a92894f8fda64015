"""Work that changed many rows at once, undone: what goes back, what has changed since and is left alone."""

import json
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from accounting.models import AuditedAction, AuditEntry, ChangeJournal, DirectoryRun, SheetImport, User
from accounting.services import jobs
from accounting.services.auditing import actor_of, record
from accounting.services.forgetting import delete_rows
from accounting.services.jobs import JobFailed, Progress
from accounting.services.obstacles import RowKey, called, key_of, missing_targets, referred_to, taken_keys
from accounting.services.row_changes import RowChange, Values, columns, named, record_rows, stored
from accounting.services.sheets import one_at_a_time
from accounting.signals import reference_changed

UNDO = "undo-changes"
KEPT = timedelta(days=90)
NEAR = timedelta(hours=1)
BATCH = 1000


@dataclass(slots=True)
class Reversal:
    """What undoing would do now."""

    back: list[RowChange] = field(default_factory=list)
    """The changes that take the rows back."""
    left: list[tuple[RowChange, str]] = field(default_factory=list)
    """The work's changes that stay, each with the reason in words."""

    def keep(self, reasons: dict[RowKey, str]) -> None:
        """Leave rows alone."""
        self.left += [(one.reversed(), reasons[key_of(one)]) for one in self.back if key_of(one) in reasons]
        self.back = [one for one in self.back if key_of(one) not in reasons]


def keep_journal(whole: AuditEntry, changes: Sequence[RowChange]) -> None:
    """Keep what work has changed, so that it can be undone for some time."""
    forget_old()
    if changes:
        ChangeJournal.objects.create(entry_id=whole.pk, rows=packed(changes))


def of_import(held: SheetImport) -> ChangeJournal | None:
    """Return the journal of an applied sheet, without its rows; None when there is none."""
    if held.applied_at is None:
        return None
    return of_work(held.applied_at, details__sheet_import=held.pk)


def of_run(run: DirectoryRun) -> ChangeJournal | None:
    """Return the journal of a synchronisation that has changed people, without its rows; None when there is none."""
    return of_work(run.finished_at, details__run=run.pk) if run.finished_at else None


def of_work(ended: datetime, **details: int) -> ChangeJournal | None:
    """Return the journal of the work that ended then; its entry is as old, and nothing else leads to it."""
    around = (ended - NEAR, ended + NEAR)
    entries = AuditEntry.objects.filter(at__range=around, whole_id=None, action=AuditedAction.IMPORTED, **details)
    return ChangeJournal.objects.defer("rows").filter(entry_id__in=entries.values("pk")).first()


def forget_old() -> None:
    """Empty journals that are too old to be undone: they hold data of people."""
    old = ChangeJournal.objects.filter(created_at__lt=timezone.now() - KEPT)
    old.exclude(rows=b"").update(rows=b"")


def forget_person(person: User) -> None:
    """Empty the journals in which a person stands: undoing would bring the person's data back."""
    for journal in ChangeJournal.objects.exclude(rows=b"").iterator(20):
        if any(concerns(change, person) for change in unpacked(bytes(journal.rows))):
            ChangeJournal.objects.filter(pk=journal.pk).update(rows=b"")


def concerns(change: RowChange, person: User) -> bool:
    """Return whether a changed row is a person or belongs to the person."""
    if change.model is User:
        return change.pk == person.pk
    sides = [side for side in (change.before, change.after) if side]
    return any(side.get(name) == person.pk for side in sides for name in ("user_id", "supervisor_id"))


def packed(changes: Iterable[RowChange]) -> bytes:
    """Return changes as they are stored: by table, values as text."""
    tables: dict[str, list[Any]] = defaultdict(list)
    for one in changes:
        sides = [list(side.values()) if side else None for side in (one.before, one.after)]
        tables[one.model._meta.label_lower].append([one.pk, *sides])
    told = {label: [columns(apps.get_model(label)), rows] for label, rows in tables.items()}
    return zlib.compress(json.dumps(told, ensure_ascii=False, separators=(",", ":"), default=str).encode(), 6)


def unpacked(content: bytes) -> list[RowChange]:
    """Return stored changes with the values as Django reads them; columns that are gone by now are left out."""
    if not content:
        return []
    found = []
    for label, (names, rows) in json.loads(zlib.decompress(content)).items():
        model = apps.get_model(label)
        readers = {one.attname: one.to_python for one in model._meta.concrete_fields if one.attname in names}
        for pk, *sides in rows:
            before, after = (
                {name: readers[name](value) for name, value in named(names, side).items() if name in readers}
                if side
                else None
                for side in sides
            )
            found.append(RowChange(model, pk, before, after))
    return found


def by_model(changes: Iterable[RowChange]) -> dict[type[models.Model], list[RowChange]]:
    """Return changes by table."""
    found: dict[type[models.Model], list[RowChange]] = defaultdict(list)
    for change in changes:
        found[change.model].append(change)
    return found


def reversal(journal: ChangeJournal) -> Reversal:
    """Return what undoing work would do now; nothing is written."""
    found = Reversal()
    for model, changes in by_model(unpacked(bytes(journal.rows))).items():
        now = rows_now(model, [change.pk for change in changes])
        for change in changes:
            reason = why_not(change, now.get(change.pk))
            if reason:
                found.left.append((change, reason))
            else:
                found.back.append(taken_back(change, now.get(change.pk)))
    for obstacle in (called, missing_targets, taken_keys):
        found.keep(obstacle(found.back))
    while reasons := referred_to(found.back):
        found.keep(reasons)
    return found


def taken_back(change: RowChange, now: Values | None) -> RowChange:
    """Return the change that takes a row back; what others have changed beside the work stays as it is now."""
    if now is None or change.before is None:
        return change.reversed()
    return RowChange(change.model, change.pk, now, now | {name: change.before[name] for name in change.differing()})


def rows_now(model: type[models.Model], ids: Sequence[int]) -> dict[int, Values]:
    """Return rows as they are stored, by primary key."""
    names, found = columns(model), {}
    for start in range(0, len(ids), BATCH // 2):
        part = stored(models.QuerySet(model).filter(pk__in=ids[start : start + BATCH // 2]))
        found.update({pk: named(names, values) for pk, values in part.items()})
    return found


def why_not(change: RowChange, now: Values | None) -> str:
    """Return why a row cannot be what it was, '' when it can: it still is as the work left it."""
    if change.after is None:
        return _("It has been entered again since.") if now else ""
    if now is None:
        return _("It has been deleted since.")
    same = all(now.get(name) == change.after[name] for name in change.differing())
    return "" if same else _("It has been changed since.")


def write(back: Sequence[RowChange]) -> None:
    """Store rows as they were."""
    for model, changes in by_model(back).items():
        table: models.QuerySet[Any] = models.QuerySet(model)
        gone = [one.pk for one in changes if one.after is None]
        changed = [one for one in changes if one.before is not None and one.after is not None]
        added = [one for one in changes if one.before is None]
        if not model._meta.related_objects:
            # Written anew under their old ids: forty thousand single updates would take minutes.
            gone += [one.pk for one in changed]
            added, changed = added + changed, []
        for start in range(0, len(gone), BATCH // 2):
            delete_rows(table.filter(pk__in=gone[start : start + BATCH // 2]))
        names = sorted({name for one in changed for name in one.differing()})
        if changed:
            table.bulk_update(map(row_of, changed), names, batch_size=BATCH)
        table.bulk_create(map(row_of, added), batch_size=BATCH)


def row_of(change: RowChange) -> models.Model:
    """Return a row as it is to be."""
    return change.model(pk=change.pk, **(change.after or {}))


def start_undo(journal: ChangeJournal, user: User, reason: str) -> Any:
    """Return the job that undoes work, None when it cannot be undone any more."""
    if journal.undone_at or not journal.rows:
        return None
    entry = AuditEntry.objects.get(pk=journal.entry_id)
    job = jobs.start(
        UNDO, user, title=entry.subject, unique_key=f"{UNDO}-{journal.pk}", journal=journal.pk, reason=reason
    )
    ChangeJournal.objects.filter(pk=journal.pk).update(job=job)
    return job


def run_undo(progress: Progress) -> dict[str, Any]:
    """Undo work in one transaction; what has changed since is left alone."""
    progress.step(0)
    with one_at_a_time():
        journal = ChangeJournal.objects.select_for_update().filter(pk=progress.parameters["journal"]).first()
        if journal is None or journal.undone_at or not journal.rows:
            raise JobFailed(_("This can no longer be undone."))
        found = reversal(journal)
        write(found.back)
        reference_changed()
        entry = AuditEntry.objects.get(pk=journal.entry_id)
        reason = progress.parameters["reason"]
        journal.outcome = {"restored": len(found.back), "left": len(found.left)}
        whole = record(
            AuditedAction.UNDONE, entry.subject_type, entry.subject, subject_id=entry.subject_id,
            undone_entry=entry.pk, reason=reason, **journal.outcome,
        )  # fmt: skip
        record_rows(whole, found.back)
        journal.undone_at, journal.reason, journal.rows = timezone.now(), reason, b""
        journal.undone_by = actor_of(progress.job.started_by).name
        journal.save()
    return dict(journal.outcome)
