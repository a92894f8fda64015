"""Carriers and their tariffs on a time line, one tariff with bands and rates, and copies."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounting.forms.tariffs import CopyForm
from accounting.models import Carrier, Gateway, GatewayCarrier, Rate, Tariff, TariffBand
from accounting.services import tariff_review
from accounting.services.classifying import load_number_plan
from accounting.services.rating import Explanation, load_price_book
from accounting.services.tariff_copies import CopyRefused, copy_tariff
from accounting.services.tariff_pictures import TimeLine, Years, time_line, week_picture, years_of
from callanalytics.web.permissions import administrators, require
from callanalytics.web.requests import AuthenticatedRequest

RATES_PER_PAGE = 50
LONGEST_SEARCH = 60
SIGNS = str.maketrans("", "", " +-/().")


@dataclass(frozen=True, slots=True)
class CarrierPanel:
    """One carrier with its tariffs and gateways."""

    carrier: Carrier
    line: TimeLine
    rates: dict[int, int]
    gateways: list[GatewayCarrier]


@require_safe
@require(administrators)
def tariffs(request: AuthenticatedRequest) -> HttpResponse:
    """Show every carrier with its tariffs on a line of years, its gateways, and what is wrong."""
    every = list(Tariff.objects.select_related("carrier"))
    years = years_of(every, timezone.localdate())
    context = {
        "carriers": carrier_panels(every, years),
        "years": years,
        "problems": tariff_review.problems(),
    }
    return render(request, "accounting/tariffs.html", context)


def carrier_panels(every: list[Tariff], years: Years) -> list[CarrierPanel]:
    """Return the carriers with what belongs to them; three queries."""
    by_carrier: defaultdict[int, list[Tariff]] = defaultdict(list)
    for one in every:
        by_carrier[one.carrier_id].append(one)
    counts = dict(Rate.objects.order_by().values_list("tariff").annotate(Count("pk")))
    bound: defaultdict[int, list[GatewayCarrier]] = defaultdict(list)
    for binding in GatewayCarrier.objects.select_related("gateway"):
        bound[binding.carrier_id].append(binding)
    return [
        CarrierPanel(carrier, time_line(by_carrier[carrier.pk], years), counts, bound[carrier.pk])
        for carrier in Carrier.objects.all()
    ]


@require_safe
@require(administrators)
def tariff(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Show one tariff: facts, bands, warnings, its rates page by page, and which rate wins for a number."""
    found = get_object_or_404(Tariff.objects.select_related("carrier"), pk=pk)
    sought = request.GET.get("search", "")[:LONGEST_SEARCH].strip()
    number = request.GET.get("number", "")[:LONGEST_SEARCH].strip()
    rates = Rate.objects.filter(tariff=found).select_related("band")
    page = rate_page(matching(rates, sought), request.GET.get("page"))
    for rate in page:
        rate.tariff = found
    context = {
        "tariff": found,
        "page": page,
        "count": rates.count() if sought else page.paginator.count,
        "search": sought,
        "number": number,
        "winner": winner(found, number) if number else None,
        "week": week_picture(list(TariffBand.objects.filter(tariff=found).order_by("start", "pk"))),
        "problems": tariff_review.tariff_problems(found),
        "line": time_line([found], years := years_of([found], timezone.localdate())).lines[0],
        "years": years,
    }
    return render(request, "accounting/tariff.html", context)


def matching(rates: QuerySet[Rate], sought: str) -> QuerySet[Rate]:
    """Return the rates whose prefix begins like the digits sought, or whose destination has the words."""
    if not sought:
        return rates.order_by("prefix", "pk")
    digits = sought.translate(SIGNS)
    meets = Q(prefix__startswith=digits) if digits.isdecimal() else Q(destination__icontains=sought)
    return rates.filter(meets).order_by("prefix", "pk")


def rate_page(rates: QuerySet[Rate], wanted: Any) -> Page[Rate]:
    """Return the wanted page of rates, the nearest one for numbers that are none."""
    return Paginator(rates, RATES_PER_PAGE).get_page(wanted)


def winner(found: Tariff, number: str) -> Explanation:
    """Return which rate of a tariff prices an outgoing minute to a number now, at the carrier's first gateway."""
    binding = (
        GatewayCarrier.objects.filter(carrier_id=found.carrier_id)
        .select_related("gateway__office", "gateway__phone_system__office")
        .first()
    )
    gateway: Gateway | None = binding.gateway if binding else None
    office = (gateway.office or gateway.phone_system.office) if gateway else None
    analysis = load_number_plan().analyse(office.pk if office else None, number, incoming=False)
    return load_price_book(analysis.number).explain_in(
        found.pk, gateway_id=gateway.pk if gateway else None, number=analysis.number, call_type=analysis.call_type,
        incoming=False, answered_at=timezone.now(), seconds=60,
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@require(administrators)
def copy(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Copy a tariff with new days and changed prices."""
    found = get_object_or_404(Tariff.objects.select_related("carrier"), pk=pk)
    form = CopyForm(request.POST or None, tariff=found)
    if request.method == "POST" and form.is_valid():
        try:
            made = copy_tariff(found, form.wish())
        except CopyRefused as refusal:
            form.add_error("percent", str(refusal))
        else:
            messages.success(request, _("%(tariff)s is copied with all its rates.") % {"tariff": found})
            return redirect("tariff", pk=made.pk)
    context = {"form": form, "tariff": found, "count": Rate.objects.filter(tariff=found).count()}
    return render(request, "accounting/tariff_copy.html", context)
