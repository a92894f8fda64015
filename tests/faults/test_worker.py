"""The worker and the timetable as they run in production: files in the inbox become calls, also after a kill."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as portal
from django.db import connection

from accounting.demo.records import cdr_file
from accounting.models import CallRecord, PhoneSystem
from tests.accounting.test_importing import row
from tests.faults.test_killed_importer import database_url

pytestmark = pytest.mark.django_db(transaction=True)
StartWorker = Callable[[str], "subprocess.Popen[bytes]"]


@pytest.fixture
def start_worker(inbox: Path, tmp_path: Path) -> Iterator[StartWorker]:
    """Start workers with an embedded timetable on a broker ('' for files); all are ended with the test."""
    processes: list[subprocess.Popen[bytes]] = []

    def start(redis_url: str) -> "subprocess.Popen[bytes]":
        environment = {
            **os.environ, "DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DATA_DIR": str(tmp_path), "INBOX_DIR": str(inbox), "REDIS_URL": redis_url,
        }  # fmt: skip
        command = [sys.executable, "-m", "celery", "-A", "callanalytics", "worker", "-B", "-c", "1", "-l", "ERROR"]
        process = subprocess.Popen(command, cwd=portal.BASE_DIR, env=environment, start_new_session=True)
        processes.append(process)
        return process

    yield start
    for process in processes:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def drop(inbox: Path, number: int) -> None:
    """Push one file, as UCM does: under another name first."""
    folder = inbox / "cluster"
    folder.mkdir(exist_ok=True)
    hidden = folder / f"_cdr_c_01_202511010000_{number}"
    hidden.write_bytes(cdr_file([row(number)], "15"))
    hidden.rename(folder / hidden.name[1:])


def wait_for(count: int, seconds: float = 60) -> None:
    """Wait until there are this many call records; fails when they do not come."""
    until = time.monotonic() + seconds
    while (found := CallRecord.objects.count()) != count:
        assert time.monotonic() < until, f"{found} of {count} call records"
        connection.close()
        time.sleep(0.2)


@pytest.mark.parametrize("broker", ["files", "redis"])
def test_files_become_calls_also_after_a_kill(
    broker: str, inbox: Path, start_worker: StartWorker, redis_url: str, request: Any
) -> None:
    """A worker is killed with all its children; the next one goes on by itself, and nothing is counted twice."""
    PhoneSystem.objects.create(name="cluster")
    address = redis_url if broker == "redis" else ""
    worker = start_worker(address)
    drop(inbox, 1)
    wait_for(2)
    drop(inbox, 2)
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    # What a dead collector held is free after its lease; here the lease is made to end at once.
    PhoneSystem.objects.update(collecting_until=None)
    drop(inbox, 3)
    start_worker(address)
    wait_for(6)
    assert CallRecord.objects.count() == 6
