"""Uploaded sheets: from the file to the preview, to the application, or to the waste-paper basket."""

from datetime import date, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _

from accounting.models import AuditedAction, SheetImport, SheetState, Tariff, User
from accounting.services import jobs, sheets
from accounting.services.auditing import record
from accounting.services.jobs import JobFailed, Progress
from accounting.services.journals import keep_journal
from accounting.services.sheets import SheetError, SheetRow, Tell, silent
from accounting.sheets import SHEETS
from accounting.sheets.base import CellErrors, Plan, Scope, Sheet
from callanalytics.lib import spreadsheets
from callanalytics.lib.spreadsheets import SpreadsheetError

PREVIEW, APPLY = "preview_sheet", "apply_sheet"
SMALL_FILE = 100_000
"""Bytes of a file that is read while its sender waits: about 2,000 rows."""
SMALL_PLAN = 500
"""Changes that are made while the person waits."""
KEPT_UPLOADS, KEPT_PLANS = timedelta(days=30), timedelta(days=90)


def upload(
    kind: str,
    content: bytes,
    file_name: str,
    user: User,
    *,
    remove_missing: bool = False,
    tariff: Tariff | None = None,
    effective_on: date | None = None,
) -> SheetImport:
    """Return an uploaded file: with its preview when it is small, else with the job that makes one.

    Raises SpreadsheetError and SheetError for a small file that cannot be read; nothing is stored then.
    """
    forget_old()
    held = SheetImport(
        kind=kind, content=content, file_name=file_name[:255], created_by=user, remove_missing=remove_missing,
        tariff=tariff, effective_on=effective_on,
    )  # fmt: skip
    if len(content) <= SMALL_FILE:
        preview(held)
        return held
    held.save()
    start(PREVIEW, held, user)
    return held


def forget_old() -> None:
    """Discard uploads that nobody applied, and the rows of long applied ones: they hold data of people."""
    now = timezone.now()
    waiting = SheetImport.objects.filter(state__in=(SheetState.PREVIEW, SheetState.READING))
    waiting.filter(created_at__lt=now - KEPT_UPLOADS).update(state=SheetState.DISCARDED, content=b"", plan=b"")
    applied = SheetImport.objects.filter(state=SheetState.APPLIED, applied_at__lt=now - KEPT_PLANS)
    applied.exclude(plan=b"").update(plan=b"")


def start(kind: str, held: SheetImport, user: User, **parameters: Any) -> None:
    """Hand work on an upload to the workers."""
    held.job = jobs.start(
        kind, user, title=held.file_name, unique_key=f"sheet-{held.pk}", sheet_import=held.pk, **parameters
    )
    held.save(update_fields=["job"])


def opened(held: SheetImport) -> tuple[Sheet, list[SheetRow]]:
    """Return the sheet of an upload and the rows of its file; raise SpreadsheetError or SheetError."""
    sheet = SHEETS[held.kind](Scope(tariff=held.tariff, effective_on=held.effective_on))
    return sheet, sheets.rows_of(sheet, spreadsheets.read(bytes(held.content)))


def preview(held: SheetImport, tell: Tell = silent) -> None:
    """Plan the changes of an upload and store them; raise SpreadsheetError or SheetError."""
    sheet, rows = opened(held)
    keep(held, sheets.plan(sheet, rows, remove_missing=held.remove_missing, tell=tell))
    held.save()


def keep(held: SheetImport, made: Plan) -> None:
    """Let an upload hold a plan."""
    held.plan, held.plan_digest, held.counts = sheets.packed(made), sheets.digest(made), sheets.counts(made)
    held.state = SheetState.PREVIEW


def apply(held: SheetImport, *, despite_errors: bool = False) -> bool:
    """Make the changes that the preview shows; return False when the data has changed and a new preview stands there.

    Raises CellErrors when lines have errors and the person did not want the others alone.
    """
    sheet, rows = opened(held)
    with sheets.one_at_a_time():
        locked = SheetImport.objects.select_for_update().only("state", "plan_digest").get(pk=held.pk)
        if locked.state != SheetState.PREVIEW:
            return locked.state == SheetState.APPLIED
        made = sheets.plan(sheet, rows, remove_missing=held.remove_missing)
        current = sheets.digest(made) == locked.plan_digest
        keep(held, made)
        if current:
            entry, changed = sheets.apply(
                sheet, made, source=held.file_name, despite_errors=despite_errors, sheet_import=held.pk
            )
            if entry:
                keep_journal(entry, changed)
            held.state, held.applied_at, held.content = SheetState.APPLIED, timezone.now(), b""
        else:
            held.counts["outdated"] = True
        held.save()
    return current


def discard(held: SheetImport) -> None:
    """Forget the file and its preview."""
    waiting = SheetImport.objects.filter(pk=held.pk, state__in=(SheetState.PREVIEW, SheetState.READING))
    waiting.update(state=SheetState.DISCARDED, content=b"", plan=b"")


def run_preview(progress: Progress) -> dict[str, Any]:
    """Make the preview of a large file."""
    held = SheetImport.objects.get(pk=progress.parameters["sheet_import"])
    try:
        preview(held, progress.step)
    except (SpreadsheetError, SheetError) as error:
        SheetImport.objects.filter(pk=held.pk).update(state=SheetState.FAILED, content=b"")
        raise JobFailed(str(error)) from error
    return dict(held.counts)


def run_apply(progress: Progress) -> dict[str, Any]:
    """Apply a large sheet: one transaction, so that it is done wholly or not at all."""
    held = SheetImport.objects.get(pk=progress.parameters["sheet_import"])
    progress.step(0)
    try:
        apply(held, despite_errors=progress.parameters["despite_errors"])
    except CellErrors as error:
        raise JobFailed(str(error)) from error
    return dict(held.counts)


def export(sheet: Sheet, form: str) -> tuple[str, bytes]:
    """Return name and content of a file with all rows of a sheet, and enter it in the audit log."""
    names = [column.name for column in sheet.shown()]
    rows = [[row.get(name, "") for name in names] for row in sheet.rows.values()]
    file_name = f"{sheet.kind}-{timezone.localdate():%Y-%m-%d}.{form}"
    record(AuditedAction.EXPORTED, sheet.kind, file_name, rows=len(rows))
    return file_name, spreadsheets.written(form, str(sheet.label), names, rows, get_language_bidi())


def template(sheet: type[Sheet], form: str) -> tuple[str, bytes]:
    """Return name and content of a file with the columns of a sheet and an example."""
    columns = sheet.shown()
    example = [column.example for column in columns]
    names = [column.name for column in columns]
    content = spreadsheets.written(form, str(sheet.label), names, [example], get_language_bidi())
    return f"{sheet.kind}-{_('template')}.{form}", content


def faulty_lines(held: SheetImport, form: str) -> tuple[str, bytes]:
    """Return name and content of a file with the lines that have errors, told beside them, to correct and upload.

    Raises SpreadsheetError when the upload is no longer kept.
    """
    file = spreadsheets.read(bytes(held.content))
    told: dict[int, list[str]] = {}
    for error in sheets.unpacked(bytes(held.plan)).errors:
        told.setdefault(error.line, []).append(f"{error.column}: {error.message}" if error.column else error.message)
    kept = [place for place, name in enumerate(file.header) if sheets.tidy(name) != sheets.tidy(sheets.REMARK)]
    rows = [
        [*(cells[place] if place < len(cells) else "" for place in kept), " ".join(told[line])]
        for line, cells in file.rows
        if line in told
    ]
    record(AuditedAction.EXPORTED, held.kind, held.file_name, rows=len(rows))
    header = [*(file.header[place] for place in kept), sheets.REMARK]
    title = str(SHEETS[held.kind].label)
    return f"{held.kind}-errors.{form}", spreadsheets.written(form, title, header, rows, get_language_bidi())
