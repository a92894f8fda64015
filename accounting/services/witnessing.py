"""Records in the audit log that somebody has seen others' numbers in full which lower roles see masked (ORG-3)."""

from collections.abc import Iterable

from django.core.cache import cache

from accounting.models import AuditedAction, AuditEntry, CallRecord
from accounting.services.auditing import acting, actor_of, record
from accounting.services.masking import Masker
from callanalytics.lib import periods

A_DAY = 86_400


def witness(
    masker: Masker, records: Iterable[CallRecord], kind: str, subject_id: object, subject: str, address: str | None
) -> None:
    """Record that the masker's viewer has seen such numbers; once a day for each kind and subject.

    `kind` is "calls" for a list and "call" for the page of one call; `subject_id` tells lists and calls apart.
    """
    if not any(masker.reads_beyond_lower_roles(one) for one in records):
        return
    viewer, day = masker.viewer, periods.today()
    # The cache spares most questions; it belongs to one process, so the log itself decides.
    if not cache.add(f"witnessed-{viewer.pk}-{kind}-{subject_id}-{day}", 1, A_DAY):
        return
    today = AuditEntry.objects.filter(at__gte=periods.midnight(day), actor_id=viewer.pk, action=AuditedAction.VIEWED)
    if not today.filter(subject_type=kind, subject_id=str(subject_id)).exists():
        with acting(actor_of(viewer, address)):
            record(AuditedAction.VIEWED, kind, subject, subject_id=subject_id)
