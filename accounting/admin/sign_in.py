"""Wrong passwords and the lock that follows."""

from typing import Any

from axes.models import AccessAttempt
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounting.admin.site import SetUpAdmin


@admin.register(AccessAttempt)
class WrongPasswordAdmin(SetUpAdmin):
    """Wrong passwords by name and address; deleting a row lifts the lock."""

    list_display = ("username", "ip_address", "attempt_time", "failures_since_start")
    search_fields = ("username", "ip_address")
    search_help_text = _("User name or address")
    readonly_fields = ("username", "ip_address", "user_agent", "attempt_time", "failures_since_start")
    fields = readonly_fields

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """Nobody adds them by hand."""
        return False
