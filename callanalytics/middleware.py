"""Request ids for the logs; language and time zone of the person who reads."""

import uuid
from collections.abc import Callable
from zoneinfo import ZoneInfo, available_timezones

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

Respond = Callable[[HttpRequest], HttpResponse]
ZONES = available_timezones()
DEFAULT_ZONE_KEY = "default_zone"
"""Where a session keeps the zone of people who have not chosen one."""


class RequestIdMiddleware:
    """Give each request an id that its log lines carry and the answer repeats."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with the id bound to the log context."""
        request_id = uuid.uuid4().hex[:12]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response


class ReaderMiddleware:
    """Answer in the signed-in person's language and time zone."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Activate the reader's language and zone for this request."""
        user = request.user
        if user.is_authenticated and user.language:
            translation.activate(user.language)
            request.LANGUAGE_CODE = translation.get_language()
        with timezone.override(ZoneInfo(_zone_of(request))):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", translation.get_language() or settings.LANGUAGE_CODE)
        if user.is_authenticated:
            # Pages hold personal data: nothing of them stays behind in a browser that others use.
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def _zone_of(request: HttpRequest) -> str:
    user = request.user
    if not user.is_authenticated:
        return settings.TIME_ZONE
    wanted = (user.time_zone, request.session.get(DEFAULT_ZONE_KEY))
    return next((zone for zone in wanted if zone in ZONES), settings.TIME_ZONE)
