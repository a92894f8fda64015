"""Takes a correction back: each record gets what the journal says it held, if it still holds what it was given."""

from dataclasses import asdict, dataclass

from accounting.models import CallRecord, CorrectedRecord, Correction, PhoneSystem
from accounting.services.correcting import CHUNK, Change, Rule, Step, Stored, Values, lock, read, write
from callanalytics.lib.turns import bulk_transaction

IDS_AT_ONCE = 500  # SQLite takes a limited number of parameters


@dataclass(slots=True)
class Undone:
    """How far an undo is; stored with each chunk, so that a killed one goes on where it was."""

    position: int | None = None
    """The journal is undone from its end down to this row."""
    restored: int = 0
    changed_meanwhile: int = 0
    """Records that hold something else by now: they stay as they are."""
    vanished: int = 0
    """Records that are gone: their call was continued and assembled anew, or deleted."""

    @property
    def looked_at(self) -> int:
        """How many rows of the journal are done."""
        return self.restored + self.changed_meanwhile + self.vanished


def undo_all(correction: Correction, rule: Rule, step: Step) -> Undone:
    """Undo what is left of a correction; returns what became of its records."""
    more = True
    while more:
        undone, more = undo_chunk(correction, rule.columns)
        step(undone.looked_at, max(correction.changed, undone.looked_at))
    return undone


def undo_chunk(correction: Correction, columns: tuple[str, ...]) -> tuple[Undone, bool]:
    """Undo the latest rows of the journal that are left, in one transaction; returns whether more may be left."""
    rows = CorrectedRecord.objects.filter(correction_id=correction.pk).order_by("-id")
    with bulk_transaction():
        # In the order of their ids, so that two corrections never wait for each other.
        for phone_system_id in PhoneSystem.objects.order_by("pk").values_list("pk", flat=True):
            lock(phone_system_id)
        correction.refresh_from_db(fields=["summary"])
        undone = Undone(**correction.summary.get("undone", {}))
        left = rows.filter(pk__lt=undone.position) if undone.position else rows
        entries = list(left[:CHUNK])
        if not entries:
            return undone, False
        stored = stored_records([entry.record_id for entry in entries])
        restored = restore(entries, stored, columns, undone)
        for phone_system_id in {before.phone_system_id for before, _ in restored}:
            write(correction, columns, [one for one in restored if one[0].phone_system_id == phone_system_id])
        undone.position = entries[-1].pk
        correction.summary["undone"] = asdict(undone)
        correction.save(update_fields=["summary"])
    return undone, len(entries) == CHUNK


def stored_records(ids: list[int]) -> dict[int, Stored]:
    """Return records by id; those that are gone are left out."""
    found: dict[int, Stored] = {}
    for start in range(0, len(ids), IDS_AT_ONCE):
        records = CallRecord.objects.filter(pk__in=ids[start : start + IDS_AT_ONCE])
        found.update((record.id, record) for record in read(records))
    return found


def restore(
    entries: list[CorrectedRecord], stored: dict[int, Stored], columns: tuple[str, ...], undone: Undone
) -> list[Change]:
    """Return the records with what they held before; counts what becomes of each entry of the journal."""
    now = dict(stored)
    for entry in entries:
        record = now.get(entry.record_id)
        if record is None:
            undone.vanished += 1
        elif values(record, columns) != tuple(entry.after[name] for name in columns):
            undone.changed_meanwhile += 1
        else:
            undone.restored += 1
            now[record.id] = record._replace(**{name: entry.before[name] for name in columns})
    return [(stored[pk], after) for pk, after in now.items() if after is not stored[pk]]


def values(record: Stored, columns: tuple[str, ...]) -> Values:
    """Return the corrected columns of a record."""
    return tuple(getattr(record, name) for name in columns)
