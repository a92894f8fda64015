"""Whether call records arrive: a traffic light and the counts of each phone system (CDR-7)."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounting.models import FileState, ImportFile, RejectedRow
from accounting.services.columns.copying import freshness
from accounting.services.outbox import troubles
from accounting.services.watching import states_of_collection
from callanalytics.web.permissions import administrators, require
from callanalytics.web.requests import AuthenticatedRequest

SHOWN = 20


@require_safe
@require(administrators)
def collection_status(request: AuthenticatedRequest) -> HttpResponse:
    """Show every phone system's light, its counts, and the latest files and rows that could not be taken."""
    context = {
        "systems": states_of_collection(),
        "copy": freshness(),
        "mail": troubles(),
        "set_aside": ImportFile.objects.filter(state=FileState.SET_ASIDE).select_related("phone_system")[:SHOWN],
        "rejected": RejectedRow.objects.select_related("file__phone_system").order_by("-id")[:SHOWN],
    }
    return render(request, "accounting/status.html", context)
