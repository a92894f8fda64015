"""Collecting as people see it: files dropped, files again, files in any order, bad rows, foreign files."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounting.demo.records import cdr_file, cdr_row, header
from accounting.models import (
    CallLeg,
    CallQuality,
    CallRecord,
    Extension,
    FileState,
    Gateway,
    ImportBatch,
    ImportFile,
    PhoneSystem,
    RejectedRow,
)
from accounting.services.importing import import_files
from accounting.signals import calls_imported
from tests.accounting.agreement import assert_totals_agree
from tests.accounting.traffic import SYSTEM, generated, picture, write

pytestmark = pytest.mark.django_db
CALL = {
    "globalCallID_callId": 1, "origLegCallIdentifier": 10, "destLegIdentifier": 11, "callingPartyNumber": "2001",
    "originalCalledPartyNumber": "2002", "finalCalledPartyNumber": "2002", "dateTimeOrigination": 1_760_000_000,
    "dateTimeConnect": 1_760_000_005, "dateTimeDisconnect": 1_760_000_065, "duration": 60,
    "origDeviceName": "SEP0000000007D1", "destDeviceName": "SEP0000000007D2", "origCause_value": 16,
}  # fmt: skip


@pytest.fixture
def cluster() -> PhoneSystem:
    """A phone system with default settings."""
    return PhoneSystem.objects.create(name=SYSTEM)


def row(number: int = 1, **fields: Any) -> str:
    """Return a row of an internal call with its own number."""
    values = {**CALL, "globalCallID_callId": number, "pkid": f"00000000-0000-4000-8000-{number:012d}", **fields}
    return cdr_row("15", **values)


def drop(folder: Path, content: bytes, name: str = "cdr_StandAloneCluster_01_202511010000_1") -> Path:
    """Write a file."""
    path = folder / name
    path.write_bytes(content)
    return path


def test_every_order_of_a_days_files_gives_the_same(tmp_path: Path) -> None:
    """A day with many transfers, conferences and parked calls: by name, reversed, shuffled, one by one."""
    paths = write(tmp_path, generated())
    in_order = PhoneSystem.objects.create(name="in-order")
    summary = import_files(in_order, paths)
    assert (summary.duplicates, summary.rejected, summary.set_aside) == (0, 0, 0)
    expected = picture(in_order)
    assert len(expected) == summary.call_records > 200
    for name, order in (
        ("reversed", list(reversed(paths))),
        ("shuffled", random.Random(7).sample(paths, len(paths))),
    ):
        phone_system = PhoneSystem.objects.create(name=name)
        for start in range(0, len(order), 25):
            import_files(phone_system, order[start : start + 25])
        assert picture(phone_system) == expected
    assert_totals_agree()


def test_the_same_file_again_changes_nothing(cluster: PhoneSystem, tmp_path: Path) -> None:
    """All its records are duplicates, under its own and under another name."""
    path = drop(tmp_path, cdr_file([row(1), row(2)], "15"))
    import_files(cluster, [path])
    before = picture(cluster)
    other = drop(tmp_path, path.read_bytes() + row(1).encode() + b"\n", "cdr_StandAloneCluster_01_202511010001_2")
    again, renamed = import_files(cluster, [path]), import_files(cluster, [other])
    assert (again.records, again.call_records, again.duplicates) == (2, 0, 2)
    assert (renamed.records, renamed.call_records, renamed.duplicates) == (3, 0, 3)
    assert picture(cluster) == before
    assert_totals_agree()


def test_bad_rows_are_kept_whole_and_stop_nothing(cluster: PhoneSystem, tmp_path: Path) -> None:
    """Good rows before and after bad ones are imported; the bad ones stand in the list with line and reason."""
    bad = {
        "columns": "1,2,3",
        "number": row(11, dateTimeOrigination="soon"),
        "time": row(12, dateTimeDisconnect=0),
        "record_type": row(13, cdrRecordType=7),
        "quotes": row(14).replace('"2001"', '"2001'),
        "control": row(15).replace("2001", "20\x0001"),
        "too_long": row(16, callingPartyNumber="2" * 300),
    }
    good = [row(1), row(2)]
    path = drop(tmp_path, cdr_file([good[0], *bad.values(), good[1]], "15"))
    summary = import_files(cluster, [path])
    assert (summary.records, summary.rejected, summary.call_records) == (9, 7, 4)
    kept = list(RejectedRow.objects.order_by("line"))
    assert [(one.line, one.reason_code) for one in kept] == list(enumerate(bad, start=4))
    assert [one.content for one in kept] == [text.replace("\0", "\\0") for text in bad.values()]
    assert kept[0].file.name == path.name
    assert kept[0].header in header("cdr", "15")


def test_rows_of_two_layouts_in_one_file(cluster: PhoneSystem, tmp_path: Path) -> None:
    """Joined files repeat the header, of another version and in another spelling."""
    older = header("cdr", "8.0").upper() + cdr_row("8.0", **{**CALL, "globalCallID_callId": 2}) + "\r\n"
    path = drop(tmp_path, cdr_file([row(1)], "15") + older.encode())
    summary = import_files(cluster, [path])
    assert (summary.records, summary.rejected, summary.call_records) == (2, 0, 4)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"  \n\n", "empty"),
        (b"date;caller;called\n2026-01-01;1;2\n", "not_cdr"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00", "not_cdr"),
        (b'"cdrRecordType","globalCallID_callId","dateTimeOrigination"\n1,2,3\n', "missing_columns"),
    ],
)
def test_foreign_files_are_set_aside_whole(content: bytes, reason: str, cluster: PhoneSystem, tmp_path: Path) -> None:
    """They never stop the others, and are named with their reason."""
    paths = [drop(tmp_path, content, "foreign"), drop(tmp_path, cdr_file([row(1)], "15"))]
    summary = import_files(cluster, paths)
    assert (summary.files, summary.set_aside, summary.call_records) == (2, 1, 2)
    assert ImportFile.objects.get(name="foreign").state == FileState.SET_ASIDE
    assert ImportFile.objects.get(name="foreign").reason_code == reason
    assert import_files(cluster, [paths[0]]).set_aside == 1


@pytest.mark.parametrize("length", [0, 100, 4577, 4700, 5100])
def test_a_file_cut_off_is_completed_by_the_whole_one(length: int, cluster: PhoneSystem, tmp_path: Path) -> None:
    """A file that was pushed half gives its good rows; the whole file brings only what is missing."""
    content = cdr_file([row(number) for number in range(1, 4)], "15")
    import_files(cluster, [drop(tmp_path, content[:length], "cdr_c_01_202511010000_1")])
    import_files(cluster, [drop(tmp_path, content, "cdr_c_01_202511010000_1")])
    assert CallLeg.objects.count() == 3
    assert CallRecord.objects.count() == 6
    assert_totals_agree()


def test_unknown_lines_are_recorded(cluster: PhoneSystem, tmp_path: Path) -> None:
    """Extensions and gateways nobody entered appear in the lists."""
    trunk = row(2, finalCalledPartyNumber="+4930123456", destDeviceName="SIP-CARRIER", OutgoingProtocolID=1)
    import_files(cluster, [drop(tmp_path, cdr_file([row(1), trunk], "15"))])
    assert set(Extension.objects.values_list("number", "found_in_calls")) == {("2001", True), ("2002", True)}
    assert list(Gateway.objects.values_list("device_name", "found_in_calls")) == [("SIP-CARRIER", True)]


def test_arrival_is_announced_once_after_commit(
    cluster: PhoneSystem, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    """Budgets and alarms hear of each batch that changed calls, with its mark."""
    heard: list[int] = []

    def listen(batch_id: int, **kwargs: Any) -> None:
        heard.append(batch_id)

    calls_imported.connect(listen)
    path = drop(tmp_path, cdr_file([row(1)], "15"))
    with django_capture_on_commit_callbacks(execute=True):
        import_files(cluster, [path])
        import_files(cluster, [path])
    assert heard == [ImportBatch.objects.order_by("pk").values_list("pk", flat=True)[0]]
    assert set(CallRecord.objects.values_list("batch_id", flat=True)) == set(heard)


def test_quality_is_the_same_before_and_after_its_call(tmp_path: Path) -> None:
    """CMR files may come with, before or after the CDR files."""
    files = generated(calls=40, seed=3)
    cdr = write(tmp_path / "cdr", [file for file in files if file.tag == "cdr"])
    cmr = write(tmp_path / "cmr", [file for file in files if file.tag == "cmr"])
    pictures = []
    for name, parts in {"together": [cdr + cmr], "before": [cmr, cdr], "after": [cdr, cmr]}.items():
        phone_system = PhoneSystem.objects.create(name=name)
        for paths in parts:
            import_files(phone_system, paths)
        pictures.append(picture(phone_system))
    assert pictures[0] == pictures[1] == pictures[2]
    assert CallQuality.objects.count() == 3 * sum(file.records for file in files if file.tag == "cmr")
    assert CallRecord.objects.filter(mos__gt=100).count() > 10


def test_command_prints_one_line_of_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The door for scripts: --create makes the phone system."""
    drop(tmp_path, cdr_file([row(1)], "15"))
    drop(tmp_path, b"nothing", "foreign")
    call_command("import_calls", "--source", "new", "--create", "--json", str(tmp_path))
    summary = json.loads(capsys.readouterr().out)
    assert summary.pop("seconds") > 0
    assert summary == {
        "files": 2, "records": 1, "call_records": 2, "duplicates": 0, "rejected": 0, "set_aside": 1,
    }  # fmt: skip


def test_command_names_what_is_wrong(tmp_path: Path) -> None:
    """A missing phone system, an impossible name or a missing path ends with a sentence."""
    with pytest.raises(CommandError, match="no phone system"):
        call_command("import_calls", "--source", "nobody", str(tmp_path))
    with pytest.raises(CommandError, match="cannot be the name"):
        call_command("import_calls", "--source", "../etc", "--create", str(tmp_path))
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_calls", "--source", "new", "--create", str(tmp_path / "gone"))


def test_authorisation_codes_are_secrets_and_kept_nowhere(tmp_path: Path) -> None:
    """Their descriptions are kept, or else two digits of long ones."""
    cluster = PhoneSystem.objects.create(name="codes")
    codes = [("Legal1", "84711"), ("", "84712"), ("", "4713"), ("", "")]
    rows = [
        row(number, authCodeDescription=name, authorizationCodeValue=value)
        for number, (name, value) in enumerate(codes, start=1)
    ]
    import_files(cluster, [drop(tmp_path, cdr_file(rows, "15"))])
    kept = CallLeg.objects.order_by("call_ref").values_list("authorization_code", flat=True)
    assert list(kept) == ["Legal1", "••12", "••", ""]
    told = CallRecord.objects.values_list("authorization_code", flat=True)
    assert set(told) == {"Legal1", "••12", "••", ""}
