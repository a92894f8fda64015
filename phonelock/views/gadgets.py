"""The Phone Lock gadget: the state of the own lines and one button each (GAD-4)."""

from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounting.views.gadgets import gadget, shown, theme_of
from accounting.views.live import unless_known
from callanalytics.web.requests import AuthenticatedRequest
from phonelock.models import Reason, Through
from phonelock.services import locking
from phonelock.services.seeing import LineView, lines_held_by
from phonelock.services.words import told_of
from phonelock.views.own import own_line, tag_of


@require_safe
@gadget
def lock(request: AuthenticatedRequest) -> HttpResponse:
    """Show the gadget."""
    lines = lines_held_by(request.user)
    return shown(request, "gadgets/lock.html", "gadget_lock_live", rendered(request, lines), tag_of(request, lines))


@require_safe
@gadget
def lock_live(request: AuthenticatedRequest) -> HttpResponse:
    """Return the part that updates itself; 304 when nothing has changed."""
    lines = lines_held_by(request.user)
    return unless_known(request, tag_of(request, lines), lambda: rendered(request, lines))


def rendered(request: AuthenticatedRequest, lines: list[LineView]) -> str:
    """Return the live part."""
    cards = [told_of(line) for line in lines]
    return render_to_string("gadgets/lock_live.html", {"cards": cards, "theme": theme_of(request)}, request)


@require_POST
@gadget
def lock_line(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Lock an own line for the person's own reason."""
    locking.lock([own_line(request, pk).pk], Reason.SELF, locking.Actor(Through.GADGET, request.user))
    return back(request)


@require_POST
@gadget
def release_line(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Lift the person's own reason from an own line; others hold on."""
    locking.release([own_line(request, pk).pk], Reason.SELF, locking.Actor(Through.GADGET, request.user))
    return back(request)


def back(request: AuthenticatedRequest) -> HttpResponse:
    """Return to the gadget in the theme that it had."""
    theme = theme_of(request)
    return redirect(reverse("gadget_lock") + (f"?{urlencode({'theme': theme})}" if theme else ""))
