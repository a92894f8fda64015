"""The workbench of calls without a price: groups, a new rate with its effect, and re-costing of exactly these calls."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounting.forms.draft_rate import DraftRateForm
from accounting.models import UNPRICED, CallRecord, CorrectionKind, Gateway, Pricing, Tariff
from accounting.services.selecting import Selection
from accounting.services.simulating import carrier_at
from accounting.services.unpriced import (
    MOST_GROUPS,
    UnpricedGroup,
    group_of,
    preview,
    reasons_of,
    tariff_at,
    tariffs_of,
    unpriced_groups,
)
from accounting.views.corrections import dry_run
from callanalytics.web.permissions import administrators, require
from callanalytics.web.requests import AuthenticatedRequest
from callanalytics.web.views import refused

LONGEST_PREFIX = 20


@require_safe
@require(administrators)
def unpriced_calls(request: AuthenticatedRequest) -> HttpResponse:
    """Show the groups of calls without a price, those of one reason where asked."""
    chosen = request.GET.get("pricing", "")
    if chosen not in ("", *(str(int(one)) for one in UNPRICED)):
        return refused(request, [_("“%(value)s” is not a reason.") % {"value": chosen[:40]}], reverse("unpriced"))
    groups = unpriced_groups(CallRecord.objects.visible_to(request.user))
    counts = reasons_of(groups)
    shown = [group for group in groups if not chosen or group.pricing == int(chosen)]
    context = {
        "rows": [(group, address_of(group)) for group in shown[:MOST_GROUPS]],
        "more": max(0, len(shown) - MOST_GROUPS),
        "calls": sum(counts.values()),
        "reasons": [(str(int(one)), one.label, counts[one]) for one in UNPRICED if counts.get(one)],
        "chosen": chosen,
    }
    return render(request, "accounting/unpriced.html", context)


def address_of(group: UnpricedGroup) -> str:
    """Return the query string that names a group."""
    values = {"pricing": int(group.pricing), "gateway": group.gateway_id or "", "prefix": group.prefix}
    return urlencode({name: value for name, value in values.items() if value != ""})


@require_http_methods(["GET", "HEAD", "POST"])
@require(administrators)
def price_unpriced(request: AuthenticatedRequest) -> HttpResponse:
    """Show one group with what is missing: a carrier, a tariff, or a rate, whose effect is told before it is saved."""
    selection = selection_of(request)
    records = selection.records(CallRecord.objects.visible_to(request.user))
    group = group_of(records, selection)
    if group is None:
        messages.info(request, _("These calls have a price by now, or are gone."))
        return redirect("unpriced")
    context = context_of(group)
    if group.pricing != Pricing.NO_RATE:
        return render(request, "accounting/unpriced_price.html", context)
    form = form_of(request, group)
    if request.method == "POST" and form.is_valid():
        # The form has checked everything that the engine needs; nothing is stored.
        context["preview"] = found = preview(records, form.instance)
        saves = request.POST.get("action") == "save" and not request.htmx
        if saves and not (found.priced or found.more):
            form.add_error(None, nothing_priced(group))
        elif saves:
            rate = form.save()
            messages.success(request, _("The price of %(prefix)s is entered.") % {"prefix": rate.prefix or "*"})
            return dry_run(request.user, CorrectionKind.COST, selection)
    template = "accounting/unpriced_preview.html" if request.htmx else "accounting/unpriced_price.html"
    return render(request, template, {**context, "form": form})


def nothing_priced(group: UnpricedGroup) -> str:
    """Return that a rate prices none of a group's calls, and which tariff does."""
    tariff = last_tariff(group)
    return _(
        "This rate prices none of these calls. %(tariff)s prices these days: check prefix, tariff and first day."
    ) % {"tariff": tariff or "–"}


def last_tariff(group: UnpricedGroup) -> Tariff | None:
    """Return the tariff that held at a group's last call."""
    gateway = gateway_of(group)
    return tariff_at(gateway, group.last) if gateway else None


def gateway_of(group: UnpricedGroup) -> Gateway | None:
    """Return the gateway of a group with its office, None when there is none (any more)."""
    return Gateway.objects.select_related("office").filter(pk=group.gateway_id or 0).first()


@require_POST
@require(administrators)
def recost_unpriced(request: AuthenticatedRequest) -> HttpResponse:
    """Start the dry run of re-costing one group, for instance after its gateway got a carrier."""
    return dry_run(request.user, CorrectionKind.COST, selection_of(request))


def selection_of(request: HttpRequest) -> Selection:
    """Return the calls of the group that the address names; 404 when it names none."""
    pricing, gateway = request.GET.get("pricing", ""), request.GET.get("gateway", "")
    prefix = request.GET.get("prefix", "")
    reasons = {str(int(one)): one for one in UNPRICED}
    readable = not gateway or (gateway.isascii() and gateway.isdigit() and len(gateway) < LONGEST_PREFIX - 1)
    if pricing not in reasons or not readable or len(prefix) > LONGEST_PREFIX or "\0" in prefix:
        raise Http404
    return Selection(
        gateway=int(gateway) if gateway else None, prefix=prefix, pricing=int(reasons[pricing]), unpriced=True
    )


def context_of(group: UnpricedGroup) -> dict[str, Any]:
    """Return what the page of a group shows whatever is missing."""
    gateway = gateway_of(group)
    bound = carrier_at(gateway, group.last) if gateway else None
    return {
        "group": group,
        "address": address_of(group),
        "gateway": gateway,
        "carrier": bound.carrier if bound else None,
        "no_carrier": group.pricing == Pricing.NO_CARRIER,
        "no_tariff": group.pricing == Pricing.NO_TARIFF,
        "no_rate": group.pricing == Pricing.NO_RATE,
    }


def form_of(request: AuthenticatedRequest, group: UnpricedGroup) -> DraftRateForm:
    """Return the form of a new rate for a group, in the tariff that held at its last call unless another is chosen."""
    initial = {
        "tariff": last_tariff(group),
        "prefix": group.prefix.removeprefix("+"),
        # Not the 0 of a new rate: what is priced at nothing by oversight would look settled.
        "price_per_minute": None,
    }
    posted = request.POST if request.method == "POST" else None
    return DraftRateForm(posted, initial=initial, tariffs=tariffs_of(group))
