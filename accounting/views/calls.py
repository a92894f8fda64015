"""The call list with its filters, and one call with all its legs."""

from dataclasses import dataclass
from decimal import Decimal

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounting.filters import CallFilter, call_filter
from accounting.models import UNPRICED, CallRecord, PrivateCallRule
from accounting.services.finding import MOST_FOUND, people_matching, with_extensions
from accounting.services.marking import TURNED, can_be_private, is_markable, last_moment
from accounting.services.masking import mask_for
from accounting.services.naming import named_calls
from accounting.services.telling import ToldCall, tell_call
from accounting.services.witnessing import witness
from accounting.tables import ALL_CALLS, OWN_CALLS, chosen_by
from accounting.views.private_calls import just_marked
from accounting.views.simulator import address_for
from callanalytics.web.pagination import COUNTED_TO, SIZES, Paging, counted
from callanalytics.web.requests import AuthenticatedRequest, one_of
from callanalytics.web.tables import Table
from callanalytics.web.views import refused

LONGEST_NAME = 150


@dataclass(frozen=True, slots=True)
class CallTotals:
    """The sums below a list of calls."""

    calls: int
    talk_seconds: int
    costs: tuple[tuple[str, Decimal], ...]
    unpriced: int


@require_safe
@login_required
def call_list(request: AuthenticatedRequest) -> HttpResponse:
    """Show the calls that the reader may see and that meet the filters of the address, page by page."""
    masker = mask_for(request.user)
    filters = call_filter(request.GET, request.user, masker)
    try:
        paging = Paging.read(request.GET)
        problems = filters.problems()
    except ValueError as error:
        problems = [str(error), *filters.problems()]
    if problems:
        return refused(request, problems, reverse("calls"))
    address = filters.address()
    if address is not request.GET:
        return redirect(f"{reverse('calls')}?{address.urlencode()}")
    records = _records(request, filters)
    page = paging.page(records)
    owners = not filters.cleaned_data["mine"] and request.user.is_overseer
    calls = named_calls(page.rows, masker, owners=owners)
    person = filters.cleaned_data.get("person")
    witness(masker, page.rows, "calls", person.pk if person else "", str(person or ""), address_of(request))
    count = counted(records)
    columns, rule = (ALL_CALLS if owners else OWN_CALLS), PrivateCallRule.current()
    can_mark = {one.pk for one in page.rows if is_markable(one, request.user, rule)}
    context = {
        "table": Table((chosen_by(can_mark), *columns) if can_mark else columns, calls),
        "can_mark": bool(can_mark),
        "marked": just_marked(request),
        "filters": filters,
        "open_filters": not page.rows and len(filters.chips()) > 1,
        "paging": paging,
        "sizes": SIZES,
        "page": page,
        "nothing_yet": not page.rows and not CallRecord.objects.exists(),
        "count": min(count, COUNTED_TO),
        "more": count > COUNTED_TO,
        # Few calls are summed up at once; a long list is shown first, its totals follow.
        "totals": totals_of(records) if 0 < count <= COUNTED_TO else None,
        "first_page": filters.without(),
        "without_size": filters.without("size"),
        "without_sort": filters.without("sort"),
    }
    return render(request, "accounting/calls.html", context)


@require_safe
@login_required
def call_totals(request: AuthenticatedRequest) -> HttpResponse:
    """Return the totals of a long list, which the page fetches after it is shown."""
    filters = call_filter(request.GET, request.user, mask_for(request.user))
    problems = filters.problems()
    if problems:
        return refused(request, problems, reverse("calls"))
    return render(request, "accounting/call_totals.html", {"totals": totals_of(_records(request, filters))})


@require_safe
@login_required
def call_detail(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Show one call: the records of it that the reader may see, and its legs; 404 outside the reader's scope."""
    record = one_of(CallRecord.objects.visible_to(request.user), pk)
    told = tell_call(record, request.user)
    seen = [one.record for one in told.records]
    subject = f"{told.chosen.owner or record.extension} {timezone.localtime(record.started_at):%Y-%m-%d %H:%M}"
    witness(mask_for(request.user), seen, "call", record.pk, subject, address_of(request))
    context = {
        "call": told, "marked": just_marked(request), **ways_to_prices(request, told), **ways_to_mark(request, told),
    }  # fmt: skip
    return render(request, "accounting/call.html", context)


def ways_to_mark(request: AuthenticatedRequest, told: ToldCall) -> dict[str, object]:
    """Return whether the reader may say that the call is private or business, until when, and on whose behalf."""
    call, rule = told.chosen.record, PrivateCallRule.current()
    if not can_be_private(call) or not call.extension:
        return {}
    own = call.user_id == request.user.pk and call.purpose in TURNED.values() and rule.marking_days > 0
    return {
        "purpose": True,
        "can_mark": is_markable(call, request.user, rule),
        "mark_until": last_moment(call, rule) if own else None,
        "can_correct": request.user.is_administrator,
    }


def ways_to_prices(request: AuthenticatedRequest, told: ToldCall) -> dict[str, str]:
    """Return where an administrator can try the call anew, and re-cost calls when prices have changed."""
    if not request.user.is_administrator:
        return {}
    number = told.chosen.number
    return {
        "try_address": "" if number.hidden else address_for(told.chosen.record),
        "recost_address": page_if_any("recosting"),
    }


def page_if_any(name: str) -> str:
    """Return the address of a page, '' when this portal has none of that name."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


@require_safe
@login_required
def suggested_people(request: AuthenticatedRequest) -> HttpResponse:
    """Return people whose calls the reader may see as suggestions for what is typed into the person filter."""
    matching = people_matching(request.user, request.GET.get("person", "")[:LONGEST_NAME])
    return render(request, "accounting/people.html", {"people": with_extensions(matching)[:MOST_FOUND]})


def totals_of(records: QuerySet[CallRecord]) -> CallTotals:
    """Return number, talk time and cost per currency of these records; one query."""
    sums = (
        records.order_by()
        .values("currency")
        .annotate(
            calls=Count("id"),
            talk=Sum("talk_seconds"),
            total=Sum("cost"),
            without_price=Count("id", filter=Q(pricing__in=UNPRICED)),
        )
    )
    rows = sorted(sums, key=lambda row: row["currency"])
    return CallTotals(
        calls=sum(row["calls"] for row in rows),
        talk_seconds=sum(row["talk"] or 0 for row in rows),
        costs=tuple((row["currency"], row["total"]) for row in rows if row["currency"] and row["total"] is not None),
        unpriced=sum(row["without_price"] for row in rows),
    )


def address_of(request: AuthenticatedRequest) -> str | None:
    """Return the address from which the reader asks."""
    return request.META.get("REMOTE_ADDR") or None


def _records(request: AuthenticatedRequest, filters: CallFilter) -> QuerySet[CallRecord]:
    narrowed: QuerySet[CallRecord] = filters.narrow(CallRecord.objects.visible_to(request.user))
    return narrowed
