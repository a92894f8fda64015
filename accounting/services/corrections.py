"""The life of a correction: dry run, applied, undone; each step is a job that can be killed and run again."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounting.models import (
    AuditedAction,
    CorrectedRecord,
    Correction,
    CorrectionKind,
    CorrectionState,
    Job,
    User,
)
from accounting.services import jobs
from accounting.services.auditing import record
from accounting.services.correcting import Rule, Step, apply_rule, changes, chunks
from accounting.services.differing import Differences
from accounting.services.jobs import JobFailed, Progress
from accounting.services.reassigning import Reassigning
from accounting.services.recosting import Recosting
from accounting.services.selecting import Selection
from accounting.services.undoing import undo_all

RULES: dict[str, type[Recosting] | type[Reassigning]] = {
    CorrectionKind.COST: Recosting,
    CorrectionKind.OWNER: Reassigning,
}
DRY_RUN, APPLY, UNDO = "correction-dry-run", "correction-apply", "correction-undo"
JOB_LABELS = {
    DRY_RUN: gettext_lazy("Dry run of a correction"),
    APPLY: gettext_lazy("Correction of past calls"),
    UNDO: gettext_lazy("Undoing a correction"),
}


def rule_of(correction: Correction) -> Rule:
    """Return the rule of a correction, with the reference data as of now."""
    return RULES[correction.kind](correction)


def begin(kind: CorrectionKind, selection: Selection, user: User | None) -> Correction:
    """Return a new correction; start_dry_run() comes next."""
    return Correction.objects.create(kind=kind, selection=selection.as_json(), created_by=user)


# Steps as people start them


def start_dry_run(correction: Correction, user: User | None) -> Job | None:
    """Start the dry run, again where the data has changed since; None when the correction is beyond it."""
    from_states = (CorrectionState.DRAFT, CorrectionState.READY)
    return start(correction, user, DRY_RUN, from_states, CorrectionState.DRAFT)


def start_applying(correction: Correction, user: User | None, reason: str) -> Job | None:
    """Start applying, or go on where it was interrupted; None when the correction has no dry run to apply."""
    correction.reason = reason or correction.reason
    from_states = (CorrectionState.READY, CorrectionState.APPLYING)
    return start(correction, user, APPLY, from_states, CorrectionState.APPLYING)


def start_undoing(correction: Correction, user: User | None, reason: str) -> Job | None:
    """Start undoing what was applied, also of a correction that was interrupted; None when nothing was."""
    correction.undo_reason = reason or correction.undo_reason
    from_states = (CorrectionState.APPLIED, CorrectionState.APPLYING, CorrectionState.UNDOING)
    return start(correction, user, UNDO, from_states, CorrectionState.UNDOING)


def start(
    correction: Correction, user: User | None, kind: str, from_states: tuple[CorrectionState, ...], to: CorrectionState
) -> Job | None:
    """Move a correction on and start the job of the step; None when it stands elsewhere or is at work already."""
    if correction.is_at_work:
        return None
    title = str(correction)
    with transaction.atomic():
        here = Correction.objects.filter(pk=correction.pk, state__in=from_states)
        if not here.update(state=to, reason=correction.reason, undo_reason=correction.undo_reason):
            return None
        job = jobs.start(kind, user, title=title, unique_key=f"correction-{correction.pk}", correction=correction.pk)
        if job.kind != kind:
            # Somebody else has started another step in the same moment: the correction stays with that one.
            transaction.set_rollback(True)
            return None
        Correction.objects.filter(pk=correction.pk).update(job=job)
    return job


def discard(correction: Correction) -> bool:
    """Give up a correction that has changed nothing; returns whether it could be."""
    if correction.is_at_work:
        return False
    here = Correction.objects.filter(pk=correction.pk, state__in=(CorrectionState.DRAFT, CorrectionState.READY))
    return bool(here.update(state=CorrectionState.DISCARDED))


# Steps as workers do them


def run_dry(correction: Correction, step: Step) -> None:
    """Look at the selected calls and keep what would change."""
    rule = rule_of(correction)
    differences = Differences(by_person=correction.kind == CorrectionKind.OWNER)
    looked_at, total = 0, rule.records().order_by().aggregate(count=Count("pk"))["count"]
    step(0, total)
    for chunk in chunks(rule.records()):
        for change in changes(chunk, rule):
            differences.add(change)
        looked_at += len(chunk)
        step(looked_at, max(total, looked_at))
    correction.records, correction.changed = looked_at, differences.changed
    correction.summary = {**differences.summary(), "fingerprint": rule.fingerprint()}
    correction.state = CorrectionState.READY
    correction.save(update_fields=["records", "changed", "summary", "state"])
    record(
        AuditedAction.DRY_RUN, "correction", str(correction), subject_id=correction.pk, looked_at=correction.records,
        calls=correction.changed, selection=correction.selection,
    )  # fmt: skip


def run_apply(correction: Correction, step: Step) -> None:
    """Change the selected calls as the dry run said; raises JobFailed when its data has changed since."""
    begun = correction.state
    rule = rule_of(correction)
    if rule.fingerprint() != correction.summary.get("fingerprint"):
        raise JobFailed(stale_text(correction))
    apply_rule(correction, rule, step)
    correction.changed = CorrectedRecord.objects.filter(correction_id=correction.pk).count()
    correction.state, correction.applied_at = CorrectionState.APPLIED, timezone.now()
    store_end(correction, begun, "changed", "state", "applied_at")
    record(
        AuditedAction.CHANGED, "correction", str(correction), subject_id=correction.pk, calls=correction.changed,
        reason=correction.reason, selection=correction.selection,
    )  # fmt: skip


def run_undo(correction: Correction, step: Step) -> None:
    """Give the changed calls back what they held, as far as nobody else has changed them since."""
    begun = correction.state
    correction.changed = CorrectedRecord.objects.filter(correction_id=correction.pk).count()
    undone = undo_all(correction, rule_of(correction), step)
    correction.summary["undone"] = asdict(undone)
    correction.state, correction.undone_at = CorrectionState.UNDONE, timezone.now()
    store_end(correction, begun, "changed", "summary", "state", "undone_at")
    record(
        AuditedAction.UNDONE, "correction", str(correction), subject_id=correction.pk, reason=correction.undo_reason,
        restored=undone.restored, changed_meanwhile=undone.changed_meanwhile, vanished=undone.vanished,
    )  # fmt: skip


def store_end(correction: Correction, begun: str, *names: str) -> None:
    """Store how a step ended; raise JobFailed when the correction no longer stands where the step began."""
    here = Correction.objects.filter(pk=correction.pk, state=begun)
    if not here.update(**{name: getattr(correction, name) for name in names}):
        raise JobFailed(_("This step is no longer open: the correction has moved on meanwhile."))


def is_stale(correction: Correction) -> bool:
    """Return whether what the dry run went by has changed since."""
    return bool(rule_of(correction).fingerprint() != correction.summary.get("fingerprint"))


def stale_text(correction: Correction) -> str:
    """Return that the dry run no longer holds, in words."""
    if correction.kind == CorrectionKind.COST:
        return _("Prices have changed since the dry run.")
    return _("Extensions or memberships have changed since the dry run.")


def as_job(work: Callable[[Correction, Step], None]) -> Callable[[Progress], dict[str, Any]]:
    """Return a step of a correction as the work of a job."""

    def run(progress: Progress) -> dict[str, Any]:
        correction = Correction.objects.filter(pk=progress.parameters["correction"]).first()
        if correction is None:
            raise JobFailed(_("The correction no longer exists."))
        work(correction, progress.step)
        return {"changed": correction.changed}

    return run


STEPS = {DRY_RUN: as_job(run_dry), APPLY: as_job(run_apply), UNDO: as_job(run_undo)}
