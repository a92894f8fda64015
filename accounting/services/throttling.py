"""The throttle of wrong passwords: by user name and address, and by address alone against guessing many names."""

from typing import Any

from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Sum
from django.http import HttpRequest


class Throttle(AxesDatabaseHandler):  # type: ignore[misc]  # the package has no types
    """Counts as the package does; an address with too many wrong passwords is locked for every name."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Return the failures of this name at this address, at least the limit for a locked address."""
        failures: int = super().get_failures(request, credentials)
        if failures_of_address(request) >= settings.SIGN_IN_ADDRESS_LIMIT:
            return max(failures, int(settings.AXES_FAILURE_LIMIT))
        return failures


def failures_of_address(request: HttpRequest) -> int:
    """Return how many wrong passwords came from this address within the cool-off time, whatever the names."""
    since = get_cool_off_threshold(request)
    attempts = AccessAttempt.objects.filter(
        ip_address=getattr(request, "axes_ip_address", None), attempt_time__gte=since
    )
    return int(attempts.aggregate(sum=Sum("failures_since_start"))["sum"] or 0)
