"""Small pictures of the public reports, drawn from the reader's own calls and kept for an hour (REP-3)."""

import hashlib
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import get_language, get_language_bidi
from django.views.decorators.http import require_safe

from accounting.models import ReferenceRevision
from accounting.services.masking import mask_for
from callanalytics.web.pagination import Paging
from callanalytics.web.requests import AuthenticatedRequest
from reports.catalogue.base import Report
from reports.charts.base import charts_of
from reports.charts.thumbnail import draw_thumbnail
from reports.engine.dimensions import DIMENSIONS
from reports.engine.layout import Layout
from reports.engine.question import Question, asker_for
from reports.engine.running import run_report
from reports.views.reports import find_report

KEPT_SECONDS = 3600
ROWS, COLUMNS, BARS = 3, 3, 8
LONG, SHORT = "365d", "7d"
TELLING = ("time", "other", "talk", "ring", "cost")
"""The columns of calls that fit on a small picture."""


@require_safe
@login_required
def preview(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """Return the small picture of a report that the reader may run."""
    report = find_report(slug, request)
    key = mark_of(request, slug)
    drawn = cache.get(key)
    if drawn is None:
        drawn = render_to_string("reports/preview.html", picture(report, request))
        cache.set(key, drawn, KEPT_SECONDS)
    response = HttpResponse(drawn)
    response["Cache-Control"] = "private, no-store"
    return response


def mark_of(request: AuthenticatedRequest, slug: str) -> str:
    """Return a text that differs with all but newly arrived calls: reader, scope, masks, language, zone and day."""
    user = request.user
    revision = ReferenceRevision.objects.filter(pk=1).values_list("number", flat=True).first()
    scope = list(user.supervisions.order_by("pk").values_list()) if user.is_supervisor else user.role
    seen = (user.pk, scope, revision, get_language(), timezone.get_current_timezone_name(), timezone.localdate(), slug)
    return f"preview-{hashlib.blake2b(repr(seen).encode(), digest_size=12).hexdigest()}"


def picture(report: Report, request: AuthenticatedRequest) -> dict[str, Any]:
    """Return what the picture shows: the report's chart, else its first rows."""
    question = short(report.standard)
    # A year is answered from daily totals, which are kept in the portal's zone; hours do not show in a small picture.
    zone = settings.TIME_ZONE if question.period == LONG else ""
    asker = asker_for(request.user, mask_for(request.user), zone)
    run = run_report(report, question, asker, None if question.group else Paging(ROWS))
    charts = charts_of(run.answer) if run.answer else run.layout.charts
    drawing = draw_thumbnail(charts[0], rtl=get_language_bidi()) if charts else ""
    return {"drawing": mark_safe(drawing), "table": first_rows(run.layout)}  # noqa: S308  (numbers and fixed words)


def short(standard: Question) -> Question:
    """Return the standard question about a short time, compared with nothing."""
    period = LONG if {"month", "week"} & set(standard.group) else SHORT
    columns = tuple(name for name in standard.columns if name != "change")
    question = replace(standard, period=period, first=None, last=None, columns=columns or standard.columns)
    if standard.group:
        ordered = DIMENSIONS[standard.group[0]].ordered
        return question if ordered else replace(question, top=min(standard.top or BARS, BARS))
    telling = tuple(name for name in columns if name in TELLING)
    question = replace(question, columns=telling or question.columns)
    in_time = standard.sort.removeprefix("-") in ("", "time") and standard.top is None
    return question if in_time else replace(question, top=ROWS)


def first_rows(layout: Layout) -> Layout:
    """Return the beginning of a table."""
    outer = [row for row in layout.rows if row.level == 1][:ROWS]
    rows = [replace(row, cells=row.cells[:COLUMNS]) for row in outer]
    return Layout(layout.columns[:COLUMNS], rows)
