"""The help page: one section for each page of the portal."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from callanalytics.web.requests import AuthenticatedRequest

SECTIONS = (
    ("menu", _("Main menu")),
    ("home", _("Home")),
    ("calls", _("Calls")),
    ("call", _("One call")),
    ("reports", _("Reports")),
    ("mails", _("Send mail")),
    ("schedules", _("Scheduled reports")),
    ("budgets", _("Budget Control")),
    ("phone_lock", _("Phone Lock")),
    ("gadgets", _("Gadgets")),
    ("profile", _("Profile")),
    ("tokens", _("Access tokens")),
)
SECTIONS_OF_SUPERVISORS = (("supervisors", _("For supervisors")), ("alarms", _("Alarms")))
SECTIONS_OF_ADMINISTRATORS = (
    ("status", _("Collection status")),
    ("set_up", _("Set-up")),
    ("administrators", _("For administrators")),
    ("sheets", _("Import and export")),
    ("tariffs", _("Tariffs")),
    ("simulator", _("What does this call cost?")),
    ("rejected", _("Rejected rows")),
    ("upload", _("Upload call files")),
    ("retention", _("Retention")),
    ("masking", _("Masking rules")),
    ("privacy", _("Data of one person")),
    ("audit_log", _("Audit log")),
    ("outgoing_mail", _("Outgoing mail")),
    ("webhooks", _("Webhooks")),
)


@require_safe
@login_required
def help_page(request: AuthenticatedRequest) -> HttpResponse:
    """Show the sections that concern the reader's role."""
    sections = list(SECTIONS)
    if request.user.is_supervisor or request.user.is_administrator:
        sections += SECTIONS_OF_SUPERVISORS
    if request.user.is_administrator:
        sections += SECTIONS_OF_ADMINISTRATORS
    entries = [(name, label, f"help/{name}.html") for name, label in sections]
    return render(request, "accounting/help.html", {"sections": entries})
