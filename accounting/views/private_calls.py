"""Marking calls as private or business: one's own ones from the list and the call's page, others' by administrators."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounting.models import CallRecord
from accounting.services import marking
from callanalytics.templatetags.ui import number
from callanalytics.web.permissions import administrators, require
from callanalytics.web.requests import AuthenticatedRequest, one_of, read_id, way_back

JUST_MARKED = "just_marked_calls"
"""The session keeps which calls the next page offers to mark back."""
LONGEST_REASON = 200


@require_POST
@login_required
def mark_calls(request: AuthenticatedRequest) -> HttpResponse:
    """Mark the chosen calls of the reader; the next page tells how many, and offers to undo."""
    private = as_private(request)
    texts = request.POST.getlist("call")
    ids = [read_id(text) for text in texts]
    if len(texts) > marking.MOST_AT_ONCE or not all(ids):
        raise BadRequest(_("These are no calls."))
    marked = marking.mark(request.user, ids, private=private)
    if not ids:
        messages.warning(request, _("Choose calls first."))
    elif not marked:
        messages.warning(request, _("Nothing was changed: these calls can no longer be marked, or are so already."))
    elif "undo" in request.POST:
        messages.success(request, told(len(marked), private=private))
    else:
        request.session[JUST_MARKED] = {"calls": marked, "private": private, "left": len(set(ids)) - len(marked)}
    return redirect(way_back(request, reverse("calls")))


@require_POST
@require(administrators)
def correct_call(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Say of anybody's call that it is private or business, with a reason; the audit log has it."""
    call = one_of(CallRecord.objects.visible_to(request.user), pk)
    private, reason = as_private(request), request.POST.get("reason", "").strip()[:LONGEST_REASON]
    if not reason or "\0" in reason:
        messages.error(request, _("Nothing was changed: give a reason."))
    elif marking.correct(call, reason, private=private):
        messages.success(request, told(1, private=private))
    else:
        messages.warning(request, _("Nothing was changed: these calls can no longer be marked, or are so already."))
    return redirect("call", pk=pk)


def as_private(request: AuthenticatedRequest) -> bool:
    """Return what the calls are to be; raises BadRequest for anything but private and business."""
    wanted = request.POST.get("as")
    if wanted not in ("private", "business"):
        raise BadRequest(_("Say whether the calls are private or business."))
    return wanted == "private"


def told(count: int, *, private: bool) -> str:
    """Return how many calls are now what, in words."""
    if private:
        text = ngettext("%(number)s call is private now.", "%(number)s calls are private now.", count)
    else:
        text = ngettext("%(number)s call is business now.", "%(number)s calls are business now.", count)
    return text % {"number": number(count)}


def just_marked(request: AuthenticatedRequest) -> dict[str, object] | None:
    """Return what was marked last and can be undone, once; None when there is nothing."""
    kept = request.session.pop(JUST_MARKED, None)
    if not kept:
        return None
    opposite = "business" if kept["private"] else "private"
    text = told(len(kept["calls"]), private=kept["private"])
    return {"text": text, "calls": kept["calls"], "opposite": opposite, "left": kept["left"]}
