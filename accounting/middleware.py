"""Names the signed-in person to the audit log for the time of a request."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from accounting.services.auditing import acting, actor_of
from callanalytics.web.requests import client_address


class ActorMiddleware:
    """Lets every entry of the audit log that a request causes name its person and address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer; requests that change nothing need no look at the session."""
        if request.method in ("GET", "HEAD") and not request.path.startswith("/setup/"):
            return self.get_response(request)
        with acting(actor_of(request.user, client_address(request) or None)):
            return self.get_response(request)
