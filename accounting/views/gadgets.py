"""Gadgets: their door, what every one of them does, and the page of the set-up."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounting.forms.gadgets import GadgetRulesForm
from accounting.models import GadgetRules, GadgetSignIn
from accounting.services import gadgets
from accounting.services.gadgets import BELOW, MARK
from accounting.services.sign_in_entries import record_leaving
from accounting.views.signing_in import SignInView
from callanalytics.web.permissions import administrators, require
from callanalytics.web.requests import AuthenticatedRequest, client_address

FIRST = "gadget_calls"
THEMES = ("light", "dark")
SHOWN = 200
View = Callable[..., HttpResponseBase]


def theme_of(request: HttpRequest) -> str:
    """Return the theme that the program around asks for, '' to follow the system."""
    theme = request.GET.get("theme", "")
    return theme if theme in THEMES else ""


def gadget(view: View) -> View:
    """Guard the view of a gadget: strangers come to the door of gadgets, and back."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            there = request.get_full_path() if request.method in ("GET", "HEAD") else ""
            query = {"theme": theme_of(request), "next": there}
            asked = urlencode({name: value for name, value in query.items() if value}, safe="/")
            return redirect(f"{reverse('gadget_sign_in')}?{asked}")
        return view(request, *args, **kwargs)

    return guarded


def shown(request: HttpRequest, template: str, page: str, fragment: str, tag: str, **context: Any) -> HttpResponse:
    """Show a gadget around its live part; `page` is the url name under which the part asks for news."""
    query = request.GET.urlencode()
    live = f"{reverse(page)}?{query}" if query else reverse(page)
    frame = {"fragment": fragment, "etag": tag, "live": live, "theme": theme_of(request)}
    return render(request, template, frame | context)


def news(request: HttpRequest, tag: str, fragment: Callable[[], str]) -> HttpResponse:
    """Answer 304 to those who have the state named by the tag, else with the live part."""
    known = request.headers.get("If-None-Match", "").removeprefix("W/").strip('"') == tag
    response = HttpResponse(status=HTTPStatus.NOT_MODIFIED) if known else HttpResponse(fragment())
    response["ETag"] = f'"{tag}"'
    response["Cache-Control"] = "private, no-store"
    return response


class GadgetSignInView(SignInView):
    """The door of gadgets: the portal's credentials and throttle, a session of its own."""

    template_name = "gadgets/sign_in.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Send people who are signed in to where they wanted."""
        if request.user.is_authenticated:
            return redirect(self.get_success_url())
        return super().dispatch(request, *args, **kwargs)

    def get_success_url(self) -> str:
        """Return the gadget that was asked for; never a page of the portal, which cannot be framed."""
        wanted = self.get_redirect_url()
        return wanted if wanted.startswith(BELOW) else reverse(FIRST)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the theme."""
        return super().get_context_data(**kwargs) | {"theme": theme_of(self.request)}

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Open a session that lasts as long as the administrator says, and that can be ended."""
        response = super().form_valid(form)
        sign_in = gadgets.begin(form.get_user(), self.request.headers.get("User-Agent", ""))
        self.request.session[MARK] = sign_in.pk
        self.request.session.set_expiry(int(GadgetRules.current().lasting.total_seconds()))
        return response


@require_POST
@gadget
def sign_out(request: AuthenticatedRequest) -> HttpResponse:
    """End this gadget's session for good and show the door."""
    gadgets.leave(request.session[MARK], request.user)
    record_leaving(request.user, client_address(request))
    logout(request)
    theme = theme_of(request)
    return redirect(reverse("gadget_sign_in") + (f"?theme={theme}" if theme else ""))


@require_http_methods(["GET", "HEAD", "POST"])
@require(administrators)
def gadget_rules(request: AuthenticatedRequest) -> HttpResponse:
    """Show the rules for gadgets and who is signed in; a POST saves the rules."""
    form = GadgetRulesForm(request.POST or None, instance=GadgetRules.current())
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("The rules for gadgets are saved and hold from now on."))
        return redirect("gadget_rules")
    alive = GadgetSignIn.objects.alive(GadgetRules.current()).select_related("user")
    pages = [
        (_("Call Analytics"), reverse("gadget_calls")),
        (_("Budget Control"), reverse("gadget_budget")),
        (_("Phone Lock"), reverse("gadget_lock")),
    ]
    addresses = [(name, request.build_absolute_uri(path)) for name, path in pages]
    context = {"form": form, "sign_ins": alive.order_by("-last_used_at", "-pk")[:SHOWN], "addresses": addresses}
    return render(request, "accounting/gadget_rules.html", context)


@require_POST
@require(administrators)
def end_one(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """End one sign-in."""
    sign_in = get_object_or_404(GadgetSignIn.objects.select_related("user"), pk=pk)
    gadgets.end(sign_in)
    messages.success(request, _("The sign-in of %(person)s is ended.") % {"person": sign_in.user})
    return redirect("gadget_rules")


@require_POST
@require(administrators)
def end_all(request: AuthenticatedRequest) -> HttpResponse:
    """End the sign-ins of all people in gadgets."""
    ended = gadgets.end_everywhere()
    text = ngettext("%(count)s sign-in is ended.", "%(count)s sign-ins are ended.", ended)
    messages.success(request, text % {"count": ended})
    return redirect("gadget_rules")
