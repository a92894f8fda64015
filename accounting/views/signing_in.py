"""Signing in and out, and the page that asks to wait after too many wrong passwords."""

from datetime import timedelta
from math import ceil
from typing import Any

import structlog
from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib.auth import views
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import NON_FIELD_ERRORS
from django.db import transaction
from django.db.models import Max
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone

from accounting.forms.signing_in import SignInForm
from accounting.services.sign_in_entries import record_entry, record_leaving, record_lock, record_refusal
from callanalytics.web.requests import client_address

log = structlog.get_logger(__name__)


class SignInView(views.LoginView):
    """The portal's door: a directory or a local account."""

    authentication_form = SignInForm
    template_name = "registration/sign_in.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Send people who are signed in to the menu: `next` may be a page that has just sent them away."""
        if request.user.is_authenticated:
            return redirect(settings.LOGIN_REDIRECT_URL)
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Open the session, under a new key."""
        backend = form.get_user().backend.rpartition(".")[2]
        # One transaction: on SQLite each would wait for the writers before it.
        with transaction.atomic():
            response = super().form_valid(form)
            record_entry(form.get_user(), client_address(self.request), from_directory=backend == "DirectoryBackend")
        log.info("signed_in", username=form.get_user().username, address=client_address(self.request), by=backend)
        return response

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """Show the form again; the locked-out page takes its place where the throttle says so."""
        if form.has_error(NON_FIELD_ERRORS, "directory_unavailable"):
            log_refusal("sign_in_directory_unavailable", self.request)
            record_refusal(throttled_name(self.request, None), client_address(self.request), outage=True)
        elif form.has_error(NON_FIELD_ERRORS, "invalid_login") and not getattr(self.request, "axes_locked_out", False):
            log_refusal("sign_in_failed", self.request)
            record_refusal(throttled_name(self.request, None), client_address(self.request))
        return super().form_invalid(form)


class SignOutView(views.LogoutView):
    """Ends the session, by POST only."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """End the session and show the door."""
        log.info("signed_out", username=request.user.get_username(), address=client_address(request))
        record_leaving(request.user, client_address(request))
        return super().post(request, *args, **kwargs)


def locked_out(
    request: HttpRequest,
    _refused: HttpResponse,
    credentials: dict[str, Any] | None,
    template: str = "registration/locked_out.html",
    **shown: Any,
) -> HttpResponse:
    """Return the page that says how many minutes to wait; it is shown in place of the refused form."""
    wait = time_to_wait(request, credentials)
    log_refusal("sign_in_locked", request)
    # Attempts during a lock count nothing: the lock is one entry, however long somebody goes on guessing.
    if getattr(request, "axes_failures_since_start", None) is not None:
        record_lock(throttled_name(request, credentials), client_address(request))
    context = {"minutes": ceil(wait / timedelta(minutes=1)), "back": request.get_full_path()}
    page = render(request, template, context | shown, status=429)
    page.headers["Cache-Control"] = "no-store"
    page.headers["Retry-After"] = str(ceil(wait.total_seconds()))
    return page


def time_to_wait(request: HttpRequest, credentials: dict[str, Any] | None) -> timedelta:
    """Return how long the lock of this name at this address lasts."""
    attempts = AxesProxyHandler.get_implementation().get_user_attempts(request, credentials)
    latest = max(found.aggregate(latest=Max("attempt_time"))["latest"] or timezone.now() for found in attempts)
    cool_off: timedelta = settings.AXES_COOLOFF_TIME
    return max(latest + cool_off - timezone.now(), timedelta(seconds=1))


def throttled_name(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """Return the user name under which the throttle counts: one for every spelling."""
    return str((credentials or request.POST).get("username") or "").lower()


def log_refusal(event: str, request: HttpRequest) -> None:
    """Log a sign-in that did not succeed: the name and the address, never the password."""
    name = "".join(letter if letter.isprintable() else "?" for letter in throttled_name(request, None)[:150])
    log.warning(event, username=name, address=client_address(request))
