"""The list of public reports, and the page of one report with its options."""

from dataclasses import dataclass
from http import HTTPStatus
from itertools import groupby
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounting.querysets.repeating import UNDO_DAYS
from accounting.services.columns.reading import TooLongError, limited
from accounting.services.masking import mask_for
from callanalytics.web.pagination import DEFAULT_SIZE, SIZES, Paging
from callanalytics.web.requests import AuthenticatedRequest, client_address
from callanalytics.web.views import refused
from reports.catalogue import REPORTS
from reports.catalogue.base import CATEGORY_LABELS, RULE_TEXTS, Category, Report
from reports.charts.base import charts_of
from reports.charts.drawing import NARROW, WIDTH, Sheet
from reports.charts.svg import draw
from reports.engine.fields import Asker
from reports.engine.question import PAGING_KEYS, Question, Reading, asker_for, read_question
from reports.engine.running import run_report
from reports.engine.words import chips_of
from reports.exports import FORMATS
from reports.exports.asking import Asked
from reports.forms.options import address_of_form, is_form, options_of
from reports.models import SavedReport
from reports.services.saving import base_of, whole_address
from reports.services.usage import count_use
from reports.services.witnessing import witness_rows
from reports.views.exports import exported

OPTIONS, OPEN, ALONE = "options", "open", "alone"
"""In an address: that a page comes with its form of options, or that only the form is asked for."""
JUST_DELETED = "deleted_report"
"""The session keeps the report for which the next list offers to undo."""


@require_safe
@login_required
def report_list(request: AuthenticatedRequest) -> HttpResponse:
    """Show all reports that the reader may run, by category (REP-1)."""
    allowed = [report for report in REPORTS.values() if report.permission(request.user)]
    categories = [
        (*CATEGORY_LABELS[category], category.value, [one for one in allowed if one.category is category])
        for category in Category
    ]
    context = {"categories": [one for one in categories if one[-1]], **saved_for(request)}
    return render(request, "reports/reports.html", context)


def saved_for(request: AuthenticatedRequest) -> dict[str, Any]:
    """Return the reader's own reports by group, those of others, and what can be brought back."""
    reports = SavedReport.objects.select_related("owner", "department", "cost_centre", "office")
    own = [SavedCard(one, base_of(one, request.user)) for one in reports.kept().owned_by(request.user)]
    shared = [SavedCard(one, base_of(one, request.user)) for one in reports.shared_with(request.user)]
    deleted = SavedReport.objects.recently_deleted().owned_by(request.user)
    just_deleted = request.session.pop(JUST_DELETED, None)
    return {
        "own": [(group, list(cards)) for group, cards in groupby(own, key=lambda card: card.saved.group)],
        "shared": [card for card in shared if card.base],
        "deleted": list(deleted),
        "just_deleted": next((one for one in deleted if one.pk == just_deleted), None),
        "undo_days": UNDO_DAYS,
    }


@dataclass(frozen=True, slots=True)
class SavedCard:
    """A saved report in the list, and the public one that it changes."""

    saved: SavedReport
    base: Report | None
    """None when the reader may not run it any more."""


@require_safe
@login_required
def report_page(request: AuthenticatedRequest, slug: str) -> HttpResponseBase:
    """Run a report as its address asks, and show its options (REP-4, EX-2)."""
    report = find_report(slug, request)
    count_use(request.user, report)
    return run_page(request, report)


def run_page(request: AuthenticatedRequest, report: Report, saved: SavedReport | None = None) -> HttpResponseBase:
    """Answer with a report as the address asks; of a saved one, `report` asks by itself what is saved."""
    if is_form(request.GET):
        return redirect(f"{request.path}?{tidy(request.GET, report).urlencode()}")
    asker = asker_for(request.user, mask_for(request.user), request.GET.get("zone", report.standard.zone))
    with timezone.override(asker.zone):
        reading = reading_of(request, report, asker)
        try:
            paging = paging_of(request)
        except ValueError as error:
            reading.refuse("", str(error))
        if reading.faults:
            return asked_wrongly(request, report, reading, asker)
        if "export" in request.GET:
            return exported(request, Asked(report, reading.question, asker), saved)
        if request.GET.get(OPTIONS) == ALONE:
            return options_alone(request, report, reading.question, asker)
        try:
            with limited(settings.REPORT_SECONDS):
                context = context_of(
                    report, reading.question, asker, paging, narrow=request.COOKIES.get("screen") == "narrow"
                )
        except TooLongError:
            return stopped(request, report)
        layout = context["layout"]
        witness_rows(asker.masker, layout.columns, layout.rows, client_address(request) or None)
        context |= {"action": request.path, **ways_to_save(request, report, reading.question, saved)}
        if OPTIONS in request.GET:
            context["options"] = options_of(reading.question, asker)
        return render(request, "reports/report.html", context)


def reading_of(request: AuthenticatedRequest, report: Report, asker: Asker) -> Reading:
    """Return the question of an address, without what says how it is answered."""
    params = request.GET.copy()
    params.pop("export", None)
    if request.GET.get(OPTIONS) in (OPEN, ALONE):
        del params[OPTIONS]
    return read_question(params, report.standard, asker)


def options_alone(request: AuthenticatedRequest, report: Report, question: Question, asker: Asker) -> HttpResponse:
    """Answer with the form of options only, for the page whose fold was opened."""
    context = {"report": report, "options": options_of(question, asker), "action": request.path}
    return render(request, "reports/options.html", context)


def asked_wrongly(request: AuthenticatedRequest, report: Report, reading: Reading, asker: Asker) -> HttpResponse:
    """Answer 400 with the options as they were typed, what is wrong marked; to an export with sentences only."""
    if "export" in request.GET:
        return refused(request, reading.problems, request.path)
    context = {
        "report": report,
        "category": CATEGORY_LABELS[report.category][0],
        "options": options_of(reading.question, asker, reading.faults, request.GET),
        "action": request.path,
    }
    return render(request, "reports/report.html", context, status=HTTPStatus.BAD_REQUEST)


def stopped(request: AuthenticatedRequest, report: Report) -> HttpResponse:
    """Answer that a report takes longer than a page may, and what can be done."""
    context = {"report": report, "seconds": f"{settings.REPORT_SECONDS:g}", "start_over": request.path}
    return render(request, "reports/too_long.html", context, status=HTTPStatus.SERVICE_UNAVAILABLE)


def ways_to_save(
    request: AuthenticatedRequest, report: Report, question: Question, saved: SavedReport | None
) -> dict[str, Any]:
    """Return what the buttons for saving need: the whole question, and whether it differs from what is saved."""
    whole = whole_address(question, REPORTS[report.slug].standard)
    own = saved is not None and saved.owner_id == request.user.pk
    changed = saved is not None and question != report.standard
    return {"saved": saved, "whole": whole, "is_own": own, "is_changed": changed}


def tidy(params: QueryDict, report: Report) -> QueryDict:
    """Return the address of a sent form without what the report has by itself."""
    chosen = address_of_form(params, report.standard)
    standard = report.standard.settings()
    for name, text in standard.items():
        if chosen.get(name) == text or (name in ("group", "columns") and not chosen.get(name)):
            chosen.pop(name, None)
    return chosen


def find_report(slug: str, request: AuthenticatedRequest) -> Report:
    """Return a report that the reader may run; 404 for any other."""
    report = REPORTS.get(slug)
    if report is None or not report.permission(request.user):
        raise Http404(_("There is no such report."))
    return report


def paging_of(request: AuthenticatedRequest) -> Paging:
    """Return which page of calls is asked for; the order is the question's."""
    wanted = {name: request.GET[name] for name in PAGING_KEYS if name in request.GET}
    return Paging.read(wanted)


def sized(address: QueryDict, paging: Paging) -> QueryDict:
    """Return an address with the size of pages, where it is not the usual one."""
    found = address.copy()
    if paging.size != DEFAULT_SIZE:
        found["size"] = str(paging.size)
    return found


def added(query: str, key: str, value: str) -> str:
    """Return a query string that says also how it is to be answered."""
    return f"{query}&{key}={value}" if query else f"{key}={value}"


def context_of(report: Report, question: Question, asker: Asker, paging: Paging, *, narrow: bool) -> dict[str, Any]:
    """Return what the page of a report shows."""
    run = run_report(report, question, asker, paging)
    address = question.address(report.standard)
    query, sized_query = address.urlencode(), sized(address, paging).urlencode()
    calls = reverse("report", args=["calls"])
    sheet = Sheet(get_language_bidi(), lambda query: f"{calls}?{query}", NARROW if narrow else WIDTH)
    charts = [
        (chart, mark_safe(draw(chart, sheet)))  # noqa: S308  (escaped by draw)
        for chart in (charts_of(run.answer) if run.answer else run.layout.charts)
    ]
    return {
        "report": report,
        "category": CATEGORY_LABELS[report.category][0],
        "question": question,
        "layout": run.layout,
        "charts": charts,
        "narrow": narrow,
        "chips": chips_of(question, report.standard, asker),
        "options_form": added(query, OPTIONS, ALONE),
        "options_page": added(sized_query, OPTIONS, OPEN),
        "rules": [RULE_TEXTS[rule] for rule in report.rules],
        "paging": paging,
        "sizes": SIZES,
        "page": run.layout,
        "first_page": sized_query,
        "without_size": query,
        "formats": [(form, added(query, "export", form.name)) for form in FORMATS.values()],
    }
