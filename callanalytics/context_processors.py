"""What every page knows."""

from typing import Any

from django.http import HttpRequest


def portal(request: HttpRequest) -> dict[str, Any]:
    """Return the menu and the direction of writing."""
    return {}
