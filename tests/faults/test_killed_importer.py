"""Importers killed at any moment, and two at once: every call exactly once, on the database of the run."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from accounting.models import CallLeg, ImportFile, PhoneSystem
from accounting.services.importing import import_files
from accounting.services.reference import forget_reference
from tests.accounting.agreement import assert_totals_agree
from tests.accounting.traffic import generated, picture, write

pytestmark = pytest.mark.django_db(transaction=True)


def database_url() -> str:
    """Return the address of the test database for other processes."""
    fields = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{fields['TEST']['NAME']}"
    host = fields["HOST"].replace("/", "%2F")
    return f"postgres://{fields['USER']}:{fields['PASSWORD']}@{host}:{fields['PORT']}/{fields['NAME']}"


def importer(source: str, paths: list[Path]) -> subprocess.Popen[bytes]:
    """Start an importer of its own."""
    environment = {**os.environ, "DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "tests.settings"}
    command = [sys.executable, "manage.py", "import_calls", "--source", source, "--json", *map(str, paths)]
    return subprocess.Popen(
        command, cwd=settings.BASE_DIR, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """A day's files."""
    return write(tmp_path, generated(calls=600, seed=5, records_per_file=60))


@pytest.fixture
def expected(files: list[Path]) -> list[tuple[object, ...]]:
    """What an undisturbed import gives."""
    forget_reference()
    phone_system = PhoneSystem.objects.create(name="undisturbed")
    import_files(phone_system, files)
    return picture(phone_system)


def test_killed_at_any_moment(files: list[Path], expected: list[tuple[object, ...]]) -> None:
    """SIGKILL at ten random moments; a last run finishes. Files are in whole or not at all."""
    phone_system = PhoneSystem.objects.create(name="killed")
    moments = random.Random(11)
    for _ in range(10):
        process = importer("killed", files)
        time.sleep(0.5 + moments.random() * 1.2)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        for file in ImportFile.objects.filter(phone_system=phone_system):
            assert CallLeg.objects.filter(file_id=file.pk).count() in (
                file.records,
                0 if file.kind == "cmr" else file.records,
            )
    process = importer("killed", files)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors.decode()
    assert picture(phone_system) == expected
    assert_totals_agree()


def test_two_importers_at_once(files: list[Path], expected: list[tuple[object, ...]]) -> None:
    """Both take the same files in opposite order: no record twice, none lost."""
    phone_system = PhoneSystem.objects.create(name="contended")
    processes = [importer("contended", files), importer("contended", list(reversed(files)))]
    for process in processes:
        _, errors = process.communicate(timeout=240)
        assert process.returncode == 0, errors.decode()
    assert picture(phone_system) == expected
    assert_totals_agree()
