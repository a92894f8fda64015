"""The door of the programming interface: who asks, by token or session, how often, and what an error looks like."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja import Schema
from ninja.security import APIKeyCookie, HttpBearer
from ninja.throttling import BaseThrottle
from ninja.utils import check_csrf

from accounting.models import Scope, TokenClient, User
from accounting.services import tokens
from accounting.services.auditing import Actor, actor_of
from accounting.services.zones import zone_of
from callanalytics.web.requests import client_address

MINUTE = 60
LONGEST_KEY = 64
HEADER = "Authorization"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a person, with what the token opens; a session opens everything."""

    user: User
    scopes: frozenset[str]
    client: TokenClient
    key: str
    """Under which the requests are counted."""


class Problem(Schema):
    """One thing that is wrong with a request."""

    field: str
    """Where: the name of the parameter or of the value in the body; empty: the request as a whole."""
    message: str


class Fault(Schema):
    """Why a request was not answered, in the reader's language."""

    code: str
    message: str
    problems: list[Problem] = []


class Refusal(Exception):  # noqa: N818  (no fault of the portal)
    """Ends a request with a status and a reason; `problems` name single values, `wait` the seconds until a retry."""

    def __init__(
        self, status: int, code: str, message: str, problems: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        *, wait: int = 0,
    ) -> None:  # fmt: skip
        super().__init__(code)
        self.status, self.wait = status, wait
        named = problems.items() if isinstance(problems, Mapping) else problems
        self.fault = Fault(
            code=code,
            message=message,
            problems=[Problem(field=field, message=text) for field, text in named],
        )


def wrong_value(field: str, text: str) -> Refusal:
    """Return the refusal of a request for one wrong value."""
    return Refusal(422, "invalid", str(WRONG_REQUEST), {field: text})


class TokenDoor(HttpBearer):
    """Lets in whoever shows a living token: `Authorization: Bearer ca_…`."""

    def __call__(self, request: HttpRequest) -> Caller | None:
        """Return who asks; headers of other kinds are not looked at, and never logged."""
        kind, _space, shown = request.headers.get(HEADER, "").partition(" ")
        caller = self.authenticate(request, shown.strip()) if kind.lower() == "bearer" else None
        if caller is not None:
            read_as(request, caller.user)
        return caller

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:
        """Return who has this token."""
        found = tokens.recognise(token)
        if found is None:
            return None
        return Caller(found.user, frozenset(found.scopes), TokenClient(found.client), f"token-{found.pk}")


def read_as(request: HttpRequest, user: User) -> None:
    """Answer in the person's zone, and in the person's language unless the program asks for another one.

    Both end with the request: ReaderMiddleware and LocaleMiddleware set them anew.
    """
    timezone.activate(zone_of(user))
    if user.language and "Accept-Language" not in request.headers:
        translation.activate(user.language)


class SessionDoor(APIKeyCookie):
    """Lets in the signed-in person; changes need the portal's CSRF token as in a form."""

    param_name = settings.SESSION_COOKIE_NAME

    def __init__(self) -> None:
        super().__init__(csrf=False)

    def authenticate(self, request: HttpRequest, key: str | None) -> Caller | None:
        """Return who is signed in; a token that is not valid is not made up for by a session."""
        user = request.user
        if HEADER in request.headers or not isinstance(user, User) or not user.is_active:
            return None
        if request.method not in ("GET", "HEAD") and check_csrf(request):
            raise Refusal(403, "csrf", _("The request lacks the portal's CSRF token."))
        return Caller(user, frozenset(Scope.values), TokenClient.PROGRAM, f"person-{user.pk}")


DOORS: list[Callable[[HttpRequest], Any]] = [TokenDoor(), SessionDoor()]


class PerMinute(BaseThrottle):
    """Counts the requests of each token in the cache, minute by minute; a portal without Redis counts by process."""

    def allow_request(self, request: HttpRequest) -> bool:
        """Count the request, and return whether the minute has room for it."""
        caller: Caller = request.auth  # type: ignore[attr-defined]
        name = f"api-{caller.key}-{int(time.time()) // MINUTE}"
        if cache.add(name, 1, 2 * MINUTE):
            return settings.API_REQUESTS_PER_MINUTE > 0
        try:
            return int(cache.incr(name)) <= settings.API_REQUESTS_PER_MINUTE
        except ValueError:  # the entry went between the two lines
            return True

    def wait(self) -> float:
        """Return the seconds until the next minute begins."""
        return MINUTE - time.time() % MINUTE


def caller_of(request: HttpRequest, scope: Scope, asked: Schema | None = None) -> Caller:
    """Return who asks, with the values of the query string that the operation has read.

    Refuses tokens that do not open this, and values that are unknown or given twice: they would silently not hold.
    """
    caller = opened_by(request, scope)
    fields = type(asked).model_fields.items() if asked else ()
    known = {field.alias or name for name, field in fields}
    problems = [(key[:40], str(WORDS["extra_forbidden"])) for key in request.GET if key not in known]
    problems += [(key[:40], repeated(key)) for key in request.GET if len(request.GET.getlist(key)) > 1]
    if problems:
        raise Refusal(422, "invalid", str(WRONG_REQUEST), problems)
    return caller


def opened_by(request: HttpRequest, scope: Scope) -> Caller:
    """Return who asks, whatever the query string says; refuse tokens that do not open this."""
    caller: Caller = request.auth  # type: ignore[attr-defined]
    if scope not in caller.scopes:
        raise Refusal(403, "scope", _("This token does not open “%(scope)s”.") % {"scope": scope.value})
    return caller


def repeated(key: str) -> str:
    """Return what is said of a value that is given more than once."""
    return _("“%(key)s” is given more than once.") % {"key": key[:40]}


def overseer_of(request: HttpRequest, scope: Scope, asked: Schema | None = None) -> Caller:
    """Return who asks, as caller_of(); refuse people who look after nobody, too."""
    caller = caller_of(request, scope, asked)
    if not caller.user.is_overseer:
        raise Refusal(403, "role", _("Only supervisors and administrators may do this."))
    return caller


def actor_behind(request: HttpRequest, caller: Caller) -> Actor:
    """Return whom the audit log names for what a caller does."""
    return actor_of(caller.user, client_address(request) or None)


def once(request: HttpRequest, caller: Caller, work: Callable[[], Any]) -> Any:
    """Do the work; with the header Idempotency-Key only for its first request, others get the same answer."""
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        return work()
    if len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable():
        text = _("An idempotency key has at most %(count)s letters, digits and signs.") % {"count": LONGEST_KEY}
        raise Refusal(422, "invalid", str(WRONG_REQUEST), {"Idempotency-Key": text})
    try:
        facts = ((request.method or "").encode(), request.get_full_path().encode(), request.body)
        return tokens.answered_once(caller.user, key, facts, work)
    except tokens.KeyMisused as misused:
        if misused.is_busy:
            raise Refusal(409, "busy", _("The request with this idempotency key is still worked on.")) from misused
        raise Refusal(422, "key", _("This idempotency key belongs to another request.")) from misused


WRONG_REQUEST = gettext_lazy("The request holds values that are not valid.")
WORDS: dict[str, str | Promise] = {
    "missing": gettext_lazy("This value is missing."),
    "extra_forbidden": gettext_lazy("There is no value of this name."),
    "json_invalid": gettext_lazy("The body is no JSON."),
    "bool_parsing": gettext_lazy("This must be true or false."),
    "bool_type": gettext_lazy("This must be true or false."),
    "int_parsing": gettext_lazy("This must be a whole number."),
    "int_type": gettext_lazy("This must be a whole number."),
    "int_from_float": gettext_lazy("This must be a whole number."),
    "int_parsing_size": gettext_lazy("This number is too large."),
    "greater_than_equal": gettext_lazy("This number is too small."),
    "less_than_equal": gettext_lazy("This number is too large."),
    "string_type": gettext_lazy("This must be a text."),
    "string_too_long": gettext_lazy("This text is too long."),
    "string_too_short": gettext_lazy("This text is too short."),
    "list_type": gettext_lazy("This must be a list."),
    "too_long": gettext_lazy("This list is too long."),
    "enum": gettext_lazy("This is none of the values that are known."),
    "literal_error": gettext_lazy("This is none of the values that are known."),
    "timezone_aware": gettext_lazy("This time needs a zone, for instance 2026-11-22T09:30:00Z."),
}
"""What is wrong with a value, by the names that Pydantic gives to it."""
TIME_WORDS = gettext_lazy("This must be a time with its zone, for instance 2026-11-22T09:30:00Z.")

DAY_WORDS = gettext_lazy("This must be a day, for instance 2026-11-22.")


def in_words(kind: str) -> str:
    """Return what is wrong with a value, in the reader's language."""
    if kind.startswith(("datetime", "timezone")):
        return str(TIME_WORDS)
    if kind.startswith("date_"):
        return str(DAY_WORDS)
    return str(WORDS.get(kind, _("This value is not valid.")))
