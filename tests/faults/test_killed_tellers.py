"""Workers that tell a UCM about locks, killed at any moment; a UCM killed and started again; a database cut off."""

import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from accounting.models import Extension
from phonelock.models import EngineTurn, LineStatus, LockSetUp, Reason, Through
from phonelock.services.comparing import compare
from phonelock.services.locking import Actor, lock, release
from phonelock.simulator.server import PASSWORD, USERNAME, Ucm
from tests import factories as make
from tests.faults.test_killed_schedules import finished, process
from tests.phonelock.clusters import (
    LOCKED_CSS,
    OWN_CSS,
    PARTITION,
    assert_honest,
    css_of,
    line,
    running,
    set_up,
    status_of,
    work_off,
)

pytestmark = pytest.mark.django_db(transaction=True)
SOMEBODY = Actor(Through.PORTAL)
TELL = "from phonelock.services.telling import tell_due; tell_due()"
MOMENTS = [("updateLine", "silent", 0), ("updateLine", "slow", 0), ("applyLine", "slow", 0), ("getLine", "slow", 1)]
"""Where a worker is killed: before and after the line is written, when it is applied, and when it is read again."""


@pytest.fixture
def ucm(tmp_path: Path, transactional_db: None) -> Iterator[Ucm]:
    with running(tmp_path / "ucm") as (found, port):
        set_up(found, port)
        yield found


def stuck_worker(ucm: Ucm, operation: str, kind: str, skip: int) -> "subprocess.Popen[bytes]":
    """Start a worker, and return when it waits for the answer to this request."""
    ucm.troubles.plan(kind, operation, skip=skip, seconds=20)
    worker = process(TELL, Path(settings.DATA_DIR))
    deadline = time.monotonic() + 60
    while ucm.troubles.planned:
        assert time.monotonic() < deadline
        assert worker.poll() is None
        time.sleep(0.02)
    time.sleep(0.2)
    return worker


@pytest.mark.parametrize(("operation", "kind", "skip"), MOMENTS)
def test_killed_at_each_step(ucm: Ucm, operation: str, kind: str, skip: int) -> None:
    desk = line(ucm, "211")
    for change, status, css in ((lock, LineStatus.LOCKED, LOCKED_CSS), (release, LineStatus.OPEN, OWN_CSS)):
        change([desk.pk], Reason.SELF, SOMEBODY)
        worker = stuck_worker(ucm, operation, kind, skip)
        worker.send_signal(signal.SIGKILL)
        finished(worker)
        assert_honest(ucm)
        assert status_of(desk) in (LineStatus.LOCKING, LineStatus.OPENING)
        assert EngineTurn.objects.exclude(held_until=None).exists(), "nobody has given its turn back"
        work_off()
        assert (status_of(desk), css_of(ucm, "211")) == (status, css)
        assert_honest(ucm)


@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite has no server that could be cut off")
def test_the_database_is_cut_off_while_ucm_works(ucm: Ucm) -> None:
    desk = line(ucm, "211")
    lock([desk.pk], Reason.SELF, SOMEBODY)
    ucm.troubles.plan("slow", "updateLine", seconds=3)
    worker = stuck_worker(ucm, "applyLine", "slow", 0)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert finished(worker) != 0
    assert_honest(ucm)
    work_off()
    assert (status_of(desk), css_of(ucm, "211")) == (LineStatus.LOCKED, LOCKED_CSS)


@contextmanager
def simulated(folder: Path, port: int) -> Iterator[tuple["subprocess.Popen[str]", int, str]]:
    """Run the simulated UCM as a process of its own; give it with the address that controls it."""
    command = [sys.executable, "manage.py", "simulate_ucm", "--folder", str(folder), "--port", str(port)]
    command += ["--control-port", "0"]
    started = subprocess.Popen(command, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True)
    try:
        assert started.stdout is not None
        where = [started.stdout.readline() for _line in range(3)]
        axl = int(where[0].partition("127.0.0.1:")[2].partition(",")[0])
        yield started, axl, where[2].split()[1].removesuffix("/state")
    finally:
        started.kill()
        started.communicate()


def order(control: str, what: str, **fields: object) -> None:
    """Tell the simulated UCM what to do."""
    with urllib.request.urlopen(f"{control}/{what}", json.dumps(fields).encode(), timeout=10):
        pass


def test_ucm_is_killed_and_started_again(tmp_path: Path, transactional_db: None) -> None:
    with simulated(tmp_path, 0) as (started, port, control):
        order(control, "css", name=OWN_CSS)
        order(control, "css", name=LOCKED_CSS, blocks=True)
        order(control, "line", pattern="211", partition=PARTITION, css=OWN_CSS)
        system = make.phone_system()
        system.address, system.certificate = f"localhost:{port}", (tmp_path / "certificate.pem").read_text()
        system.axl_username, system.axl_password = USERNAME, PASSWORD
        system.save()
        entered = LockSetUp.objects.create(
            phone_system=system, engine="axl", route_partition=PARTITION, locked_css=LOCKED_CSS
        )
        desk = Extension.objects.create(phone_system=system, number="211")
        lock([desk.pk], Reason.SELF, SOMEBODY)
        order(control, "trouble", kind="slow", operation="applyLine", seconds=30)
        worker = process(TELL, Path(settings.DATA_DIR))
        until = time.monotonic() + 60
        while '"applied_css": "CSS_Locked"' not in (tmp_path / "cluster.json").read_text():
            assert time.monotonic() < until
            time.sleep(0.05)
        started.kill()
        assert finished(worker) == 0
    assert status_of(desk) == LineStatus.LOCKING
    work_off()
    entered.refresh_from_db()
    assert "refuses the connection" in entered.fault
    with simulated(tmp_path, port):
        work_off()
        compare(LockSetUp.objects.select_related("phone_system").get())
        entered.refresh_from_db()
        assert entered.fault == ""
        assert status_of(desk) == LineStatus.LOCKED
        assert Ucm(tmp_path).cluster.bars("211", PARTITION)
        release([desk.pk], Reason.SELF, SOMEBODY)
        work_off()
        assert status_of(desk) == LineStatus.OPEN
        assert css_of(Ucm(tmp_path), "211") == OWN_CSS
