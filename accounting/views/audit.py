"""The audit log: its entries with filters, one entry with its undoing, and the export."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounting.forms.audit import PRESETS, AuditFilter
from accounting.forms.recosting import UndoForm
from accounting.models import AuditedAction, AuditEntry, ChangeJournal
from accounting.services.audit_words import reversal_in_words, tell_entries, tell_entry
from accounting.services.auditing import record
from accounting.services.journals import start_undo
from callanalytics.lib.csv_stream import csv_stream
from callanalytics.web.pagination import COUNTED_TO, SIZES, Paging, counted
from callanalytics.web.permissions import administrators, require
from callanalytics.web.requests import HIGHEST_ID, AuthenticatedRequest
from callanalytics.web.streaming import for_reader
from callanalytics.web.views import refused


@require_safe
@require(administrators)
def audit_log(request: AuthenticatedRequest) -> HttpResponse:
    """Show who changed, exported or saw what, newest first, page by page."""
    filters = AuditFilter(request.GET)
    try:
        paging = Paging.read(request.GET)
        problems = filters.problems()
    except ValueError as error:
        problems = [str(error), *filters.problems()]
    if problems:
        return refused(request, problems, reverse("audit_log"))
    entries = filters.narrow(AuditEntry.objects.all())
    page = paging.page(entries, "at")
    count = counted(entries)
    context = {
        "filters": filters,
        "rows": tell_entries(page.rows),
        "presets": presets(filters),
        "page": page,
        "paging": paging,
        "sizes": SIZES,
        "count": min(count, COUNTED_TO),
        "more": count > COUNTED_TO,
        "first_page": filters.without(),
        "without_size": filters.without("size"),
    }
    return render(request, "accounting/audit_log.html", context)


def presets(filters: AuditFilter) -> list[tuple[str, str, bool]]:
    """Return the address, label and choice of each group of actions."""
    kept, chosen = filters.without("show", "action"), filters.cleaned_data["show"]
    named = [("", _("Everything")), *((name, str(label)) for name, (label, _entries) in PRESETS.items())]
    return [
        ("&".join(part for part in (f"show={name}" if name else "", kept) if part), label, name == chosen)
        for name, label in named
    ]


@require_safe
@require(administrators)
def audit_entry(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Show one entry, the work of which it is a row, and what undoing it would do."""
    entry = find(pk)
    return render(request, "accounting/audit_entry.html", context_of(entry, UndoForm()))


def context_of(entry: AuditEntry, form: UndoForm) -> dict[str, Any]:
    """Return what the page of an entry shows."""
    journal = ChangeJournal.objects.select_related("job").filter(entry_id=entry.pk).first()
    busy = journal is not None and journal.job is not None and journal.job.is_active
    open_ = journal is not None and journal.undone_at is None and bool(journal.rows) and not busy
    told = reversal_in_words(journal) if journal and open_ else None
    whole = AuditEntry.objects.filter(pk=entry.whole_id).first() if entry.whole_id else None
    return {
        "entry": entry, "rows": tell_entries([entry]), "whole": tell_entries([whole])[0] if whole else None,
        "journal": journal, "busy": busy, "reversal": told, "form": form,
    }  # fmt: skip


@require_POST
@require(administrators)
def undo_work(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Start undoing what an import or another piece of work has changed."""
    entry, form = find(pk), UndoForm(request.POST)
    journal = get_object_or_404(ChangeJournal, entry_id=entry.pk)
    if not form.is_valid():
        return render(request, "accounting/audit_entry.html", context_of(entry, form))
    job = start_undo(journal, request.user, form.cleaned_data["reason"])
    if job is None:
        messages.warning(request, _("This can no longer be undone."))
        return redirect("audit_entry", pk)
    return redirect("job", job.pk)


def find(pk: int) -> AuditEntry:
    """Return an entry; 404 when there is none."""
    return get_object_or_404(AuditEntry, pk=min(pk, HIGHEST_ID))


@require_POST
@require(administrators)
def export_audit_log(request: AuthenticatedRequest) -> HttpResponse | StreamingHttpResponse:
    """Return the entries that meet the filters of the address as CSV; the export is an entry itself."""
    filters = AuditFilter(request.GET)
    problems = filters.problems()
    if problems:
        return refused(request, problems, reverse("audit_log"))
    entries = filters.narrow(AuditEntry.objects.all())
    words = {chip.label: chip.value for chip in filters.chips()}
    record(AuditedAction.EXPORTED, "audit_log", filters=words)
    lines = csv_stream(header(), for_reader(values_of(entries)))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="audit-log-{timezone.localdate():%Y-%m-%d}.csv"'
    return response


def header() -> list[str]:
    """Return the columns of the export."""
    time = _("Time (%(zone)s)") % {"zone": timezone.get_current_timezone_name()}
    facts = [_("By"), _("Address"), _("Action"), _("Kind"), _("What"), _("Changes"), _("Details")]
    return [time, *facts, _("Entry"), _("Row of entry")]


def values_of(entries: QuerySet[AuditEntry]) -> Iterator[list[Any]]:
    """Yield the values of the export, oldest last."""
    for entry in entries.order_by("-at", "-pk").iterator(chunk_size=2000):
        told = tell_entry(entry)
        yield [
            timezone.localtime(entry.at).isoformat(sep=" ", timespec="seconds"),
            entry.actor,
            entry.address,
            entry.get_action_display(),
            told.kind,
            entry.subject,
            "; ".join(f"{change.label}: {change.before or '–'} → {change.after or '–'}" for change in told.changes),
            "; ".join(f"{label}: {value}" for label, value in told.details),
            entry.pk,
            entry.whole_id,
        ]
