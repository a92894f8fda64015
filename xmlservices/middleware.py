"""Answers desk phones before anything that is meant for browsers: sessions, cookies, redirects, security headers."""

from collections.abc import Callable

import structlog
from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import Resolver404, resolve
from django.utils import translation
from django.utils.translation import gettext as _

from xmlservices.asking import Asked, language_of
from xmlservices.documents import Text
from xmlservices.views.answering import response, title

BELOW = "/phone/"


class PhonesFirst:
    """Stands first: phones do not follow redirects to HTTPS, and some cannot read an answer with further headers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer what phones ask for; everything else goes on."""
        if not request.path_info.startswith(BELOW):
            return self.get_response(request)
        structlog.contextvars.clear_contextvars()
        forget_endless_query(request)
        try:
            found = resolve(request.path_info)
        except Resolver404:
            with translation.override(language_of(request)):
                return response(Text(title(), text=_("There is no such page.")), Asked.by(request).writing)
        answer: HttpResponse = found.func(request, *found.args, **found.kwargs)
        return answer


def forget_endless_query(request: HttpRequest) -> None:
    """Leave out a query with more values than can be read: no phone sends one, and every answer is a page."""
    try:
        _values = request.GET
    except TooManyFieldsSent:
        request.GET = QueryDict()
