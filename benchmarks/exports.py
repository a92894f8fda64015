"""Exports of calls: XLSX beside a bare loop of openpyxl, PDF beside bare WeasyPrint, and the memory of large ones."""

import gc
import io
import shutil
import subprocess
import sys
import tempfile
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from html import escape
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import django

django.setup()

import openpyxl  # noqa: E402  (models need the set-up)
from django.db.models import Count  # noqa: E402
from django.db.models.functions import TruncDate  # noqa: E402
from weasyprint import HTML  # noqa: E402

from accounting.models import CallRecord, Job, JobState, User  # noqa: E402
from accounting.services import jobs  # noqa: E402
from accounting.services.importing import import_files  # noqa: E402
from benchmarks.calls import call_files, prepare  # noqa: E402
from benchmarks.figures import note, seconds, show, told  # noqa: E402
from benchmarks.home import multiply  # noqa: E402
from benchmarks.memory import most_resident, resident  # noqa: E402
from reports.engine.tables import calls_of  # noqa: E402
from reports.exports import FORMATS, filed  # noqa: E402
from reports.exports.asking import Asked, read_asked  # noqa: E402
from reports.exports.preparing import export  # noqa: E402
from reports.exports.preparing import prepare as document_of  # noqa: E402
from reports.exports.table import table_of  # noqa: E402

FILES = 4
ROUNDS = 5
XLSX_ROWS, PDF_ROWS = 100_000, 2_000
MOST_XLSX_ROWS, MOST_PDF_ROWS = 1_000_000, 20_000
WARM = 100_000
"""Rows after which the memory must not grow."""
XLSX_SPEED, PDF_TIME, MOST_GROWTH, MOST_MEMORY = 5, 0.5, 32, 600
READER = "bench"


def main() -> None:
    """Fill the database and take turns with XLSX, then do the rest in processes of their own, as workers are."""
    phone_system, organisation = prepare()
    with tempfile.TemporaryDirectory() as folder:
        import_files(phone_system, islice(call_files(organisation, Path(folder)), FILES))
    multiply()
    User.objects.create_superuser(READER, password="not-used-here")  # noqa: S106
    with tempfile.TemporaryDirectory() as folder:
        compare_xlsx(Path(folder))
    for part in PARTS:
        subprocess.run([sys.executable, "-m", "benchmarks.exports", part], check=True)


def latest(rows: int) -> Asked:
    """Return the call list of the last days that have at least so many calls."""
    days = CallRecord.objects.order_by().annotate(day=TruncDate("started_at")).values("day").annotate(calls=Count("id"))
    found, first = 0, date.today()  # noqa: DTZ011  (days of UTC, as the counts)
    for day in sorted(days, key=lambda one: one["day"], reverse=True):
        found, first = found + day["calls"], day["day"]
        if found >= rows:
            break
    query = f"from={first - timedelta(days=1)}&to=2099-12-31&zone=UTC"
    return read_asked("calls", query, User.objects.get(username=READER))


def rows_of(asked: Asked, rows: int) -> list[list[Any]]:
    """Return the header and so many rows of a list as openpyxl takes them."""
    document = document_of(asked.report, asked.question, asked.asker, FORMATS["xlsx"])
    table = table_of(document)
    found = (values for _row, values in table.lines(islice(document.rows, rows)))
    return [table.labels, *([plain(value, asked) for value in values] for values in found)]


def plain(value: Any, asked: Asked) -> Any:
    """Return a value without its zone, which no spreadsheet knows."""
    return value.astimezone(asked.asker.zone).replace(tzinfo=None) if isinstance(value, datetime) else value


def write(asked: Asked, name: str, out: Any, tell: Callable[[int, int], None] = lambda done, total: None) -> int:
    """Export as the product does, reading included; return the number of rows."""
    return export(asked.report, asked.question, asked.asker, FORMATS[name], out, tell)


def bare_workbook(rows: list[list[Any]], path: Path) -> None:
    """Write rows cell by cell with openpyxl, without styles: the baseline."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows:
        sheet.append(row)
    book.save(path)


def compare_xlsx(folder: Path) -> None:
    """Measure rows a second of both, and open the product's file."""
    asked, path = latest(XLSX_ROWS), folder / "calls.xlsx"
    rows = rows_of(asked, XLSX_ROWS)
    ratios, ours, bare = [], [], []
    for _ in range(ROUNDS):
        with path.open("wb") as out:
            count: list[int] = []
            ours.append(seconds(lambda out=out, count=count: count.append(write(asked, "xlsx", out))) / count[0])  # type: ignore[misc]
        bare.append(seconds(lambda: bare_workbook(rows, folder / "bare.xlsx")) / (len(rows) - 1))
        ratios.append(bare[-1] / ours[-1])
    note(f"XLSX, rows a second: {told([1 / one for one in ours])}; bare openpyxl {told([1 / one for one in bare])}")
    show("xlsx_vs_bare_openpyxl", median(ratios), XLSX_SPEED)
    open_file(path, count[0])


def open_file(path: Path, rows: int) -> None:
    """Open a workbook with openpyxl and LibreOffice and count its rows; raise when some are missing."""
    sheet = openpyxl.load_workbook(path, read_only=True).worksheets[0]
    last = sum(1 for _row in sheet.iter_rows(values_only=True))
    note(f"openpyxl reads {last:,} rows, {rows:,} of them calls")
    if last < rows:
        raise RuntimeError("openpyxl misses rows")
    if shutil.which("soffice") is None:
        note("LibreOffice is not installed: not opened there")
        return
    command = ["soffice", f"-env:UserInstallation=file://{path.parent}/profile", "--headless", "--convert-to", "csv"]
    subprocess.run([*command, "--outdir", path.parent, path], check=True, capture_output=True, timeout=600)
    lines = len(path.with_suffix(".csv").read_text(encoding="utf-8", errors="replace").splitlines())
    note(f"LibreOffice reads {lines:,} lines")
    if lines < rows:
        raise RuntimeError("LibreOffice misses rows")


def bare_page(rows: list[list[Any]]) -> str:
    """Return a plain table."""
    head, *body = [[escape("" if value is None else str(value)) for value in row] for row in rows]
    lines = "".join(f"<tr>{''.join(f'<td>{text}</td>' for text in row)}</tr>" for row in body)
    return f"<table><tr>{''.join(f'<th>{text}</th>' for text in head)}</tr>{lines}</table>"


def compare_pdf() -> None:
    """Measure the time of both for the same rows; the product's with head, tags and page numbers."""
    asked = top(PDF_ROWS)
    page = bare_page(rows_of(asked, PDF_ROWS))
    HTML(string="<p>warm</p>").write_pdf()
    ours, bare = [], []
    for _ in range(ROUNDS):
        gc.collect()  # neither pays for the cycles that the other leaves
        ours.append(seconds(lambda: write(asked, "pdf", io.BytesIO())))
        gc.collect()
        bare.append(seconds(lambda: HTML(string=page).write_pdf()))
    note(f"PDF of {PDF_ROWS:,} rows, seconds: {told(ours)}; bare WeasyPrint {told(bare)}")
    ratios = [one / other for one, other in zip(ours, bare, strict=True)]
    show("pdf_vs_bare_weasyprint", median(ratios), PDF_TIME, most=True)


def top(rows: int) -> Asked:
    """Return the call list cut to so many rows."""
    asked = latest(rows)
    return replace(asked, question=replace(asked.question, top=rows))


def at_most(rows: int) -> Asked:
    """Return the list of the calls of some days until a time of day, as many as a long document may have."""
    reader, days = User.objects.get(username=READER), latest(rows).question.address()

    def until(minute: int) -> Asked:
        days["time"] = f"00:00-{minute // 60:02}:{minute % 60:02}"
        return read_asked("calls", days.urlencode(), reader)

    def count(minute: int) -> int:
        asked = until(minute)
        return calls_of(asked.question, asked.asker).count()

    return until(bisect_right(range(1, 1440), rows, key=count))


def xlsx_memory() -> None:
    """Write all calls, and look at the memory at every thousand rows."""
    asked = at_most(MOST_XLSX_ROWS)
    held: dict[int, float] = {}
    with tempfile.TemporaryFile() as out:
        rows = write(asked, "xlsx", out, lambda done, total: held.update({done: resident()}))
    warm = max(size for done, size in held.items() if done <= WARM)
    note(f"XLSX of {rows:,} rows: {warm:.0f} MiB up to {WARM:,} rows, at most {max(held.values()):.0f} MiB")
    show("xlsx_memory_growth_mib", max(held.values()) - warm, MOST_GROWTH, most=True)


def pdf_memory() -> None:
    """Make a long PDF as a background job."""
    job = filed.begin(at_most(MOST_PDF_ROWS), FORMATS["pdf"])
    taken = seconds(lambda: jobs.run(job.pk))
    job = Job.objects.get(pk=job.pk)
    if job.state != JobState.DONE:
        raise RuntimeError(job.error)
    note(f"PDF of {job.result['rows']:,} rows in the background: {taken:.0f} s")
    show("pdf_memory_mib", most_resident(), MOST_MEMORY, most=True)


PARTS = {"pdf_time": compare_pdf, "xlsx_memory": xlsx_memory, "pdf_memory": pdf_memory}

if __name__ == "__main__":
    PARTS.get(" ".join(sys.argv[1:]), main)()
