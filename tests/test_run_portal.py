"""`make run` as its operator meets it: one command starts all, what dies comes back, Ctrl-C leaves nothing."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from callanalytics.settings import BASE_DIR
from tests.servers import end, free_port

PATIENCE = 90


@dataclass
class Portal:
    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def is_ready(self) -> bool:
        """Whether readiness says "ok": pages, queue, timetable and worker."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=5) as response:
                return b'"status": "ok"' in response.read()
        except OSError:
            return False

    def family(self) -> list[int]:
        """Return the ids of all processes that know this portal's data folder, but for its own."""
        mark = f"DATA_DIR={self.log.parent}".encode()
        known = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
        return [pid for pid in known if pid != self.process.pid and mark in environment(pid)]

    def worker(self) -> int:
        """Return the id of the worker's main process."""
        children = [pid for pid in self.family() if parent(pid) == self.process.pid]
        return next(pid for pid in children if b"celery" in Path(f"/proc/{pid}/cmdline").read_bytes())


def environment(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[1])


def eventually(holds: Callable[[], bool]) -> bool:
    """Tell whether something comes true within a minute and a half."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    port = free_port()
    variables = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "PORT": str(port), "DEMO": "0"}
    command = [sys.executable, "manage.py", "run_portal"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=BASE_DIR, env=variables, stdout=log, stderr=log)
    yield Portal(process, port, tmp_path / "log")
    end(process)


def test_runs_recovers_and_stops(portal: Portal) -> None:
    assert eventually(portal.is_ready), portal.said()
    assert eventually(lambda: f"http://localhost:{portal.port}/" in portal.said())

    first = portal.worker()
    os.kill(first, signal.SIGKILL)
    assert eventually(lambda: "The worker ended" in portal.said())
    (portal.log.parent / "timetable-pulse").unlink()
    assert eventually(portal.is_ready), portal.said()
    assert portal.worker() != first

    family = portal.family()
    portal.process.send_signal(signal.SIGINT)
    assert portal.process.wait(15) == 0, portal.said()
    assert [pid for pid in family if environment(pid)] == []


def test_a_taken_port_is_refused_with_advice(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        variables = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "PORT": str(taken.getsockname()[1])}
        command = [sys.executable, "manage.py", "run_portal"]
        done = subprocess.run(command, cwd=BASE_DIR, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Choose another: PORT=" in done.stderr
