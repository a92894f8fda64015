"""Re-costing and re-assignment: asked for, looked at, applied, undone, and the journal of every changed call."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounting.forms.recosting import PeriodForm, ReasonForm, ReassignmentForm, RecostingForm, UndoForm
from accounting.models import (
    AuditedAction,
    AuditEntry,
    CorrectedRecord,
    Correction,
    CorrectionKind,
    CorrectionState,
    User,
)
from accounting.services import corrections
from accounting.services.auditing import record
from accounting.services.masking import mask_for
from accounting.services.selecting import Selection
from accounting.services.telling_corrections import (
    DIMENSIONS,
    CorrectedCall,
    PriceSide,
    currencies_of,
    dimensions_of,
    journal_of,
    samples_of,
    units_of,
)
from callanalytics.lib.csv_stream import csv_stream
from callanalytics.web.permissions import administrators, require
from callanalytics.web.requests import AuthenticatedRequest, one_of
from callanalytics.web.streaming import for_reader
from callanalytics.web.views import refused

SHOWN = 100
ENTRIES = 100
EXPORTED_AT_ONCE = 1_000


@require_http_methods(["GET", "HEAD", "POST"])
@require(administrators)
def recosting(request: AuthenticatedRequest) -> HttpResponse:
    """Show past corrections and the form that starts the dry run of a new re-costing."""
    form = RecostingForm(request.POST if request.method == "POST" else None, initial={"period": "month"})
    if request.method == "POST" and form.is_valid():
        return dry_run(request.user, CorrectionKind.COST, form.selection())
    return listed(request, form, CorrectionKind.COST)


@require_http_methods(["GET", "HEAD", "POST"])
@require(administrators)
def reassignment(request: AuthenticatedRequest) -> HttpResponse:
    """Show past re-assignments and the form that starts the dry run of a new one."""
    form = ReassignmentForm(request.POST if request.method == "POST" else None, initial={"period": "month"})
    if request.method == "POST" and form.is_valid():
        return dry_run(request.user, CorrectionKind.OWNER, form.selection())
    return listed(request, form, CorrectionKind.OWNER)


def listed(request: AuthenticatedRequest, form: PeriodForm, kind: CorrectionKind) -> HttpResponse:
    """Show a form with the latest corrections of its kind."""
    latest = Correction.objects.filter(kind=kind).select_related("created_by", "job")[:SHOWN]
    rows = [(one, Selection.stored(one.selection).in_words()) for one in latest]
    context = {"form": form, "rows": rows, "owners": kind == CorrectionKind.OWNER}
    return render(request, "accounting/corrections.html", context)


def dry_run(user: User, kind: CorrectionKind, selection: Selection) -> HttpResponse:
    """Begin a correction and go to the job of its dry run."""
    correction = corrections.begin(kind, selection, user)
    job = corrections.start_dry_run(correction, user)
    return redirect("job", pk=job.pk) if job else redirect("correction", pk=correction.pk)


@require_safe
@require(administrators)
def correction_page(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Show what a correction would change or has changed, and the steps that are open."""
    correction = find(pk)
    dimensions = dimensions_of(correction)
    chosen = request.GET.get("by", dimensions[0])
    if chosen not in dimensions:
        text = _("“%(value)s” is not a unit of this page.") % {"value": chosen[:40]}
        return refused(request, [text], reverse("correction", args=[pk]))
    return render(request, "accounting/correction.html", context_of(request, correction, chosen, ReasonForm()))


def context_of(request: AuthenticatedRequest, correction: Correction, chosen: str, form: ReasonForm) -> dict[str, Any]:
    """Return everything that the page of a correction shows."""
    return {
        "correction": correction,
        "selection": Selection.stored(correction.selection).in_words(),
        "currencies": currencies_of(correction),
        "dimensions": [(name, DIMENSIONS[name]) for name in dimensions_of(correction)],
        "chosen": chosen,
        "chosen_label": DIMENSIONS[chosen],
        "units": units_of(correction, chosen),
        "samples": samples_of(correction, mask_for(request.user)),
        "undone": correction.summary.get("undone"),
        "journalled": correction.state not in (CorrectionState.DRAFT, CorrectionState.READY, CorrectionState.DISCARDED),
        "form": form,
        "undo_form": UndoForm(),
        **actors_of(correction),
    }


def actors_of(correction: Correction) -> dict[str, str]:
    """Return who applied and who undid a correction, as the audit log has it; empty: nobody yet, or the product."""
    ends = AuditEntry.objects.filter(
        subject_type="correction", subject_id=str(correction.pk),
        action__in=(AuditedAction.CHANGED, AuditedAction.UNDONE),
    ).order_by("pk")  # fmt: skip
    actors = {entry.action: entry.actor for entry in ends}
    return {
        "applied_by": actors.get(AuditedAction.CHANGED, ""),
        "undone_by": actors.get(AuditedAction.UNDONE, ""),
    }


@require_POST
@require(administrators)
def apply_correction(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Start applying, or go on with what was interrupted; with data that has changed a new dry run comes first."""
    correction = find(pk)
    form = ReasonForm(request.POST)
    if correction.state == CorrectionState.READY and not form.is_valid():
        context = context_of(request, correction, dimensions_of(correction)[0], form)
        return render(request, "accounting/correction.html", context)
    if not corrections.is_stale(correction):
        reason = form.data.get("reason", "")[:200]
        return to_job(request, correction, corrections.start_applying(correction, request.user, reason))
    told = corrections.stale_text(correction)
    if correction.state == CorrectionState.READY:
        messages.warning(request, f"{told} {_('The dry run is being done again.')}")
        return to_job(request, correction, corrections.start_dry_run(correction, request.user))
    messages.error(request, f"{told} {_('Undo what was changed and begin anew.')}")
    return redirect("correction", pk=pk)


@require_POST
@require(administrators)
def repeat_dry_run(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Do the dry run again."""
    correction = find(pk)
    return to_job(request, correction, corrections.start_dry_run(correction, request.user))


@require_POST
@require(administrators)
def undo_correction(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Start undoing what was changed."""
    correction = find(pk)
    form = UndoForm(request.POST)
    if form.is_valid() or correction.undo_reason:
        reason = form.cleaned_data.get("reason", "")
        return to_job(request, correction, corrections.start_undoing(correction, request.user, reason))
    context = context_of(request, correction, dimensions_of(correction)[0], ReasonForm()) | {"undo_form": form}
    return render(request, "accounting/correction.html", context)


@require_POST
@require(administrators)
def discard_correction(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Give up a correction that has changed nothing."""
    if corrections.discard(find(pk)):
        messages.success(request, _("Discarded. No call was changed."))
        return redirect("reassignment" if find(pk).kind == CorrectionKind.OWNER else "recosting")
    return elsewhere(request, pk)


def to_job(request: AuthenticatedRequest, correction: Correction, job: Any) -> HttpResponse:
    """Go to the job that was started; when none was, say that the correction stands elsewhere by now."""
    return redirect("job", pk=job.pk) if job else elsewhere(request, correction.pk)


def elsewhere(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Say that a step is not open any more, and show the correction as it is."""
    messages.warning(request, _("This step is no longer open: the correction has moved on meanwhile."))
    return redirect("correction", pk=pk)


@require_safe
@require(administrators)
def correction_journal(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Show every changed call with what it held before and after, page by page."""
    correction = find(pk)
    entries = entries_of(correction)
    try:
        after, before = (int(request.GET.get(name, 0)) for name in ("after", "before"))
    except ValueError:
        text = _("The page of the list is not readable.")
        return refused(request, [text], reverse("correction_journal", args=[pk]))
    if before:
        rows = list(entries.filter(pk__lt=before).order_by("-pk")[: ENTRIES + 1])
        more_before, more_after = len(rows) > ENTRIES, True
        rows = rows[:ENTRIES][::-1]
    else:
        rows = list(entries.filter(pk__gt=after).order_by("pk")[: ENTRIES + 1])
        more_before, more_after = after > 0, len(rows) > ENTRIES
        rows = rows[:ENTRIES]
    context = {
        "correction": correction,
        "rows": journal_of(rows, mask_for(request.user)),
        "before": str(rows[0].pk) if rows and more_before else "",
        "after": str(rows[-1].pk) if rows and more_after else "",
    }
    return render(request, "accounting/correction_journal.html", context)


@require_POST
@require(administrators)
def export_journal(request: AuthenticatedRequest, pk: int) -> StreamingHttpResponse:
    """Return the whole journal of a correction as CSV; the export is an entry of the audit log."""
    correction = find(pk)
    record(AuditedAction.EXPORTED, "correction_journal", str(correction), subject_id=correction.pk)
    rows = journal_values(correction, request.user)
    header = [
        _("Started"), _("Extension"), _("Person"), _("Other party"), _("Pricing before"), _("Cost before"),
        _("Currency before"), _("Pricing after"), _("Cost after"), _("Currency after"), _("Person before"),
        _("Person after"),
    ]  # fmt: skip
    lines = csv_stream(header, for_reader(rows))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="correction-{correction.pk}.csv"'
    return response


def journal_values(correction: Correction, reader: User) -> Iterator[list[Any]]:
    """Yield the values of the export, some thousand entries at once."""
    masker, position = mask_for(reader), 0
    while entries := list(entries_of(correction).filter(pk__gt=position).order_by("pk")[:EXPORTED_AT_ONCE]):
        for row in journal_of(entries, masker):
            yield values_of(row)
        position = entries[-1].pk


def values_of(row: CorrectedCall) -> list[Any]:
    """Return one entry of the journal as the export writes it."""
    call, entry = row.call, row.entry
    started = timezone.localtime(entry.started_at).isoformat(sep=" ", timespec="seconds") if entry else ""
    known = [call.record.extension, call.owner, call.number.text] if call else ["", "", ""]
    return [started, *known, *price(row.before), *price(row.after), row.before.owner, row.after.owner]


def price(side: PriceSide) -> list[Any]:
    """Return pricing, cost and currency of one side."""
    return [side.pricing, side.cost, side.currency]


def entries_of(correction: Correction) -> QuerySet[CorrectedRecord]:
    """Return the journal of a correction."""
    return CorrectedRecord.objects.filter(correction_id=correction.pk)


def find(pk: int) -> Correction:
    """Return a correction; 404 when there is none."""
    return one_of(Correction.objects.select_related("job", "created_by"), pk)
