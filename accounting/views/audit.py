"""The audit log: its entries with filters, and their export."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounting.forms.audit import AuditFilter
from accounting.models import AuditedAction, AuditEntry
from accounting.services.audit_words import tell_entry
from accounting.services.auditing import record
from callanalytics.lib.csv_stream import csv_stream
from callanalytics.web.pagination import COUNTED_TO, SIZES, Paging, counted
from callanalytics.web.permissions import administrators, require
from callanalytics.web.requests import AuthenticatedRequest
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
        "rows": [tell_entry(entry) for entry in page.rows],
        "page": page,
        "paging": paging,
        "sizes": SIZES,
        "count": min(count, COUNTED_TO),
        "more": count > COUNTED_TO,
        "first_page": filters.without(),
        "without_size": filters.without("size"),
    }
    return render(request, "accounting/audit_log.html", context)


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
    response = StreamingHttpResponse(csv_stream(header(), values_of(entries)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="audit-log-{timezone.localdate():%Y-%m-%d}.csv"'
    return response


def header() -> list[str]:
    """Return the columns of the export."""
    return [_("Time"), _("By"), _("Address"), _("Action"), _("Kind"), _("What"), _("Changes"), _("Details")]


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
        ]
