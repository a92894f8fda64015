"""Gadgets: their door, what every one of them does, and the page of the set-up."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.csrf import csrf_failure
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from accounting.forms.gadgets import GadgetRulesForm
from accounting.models import GadgetRules, GadgetSignIn
from accounting.services import gadgets
from accounting.services.gadgets import BELOW, MARK
from accounting.services.sign_in_entries import record_leaving
from accounting.views import signing_in
from accounting.views.signing_in import SignInView
from callanalytics.web.permissions import administrators, require
from callanalytics.web.requests import AuthenticatedRequest, client_address, page_of

PAGES = ("gadget_calls", "gadget_budget", "gadget_lock")
"""The gadgets, by the url names of their pages."""
FIRST = PAGES[0]
THEMES = ("light", "dark")
ENDED, UNDONE = "ended", "undone"
WHY = {
    ENDED: gettext_lazy("Your sign-in in gadgets has ended. Please sign in again."),
    UNDONE: gettext_lazy("Your sign-in in gadgets has ended, so nothing was changed. Sign in and try once more."),
}
"""What the door says to people who were signed in."""
SHOWN = 50
View = Callable[..., HttpResponseBase]


def theme_of(request: HttpRequest) -> str:
    """Return the theme that the program around asks for, '' to follow the system."""
    theme = request.GET.get("theme", "")
    return theme if theme in THEMES else ""


def page_around(address: str) -> str:
    """Return the page of the gadget to which an address belongs, with the same choices; '' when it is of none."""
    path, mark, query = address.partition("?")
    pages = map(reverse, PAGES)
    return next((f"{page}{mark}{query}" for page in pages if path.startswith(page)), "")


def door(request: HttpRequest, there: str, why: str = "") -> str:
    """Return the address of the door, which leads to a gadget afterwards and says why somebody stands there."""
    query = {"theme": theme_of(request), "why": why, "next": page_around(there)}
    asked = urlencode({name: value for name, value in query.items() if value}, safe="/")
    return f"{reverse('gadget_sign_in')}?{asked}" if asked else reverse("gadget_sign_in")


def gadget(view: View) -> View:
    """Guard the view of a gadget: strangers come to the door of gadgets, and back to the gadget that they had open."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        was_inside = settings.SESSION_COOKIE_NAME in request.COOKIES
        why = UNDONE if request.method == "POST" else ENDED if was_inside else ""
        there = door(request, request.get_full_path(), why)
        # A part that updates itself cannot show the door: the whole page goes there.
        return HttpResponseClientRedirect(there) if "HX-Request" in request.headers else redirect(there)

    return guarded


def shown(request: HttpRequest, template: str, page: str, fragment: str, tag: str, **context: Any) -> HttpResponse:
    """Show a gadget around its live part; `page` is the url name under which the part asks for news."""
    query = request.GET.urlencode()
    live = f"{reverse(page)}?{query}" if query else reverse(page)
    frame = {"fragment": fragment, "etag": tag, "live": live, "theme": theme_of(request)}
    return render(request, template, frame | context)


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
        return page_around(self.get_redirect_url()) or reverse(FIRST)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the theme, and why people who were signed in stand here."""
        why = WHY.get(self.request.GET.get("why", ""), "")
        return super().get_context_data(**kwargs) | {"theme": theme_of(self.request), "why": why}

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Open a session that lasts as long as the administrator says, and that can be ended."""
        # The same person's session would keep its key: copies of a cookie that was ended would live again.
        self.request.session.flush()
        response = super().form_valid(form)
        sign_in = gadgets.begin(form.get_user(), self.request.headers.get("User-Agent", ""))
        self.request.session[MARK] = sign_in.pk
        self.request.session.set_expiry(int(GadgetRules.current().lasting.total_seconds()))
        return response


@require_POST
@gadget
def sign_out(request: AuthenticatedRequest) -> HttpResponse:
    """End this gadget's session for good and show the door, which leads back to the same gadget."""
    gadgets.leave(request.session[MARK], request.user)
    record_leaving(request.user, client_address(request))
    logout(request)
    return redirect(door(request, request.POST.get("next", "")))


def out_of_date(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Refuse a form of an earlier session; who has signed in in another gadget meanwhile is let in by the door."""
    if not request.path.startswith(BELOW):
        return csrf_failure(request, reason)
    page = page_around(request.POST.get("next", "")) or page_around(request.get_full_path()) or reverse(FIRST)
    if request.user.is_authenticated and request.path == reverse("gadget_sign_in"):
        return redirect(page)
    context = {"theme": theme_of(request), "page": page}
    has_cookie = settings.GADGET_CSRF_COOKIE_NAME in request.COOKIES
    template = "gadgets/out_of_date.html" if has_cookie else "gadgets/no_cookies.html"
    return render(request, template, context, status=HTTPStatus.FORBIDDEN)


def locked_out(request: HttpRequest, refused: HttpResponse, credentials: dict[str, Any] | None) -> HttpResponse:
    """Return the page that says how many minutes to wait, in a gadget or in the portal; django-axes asks for it."""
    if not request.path.startswith(BELOW):
        return signing_in.locked_out(request, refused, credentials)
    return signing_in.locked_out(request, refused, credentials, "gadgets/locked_out.html", theme=theme_of(request))


@require_http_methods(["GET", "HEAD", "POST"])
@require(administrators)
def gadget_rules(request: AuthenticatedRequest) -> HttpResponse:
    """Show the rules for gadgets and who is signed in; a POST saves the rules."""
    form = GadgetRulesForm(request.POST or None, instance=GadgetRules.current())
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("The rules for gadgets are saved and hold from now on."))
        return redirect("gadget_rules")
    typed = request.GET.get("person", "").replace("\0", "")[:150].strip()
    alive = GadgetSignIn.objects.alive(GadgetRules.current()).of_people_named(typed).select_related("user")
    sign_ins, pages = page_of(request, alive.order_by("-last_used_at", "-pk"), SHOWN)
    names = (_("Call Analytics"), _("Budget Control"), _("Phone Lock"))
    addresses = [(name, request.build_absolute_uri(reverse(page))) for name, page in zip(names, PAGES, strict=True)]
    kept = f"&{urlencode({'person': typed})}" if typed else ""
    context = {"form": form, "sign_ins": sign_ins, "addresses": addresses, "typed": typed, "kept": kept} | pages
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
