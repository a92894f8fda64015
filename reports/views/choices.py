"""Answers the pick lists of the options: what can be chosen for a filter, a few at a time."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, JsonResponse
from django.views.decorators.http import require_safe

from accounting.services.masking import mask_for
from callanalytics.web.requests import AuthenticatedRequest
from reports.engine.question import asker_for
from reports.services.choosing import choices_for

LONGEST_TYPED = 100


@require_safe
@login_required
def choices(request: AuthenticatedRequest, name: str) -> JsonResponse:
    """Return the choices of a filter that fit what is typed: value, words, hint; 404 for filters without a search."""
    asker = asker_for(request.user, mask_for(request.user))
    try:
        found, more = choices_for(name, request.GET.get("q", "")[:LONGEST_TYPED], asker)
    except KeyError as error:
        raise Http404 from error
    return JsonResponse({"choices": [[one.value, one.label, one.hint] for one in found], "more": more})
