"""The set-up as a site: administrators only, whatever the table."""

from typing import Any

from django.contrib import admin
from django.db import models as fields
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounting import models

admin.site.site_header = _("Set-up")
admin.site.site_title = "Call Analytics"
admin.site.index_title = _("Settings")


class ForAdministrators:
    """Opens a table to every administrator: the role decides, there are no permissions to hand out one by one."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the table is listed."""
        return is_administrator(request)

    def has_view_permission(self, request: HttpRequest, obj: fields.Model | None = None) -> bool:
        """Whether rows may be seen."""
        return is_administrator(request)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """Whether rows may be added."""
        return is_administrator(request)

    def has_change_permission(self, request: HttpRequest, obj: fields.Model | None = None) -> bool:
        """Whether rows may be changed."""
        return is_administrator(request)

    def has_delete_permission(self, request: HttpRequest, obj: fields.Model | None = None) -> bool:
        """Whether rows may be deleted."""
        return is_administrator(request)


def is_administrator(request: HttpRequest) -> bool:
    """Return whether an administrator asks."""
    return isinstance(request.user, models.User) and request.user.is_administrator


class ReadOnlyAdmin(ForAdministrators, admin.ModelAdmin[Any]):
    """Rows that only the collecting of calls writes."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """Nobody adds them by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: fields.Model | None = None) -> bool:
        """Nobody changes them by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: fields.Model | None = None) -> bool:
        """Nobody deletes them by hand."""
        return False
