"""Outgoing mails: what waits, what was sent, what could not be delivered and why; send again, cancel."""

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounting.forms.outgoing import MailFilter
from accounting.models import AuditedAction, MailServer, OutgoingMail
from accounting.services import claims, outbox
from accounting.services.auditing import record
from accounting.services.connection_tests import is_entered
from callanalytics.templatetags.ui import number
from callanalytics.web.permissions import administrators, require
from callanalytics.web.requests import AuthenticatedRequest, chosen_ids, newest_of
from callanalytics.web.views import refused

SHOWN = 50


@require_safe
@require(administrators)
def outgoing_mail(request: AuthenticatedRequest) -> HttpResponse:
    """Show the mails that meet the filters, newest first; never what stands in them."""
    filters = MailFilter(request.GET)
    if filters.problems():
        return refused(request, filters.problems(), reverse("outgoing_mail"))
    found = filters.narrow(OutgoingMail.objects.all())
    # Texts and HTML of letters are long and not shown.
    rows = found.select_related("letter__sender").defer("letter__text", "letter__html")
    mails, paging = newest_of(request, rows, SHOWN)
    context = {
        "filters": filters,
        "mails": mails,
        "newest": filters.without(),
        "states": claims.counted(OutgoingMail.objects.all(), filters.cleaned_data.get("state")),
        "is_entered": is_entered(MailServer.current()),
        **paging,
    }
    return render(request, "accounting/outgoing_mail.html", context)


@require_POST
@require(administrators)
def act_on_mail(request: AuthenticatedRequest) -> HttpResponse:
    """Send again or cancel the chosen mails, or all that meet the filters of the address."""
    filters = MailFilter(request.GET)
    if filters.problems():
        return refused(request, filters.problems(), reverse("outgoing_mail"))
    act = ACTS.get(request.POST.get("action", ""))
    if act is None:
        raise BadRequest
    mails = OutgoingMail.objects.all()
    if "all" in request.POST:
        mails = filters.narrow(mails)
    else:
        chosen = chosen_ids(request, "mails")[:SHOWN]
        if not chosen:
            messages.warning(request, _("Choose the mails first."))
        mails = mails.filter(pk__in=chosen)
    act(request, mails)
    return redirect(f"{reverse('outgoing_mail')}?{filters.without()}")


def cancel(request: AuthenticatedRequest, mails: QuerySet[OutgoingMail]) -> None:
    """Cancel those of the mails that wait, and say how many."""
    if count := claims.cancel(mails):
        record(AuditedAction.CHANGED, "mail", _("Cancelled"), mails=count)
        text = ngettext("%(count)s mail is cancelled.", "%(count)s mails are cancelled.", count)
        messages.success(request, text % {"count": number(count)})


def send_again(request: AuthenticatedRequest, mails: QuerySet[OutgoingMail]) -> None:
    """Send those of the mails again that are not sent, and say how many."""
    if count := claims.send_again(mails, outbox.nudge):
        record(AuditedAction.STARTED, "mail", _("Sent again"), mails=count)
        text = ngettext("%(count)s mail is being sent.", "%(count)s mails are being sent.", count)
        messages.success(request, text % {"count": number(count)})


ACTS = {"send": send_again, "cancel": cancel}
"""What can be done with mails, as the buttons name it."""
