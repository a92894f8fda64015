"""The demo's desk phone: its display and keys on a page, for whoever has no phone at hand. Only in the demo."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from accounting.models import Device
from callanalytics.web.requests import AuthenticatedRequest
from phonelock.services.demo_phone import PhoneAway, phones_of, pressed, screen_of

View = Callable[[AuthenticatedRequest], HttpResponse]
MOST_PHONES = 6
KEYS = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#")


def in_demo(view: View) -> View:
    """Show a page only where the demo's phones run."""

    @wraps(view)
    def shown(request: AuthenticatedRequest) -> HttpResponse:
        if not settings.DEMO_PHONES:
            raise Http404
        return view(request)

    return shown


@require_safe
@never_cache
@login_required
@in_demo
def demo_phone(request: AuthenticatedRequest) -> HttpResponse:
    """Show the phone with what it shows now."""
    phones = phones_of(request.user)[:MOST_PHONES]
    if not phones:
        return render(request, "phonelock/demo_phone.html", {"phones": phones})
    phone = chosen(request, phones)
    context = {"phones": phones, "phone": phone, "keys": KEYS, **shown_by(phone)}
    return render(request, "phonelock/demo_phone.html", context)


@require_safe
@never_cache
@login_required
@in_demo
def demo_phone_status(request: AuthenticatedRequest) -> HttpResponse:
    """Return what stands above the phone's calls, which changes by itself."""
    return render(request, "phonelock/demo_status.html", shown_by(chosen(request, phones_of(request.user))))


@require_POST
@sensitive_post_parameters()
@login_required
@in_demo
def press_demo_phone(request: AuthenticatedRequest) -> HttpResponse:
    """Press a key: select:2, submit, back, exit or services."""
    phone = chosen(request, phones_of(request.user))
    key, _colon, place = request.POST.get("press", "").partition(":")
    values = [one[:32] for one in request.POST.getlist("value")[:5]]
    try:
        screen = pressed(phone.name, language(), key, int(place) if place.isascii() and place.isdigit() else 0, values)
    except PhoneAway:
        screen = None
    if not request.htmx:
        return redirect(f"{reverse('demo_phone')}?phone={phone.pk}")
    return render(request, "phonelock/demo_screen.html", {"phone": phone, "screen": screen})


def chosen(request: AuthenticatedRequest, phones: list[Device]) -> Device:
    """Return the phone that the address or the form names, else the first; 404 for others' phones."""
    wanted = request.POST.get("phone") or request.GET.get("phone") or ""
    found = next((one for one in phones if str(one.pk) == wanted), None)
    if not phones or (wanted and found is None):
        raise Http404
    return found or phones[0]


def shown_by(phone: Device) -> dict[str, Any]:
    """Return the phone with its screen; None for one that does not answer."""
    try:
        return {"phone": phone, "screen": screen_of(phone.name, language())}
    except PhoneAway:
        return {"phone": phone, "screen": None}


def language() -> str:
    """Return the language that the phone asks for: the page's."""
    return get_language() or settings.LANGUAGE_CODE
