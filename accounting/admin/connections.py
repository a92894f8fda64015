"""The mail server, and what forms of one row have in common; the directory has pages of its own."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounting import models
from accounting.admin.site import SetUpAdmin
from accounting.forms.mail_server import MailServerForm


class SingleAdmin(SetUpAdmin):
    """A table of one row: its list leads straight to the form, which is there before anything was entered."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Go to the form."""
        return redirect(reverse(f"admin:accounting_{self.opts.model_name}_change", args=[1]))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return the one row, with its defaults when nobody has entered anything."""
        return self.model.current() if object_id == "1" else None

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """Nobody adds a second row."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody deletes it: it is emptied."""
        return False

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Show the form without the ways to other rows."""
        context |= {"single": True, "show_save_and_continue": False}
        return super().render_change_form(request, context, *args, **kwargs)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Stay on the form, where the tests are."""
        response = super().response_change(request, obj)
        return redirect(request.path) if response.status_code == 302 else response


@admin.register(models.PrivateCallRule)
class PrivateCallRuleAdmin(SingleAdmin):
    """Private calls."""

    fieldsets = (
        (
            None,
            {
                "fields": ("marking_days",),
                "description": _(
                    "A private call is paid by its person and masked from everybody else. People mark their own "
                    "outgoing calls in the list of calls, or dial the private prefix of their office."
                ),
            },
        ),
    )


@admin.register(models.MailServer)
class MailServerAdmin(SingleAdmin):
    """The mail server."""

    form = MailServerForm
    tests = ("mail", "send_mail")
    fieldsets = (
        (
            _("Server"),
            {
                "fields": (("host", "port"), "security"),
                "description": _("Without an entry here the SMTP settings of the installation hold."),
            },
        ),
        (_("Account"), {"fields": (("username", "password"),)}),
        (_("Mails"), {"fields": ("sender",)}),
        (_("Recipients"), {"fields": ("allowed_domains", "every_address", "most_recipients")}),
        (_("Scheduled reports"), {"fields": ("shortest_interval", "most_schedules")}),
    )
