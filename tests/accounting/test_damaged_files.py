"""Files damaged at random, and rows spread over files and imports at random: good rows are in, each once."""

import random
from pathlib import Path
from uuid import UUID

import pytest

from accounting.demo.records import header
from accounting.models import CallLeg, PhoneSystem
from accounting.services.importing import import_files
from tests.accounting.agreement import assert_totals_agree
from tests.accounting.test_importing import drop
from tests.accounting.traffic import generated, picture

pytestmark = pytest.mark.django_db
JUNK = (
    '"', "\r", "\x00", "\x0b", "\u2028", "é", "²", "-1", "9" * 20, "9" * 5000, ",", "''", "\x1a", "1e5", "4294967295",
    "-2147483649", "\ufeff", " ", "x" * 300, "\udc80", "\n", '",\n"',
)  # fmt: skip
PKID = 50
"""The column of a record's own id in release 15, counted from 0."""


def rows_of(kind: str, calls: int) -> list[str]:
    """Return the rows of generated files of a kind, without their headers."""
    files = [file.content.decode() for file in generated(calls=calls) if file.tag == kind]
    return [row for content in files for row in content.splitlines()[2:]]


def damaged(row: str, choose: random.Random) -> str:
    """Return a row with junk in the place of a value, within it, or between quotation marks."""
    values = row.split(",")
    place, junk = choose.randrange(len(values)), choose.choice(JUNK)
    values[place] = choose.choice([junk, values[place][:1] + junk + values[place][1:], f'"{junk}"'])
    return ",".join(values)


def keys_of(rows: list[str]) -> set[UUID]:
    """Return the ids of the records in these rows."""
    return {UUID(row.split(",")[PKID].strip('"')) for row in rows}


def stored_keys() -> set[UUID]:
    """Return the ids of all records imported."""
    return set(CallLeg.objects.values_list("record_key", flat=True))


def content(kind: str, rows: list[str]) -> bytes:
    """Return a file with these rows; what is no character is written as the byte it stands for."""
    return (header(kind, "15") + "\n".join(rows) + "\n").encode("utf-8", "surrogateescape")


@pytest.mark.parametrize("seed", range(40))
def test_junk_in_some_rows_loses_no_other(seed: int, tmp_path: Path) -> None:
    """Three of twelve rows are damaged: the file is not set aside, and the other nine are imported."""
    choose = random.Random(seed)
    cluster = PhoneSystem.objects.create(name="cluster")
    rows = choose.sample(rows_of("cdr", 40), 12)
    mixed = [damaged(row, choose) for row in rows[:3]] + rows[3:]
    choose.shuffle(mixed)
    summary = import_files(cluster, [drop(tmp_path, content("cdr", mixed))])
    assert summary.set_aside == 0
    assert keys_of(rows[3:]) <= stored_keys()
    assert_totals_agree()


@pytest.mark.parametrize("seed", range(20))
def test_files_cut_and_joined_anywhere(seed: int, tmp_path: Path) -> None:
    """Bytes are lost, doubled and exchanged anywhere: nothing fails, and the whole file later brings all calls once."""
    choose = random.Random(seed)
    rows = rows_of("cdr", 40)[:30]
    whole = content("cdr", rows)
    damaged_bytes = bytearray(whole)
    for _ in range(choose.randint(1, 8)):
        place, length = choose.randrange(len(damaged_bytes)), choose.randint(1, 40)
        piece = choose.choice([b"", bytes(damaged_bytes[place : place + 2 * length]), choose.randbytes(length)])
        damaged_bytes[place : place + length] = piece
    cluster = PhoneSystem.objects.create(name="cluster")
    import_files(cluster, [drop(tmp_path, bytes(damaged_bytes), "damaged")])
    assert_totals_agree()
    summary = import_files(cluster, [drop(tmp_path, whole, "whole")])
    assert (summary.set_aside, summary.rejected) == (0, 0)
    assert keys_of(rows) <= stored_keys()
    assert_totals_agree()


@pytest.mark.parametrize("seed", range(4))
def test_any_partition_of_rows_gives_the_same_picture(seed: int, tmp_path: Path) -> None:
    """All rows in two files; and shuffled, some twice, in small files and imports of one to six files."""
    choose = random.Random(seed)
    rows = [(kind, row) for kind in ("cdr", "cmr") for row in rows_of(kind, 60)]
    whole, parted = PhoneSystem.objects.create(name="whole"), PhoneSystem.objects.create(name="parted")
    for kind in ("cdr", "cmr"):
        import_files(whole, [drop(tmp_path, content(kind, [row for of, row in rows if of == kind]), kind)])
    shuffled = rows + choose.choices(rows, k=40)
    choose.shuffle(shuffled)
    size = choose.choice([3, 7, 20])
    paths = [
        drop(tmp_path, content(kind, found), f"{kind}{start}")
        for start in range(0, len(shuffled), size)
        for kind in ("cdr", "cmr")
        if (found := [row for of, row in shuffled[start : start + size] if of == kind])
    ]
    duplicates = 0
    while paths:
        count = choose.randint(1, 6)
        duplicates += import_files(parted, paths[:count]).duplicates
        paths = paths[count:]
    assert picture(parted) == picture(whole)
    assert duplicates == 40
    assert_totals_agree()
