"""The programming interface: composes the routers of the apps under /api/v1/, with its errors and its page."""

import json
from functools import cache
from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError

from accounting.api.calls import router as calls
from accounting.api.door import DOORS, WRONG_REQUEST, Fault, PerMinute, Problem, Refusal, in_words
from alarms.api import router as alarms
from budget.api import router as budgets
from phonelock.api import router as locks
from reports.api import router as reports


class Interface(NinjaAPI):
    """The interface; its answers are personal data, which no cache keeps."""

    def create_response(self, request: HttpRequest, data: Any, **kwargs: Any) -> HttpResponse:
        """Return an answer that is not kept."""
        response = super().create_response(request, data, **kwargs)
        response["Cache-Control"] = "no-store"
        return response


api = Interface(
    title="Call Analytics", version="1", urls_namespace="api", docs_url=None, auth=DOORS, throttle=[PerMinute()]
)
api.add_router("/calls", calls)
api.add_router("/locks", locks)
api.add_router("/budgets", budgets)
api.add_router("", reports)
api.add_router("", alarms)


def fault(request: HttpRequest, status: int, code: str, message: str, problems: list[Problem] | None = None) -> Any:
    """Return an error as every program reads it."""
    body = Fault(code=code, message=message, problems=problems or []).model_dump()
    return api.create_response(request, body, status=status)


@api.exception_handler(Refusal)
def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Answer with the reason."""
    response = api.create_response(request, refusal.fault.model_dump(), status=refusal.status)
    if refusal.wait:
        response["Retry-After"] = str(refusal.wait)
    return response


@api.exception_handler(AuthenticationError)
def nobody(request: HttpRequest, _error: AuthenticationError) -> HttpResponse:
    """Answer 401 without saying what is wrong with a token."""
    response: HttpResponse = fault(
        request, HTTPStatus.UNAUTHORIZED, "unauthorized", _("Sign in, or show a valid access token.")
    )
    response["WWW-Authenticate"] = 'Bearer realm="Call Analytics"'
    return response


@api.exception_handler(Throttled)
def too_many(request: HttpRequest, throttled: Throttled) -> HttpResponse:
    """Answer 429 and say when to come again."""
    response: HttpResponse = fault(
        request, HTTPStatus.TOO_MANY_REQUESTS, "too_many", _("Too many requests. Wait a moment and try again.")
    )
    response["Retry-After"] = str(max(1, round(throttled.wait or 1)))
    return response


@api.exception_handler(ValidationError)
def wrong(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Answer 422 with every wrong value and why."""
    problems = [Problem(field=place(one["loc"]), message=in_words(str(one["type"]))) for one in error.errors]
    return fault(request, HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", str(WRONG_REQUEST), problems)  # type: ignore[no-any-return]


@api.exception_handler(HttpError)
def broken(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Answer to a body that cannot be read."""
    return fault(request, error.status_code, "unreadable", _("The request cannot be read."))  # type: ignore[no-any-return]


@api.exception_handler(RequestDataTooBig)
def too_big(request: HttpRequest, _error: RequestDataTooBig) -> HttpResponse:
    """Answer to a body that is too long."""
    return fault(request, 413, "too_big", _("The request is too long."))  # type: ignore[no-any-return]


@api.exception_handler(Http404)
def unknown(request: HttpRequest, _error: Http404) -> HttpResponse:
    """Answer 404."""
    return fault(request, HTTPStatus.NOT_FOUND, "not_found", _("There is nothing at this address for you."))  # type: ignore[no-any-return]


@api.exception_handler(PermissionDenied)
def forbidden(request: HttpRequest, _error: PermissionDenied) -> HttpResponse:
    """Answer 403."""
    return fault(request, HTTPStatus.FORBIDDEN, "forbidden", _("You may not do this."))  # type: ignore[no-any-return]


@csrf_exempt
def nothing_here(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Answer programs that ask for an address that does not exist."""
    return unknown(request, Http404())


def place(location: Any) -> str:
    """Return where a wrong value stands as people name it: without the names of the framework's own levels."""
    parts = [str(part) for part in location]
    if parts and parts[0] in ("body", "query", "path", "header"):
        parts = parts[1:]
    if parts and parts[0] in ("body", "filters", "past", "data", "asked"):
        parts = parts[1:]
    return ".".join(parts)


@require_safe
@login_required
def docs(request: HttpRequest) -> HttpResponse:
    """Show the operations of the interface, in the portal's own page."""
    return render(request, "api_docs.html", {"operations": operations_in(get_language() or "")})


@cache
def operations_in(_language: str) -> list[dict[str, Any]]:
    """Return the operations in the language that is active, which is the one given; describing them takes a while."""
    return operations_of(json.loads(json.dumps(api.get_openapi_schema(), default=str)))


def operations_of(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what the page shows of each operation."""
    return [
        {
            "method": method.upper(),
            "path": path,
            "anchor": operation["operationId"],
            "description": operation["description"],
            "values": [*parameters_of(operation), *body_of(schema, operation)],
            "answers": sorted(map(int, operation["responses"])),
        }
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    ]


def parameters_of(operation: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the parameters of an address."""
    return [
        value_of(one["name"], one["in"], one["schema"], required=one.get("required", False))
        for one in operation.get("parameters", [])
    ]


def body_of(schema: dict[str, Any], operation: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the values of a body."""
    if "requestBody" not in operation:
        return []
    name = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    model = schema["components"]["schemas"][name]
    return [
        value_of(key, "body", value, required=key in model.get("required", ()))
        for key, value in model["properties"].items()
    ]


def value_of(name: str, where: str, schema: dict[str, Any], *, required: bool) -> dict[str, Any]:
    """Return one value that a request may hold."""
    kinds = [one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]
    kind = kinds[0] if kinds else {}
    choices = kind.get("enum", [])
    shape = kind.get("format") or kind.get("type", "")
    return {"name": name, "where": where, "kind": shape, "choices": choices, "required": required}
