"""Backup and restore as an operator meets them: commands on a working portal, then an empty or a used database."""

import gzip
import io
import json
import os
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounting.models import CallLeg, CallRecord, Department, ImportFile, PhoneSystem, Role, User
from callanalytics import settings as product
from callanalytics.safekeeping.packing import pack, unpack
from tests.accounting.traffic import SYSTEM, generated, write
from tests.conftest import PASSWORD, person

pytestmark = pytest.mark.django_db(transaction=True)
SIGN_IN = f"""
import json
from django.test import Client
from accounting.models import CallLeg, CallRecord, ImportFile, PhoneSystem
client = Client(headers={{"host": "localhost"}})
client.post("/sign-in/", {{"username": "ada", "password": "{PASSWORD}"}})
print(json.dumps({{"home": client.get("/calls/home/").status_code, "legs": CallLeg.objects.count(),
"ledger": sum(ImportFile.objects.filter(kind="cdr").values_list("records", flat=True)),
"records": CallRecord.objects.count()}}))
"""


@dataclass
class Elsewhere:
    """Another machine: a database without a table, a data folder and a secret key of its own."""

    data: Path
    url: str

    def manage(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a management command there."""
        environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(self.data), "DATABASE_URL": self.url, **variables}
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            command, env=environment, cwd=product.BASE_DIR, capture_output=True, text=True, check=False, timeout=120
        )

    def seen(self) -> dict[str, int]:
        """Sign in there, and tell what is shown and counted."""
        done = self.manage("shell", "--no-imports", "-c", SIGN_IN, DEBUG="1")
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Elsewhere]:
    data = tmp_path / "elsewhere"
    data.mkdir()
    if connection.vendor == "sqlite":
        yield Elsewhere(data, f"sqlite:///{data / 'elsewhere.sqlite3'}")
        return
    url = os.environ["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as server:
        server.execute("CREATE DATABASE elsewhere")
        yield Elsewhere(data, url.removesuffix("postgres") + "elsewhere")
        server.execute("DROP DATABASE elsewhere WITH (FORCE)")


@pytest.fixture
def backups(tmp_path: Path, inbox: Path) -> Path:
    """An empty folder for backups; the call file folders stand beside it."""
    folder = tmp_path / "backups"
    folder.mkdir()
    return folder


def backup(folder: Path, *options: str) -> Path:
    call_command("backup", "--to", str(folder), *options, verbosity=0, stdout=io.StringIO())
    return max(folder.glob("*.backup"))


def test_backup_taken_while_calls_arrive_is_whole_and_takes_the_rest(
    backups: Path, elsewhere: Elsewhere, tmp_path: Path, settings: Any
) -> None:
    settings.PASSWORD_HASHERS = product.PASSWORD_HASHERS
    person("ada", "Ada", "Novak", Role.ADMINISTRATOR)
    PhoneSystem.objects.create(name=SYSTEM)
    paths = write(tmp_path / "calls", generated(records_per_file=5))

    def import_one_by_one() -> None:
        for path in paths:
            call_command("import_calls", "--source", SYSTEM, str(path), stdout=io.StringIO())
        connection.close()

    importing = threading.Thread(target=import_one_by_one)
    importing.start()
    while ImportFile.objects.count() < 3:
        time.sleep(0.01)
    file = backup(backups)
    assert importing.is_alive(), "the import must go on while the backup is written"
    importing.join()

    assert not list(backups.glob(".*"))
    assert file.stat().st_mode & 0o777 == 0o600
    done = elsewhere.manage("restore", str(file))
    assert done.returncode == 0, done.stderr
    early = elsewhere.seen()
    assert early["home"] == 200
    assert 0 < early["legs"] == early["ledger"] < CallLeg.objects.count()

    done = elsewhere.manage("import_calls", "--source", SYSTEM, str(tmp_path / "calls"))
    assert done.returncode == 0, done.stderr
    late = elsewhere.seen()
    assert (late["legs"], late["records"]) == (CallLeg.objects.count(), CallRecord.objects.count())


def repacked(file: Path, change: Callable[[str, bytes], bytes | None]) -> None:
    """Write a backup again with changed members; a member without content is left out."""
    with tarfile.open(file) as tar:
        members = [(member.name, tar.extractfile(member).read()) for member in tar]  # type: ignore[union-attr]
    with tarfile.open(file, "w:gz") as tar:
        for name, before in members:
            content = change(name, before)
            if content is not None:
                member = tarfile.TarInfo(name)
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-500])


def flip(file: Path) -> None:
    content = bytearray(gzip.decompress(file.read_bytes()))
    content[3000] ^= 1
    file.write_bytes(gzip.compress(bytes(content)))


def unseal(file: Path) -> None:
    repacked(file, lambda name, content: None if name == "manifest.json" else content)


def add_archive(file: Path) -> None:
    repacked(file, lambda name, content: content + b"x" if name.startswith("files/") else content)


def replace_by_text(file: Path) -> None:
    file.write_text("no backup", encoding="utf-8")


@pytest.mark.parametrize("harm", [cut, flip, unseal, add_archive, replace_by_text])
def test_damaged_backup_is_refused_and_nothing_changes(
    harm: Callable[[Path], None], backups: Path, inbox: Path, sales: Department
) -> None:
    (inbox / "cdr_A_01_202603030900_1").write_text("waiting", encoding="utf-8")
    file = backup(backups, "--files")
    harm(file)
    sales.delete()
    with pytest.raises(CommandError, match=r"damaged|incomplete"):
        call_command("restore", str(file), "--replace")
    assert not Department.objects.exists()


def test_backup_of_a_newer_version_is_refused(backups: Path, tmp_path: Path) -> None:
    manifest = unpack(backup(backups), tmp_path / "database")
    newer = {"version": "9.0", "migrations": [*manifest.migrations, "accounting.9999_later"]}
    about = {name: getattr(manifest, name) for name in ("made_at", "database", "counts")} | newer
    pack(backups / "newer.backup", tmp_path / "database", {}, about)
    with pytest.raises(CommandError, match=r"newer version \(9\.0.*accounting\.9999_later"):
        call_command("restore", str(backups / "newer.backup"), "--replace")


def test_used_database_is_replaced_only_on_request_with_what_was_added_since(
    backups: Path, elsewhere: Elsewhere, inbox: Path
) -> None:
    PhoneSystem.objects.create(name=SYSTEM, axl_password="a-stored-secret")
    User.objects.create(username="ada")
    waiting = inbox / SYSTEM / "cdr_A_01_202603030900_1"
    waiting.parent.mkdir()
    waiting.write_text("waiting", encoding="utf-8")
    first = backup(backups, "--files")
    assert elsewhere.manage("restore", str(first), "--files").returncode == 0
    assert (elsewhere.data / "inbox" / SYSTEM / waiting.name).read_text(encoding="utf-8") == "waiting"

    refused = elsewhere.manage("restore", str(first))
    assert refused.returncode == 1
    assert "not empty (1 people" in refused.stderr

    # What a newer version may have added: a table that holds on to one of the backup's.
    reference = "bigint" if connection.vendor == "postgresql" else "integer"
    addition = f"create table added_later (person {reference} references accounting_user (id))"
    added = elsewhere.manage(
        "shell", "--no-imports", "-c", f"from django.db import connection; connection.cursor().execute('{addition}')"
    )
    assert added.returncode == 0, added.stderr
    replaced = elsewhere.manage("restore", str(first), "--replace")
    assert replaced.returncode == 0, replaced.stderr
    assert "does not exist" in elsewhere.manage("inspectdb", "added_later").stdout
    assert "The stored secret cannot be read with this SECRET_KEY" in replaced.stderr
    kept = elsewhere.manage("restore", str(first), "--replace", SECRET_KEY=product.SECRET_KEY)
    assert kept.returncode == 0
    assert "secret" not in kept.stderr


def test_only_the_newest_backups_are_kept_and_other_files_stay(backups: Path) -> None:
    for name in ("callanalytics-20250101T000000Z.backup", "callanalytics-20250102T000000Z.backup", "notes.txt"):
        (backups / name).touch()
    newest = backup(backups, "--keep", "2")
    assert {path.name for path in backups.iterdir()} == {
        newest.name, "callanalytics-20250102T000000Z.backup", "notes.txt",
    }  # fmt: skip


def test_working_portal_is_not_overwritten(backups: Path, settings: Any) -> None:
    file = backup(backups)
    (Path(settings.DATA_DIR) / "timetable-pulse").touch()
    try:
        with pytest.raises(CommandError, match="at work"):
            call_command("restore", str(file), "--replace", stdout=io.StringIO())
    finally:
        (Path(settings.DATA_DIR) / "timetable-pulse").unlink()


@pytest.mark.skipif("DATABASE_URL" not in os.environ, reason="SQLite needs no programs")
def test_missing_client_programs_are_named(backups: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(backups))
    with pytest.raises(CommandError, match=r"pg_dump was not found on PATH.*postgresql-client"):
        backup(backups)
    assert not list(backups.iterdir())
