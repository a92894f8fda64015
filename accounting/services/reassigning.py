"""Re-assignment: whose stored calls should be by the lines and memberships as they are entered now (CDR-6)."""

import hashlib

from accounting.models import Correction, Extension
from accounting.querysets.calls import CallRecordQuerySet
from accounting.services.correcting import Stored, Values
from accounting.services.reference import current_reference
from accounting.services.selecting import Selection


class Reassigning:
    """The rule that a call belongs to whoever is entered as holder of its extension at its start."""

    columns: tuple[str, ...] = ("user_id", "department_id", "cost_centre_id", "office_id")

    def __init__(self, correction: Correction) -> None:
        """Take the lines as they are now; they stay the same while this object lives."""
        self.selection = Selection.stored(correction.selection)
        self.directory = current_reference().directory

    def records(self) -> CallRecordQuerySet:
        """Return the selected records; never those of every extension at once."""
        return self.selection.records() if self.selection.extensions else self.selection.records().none()

    def corrected(self, record: Stored) -> Values:
        """Return owner, department, cost centre and office of a record."""
        owner = self.directory.owner(record.phone_system_id, record.extension, int(record.started_at.timestamp()))
        return tuple(owner)

    def fingerprint(self) -> str:
        """Return a text that differs whenever somebody else holds one of the extensions, or belongs elsewhere."""
        found = hashlib.blake2b(digest_size=16)
        extensions = Extension.objects.filter(pk__in=self.selection.extensions).order_by("pk")
        for key in extensions.values_list("phone_system_id", "number"):
            found.update(repr((key, self.directory.holders.get(key))).encode())
        return found.hexdigest()
