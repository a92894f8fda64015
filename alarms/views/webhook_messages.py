"""Messages to webhooks: what waits, what was taken, what could not be delivered and why; send again, cancel."""

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounting.models import AuditedAction
from accounting.services import claims
from accounting.services.auditing import record
from alarms.forms.webhook_messages import MessageFilter
from alarms.models import WebhookMessage
from alarms.services import webhooks
from callanalytics.templatetags.ui import number
from callanalytics.web.permissions import administrators, require
from callanalytics.web.requests import AuthenticatedRequest, chosen_ids, page_of
from callanalytics.web.views import refused

SHOWN = 50


@require_safe
@require(administrators)
def webhook_messages(request: AuthenticatedRequest) -> HttpResponse:
    """Show the messages that meet the filters, newest first; never what stands in them."""
    filters = MessageFilter(request.GET)
    if filters.problems():
        return refused(request, filters.problems(), reverse("webhook_messages"))
    found = filters.narrow(WebhookMessage.objects.all()).select_related("webhook", "sender").defer("body")
    rows, page = page_of(request, found.order_by("-pk"), SHOWN)
    kept = filters.without()
    context = {
        "filters": filters,
        "rows": rows,
        "states": claims.counted(WebhookMessage.objects.all(), filters.cleaned_data.get("state")),
        "query": kept,
        "kept": f"&{kept}" if kept else "",
        **page,
    }
    return render(request, "alarms/webhook_messages.html", context)


@require_POST
@require(administrators)
def act_on_webhook_messages(request: AuthenticatedRequest) -> HttpResponse:
    """Send again or cancel the chosen messages, or all that meet the filters of the address."""
    filters = MessageFilter(request.GET)
    if filters.problems():
        return refused(request, filters.problems(), reverse("webhook_messages"))
    act = ACTS.get(request.POST.get("action", ""))
    if act is None:
        raise BadRequest
    found = WebhookMessage.objects.all()
    if "all" in request.POST:
        found = filters.narrow(found)
    else:
        chosen = chosen_ids(request, "messages")[:SHOWN]
        if not chosen:
            messages.warning(request, _("Choose the messages first."))
        found = found.filter(pk__in=chosen)
    act(request, found)
    return redirect(f"{reverse('webhook_messages')}?{filters.without()}")


def cancel(request: AuthenticatedRequest, found: QuerySet[WebhookMessage]) -> None:
    """Cancel those of the messages that wait, and say how many."""
    if count := claims.cancel(found):
        record(AuditedAction.CHANGED, "webhook_message", _("Cancelled"), rows=count)
        text = ngettext("%(count)s message is cancelled.", "%(count)s messages are cancelled.", count)
        messages.success(request, text % {"count": number(count)})


def send_again(request: AuthenticatedRequest, found: QuerySet[WebhookMessage]) -> None:
    """Send those of the messages again that were not taken, and say how many."""
    if count := claims.send_again(found, webhooks.nudge):
        record(AuditedAction.STARTED, "webhook_message", _("Sent again"), rows=count)
        text = ngettext("%(count)s message is being sent.", "%(count)s messages are being sent.", count)
        messages.success(request, text % {"count": number(count)})


ACTS = {"send": send_again, "cancel": cancel}
"""What can be done with messages, as the buttons name it."""
