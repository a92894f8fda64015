"""The request of a signed-in person, as views receive it, and where a request comes from."""

from ipaddress import ip_address
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

if TYPE_CHECKING:
    from accounting.models import User


class AuthenticatedRequest(HttpRequest):
    """A request behind login_required."""

    user: "User"
    htmx: HtmxDetails


def client_address(request: HttpRequest) -> str:
    """Return the reader's address: of the connection or, behind PROXY_COUNT proxies, as the outermost one saw it.

    Entries further left in X-Forwarded-For come from the reader, who could write anything there.
    """
    address: str = request.META.get("REMOTE_ADDR", "")
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
    if 0 < settings.PROXY_COUNT <= len(hops):
        try:
            address = str(ip_address(hops[-settings.PROXY_COUNT]))
        except ValueError:
            return address
    return address
