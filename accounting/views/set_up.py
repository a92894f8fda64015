"""The set-up's chapters: pages of cards that lead to its tables and tools."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from callanalytics.navigation import SET_UP_SECTIONS
from callanalytics.web.permissions import administrators, require
from callanalytics.web.requests import AuthenticatedRequest


@require_safe
@require(administrators)
def section(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """Show the tables and tools of one chapter."""
    chapter = next(one for one in SET_UP_SECTIONS if one.slug == slug)
    return render(request, "accounting/set_up_section.html", {"section": chapter})
