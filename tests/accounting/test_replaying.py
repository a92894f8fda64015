"""Rejected rows and files set aside: shown whole, imported again exactly once, corrected, dismissed."""

import os
import time
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounting.models import AuditEntry, CallLeg, ImportFile, Job, PhoneSystem, RejectedRow, User
from accounting.services import jobs
from accounting.services.collecting import collect
from accounting.services.importing import import_files
from tests.accounting.agreement import assert_totals_agree
from tests.accounting.test_damaged_rows import cdr_file, drop, row


@pytest.fixture
def cluster(db: None) -> PhoneSystem:
    """A phone system with default settings."""
    return PhoneSystem.objects.create(name="cluster")


@pytest.fixture
def desk(client: Client, admin: User, inbox: Path) -> Client:
    """The browser of an administrator."""
    client.force_login(admin)
    return client


@pytest.fixture
def damaged(cluster: PhoneSystem, tmp_path: Path) -> list[RejectedRow]:
    """A file with one good row, two with a word for a number, one with an impossible time."""
    rows = [
        row(1), row(2, dateTimeConnect="soon"), row(3, dateTimeConnect="soon"), row(4, dateTimeOrigination=5),
    ]  # fmt: skip
    import_files(cluster, [drop(tmp_path, cdr_file(rows, "15"), "cdr_one")])
    return list(RejectedRow.objects.order_by("line"))


def work(answer: Any) -> Job:
    """Do the job to whose page an answer leads."""
    job = Job.objects.latest("pk")
    assert answer.status_code == 302
    assert answer["Location"] == reverse("job", args=[job.pk])
    jobs.run(job.pk)
    return Job.objects.get(pk=job.pk)


def test_reasons_are_grouped_and_filtered(desk: Client, damaged: list[RejectedRow]) -> None:
    page = desk.get(reverse("rejected_rows"))
    groups = {group.reason_code: group.rows for group in page.context["groups"]}
    assert groups == {"number": 2, "time": 1}
    only = desk.get(reverse("rejected_rows"), {"reason": "time"}).context["rows"]
    assert [one.pk for one in only] == [damaged[2].pk]
    assert desk.get(reverse("rejected_rows"), {"reason": "no such"}).status_code == 400
    assert desk.get(reverse("rejected_rows"), {"below": "x"}).status_code == 400


def test_a_row_is_shown_column_by_column_with_its_fault_marked(desk: Client, damaged: list[RejectedRow]) -> None:
    cells = desk.get(reverse("rejected_row", args=[damaged[0].pk])).context["cells"]
    assert [(cell.name, cell.value) for cell in cells if cell.suspicious] == [("dateTimeConnect", "soon")]
    times = desk.get(reverse("rejected_row", args=[damaged[2].pk])).context["cells"]
    assert [(cell.name, cell.value) for cell in times if cell.suspicious] == [("dateTimeOrigination", "5")]


def test_a_corrected_row_goes_in_once_and_its_original_is_kept(desk: Client, damaged: list[RejectedRow]) -> None:
    address = reverse("rejected_row", args=[damaged[0].pk])
    original = damaged[0].content
    still_wrong = desk.post(address, {"content": original.replace("soon", "later")})
    assert still_wrong.status_code == 200
    assert "A value that must be a number is none. dateTimeConnect: later" in still_wrong.content.decode()
    assert not Job.objects.exists()
    job = work(desk.post(address, {"content": original.replace("soon", "1760000005") + "\r\n"}))
    assert job.result == {"taken": 1, "stayed": 0}
    assert CallLeg.objects.count() == 2
    assert RejectedRow.objects.count() == 2
    kept = AuditEntry.objects.get(subject_type="rejected_rows", action="changed")
    assert kept.changes["content"][0] == original
    assert "1 row went in." in desk.get(f"{reverse('rejected_rows')}?job={job.pk}").content.decode()
    file = ImportFile.objects.get(name="cdr_one")
    assert (file.records, file.rejected) == (3, 2), "the row counts in the file with which it went in"
    assert_totals_agree()


def test_a_row_is_corrected_by_column_with_the_faulty_one_first(desk: Client, damaged: list[RejectedRow]) -> None:
    address = reverse("rejected_row", args=[damaged[0].pk])
    page = desk.get(address)
    cells = page.context["cells"]
    assert cells[0].name == "dateTimeConnect"
    file = reverse("admin:accounting_importfile_change", args=[damaged[0].file_id])
    assert file in page.content.decode()
    place = cells[0].position - 1
    typed = {"by_column": "1"} | {f"column-{cell.position - 1}": cell.value for cell in cells}
    still_wrong = desk.post(address, typed | {f"column-{place}": "later"})
    assert still_wrong.context["cells"][0].value == "later", "what was typed stays"
    assert not Job.objects.exists()
    assert work(desk.post(address, typed | {f"column-{place}": "1760000005"})).result == {"taken": 1, "stayed": 0}
    assert_totals_agree()


def test_missing_columns_are_filled_on_request_only(desk: Client, damaged: list[RejectedRow]) -> None:
    row = damaged[0]
    content = row.content.replace("soon", "1760000005")
    row.content, row.reason_code, row.reason = content.rpartition(",")[0], "columns", "2 / 3"
    row.save()
    address = reverse("rejected_row", args=[row.pk])
    refused = desk.post(address, {"by_column": "1"})
    assert "The number of values differs" in refused.content.decode()
    assert "Take the missing column as empty" in refused.content.decode()
    assert not Job.objects.exists()
    assert desk.post(address, {"by_column": "1", "fill": "1", "column-x": "1", "column-99999": "x"}).status_code in {
        200,
        302,
    }


def test_a_group_is_imported_again_after_a_fix_and_what_still_fails_stays(
    desk: Client, damaged: list[RejectedRow]
) -> None:
    RejectedRow.objects.filter(pk=damaged[1].pk).update(content=damaged[1].content.replace("soon", "0"))
    job = work(desk.post(f"{reverse('act_on_rejected')}?reason=number", {"all": "1", "action": "replay"}))
    assert job.result == {"taken": 1, "stayed": 1}
    left = RejectedRow.objects.order_by("line")
    assert [(one.pk, one.file.name) for one in left] == [(damaged[0].pk, "cdr_one"), (damaged[2].pk, "cdr_one")]
    again = work(desk.post(f"{reverse('act_on_rejected')}?reason=number", {"all": "1", "action": "replay"}))
    assert again.result == {"taken": 0, "stayed": 1}
    assert RejectedRow.objects.count() == 2
    assert_totals_agree()


def test_a_record_that_came_another_way_meanwhile_counts_once(
    desk: Client, damaged: list[RejectedRow], cluster: PhoneSystem, tmp_path: Path
) -> None:
    import_files(cluster, [drop(tmp_path, cdr_file([row(2)], "15"), "later")])
    legs = CallLeg.objects.count()
    mended = damaged[0].content.replace("soon", "0")
    RejectedRow.objects.filter(pk=damaged[0].pk).update(content=mended)
    work(desk.post(reverse("act_on_rejected"), {"rows": [damaged[0].pk], "action": "replay"}))
    assert CallLeg.objects.count() == legs
    assert not RejectedRow.objects.filter(pk=damaged[0].pk).exists()
    assert_totals_agree()


def test_a_lost_quotation_mark_swallows_no_other_row(desk: Client, cluster: PhoneSystem, tmp_path: Path) -> None:
    text = cdr_file([row(1), row(2)], "15").decode().rstrip("\n").split("\n")
    text[-1] = text[-1].replace("1,", '1,"', 1)
    path = tmp_path / "quotes"
    path.write_text("\n".join([*text, 'x"y', 'z"']) + "\n")
    import_files(cluster, [path])
    before = set(RejectedRow.objects.values_list("content", flat=True))
    assert before
    work(desk.post(reverse("act_on_rejected"), {"all": "1", "action": "replay"}))
    assert set(RejectedRow.objects.values_list("content", flat=True)) == before


def test_rows_are_dismissed_with_a_reason_that_the_audit_log_keeps(desk: Client, damaged: list[RejectedRow]) -> None:
    chosen = {"rows": [damaged[0].pk, damaged[2].pk], "action": "dismiss"}
    desk.post(reverse("act_on_rejected"), chosen)
    assert RejectedRow.objects.count() == 3, "without a reason nothing is dismissed"
    work(desk.post(reverse("act_on_rejected"), chosen | {"reason": "test calls of the installer"}))
    assert list(RejectedRow.objects.values_list("pk", flat=True)) == [damaged[1].pk]
    entry = AuditEntry.objects.get(subject_type="rejected_rows", action="deleted")
    assert entry.details == {"rows": 2, "reason": "test calls of the installer"}


def test_a_file_set_aside_is_downloaded_and_tried_again(desk: Client, cluster: PhoneSystem, inbox: Path) -> None:
    folder = inbox / "cluster"
    folder.mkdir(parents=True)
    path = folder / "notes.txt"
    path.write_bytes(b"no calls at all\n")
    os.utime(path, (time.time() - 60,) * 2)
    collect()
    file = ImportFile.objects.get(name="notes.txt")
    answer = desk.post(reverse("download_set_aside", args=[file.pk]))
    assert b"".join(answer.streaming_content) == b"no calls at all\n"
    assert "attachment" in answer["Content-Disposition"]
    assert AuditEntry.objects.filter(action="exported", subject="notes.txt").exists()
    assert "Try again" in desk.get(reverse("files_set_aside")).content.decode()
    desk.post(reverse("try_file_again", args=[file.pk]))
    assert path.read_bytes() == b"no calls at all\n"
    assert "No longer in the folder" in desk.get(reverse("files_set_aside")).content.decode()
    collect()
    assert ImportFile.objects.filter(name="notes.txt").count() == 1
    assert not path.exists()


def test_only_administrators_work_on_rows(client: Client, ben: User, damaged: list[RejectedRow]) -> None:
    client.force_login(ben)
    assert client.get(reverse("rejected_rows")).status_code == 403
    assert client.post(reverse("act_on_rejected"), {"all": "1", "action": "replay"}).status_code == 403
    assert client.get(reverse("rejected_row", args=[damaged[0].pk])).status_code == 403
