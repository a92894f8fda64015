"""Reports in the programming interface: which there are, and each run as its page is, a page of rows at a time."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja import Router

from accounting.api.door import WRONG_REQUEST, Caller, Fault, Refusal, caller_of, in_words, opened_by, wrong_value
from accounting.api.shapes import ONE, READ, DaysOut, Id, PersonOut, Shape, number_of, position_of
from accounting.models import Scope, User
from accounting.services.columns.reading import TooLongError, limited
from accounting.services.masking import mask_for
from callanalytics.web.pagination import Paging
from callanalytics.web.requests import client_address
from reports.catalogue import REPORTS
from reports.catalogue.base import CATEGORY_LABELS, Report
from reports.engine.fields import Asker
from reports.engine.layout import Layout, Row
from reports.engine.question import OWN_KEYS, PAGING_KEYS, Question, Reading, asker_for, read_question
from reports.engine.running import in_time, run_report
from reports.exports.base import Document
from reports.exports.json import cells_of, head
from reports.exports.preparing import headed, levels_of
from reports.models import SavedReport
from reports.services.saving import base_of, read_saved
from reports.services.witnessing import witness_rows

router = Router(tags=["reports"])
USUAL, MOST = 500, 5000
"""Rows of one page."""
SOON = 60
"""Seconds after which a report that took too long may be asked again."""


class ReportOut(Shape):
    """A report that the person may run."""

    slug: str
    """Its name in addresses."""
    name: str
    description: str
    category: str
    category_name: str


class SavedOut(Shape):
    """A saved report of the person, or one that is shared with a unit of the person."""

    id: int
    name: str
    description: str
    group: str
    report: str
    """The slug of the report that it changes."""
    owner: PersonOut
    own: bool


class ReportsOut(Shape):
    """The reports that the person may run."""

    reports: list[ReportOut]
    saved: list[SavedOut]


class AskedOut(Shape):
    """One thing that the report was asked, in words."""

    label: str
    value: str


class ColumnOut(Shape):
    """One column."""

    name: str
    """The name of its cells in the rows."""
    label: str
    form: str
    """What its cells are: text, count, seconds, money, percent …; amounts are exact decimals by currency."""


class RunOut(Shape):
    """One page of the rows of a report."""

    report: str
    asked: list[AskedOut]
    period: DaysOut
    time_zone: str
    """In which the days are meant; times in cells carry its offset."""
    made_at: str
    counting: list[str]
    """The rules of counting that it applies."""
    notes: list[str]
    levels: list[str]
    """Names of the levels of groups; empty for lists of calls."""
    columns: list[ColumnOut]
    rows: list[dict[str, Any]]
    """Cells by the names of columns, groups with their “level”; “calls_url” leads to the calls behind a group,
    “call_url” to a call."""
    total: dict[str, Any] | None
    """Of all rows, on whatever page."""
    cut: bool
    """Whether the report has left out groups or calls beyond its limit."""
    next: str | None
    """The value of “cursor” for the next page; null on the last one."""


@dataclass(frozen=True, slots=True)
class Pages:
    """Which page of rows is asked for."""

    cursor: str
    limit: int


SLUGS = gettext_lazy("Reports that you may run, and saved reports.")
RUN = gettext_lazy(
    "Runs a report over the calls that you may see. The query string is that of its page: period, from, to, zone, "
    "group, columns, sort, top, where, and every filter; besides “cursor” and “limit”."
)
RUN_SAVED = gettext_lazy("Runs a saved report; the query string changes it as on its page.")
OPTIONS = [*(name for name in OWN_KEYS if name != "chart"), "cursor", "limit"]
PARAMETERS = [
    {"name": name, "in": "query", "required": False, "schema": {"type": "integer" if name == "limit" else "string"}}
    for name in OPTIONS
]
LONG: dict[Any, Any] = {**ONE, 503: Fault}


@router.get("/reports", response={200: ReportsOut, **READ}, openapi_extra={"description": SLUGS})
def list_reports(request: HttpRequest) -> ReportsOut:
    """Tell the reports that the caller may run."""
    caller = caller_of(request, Scope.READ_REPORTS)
    allowed = [report for report in REPORTS.values() if report.permission(caller.user)]
    saved = SavedReport.objects.visible_to(caller.user).select_related("owner")
    kept = [one for one in saved if base_of(one, caller.user)]
    return ReportsOut(reports=[report_out(one) for one in allowed], saved=[saved_out(one, caller.user) for one in kept])


@router.get(
    "/reports/{report}", response={200: RunOut, **LONG}, openapi_extra={"description": RUN, "parameters": PARAMETERS}
)
def run(request: HttpRequest, report: str) -> dict[str, Any]:
    """Run a report of the catalogue."""
    caller, pages = asked_by(request)
    found = REPORTS.get(report)
    if found is None or not found.permission(caller.user):
        raise Http404
    return answer(request, found, caller.user, pages)


@router.get(
    "/saved-reports/{saved}",
    response={200: RunOut, **LONG},
    openapi_extra={"description": RUN_SAVED, "parameters": PARAMETERS},
)
def run_saved(request: HttpRequest, saved: Id) -> dict[str, Any]:
    """Run a saved report; what no longer holds of it is told and nothing is shown."""
    caller, pages = asked_by(request)
    kept = SavedReport.objects.visible_to(caller.user).select_related("owner").filter(pk=saved).first()
    base = base_of(kept, caller.user) if kept else None
    if kept is None or base is None:
        raise Http404
    asker = asker_for(caller.user, mask_for(caller.user), QueryDict(kept.query).get("zone", ""))
    with timezone.override(asker.zone):
        reading = read_saved(kept, base, asker)
    held(reading)
    description = kept.description or base.description
    own = replace(base, name=kept.name, description=description, standard=reading.question)
    return answer(request, own, caller.user, pages)


def asked_by(request: HttpRequest) -> tuple[Caller, Pages]:
    """Return who asks for which page of rows."""
    caller = opened_by(request, Scope.READ_REPORTS)
    text = request.GET.get("limit", str(USUAL))
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise wrong_value("limit", in_words("int_parsing"))
    if not 1 <= int(text) <= MOST:
        raise wrong_value("limit", in_words("less_than_equal" if int(text) else "greater_than_equal"))
    return caller, Pages(request.GET.get("cursor", ""), int(text))


def params_of(request: HttpRequest) -> QueryDict:
    """Return what a report is asked; refuse the keys by which pages turn over their rows."""
    params = request.GET.copy()
    problems = [(key, in_words("extra_forbidden")) for key in PAGING_KEYS if key in params]
    problems += [
        (key, _("“%(key)s” is given more than once.") % {"key": key})
        for key in ("cursor", "limit")
        if len(params.getlist(key)) > 1
    ]
    if problems:
        raise Refusal(422, "invalid", str(WRONG_REQUEST), problems)
    for key in ("cursor", "limit"):
        params.pop(key, None)
    return params


def held(reading: Reading) -> None:
    """Refuse a question that does not hold."""
    if reading.faults:
        problems = [(fault.key, fault.text) for fault in reading.faults]
        raise Refusal(422, "invalid", str(WRONG_REQUEST), problems)


def answer(request: HttpRequest, report: Report, reader: User, pages: Pages) -> dict[str, Any]:
    """Return one page of a report, as a RunOut."""
    params = params_of(request)
    asker = asker_for(reader, mask_for(reader), params.get("zone", report.standard.zone))
    with timezone.override(asker.zone):
        reading = read_question(params, report.standard, asker)
        held(reading)
        with on_time():
            layout, rows, following = page_of(report, reading.question, asker, pages)
            witness_rows(asker.masker, layout.columns, rows, client_address(request) or None)
            return told(headed(report, reading.question, asker), report, reading.question, layout, rows, following)


@contextmanager
def on_time() -> Iterator[None]:
    """End a report that takes longer than a page may."""
    try:
        with limited(settings.REPORT_SECONDS):
            yield
    except TooLongError as error:
        text = _(
            "This report takes longer than %(seconds)s seconds. Ask for a shorter period or fewer groups, or let it "
            "be sent on a schedule."
        )
        raise Refusal(503, "too_long", text % {"seconds": f"{settings.REPORT_SECONDS:g}"}, wait=SOON) from error


def page_of(report: Report, question: Question, asker: Asker, pages: Pages) -> tuple[Layout, Sequence[Row], str | None]:
    """Return a report laid out, the rows of the page, and the cursor of the next one.

    Calls in order of time continue behind a call, whatever arrives meanwhile; other rows are counted.
    """
    if report.run is None and not question.group and in_time(question):
        layout = run_report(report, question, asker, Paging(pages.limit, after=position_of(pages.cursor))).layout
        return layout, layout.rows, layout.after or None
    start = number_of(pages.cursor)
    layout = run_report(report, question, asker).layout
    end = start + pages.limit
    return layout, layout.rows[start:end], str(end) if len(layout.rows) > end else None


def told(
    document: Document, report: Report, question: Question, layout: Layout, rows: Iterable[Row], following: str | None
) -> dict[str, Any]:
    """Return a page of a report, as exports in JSON write it, with the addresses of what is behind each row."""
    document.columns, document.levels = layout.columns, levels_of(report, question, layout)
    document.notes = list(layout.notes)
    first, last = question.days()
    return {
        **head(document), "period": DaysOut(first=first, last=last), "rows": [row_out(row, document) for row in rows],
        "total": row_out(layout.total, document) if layout.total else None, "cut": layout.cut, "next": following,
    }  # fmt: skip


def row_out(row: Row, document: Document) -> dict[str, Any]:
    """Return one row."""
    cells = cells_of(row, document)
    if row.record_id is not None:
        cells["call_url"] = reverse("api:one_call", args=[row.record_id])
    elif row.calls:
        cells["calls_url"] = f"{reverse('api:run', args=['calls'])}?{row.calls}"
    return cells


def report_out(report: Report) -> ReportOut:
    """Return one report of the catalogue."""
    return ReportOut(
        slug=report.slug, name=str(report.name), description=str(report.description), category=report.category.value,
        category_name=str(CATEGORY_LABELS[report.category][0]),
    )  # fmt: skip


def saved_out(saved: SavedReport, reader: User) -> SavedOut:
    """Return one saved report."""
    owner = PersonOut(username=saved.owner.username, name=str(saved.owner))
    return SavedOut(
        id=saved.pk, name=saved.name, description=saved.description, group=saved.group, report=saved.slug, owner=owner,
        own=saved.owner_id == reader.pk,
    )  # fmt: skip
