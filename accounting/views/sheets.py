"""Import and export of people, units, extensions and rates: choose, upload, look at the changes, apply."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounting.forms.sheets import SheetForm
from accounting.models import JobState, SheetImport, SheetState, Tariff
from accounting.services import journals, sheet_imports
from accounting.services.sheets import SheetError, excerpt
from accounting.sheets import SHEETS
from accounting.sheets.base import CellErrors, Change, ChangeKind, Scope, Sheet
from callanalytics.lib.spreadsheets import CONTENT_TYPES, MOST_BYTES, MOST_ROWS, SpreadsheetError
from callanalytics.templatetags.ui import number
from callanalytics.web.permissions import administrators, require
from callanalytics.web.requests import AuthenticatedRequest, read_id

SHOWN = 50
LATEST = 30
ERRORS, EVERYTHING = "errors", "all"
KINDS = tuple(map(str, ChangeKind))
VIEWS = (EVERYTHING, ERRORS, *KINDS)


@require_safe
@require(administrators)
def sheet_kinds(request: AuthenticatedRequest) -> HttpResponse:
    """Show what can be imported and exported, and the latest imports."""
    context = {"sheets": [sheet for sheet in SHEETS.values() if not sheet.of_tariff], "imports": latest()}
    return render(request, "accounting/sheets.html", context)


def latest(**conditions: Any) -> list[tuple[SheetImport, type[Sheet] | None]]:
    """Return the latest imports with their kinds."""
    found = SheetImport.objects.filter(**conditions).select_related("created_by", "tariff").defer("content", "plan")
    return [(held, SHEETS.get(held.kind)) for held in found[:LATEST]]


def sheet_of(request: AuthenticatedRequest, kind: str) -> tuple[type[Sheet], Tariff | None]:
    """Return a kind of sheet, of rates with the tariff that the address names; raise Http404."""
    sheet = SHEETS.get(kind)
    if sheet is None:
        raise Http404
    if not sheet.of_tariff:
        return sheet, None
    tariff_id = read_id(request.GET.get("tariff", ""))
    return sheet, get_object_or_404(Tariff.objects.select_related("carrier"), pk=tariff_id)


@require_http_methods(["GET", "HEAD", "POST"])
@require(administrators)
def sheet(request: AuthenticatedRequest, kind: str) -> HttpResponse:
    """Show one kind of sheet: its columns, export, template and the upload, which leads to the preview."""
    chosen, tariff = sheet_of(request, kind)
    form = SheetForm(chosen, request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            held = sheet_imports.upload(
                kind, file.read(), file.name, request.user,
                remove_missing=form.cleaned_data["remove_missing"], tariff=tariff,
                effective_on=form.cleaned_data.get("effective_on"),
            )  # fmt: skip
        except (SpreadsheetError, SheetError) as error:
            form.add_error("file", str(error))
        else:
            return redirect("job", held.job_id) if held.job_id else redirect("sheet_import", held.pk)
    context = {
        "sheet": chosen,
        "tariff": tariff,
        "form": form,
        "most_rows": MOST_ROWS,
        "most_megabytes": MOST_BYTES // 1024 // 1024,
        "imports": latest(kind=kind, tariff=tariff),
    }
    return render(request, "accounting/sheet.html", context)


@require_POST
@require(administrators)
def export_sheet(request: AuthenticatedRequest, kind: str, form: str) -> HttpResponse:
    """Return all rows of a kind as a file that can be imported again."""
    chosen, tariff = sheet_of(request, kind)
    return download(form, *sheet_imports.export(chosen(Scope(tariff=tariff)), form))


@require_POST
@require(administrators)
def faulty_lines(request: AuthenticatedRequest, pk: int, form: str) -> HttpResponse:
    """Return the lines of an upload that have errors, to be corrected and uploaded again."""
    held = get_object_or_404(SheetImport, pk=pk, kind__in=SHEETS)
    try:
        return download(form, *sheet_imports.faulty_lines(held, form))
    except SpreadsheetError as error:
        raise Http404 from error


@require_safe
@require(administrators)
def sheet_template(request: AuthenticatedRequest, kind: str, form: str) -> HttpResponse:
    """Return a file with the columns and an example."""
    if kind not in SHEETS:
        raise Http404
    return download(form, *sheet_imports.template(SHEETS[kind], form))


def download(form: str, file_name: str, content: bytes) -> HttpResponse:
    """Return a file."""
    response = HttpResponse(content, content_type=CONTENT_TYPES[form])
    response["Content-Disposition"] = content_disposition_header(True, file_name) or "attachment"
    response["Cache-Control"] = "no-store"
    return response


@dataclass(frozen=True, slots=True)
class Tile:
    """One number of a preview, and the view that it opens."""

    view: str
    label: str
    icon: str
    count: int


@dataclass(frozen=True, slots=True)
class ShownChange:
    """A change as the preview shows it: what it is about and label, before and after of each column."""

    change: Change
    title: str
    values: list[tuple[str, str, str]]


@require_safe
@require(administrators)
def sheet_import(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Show the changes that an upload would make, or has made, row by row."""
    held = get_object_or_404(SheetImport.objects.select_related("job", "tariff__carrier").defer("content"), pk=pk)
    if held.job and held.job.is_active:
        return redirect("job", held.job.pk)
    chosen = SHEETS.get(held.kind)
    if chosen is None:
        raise Http404
    view = request.GET.get("show", "")
    if view not in VIEWS:
        view = ERRORS if held.counts.get("errors") else EVERYTHING
    page = page_number(request.GET.get("page", "1"))
    rows = slice((page - 1) * SHOWN, page * SHOWN)
    plan, total = excerpt(bytes(held.plan), rows, ChangeKind(view) if view in KINDS else None)
    errors = plan.errors[rows] if view == ERRORS else []
    total = len(plan.errors) if view == ERRORS else total
    context = {
        "held": held,
        "sheet": chosen,
        "plan": plan,
        "view": view,
        "tiles": tiles_of(chosen, held),
        "errors": [(error, label_of(chosen, error.column)) for error in errors],
        "changes": [] if view == ERRORS else [shown(chosen, change) for change in plan.changes],
        "total": total,
        "first": rows.start + 1,
        "last": min(rows.stop, total),
        "before": page - 1 if page > 1 else None,
        "after": page + 1 if rows.stop < total else None,
        "number_of_changes": changes_in(held),
        "can_apply": held.state == SheetState.PREVIEW and changes_in(held) > 0,
        "can_discard": held.state in (SheetState.PREVIEW, SheetState.READING),
        "undo_entry": journals.of_import(held),
        "failed": held.job if held.job and held.job.state == JobState.FAILED else None,
    }
    return render(request, "accounting/sheet_import.html", context)


def page_number(text: str) -> int:
    """Return the page that an address names, the first one for anything else."""
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 8 else 1


def changes_in(held: SheetImport) -> int:
    """Return how many changes a preview has."""
    return sum(held.counts.get(kind, 0) for kind in KINDS)


def tiles_of(chosen: type[Sheet], held: SheetImport) -> list[Tile]:
    """Return the numbers of a preview."""
    removed = (_("Closed"), "circle-minus") if chosen.closes else (_("Removed"), "trash-2")
    counts = held.counts
    return [
        Tile(ERRORS, _("Rows with errors"), "circle-alert", counts.get("errors", 0)),
        Tile(ChangeKind.ADDED, _("Added"), "plus", counts.get("added", 0)),
        Tile(ChangeKind.CHANGED, _("Changed"), "pencil", counts.get("changed", 0)),
        Tile(ChangeKind.REMOVED, removed[0], removed[1], counts.get("removed", 0)),
        Tile("", _("Unchanged"), "equal", counts.get("unchanged", 0)),
    ]


def shown(chosen: type[Sheet], change: Change) -> ShownChange:
    """Return a change as the preview shows it."""
    values = []
    for column in chosen.columns:
        after = in_words(change.values.get(column.name, ""), column.choices)
        if change.kind == ChangeKind.CHANGED and (column.name in change.before or (column.directive and after)):
            before = in_words(change.before.get(column.name, ""), column.choices)
            values.append((str(column.label), before, after))
        elif change.kind == ChangeKind.ADDED and after and column.name not in chosen.key_columns:
            values.append((str(column.label), "", after))
    return ShownChange(change, chosen.title(change.values), values)


def in_words(value: str, choices: Any) -> str:
    """Return a value as people call it."""
    return str(choices.get(value, value))


def label_of(chosen: type[Sheet], name: str) -> str:
    """Return a column's label, '' for the line as a whole."""
    return str(chosen.column(name).label) if name else ""


@require_POST
@require(administrators)
def apply_sheet(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Make the changes: few at once, many in the background."""
    held = get_object_or_404(SheetImport.objects.select_related("tariff"), pk=pk, state=SheetState.PREVIEW)
    despite_errors = "despite_errors" in request.POST
    if held.counts.get("errors") and not despite_errors:
        messages.error(request, _("Some rows have errors. Correct the file, or tick that the other rows are applied."))
        return redirect("sheet_import", pk)
    changes = changes_in(held)
    if changes > sheet_imports.SMALL_PLAN or len(held.content) > sheet_imports.SMALL_FILE:
        sheet_imports.start(sheet_imports.APPLY, held, request.user, despite_errors=despite_errors)
        return redirect("job", held.job_id)
    try:
        if sheet_imports.apply(held, despite_errors=despite_errors):
            text = ngettext("%(count)s row was applied.", "%(count)s rows were applied.", changes)
            messages.success(request, text % {"count": number(changes)})
    except CellErrors as error:
        messages.error(request, str(error))
    return redirect("sheet_import", pk)


@require_POST
@require(administrators)
def discard_sheet(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Forget an upload."""
    held = get_object_or_404(SheetImport.objects.defer("content", "plan"), pk=pk)
    sheet_imports.discard(held)
    messages.info(request, _("The file was discarded; nothing was changed."))
    address = reverse("sheet", args=[held.kind])
    return redirect(f"{address}?tariff={held.tariff_id}" if held.tariff_id else address)
