"""Call files uploaded in the browser: stored, imported in the background, told file by file; archives are opened."""

import gzip
import io
import resource
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounting.demo.records import cdr_file
from accounting.models import AuditEntry, CallLeg, Job, PhoneSystem, User
from accounting.services import jobs, uploading
from tests.accounting.agreement import assert_totals_agree
from tests.accounting.test_importing import row


@pytest.fixture
def cluster(db: None) -> PhoneSystem:
    """A phone system with default settings."""
    return PhoneSystem.objects.create(name="cluster")


@pytest.fixture
def desk(client: Client, admin: User, inbox: Path, settings: Any, tmp_path: Path) -> Client:
    """The browser of an administrator."""
    settings.DATA_DIR = tmp_path / "data"
    client.force_login(admin)
    return client


def calls(*rows: Any) -> bytes:
    """Return a CDR file of these rows."""
    return cdr_file(list(rows), "15")


def zipped(compression: int = zipfile.ZIP_DEFLATED, **files: bytes) -> bytes:
    """Return a ZIP archive."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", compression) as archive:
        archive.writestr(".", b"no file")
        for name, content in files.items():
            archive.writestr(f"some/folder/{name}", content)
    return whole.getvalue()


def torn(archive: bytes, content: bytes) -> bytes:
    """Return an archive whose last part is damaged where its content begins."""
    begin = archive.index(content) + len(content) + 12
    return archive[:begin] + b"\xff" * 8 + archive[begin + 8 :]


def send(desk: Client, cluster: PhoneSystem, **files: bytes) -> Any:
    """Upload files."""
    sent = [SimpleUploadedFile(name.replace("_dot_", "."), content) for name, content in files.items()]
    return desk.post(reverse("upload"), {"phone_system": cluster.pk, "call_files": sent})


def test_files_are_imported_and_told_one_by_one(desk: Client, cluster: PhoneSystem, inbox: Path) -> None:
    answer = send(
        desk,
        cluster,
        cdr_a=calls(row(1), row(2, dateTimeConnect="soon")),
        cdr_b=calls(row(1), row(3)),
        notes=b"hello\n",
    )
    job = Job.objects.get()
    assert answer["Location"] == reverse("job", args=[job.pk])
    assert len(list((uploading.uploads() / job.parameters["folder"]).iterdir())) == 3
    jobs.run(job.pk)
    page = desk.get(reverse("job", args=[job.pk]), follow=True)
    assert page.redirect_chain[-1][0] == reverse("upload_result", args=[job.pk])
    summary = page.context["summary"]
    assert (summary.records, summary.duplicates, summary.rejected, summary.set_aside) == (4, 1, 1, 1)
    assert {file.name: known for file, known in page.context["files"]} == {
        "cdr_a": False, "cdr_b": False, "notes": False,
    }  # fmt: skip
    assert f"{reverse('rejected_rows')}?file=cdr_a" in page.content.decode()
    assert sorted(path.name for path in inbox.parent.glob("archive/cluster/*/*")) == ["cdr_a", "cdr_b"]
    assert [path.name for path in inbox.parent.glob("set_aside/cluster/*")] == ["notes"]
    assert not list(uploading.uploads().iterdir())
    assert AuditEntry.objects.get(subject_type="upload").details["files"] == 3
    assert_totals_agree()


def test_pressing_twice_finds_the_running_upload_and_later_all_is_known(desk: Client, cluster: PhoneSystem) -> None:
    first = send(desk, cluster, cdr_a=calls(row(1)))
    assert send(desk, cluster, cdr_a=calls(row(1)))["Location"] == first["Location"]
    jobs.run(Job.objects.get().pk)
    send(desk, cluster, cdr_a=calls(row(1)))
    again = Job.objects.latest("pk")
    jobs.run(again.pk)
    page = desk.get(reverse("upload_result", args=[again.pk]))
    assert page.context["summary"].duplicates == 1
    assert "Was imported before" in page.content.decode()
    assert CallLeg.objects.count() == 1


def test_compressed_files_are_opened(desk: Client, cluster: PhoneSystem) -> None:
    send(
        desk,
        cluster,
        one_dot_gz=gzip.compress(calls(row(1))),
        two_dot_zip=zipped(inner=calls(row(2)), cdr=calls(row(3))),
    )
    job = Job.objects.get()
    assert job.parameters["names"] == ["one", "inner", "cdr"]
    jobs.run(job.pk)
    assert CallLeg.objects.count() == 3


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("bomb_dot_gz", gzip.compress(bytes(3000)), "too large"),
        ("bomb_dot_zip", zipped(inner=bytes(3000)), "too large"),
        ("torn_dot_gz", gzip.compress(b"x" * 500)[:20], "damaged"),
        ("torn_dot_zip", zipped(inner=b"x")[:30], "damaged"),
        ("torn_dot_zip", torn(zipped(zipfile.ZIP_LZMA, inner=b"x" * 500), b"inner"), "damaged"),
        ("empty_dot_zip", zipped(), "no file in it"),
        ("large", bytes(3000), "too large"),
    ],
    # Compressed contents hold the time: without names the workers would collect different tests.
    ids=["bomb.gz", "bomb.zip", "torn.gz", "torn.zip", "torn-lzma.zip", "empty.zip", "large"],
)
def test_what_cannot_be_taken_is_refused_with_the_reason_and_leaves_nothing(
    desk: Client, cluster: PhoneSystem, monkeypatch: Any, name: str, content: bytes, told: str
) -> None:
    monkeypatch.setattr(uploading, "LARGEST_FILE", 2000)
    answer = send(desk, cluster, **{name: content})
    assert answer.status_code == 200
    assert told in answer.content.decode()
    assert not Job.objects.exists()
    assert not list(uploading.uploads().iterdir())


def test_names_cannot_leave_the_folder(desk: Client, cluster: PhoneSystem) -> None:
    with uploading.new_store() as store:
        store.take("../../evil", io.BytesIO(b"x"))
        store.take("..", io.BytesIO(b"x"))
        store.take("..", io.BytesIO(b"y"))
    assert store.names == [".._.._evil".lstrip("."), "file", "2-file"]
    assert all((store.folder / name).parent == store.folder for name in store.names)


def test_long_names_are_shortened_to_what_the_disk_takes(desk: Client) -> None:
    with uploading.new_store() as store:
        store.unpack("\N{ARABIC LETTER SHEEN}" * 200 + "_1", io.BytesIO(b"x"))
        store.unpack("\N{ARABIC LETTER SHEEN}" * 200 + "_1", io.BytesIO(b"y"))
    assert len(set(store.names)) == 2
    assert all(name.endswith("_1") and len(name.encode()) < 200 for name in store.names)


def test_a_full_disk_is_no_damaged_file(desk: Client) -> None:
    """A limit on the size of files stands for the disk: both refuse the write."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(uploading.UploadRefused, match="no room"), uploading.new_store() as store:
            store.unpack("cdr.gz", io.BytesIO(gzip.compress(bytes(3000))))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_only_administrators_upload(client: Client, ben: User) -> None:
    client.force_login(ben)
    assert client.get(reverse("upload")).status_code == 403
