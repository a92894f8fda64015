"""Reading ordinary rows by column gives what reading row by row gives, whatever the rows hold."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounting.sources.base import Reading
from accounting.sources.columns import Shape, looks
from accounting.sources.cucm import CDR_NUMBERS, CDR_TEXT, CucmSource, first_header, take_columns, take_row
from accounting.sources.lines import one_line_end
from tests.accounting.traffic import generated

FILES = [file.content.splitlines(keepends=True) for file in generated() if file.name.startswith("cdr")]
LINES = [*FILES[0][:2], *(line for lines in FILES for line in lines[2:])]
NAMES = [name.strip('"') for name in LINES[0].decode().strip().split(",")]
COLUMNS = [NAMES.index(name) for name in (*CDR_TEXT, *CDR_NUMBERS, "cdrRecordType") if name in NAMES] + [0, 5, 132]
VALUES = st.sampled_from(
    (
        "", '""', '"', "0", "-1", "1", "2", "x", '"x"', "17", " 17 ", '"17"', "1_000", "٣", "393216", "-1493172161",
        "40000", "9" * 16, "9" * 20, "9" * 5000, "946684800", "1750000000", "4102444800", '"a,b"', '"a""b"',
        'a"b', '"a"b', '"a" ', ' "a"', '"', '",', ',"', '","', '"\n', "\n", "\r", "\r\n", "\0", "\ufeff", '"é"',
        "\x85", f'"{"d" * 51}"', f'"{"d" * 130}"', f'"{"d" * 256}"', f'"{"0" * 32}"',
        '"{8AAD00C1-6c26-4526-a1cf-1c1671967802}"',
        '"8AAD00C1-6c26-4526-a1cf-1c1671967802"', '"8aad00c16c264526a1cf1c1671967802"', "\u2028", LINES[0].decode(),
    )
)  # fmt: skip
DAMAGE = st.lists(st.tuples(st.integers(1, 30), st.sampled_from(COLUMNS), VALUES), max_size=6)


def row_by_row(content: bytes) -> Reading:
    """Read a file without ever looking at columns."""
    lines = list(io.BytesIO(one_line_end(content)))
    index, header = first_header(lines)
    reading = Reading(header.kind)
    while index < len(lines):
        taken, header = take_row(reading, header, lines, index)
        index += taken
    return reading


def damaged(damage: list[tuple[int, int, str]]) -> list[bytes]:
    """Return the file's first lines with other values in some places."""
    rows = [line.decode().rstrip("\n").split(",") for line in LINES[:31]]
    for line, column, value in damage:
        rows[line][column] = value
    return [(",".join(row) + "\n").encode() for row in rows]


@settings(max_examples=400, deadline=None)
@given(DAMAGE, st.booleans(), st.booleans(), st.sampled_from((b"", b"\xff", b"\xc3")))
def test_both_ways_read_the_same(damage: list[tuple[int, int, str]], windows: bool, cut: bool, no_utf8: bytes) -> None:
    content = b"".join(damaged(damage))
    content = content.replace(b"\n", b"\r\n") if windows else content
    content = content.rstrip() if cut else content
    content = content.replace(b"Internal", b"Intern" + no_utf8, 3) if no_utf8 else content
    assert CucmSource().read(content) == row_by_row(content)


@pytest.mark.parametrize(
    "missing", ["pkid", "duration", "cdrRecordType", "comment", "huntPilotDN", "globalCallId_ClusterID"]
)
def test_a_column_that_the_file_has_not_reads_the_same(missing: str) -> None:
    index = NAMES.index(missing)
    rows = [line.decode().rstrip("\n").split(",") for line in LINES[:60]]
    content = "".join(",".join(row[:index] + row[index + 1 :]) + "\n" for row in rows).encode()
    reading = CucmSource().read(content)
    assert reading == row_by_row(content)
    assert len(reading.legs) == 58


def test_ordinary_rows_take_the_quick_way() -> None:
    lines = list(LINES)
    index, header = first_header(lines)
    reading = Reading(header.kind)
    shape = Shape(looks(lines[-1])[0], header.width)
    assert take_columns(reading, header, shape, lines[index + 1 :], index + 2)
    assert reading == row_by_row(b"".join(LINES))
