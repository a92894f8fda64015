"""The site of the set-up: behind one door for administrators, with an overview that leads through it.

It stands outside of the package of its tables, whose import needs the site.
"""

from functools import wraps
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from accounting import models
from accounting.services import set_up
from callanalytics.navigation import SET_UP_SECTIONS


def is_administrator(request: HttpRequest) -> bool:
    """Return whether an administrator asks."""
    return isinstance(request.user, models.User) and request.user.is_administrator


class SetUpSite(admin.AdminSite):
    """The site whose first page leads through the set-up."""

    site_header = _("Set-up")
    site_title = "Call Analytics"
    index_title = _("Overview")
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether somebody may enter."""
        return is_administrator(request)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Return a view behind the door: strangers are asked to sign in, people of other roles get 403."""
        guarded = super().admin_view(view, cacheable)

        @wraps(view)
        def at_the_door(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if request.user.is_authenticated and not self.has_permission(request):
                raise PermissionDenied
            return guarded(request, *args, **kwargs)

        return at_the_door

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show how far the set-up is, and the way to everything."""
        context = {
            **self.each_context(request),
            "title": self.index_title,
            "progress": set_up.progress(),
            "sections": SET_UP_SECTIONS,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/index.html", context)

    def app_index(
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Show the overview: it names every table."""
        return self.index(request, extra_context)
