"""What every page knows: the menu, the direction of writing and the zone of the times shown."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language_info

from callanalytics.navigation import applications_of, menu_at, trail_to

OWN_NAMES = [(code, get_language_info(code)["name_local"].capitalize()) for code, _ in settings.LANGUAGES]


def portal(request: HttpRequest) -> dict[str, Any]:
    """Return the applications and the menu of the person who reads, and the languages by their own names."""
    context: dict[str, Any] = {"portal_languages": OWN_NAMES}
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return context
    url_name = request.resolver_match.view_name if request.resolver_match else ""
    application, menu, current = menu_at(user, url_name)
    return context | {
        "applications": applications_of(user),
        "application": application,
        "menu": menu,
        "menu_current": current,
        "trail": trail_to(url_name),
    }
