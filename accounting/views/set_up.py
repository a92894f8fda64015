"""The set-up's chapters: pages of cards that lead to its tables and tools; and the tests of its connections."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounting.models import PhoneSystem
from accounting.services import connection_tests
from callanalytics.navigation import SET_UP_SECTIONS
from callanalytics.web.permissions import administrators, require
from callanalytics.web.requests import AuthenticatedRequest, way_back


@require_safe
@require(administrators)
def section(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """Show the tables and tools of one chapter."""
    chapter = next(one for one in SET_UP_SECTIONS if one.slug == slug)
    return render(request, "accounting/set_up_section.html", {"section": chapter})


@require_POST
@require(administrators)
def try_connection(request: AuthenticatedRequest, name: str, pk: int | None = None) -> HttpResponse:
    """Test a connection of the set-up and return to the page where the button stands, with what was found."""
    if name not in connection_tests.TESTS:
        raise Http404
    system = get_object_or_404(PhoneSystem, pk=pk) if pk else None
    findings = connection_tests.run(name, request.user, system)
    if not findings:
        messages.warning(request, _("There is nothing to test yet."))
    for finding in findings:
        level = messages.WARNING if finding.warning else messages.SUCCESS if finding.well else messages.ERROR
        messages.add_message(request, level, finding.text)
    return redirect(way_back(request, reverse("admin:index"), "next"))
