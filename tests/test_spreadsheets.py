"""Spreadsheets: encodings, delimiters, line numbers, formulas, and files that try to hurt."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callanalytics.lib import spreadsheets
from callanalytics.lib.spreadsheets import SpreadsheetError, read

TEXT = 'name;city\r\n"Müller; Söhne";Köln\r\n\r\n"two\r\nlines";x\r\nlast;y\r\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_what_programs_write_is_read_with_its_lines(encoding: str, delimiter: str) -> None:
    text = TEXT.replace('"Müller; Söhne"', f'"Müller{delimiter} Söhne"').replace(";", delimiter)
    sheet = read(text.encode(encoding))
    assert sheet.header == ["name", "city"]
    assert sheet.rows == [
        (2, [f"Müller{delimiter} Söhne", "Köln"]),
        (4, ["two\r\nlines", "x"]),
        (6, ["last", "y"]),
    ]


def test_the_delimiter_may_be_named() -> None:
    sheet = read(b"sep=|\r\na|b;c\r\n1|2\r\n")
    assert (sheet.header, sheet.rows) == (["a", "b;c"], [(3, ["1", "2"])])


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1), min_size=1))
def test_cells_survive_both_formats_and_are_never_formulas(cells: list[str]) -> None:
    row = [f"={cells[0].strip()}", "+49 30", "'-1", "@x", *[text.strip(" \u00a0").strip() or "-" for text in cells]]
    header = [f"c{number}" for number in range(len(row))]
    for form in (spreadsheets.CSV, spreadsheets.XLSX):
        content = spreadsheets.written(form, "Sheet", header, [row])
        assert read(content).rows == [(2, row)], form
    text = spreadsheets.csv_file(header, [row]).decode("utf-8-sig")
    assert "'=" in text
    assert "\n=" not in text


def test_too_many_rows_are_refused() -> None:
    assert len(read(b"a\n1\n2\n", most_rows=2).rows) == 2
    with pytest.raises(SpreadsheetError, match="more than 2 rows"):
        read(b"a\n1\n2\n3\n", most_rows=2)


def test_a_file_that_unpacks_to_too_much_is_refused() -> None:
    out = io.BytesIO()
    packing = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED)
    with packing as archive, archive.open("xl/worksheets/sheet1.xml", "w") as part:
        for _ in range(310):
            part.write(b" " * 1024 * 1024)
    assert len(out.getvalue()) < 1024 * 1024
    with pytest.raises(SpreadsheetError, match="unpacks to too much"):
        read(out.getvalue())


@pytest.mark.parametrize(
    ("part", "cell"),
    [
        ("xl/worksheets/sheet1.xml", '<row r="1048576"><c r="XFD1048576" t="str"><v>far</v></c></row>'),
        ("xl/worksheets/sheet1.xml", "<row r='1048576'><c r='XFD1048576' t='str'><v>far</v></c></row>"),
        ("xl/worksheets/sheet1.xml", '<row><c r="xfd1048576" t="str"><v>far</v></c></row>'),
        ("xl/elsewhere/sheet1.xml", '<row r="1048576"><c r="XFD1048576" t="str"><v>far</v></c></row>'),
    ],
)
def test_a_cell_far_out_costs_no_memory(part: str, cell: str) -> None:
    """The quick reader would lay out 17 thousand million cells, which ends the process however the cell is written."""
    sheet = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    xml = f'<worksheet xmlns="{sheet}"><sheetData><row r="1"><c r="A1" t="str"><v>name</v></c></row>{cell}</sheetData>'
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(spreadsheets.xlsx_file("Sheet", ["name"], [], rtl=False))) as source,
        zipfile.ZipFile(out, "w") as archive,
    ):
        for name in source.namelist():
            content = source.read(name).replace(b"xl/worksheets/sheet1.xml", part.encode())
            archive.writestr(*((part, f"{xml}</worksheet>") if name == "xl/worksheets/sheet1.xml" else (name, content)))
    assert read(out.getvalue()).header == ["name"]


@pytest.mark.parametrize("content", [b"PK\x03\x04", b'a;b\n"' + b"x" * 200_000, b"a," * 200])
def test_damaged_files_are_told(content: bytes) -> None:
    with pytest.raises(SpreadsheetError):
        read(content)
