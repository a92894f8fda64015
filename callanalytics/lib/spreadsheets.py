"""Reads CSV and XLSX files into rows of texts, and writes such rows: what people exchange with other programs.

Every cell is text. A cell that a spreadsheet program could take for a formula is written with an apostrophe in front,
which reading takes away again, so that what was exported comes back unchanged.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from python_calamine import CalamineWorkbook

from callanalytics.lib.csv_stream import csv_stream, harmless

MOST_BYTES = 20 * 1024 * 1024
MOST_BYTES_UNPACKED = 300 * 1024 * 1024
MOST_ROWS = 100_000
MOST_COLUMNS = 100
LONGEST_CELL = 30_000  # characters; what XLSX holds
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters with which no program opens the file."""
DELIMITERS = ";,\t"
CSV, XLSX = "csv", "xlsx"
CONTENT_TYPES = {
    CSV: "text/csv; charset=utf-8",
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
CELL = re.compile(rb"<(?:[^<>/!?\s:]+:)?c(?=[\s/>])")
NEAR_CELL = re.compile(rb'<(?:\w+:)?c (?:\w+="\w*" )*r="[A-Z](\d{1,6})"')
GUARDED = re.compile(r"'+[=+\-@\t\r]")


class SpreadsheetError(Exception):
    """The file cannot be read as a whole; the text says why, in the reader's language."""


@dataclass(slots=True)
class Spreadsheet:
    """A file's header, and its rows with the line on which each stands in the file."""

    header: list[str]
    rows: list[tuple[int, list[str]]] = field(default_factory=list)


def read(content: bytes, most_rows: int = MOST_ROWS) -> Spreadsheet:
    """Return what a CSV or XLSX file holds, without empty rows; raise SpreadsheetError when it cannot be read."""
    if len(content) > MOST_BYTES:
        raise SpreadsheetError(
            _("The file is larger than %(limit)s MB. Split it.") % {"limit": MOST_BYTES // 1024 // 1024}
        )
    lines = xlsx_lines(content) if content.startswith(b"PK\x03\x04") else csv_lines(content)
    header: list[str] | None = None
    sheet = Spreadsheet([])
    for number, cells in lines:
        row = row_of(number, cells)
        if not row:
            continue
        if header is None:
            header = sheet.header = row
            continue
        if len(sheet.rows) >= most_rows:
            text = ngettext(
                "The file has more than %(limit)s row.", "The file has more than %(limit)s rows.", most_rows
            )
            raise SpreadsheetError(text % {"limit": most_rows})
        sheet.rows.append((number, row))
    if header is None:
        raise SpreadsheetError(_("The file is empty: its first row must name the columns."))
    return sheet


def row_of(line: int, cells: Iterable[str]) -> list[str]:
    """Return the texts of a row without the empty cells at its end; raise SpreadsheetError for more than can be."""
    row = [plain(cell) for cell in cells]
    while row and not row[-1]:
        row.pop()
    if len(row) > MOST_COLUMNS:
        raise SpreadsheetError(_("Line %(line)s has too many columns.") % {"line": line})
    if any(len(cell) > LONGEST_CELL for cell in row):
        raise SpreadsheetError(_("Line %(line)s has a cell without end; a quotation mark is missing.") % {"line": line})
    return row


def plain(text: str) -> str:
    """Return a cell without blanks around it and without the apostrophe that made it harmless (csv_stream)."""
    text = text.strip(" \u00a0")
    return text[1:] if GUARDED.match(text) else text.strip()


def csv_lines(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield the line numbers and cells of a CSV file."""
    text = decoded(content)
    if "\0" in text:
        raise SpreadsheetError(_("This is neither a CSV nor an XLSX file."))
    first, separator, rest = text.partition("\n")
    skipped = 0
    named = re.fullmatch(r'"?sep=(.)"?\s*', first, re.IGNORECASE)
    if named and separator:
        text, skipped = rest, 1
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=named[1] if named else delimiter_of(text), strict=False
    )
    before = 0
    try:
        for cells in reader:
            yield before + 1 + skipped, cells
            before = reader.line_num
    except csv.Error as error:
        raise SpreadsheetError(
            _("Line %(line)s cannot be read: %(reason)s") % {"line": before + 1 + skipped, "reason": error}
        ) from error


def decoded(content: bytes) -> str:
    """Return a CSV file's text: UTF-8, UTF-16, else what Windows and old programs write."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    sample = content[:2000]
    if sample[1::2].count(0) > len(sample) // 4:
        return content.decode("utf-16-le", errors="replace")
    if sample[0::2].count(0) > len(sample) // 4:
        return content.decode("utf-16-be", errors="replace")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")


def delimiter_of(text: str) -> str:
    """Return the delimiter that stands most often in the first row, outside quotes."""
    first = next((line for line in islice(text.splitlines(), 100) if line.strip()), "")
    bare = re.sub(r'"(?:[^"]|"")*"', "", first)
    return max(DELIMITERS, key=bare.count)


def xlsx_lines(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield the line numbers and cells of an XLSX file's first sheet."""
    try:
        refuse_bomb(content)
        if is_compact(content):
            rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
            for number, values in enumerate(rows.to_python(skip_empty_area=False), 1):
                yield number, [text_of(value) for value in values[:MOST_COLUMNS]]
            return
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        worksheet = book.worksheets[0]
        worksheet.reset_dimensions()  # what a file says about its size need not be true
        for number, cells in enumerate(worksheet.iter_rows(max_col=MOST_COLUMNS + 1, values_only=True), 1):
            if cells.count(None) < len(cells):
                yield number, [text_of(value) for value in cells]
    except SpreadsheetError:
        raise
    except Exception as error:  # any broken file: zip, XML and number errors of several libraries
        raise SpreadsheetError(_("The XLSX file is damaged or protected with a password.")) from error


def refuse_bomb(content: bytes) -> None:
    """Raise SpreadsheetError for a file that would unpack to far more than it is."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > MOST_BYTES_UNPACKED:
            raise SpreadsheetError(_("The XLSX file unpacks to too much. Save it as CSV."))


def is_compact(content: bytes) -> bool:
    """Return whether no cell stands far out, so that the quick reader, which lays out the whole area, may read it.

    It reads forty thousand rows in a twentieth of the time; a single cell in the last column would cost it gigabytes,
    and without them it ends the process. Any part of the file may be its sheet.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        # At most the size that was added up: without it, the part is unpacked whole before its size is looked at.
        return all(is_compact_part(archive.open(part).read(part.file_size)) for part in archive.infolist())


def is_compact_part(xml: bytes) -> bool:
    """Return whether each cell says, as spreadsheet programs write it, that it stands in few columns and rows."""
    rows = NEAR_CELL.findall(xml)
    return len(rows) == len(CELL.findall(xml)) and max(map(int, rows), default=0) <= 2 * MOST_ROWS


def text_of(value: Any) -> str:
    """Return an XLSX cell as text: whole numbers without decimals, dates as 2026-11-30, with their time if any."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        text = value.replace(microsecond=0).isoformat(" ")
        return text.removesuffix(" 00:00:00").removesuffix(":00") if " " in text else text
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


def written(kind: str, title: str, header: Sequence[str], rows: Iterable[Sequence[str]], rtl: bool = False) -> bytes:
    """Return a file of `kind` (CSV or XLSX) with these rows; `rtl` lays an XLSX sheet out from right to left."""
    return xlsx_file(title, header, rows, rtl) if kind == XLSX else csv_file(header, rows)


def csv_file(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Return a CSV file in UTF-8 with a mark that tells spreadsheet programs so."""
    return "".join(csv_stream(header, rows, delimiter=";", guard=harmless)).encode()


def xlsx_file(title: str, header: Sequence[str], rows: Iterable[Sequence[str]], rtl: bool) -> bytes:
    """Return an XLSX file of text cells, so that leading zeros and plus signs stay; the header stays in sight."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", title)[:31] or "Sheet")
    sheet.freeze_panes = "A2"
    sheet.sheet_view.rightToLeft = rtl
    for number in range(1, len(header) + 1):
        sheet.column_dimensions[get_column_letter(number)].width = 20
    bold = Font(bold=True)
    sheet.append([text_cell(sheet, name, bold) for name in header])
    for row in rows:
        sheet.append([text_cell(sheet, text) for text in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def cell_text(text: str) -> str:
    """Return a text as a cell of XLSX can hold it."""
    return NOT_IN_XML.sub("", text)[:LONGEST_CELL]


def text_cell(sheet: Any, text: str, font: Font | None = None) -> Any:
    """Return a cell that is text, whatever it looks like."""
    if not text:
        return None
    text = cell_text(text)
    cell = WriteOnlyCell(sheet, f"'{text}" if GUARDED.match(text) else text)
    cell.data_type = "s"
    cell.number_format = "@"
    if font:
        cell.font = font
    return cell
