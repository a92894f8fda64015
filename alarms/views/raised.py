"""What was raised: the list, and each alarm with the calls behind it."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from alarms.models import Alarm
from alarms.services.wording import worded
from callanalytics.web.permissions import overseers, require
from callanalytics.web.requests import AuthenticatedRequest


@require_safe
@require(overseers)
def alarm(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Show one alarm with the calls behind it."""
    return render(request, "alarms/alarm.html", {"told": worded([find(request, pk)], request.user)[0]})


def find(request: AuthenticatedRequest, pk: int) -> Alarm:
    """Return an alarm of a rule that the person may see; 404 for any other."""
    seen = Alarm.objects.visible_to(request.user).filter(rule__deleted_at__isnull=True)
    try:
        return seen.select_related("rule__owner", "run", "acknowledged_by").get(pk=pk)
    except (Alarm.DoesNotExist, OverflowError) as error:
        raise Http404(_("There is no such alarm.")) from error
