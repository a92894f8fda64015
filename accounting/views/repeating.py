"""Pages of scheduled reports and alarm rules that are alike: their lists, and handing one over."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounting.forms.handing_over import HandOverForm
from accounting.models import Recurring, User
from accounting.querysets.repeating import UNDO_DAYS, RepeatingQuerySet
from accounting.services.repeating import CannotOwn
from callanalytics.web.requests import AuthenticatedRequest

Row = TypeVar("Row", bound=Recurring)
Rows = TypeVar("Rows", bound=RepeatingQuerySet[Any])
ROWS = 100
KEYS = {"show", "search", "page"}
"""What the address of a list may hold."""
SHOWN = {
    "all": Q(),
    "active": Q(paused_because=""),
    "paused": Q(paused_because=Recurring.ASKED),
    "failed": ~Q(paused_because__in=("", Recurring.ASKED, Recurring.LEFT)) | Q(failures__gt=0),
    "left": Q(paused_because=Recurring.LEFT) | Q(owner__isnull=True) | Q(owner__is_active=False),
}


def tabs(request: AuthenticatedRequest, failed: str) -> dict[str, str]:
    """Return what a list can be narrowed to; what has no owner is an administrator's matter."""
    found = {"all": _("All"), "active": _("Active"), "paused": _("Paused"), "failed": failed}
    return found | {"left": _("Without owner")} if request.user.is_administrator else found


def list_of(
    request: AuthenticatedRequest, visible: Rows, in_order: Callable[[Rows], Rows], deleted_key: str
) -> dict[str, Any]:
    """Return a page of what a person may see, as the address narrows it, and what can be brought back.

    Under `deleted_key` the session keeps what was deleted just now.
    """
    show, typed = request.GET.get("show", "all"), request.GET.get("search", "").strip()
    names = Q(name__icontains=typed) | Q(owner__last_name__icontains=typed) | Q(owner__username__icontains=typed)
    found = visible.kept().filter(SHOWN[show], names if typed else Q())
    deleted, just_deleted = list(visible.recently_deleted()[:ROWS]), request.session.pop(deleted_key, None)
    return {
        "page": Paginator(in_order(found), ROWS).get_page(request.GET.get("page")), "show": show, "typed": typed,
        "any": visible.kept().exists(), "deleted": deleted, "undo_days": UNDO_DAYS,
        "just_deleted": next((one for one in deleted if one.pk == just_deleted), None),
    }  # fmt: skip


def hand_over_page(
    request: AuthenticatedRequest, row: Row, give: Callable[[Row, User], None], page: str, template: str
) -> HttpResponse:
    """Show the form that gives something to another person, or do it and lead to its page (the name of an address).

    The template extends accounting/hand_over.html.
    """
    form = HandOverForm(request.POST or None, by=request.user)
    if request.method == "POST" and form.is_valid():
        to = form.cleaned_data["person"]
        try:
            give(row, to)
        except CannotOwn as error:
            form.add_error("person", str(error))
        else:
            messages.success(request, _("“%(name)s” belongs to %(person)s now.") % {"name": row, "person": to})
            return redirect(page, pk=row.pk)
    return render(request, template, {"form": form, "row": row, "back": reverse(page, args=[row.pk])})
