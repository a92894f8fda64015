"""Phone Lock in the set-up: phone systems with their engines, and a page that checks each step."""

import secrets
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounting.models import PhoneSystem
from callanalytics.web.permissions import administrators, require
from callanalytics.web.requests import AuthenticatedRequest
from phonelock.call_control import Question
from phonelock.forms.set_up import LockSetUpForm, PhoneForm, QuestionForm
from phonelock.models import EngineKind, LockSetUp, Reason
from phonelock.services.checks import call_control_address, checks_for
from phonelock.services.deciding import Cause, Verdict, tried
from phonelock.services.phone_checks import NoSuchPhone, try_phone
from phonelock.services.set_up_state import states

SAID: dict[str, str | Promise] = {
    Cause.OPEN: _("The line is not locked."),
    Cause.LOCKED: _("The line is locked, and the number is neither an emergency number nor allowed."),
    Cause.EMERGENCY: _("The line is locked, but emergency numbers always pass."),
    Cause.ALLOWED: _("The line is locked, but the number is allowed."),
    Cause.NO_EXTENSION: _("The caller is no extension of this phone system; such calls pass."),
    Cause.OTHER_ENGINE: _("External Call Control is not the engine of this phone system; all calls pass."),
    Cause.INSIDE: _("The line is locked, but an extension is called: UCM asks the portal about outside calls only."),
}


@require_safe
@require(administrators)
def lock_set_up(request: AuthenticatedRequest) -> HttpResponse:
    """List the phone systems with engine and traffic light."""
    return render(request, "phonelock/set_up.html", {"states": states()})


@require_http_methods(["GET", "HEAD", "POST"])
@require(administrators)
def lock_set_up_form(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Change the settings of one phone system; the key of its address is made with them."""
    set_up = set_up_of(pk)
    form = LockSetUpForm(request.POST or None, instance=set_up)
    if request.method == "POST" and form.is_valid():
        changed = form.save(commit=False)
        if changed.engine == EngineKind.CALL_CONTROL and not changed.call_control_key:
            changed.call_control_key = new_key()
        with transaction.atomic():
            changed.save()
        messages.success(request, _("The settings are stored. Run the checks to see whether everything works."))
        return redirect("lock_set_up_form", pk=pk)
    context = {"form": form, "set_up": set_up, "address": stored_address(set_up)}
    return render(request, "phonelock/set_up_form.html", context)


@require_POST
@require(administrators)
def new_lock_key(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Give a phone system a new address; UCM must be told, the old one is worthless within seconds."""
    set_up = get_object_or_404(LockSetUp, phone_system=pk)
    # Whether UCM asks at the new address is not known: until it does, nothing is shown as barred.
    set_up.call_control_key, set_up.asked_at = new_key(), None
    set_up.save()
    messages.warning(request, _("The address is new: enter it in UCM now, which asks the old one in vain."))
    return redirect("lock_set_up_form", pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
@require(administrators)
def lock_checks(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Check each step on request, and answer a question as UCM would get it answered."""
    set_up = set_up_of(pk)
    steps = checks_for(set_up)
    asks = "called" in request.GET
    form = QuestionForm(request.GET if asks else None)
    context: dict[str, Any] = {
        "set_up": set_up,
        "steps": [(check.label, check.run(set_up) if request.method == "POST" else None) for check in steps.values()],
        "form": form,
        "phone_form": PhoneForm(),
        "portal_url": settings.PORTAL_URL,
    }
    if asks and form.is_valid() and set_up.pk:
        verdict = tried(set_up, Question(form.cleaned_data["calling"], form.cleaned_data["called"]))
        context |= {"verdict": verdict, "said": SAID[verdict.cause], "reasons": reasons_of(verdict)}
    return render(request, "phonelock/set_up_checks.html", context)


@require_POST
@require(administrators)
def try_lock_phone(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Send one phone what it should show now, and say whether it has taken it."""
    set_up = get_object_or_404(LockSetUp.objects.select_related("phone_system"), phone_system=pk)
    form = PhoneForm(request.POST)
    name = form.cleaned_data["device"] if form.is_valid() else ""
    try:
        fault = try_phone(set_up, name)
    except NoSuchPhone as error:
        messages.error(request, str(error))
    else:
        if fault:
            messages.error(request, gettext("%(name)s: %(fault)s") % {"name": name, "fault": fault})
        else:
            messages.success(request, gettext("%(name)s has taken the message.") % {"name": name})
    return redirect("lock_checks", pk=pk)


def set_up_of(phone_system: int) -> LockSetUp:
    """Return the settings of a phone system, with their defaults when nobody has entered any."""
    system = get_object_or_404(PhoneSystem.objects.select_related("office"), pk=phone_system)
    found = LockSetUp.objects.filter(phone_system=system).first() or LockSetUp(phone_system=system)
    found.phone_system = system
    return found


def new_key() -> str:
    """Return a key that nobody guesses."""
    return secrets.token_urlsafe(24)


def stored_address(set_up: LockSetUp) -> str:
    """Return what is to be entered in UCM, as long as call control is the stored engine."""
    stored = LockSetUp.objects.filter(pk=set_up.pk, engine=EngineKind.CALL_CONTROL).first() if set_up.pk else None
    return call_control_address(stored) if stored else ""


def reasons_of(verdict: Verdict) -> list[str]:
    """Return the reasons that hold, in words."""
    return [str(Reason(one).label) for one in verdict.reasons]
