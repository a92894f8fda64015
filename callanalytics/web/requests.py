"""The request of a signed-in person, as views receive it."""

from typing import TYPE_CHECKING

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

if TYPE_CHECKING:
    from accounting.models import User


class AuthenticatedRequest(HttpRequest):
    """A request behind login_required."""

    user: "User"
    htmx: HtmxDetails
