"""Answers questions about calls before anything else of a request is looked at."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from phonelock.views.call_control import answer

PLACE = "/ecc/"


class CallControlMiddleware:
    """Stands first: UCM has neither session nor language, may ask by any name of the server, and waits with a call."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer questions about calls here, and let everything else pass."""
        if not request.path_info.startswith(PLACE):
            return self.get_response(request)
        return answer(request, request.path_info.removeprefix(PLACE).strip("/"))
