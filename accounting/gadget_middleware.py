"""Keeps gadgets apart from the portal: cookies of their own, their own list of pages that may frame them."""

from collections.abc import Callable
from http.cookies import Morsel

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse

from accounting.models import GadgetRules
from accounting.services.gadgets import BELOW, MARK, drop, is_alive

Respond = Callable[[HttpRequest], HttpResponse]
# Python before 3.14 refuses the attribute without which browsers drop cookies of framed pages.
Morsel._reserved.setdefault("partitioned", "Partitioned")  # type: ignore[attr-defined]  # noqa: SLF001
Morsel._flags.add("partitioned")  # type: ignore[attr-defined]  # noqa: SLF001


def cookie_names() -> dict[str, str]:
    """Return the names of the portal's cookies with those that stand for them in gadgets."""
    return {
        settings.SESSION_COOKIE_NAME: settings.GADGET_SESSION_COOKIE_NAME,
        settings.CSRF_COOKIE_NAME: settings.GADGET_CSRF_COOKIE_NAME,
    }


class GadgetsApart:
    """Stands around sessions: below /gadgets/ the portal's cookies are neither read nor written."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a gadget with its own cookies; everything else goes on as it is."""
        if not request.path_info.startswith(BELOW):
            return self.get_response(request)
        for portal, gadget in cookie_names().items():
            request.COOKIES.pop(portal, None)
            if gadget in request.COOKIES:
                request.COOKIES[portal] = request.COOKIES[gadget]
        rules = GadgetRules.current()
        request.gadget_rules = rules  # type: ignore[attr-defined]
        response = self.get_response(request)
        for portal, gadget in cookie_names().items():
            if portal in response.cookies:
                rename(response, portal, gadget)
        del response["X-Frame-Options"]
        # As the decorator of the package does, for every answer: also for pages of errors.
        allowed = {"frame-ancestors": rules.origins.split() or ["'none'"]}
        response._csp_replace = allowed  # type: ignore[attr-defined]  # noqa: SLF001
        return response


def rename(response: HttpResponse, portal: str, gadget: str) -> None:
    """Set a cookie for gadgets alone, usable in pages of other sites where it travels encrypted."""
    morsel = response.cookies.pop(portal)
    secure = settings.SESSION_COOKIE_SECURE
    age = None if morsel["max-age"] == "" else int(morsel["max-age"])
    response.set_cookie(
        gadget, morsel.value, max_age=age, path=BELOW, secure=secure, httponly=True,
        samesite="None" if secure else "Lax",
    )  # fmt: skip
    if secure:
        response.cookies[gadget]["partitioned"] = True


class GadgetSessions:
    """Stands behind the sign-in: a session opens gadgets or the portal, never both, and an ended one nothing."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Take people for strangers whose session does not belong here."""
        rules = getattr(request, "gadget_rules", None)
        if rules and not rules.enabled:
            raise Http404
        if request.session.get(MARK) or rules:
            mark = request.session.get(MARK)
            user = request.user
            if not (rules and mark and user.is_authenticated and is_alive(mark, user, rules)):
                if rules and mark and not user.is_authenticated:
                    drop(mark)
                request.user = AnonymousUser()
        return self.get_response(request)
