"""External Call Control over a real server: the database hangs, goes and comes back, and calls never wait for it."""

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import psycopg
import pytest
from django.db import connection

from callanalytics.management.commands.run_portal import portal_processes
from callanalytics.settings import BASE_DIR
from tests.phonelock.questions import HEADERS, decision_in, question
from tests.servers import accepts, end, free_port, postgresql

ORGANISATION = """
from accounting.models import Extension, Office, PhoneSystem
from phonelock.models import AllowedNumber, LockSetUp, Reason, Through
from phonelock.services.locking import Actor, lock
office = Office.objects.create(name="Berlin", country="DE", area_code="30", access_code="0")
for name in ("permit", "deny"):
    system = PhoneSystem.objects.create(name=name, office=office)
    LockSetUp.objects.create(phone_system=system, engine="ecc", call_control_key="key-" + name, on_failure=name)
    lines = [Extension.objects.create(phone_system=system, number=number) for number in ("2011", "2012")]
    lock([lines[0].pk], Reason.ADMINISTRATION, Actor(Through.COMMAND))
AllowedNumber.objects.create(digits="00800", is_prefix=True)
"""
OUTSIDE = "00301234567"
LONGEST = 1.5
"""Seconds in which a question is answered, whatever hangs: 0.3, and more beside other work; UCM waits two."""


class Ucm:
    """A phone system with one connection that it keeps."""

    def __init__(self, port: int) -> None:
        """Connect when the first call is asked about."""
        self.port = port
        self.line: http.client.HTTPConnection | None = None
        self.connections = 0

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_fault: object) -> None:
        """Hang up."""
        if self.line is not None:
            self.line.close()

    def ask(self, system: str, calling: str, called: str) -> str:
        """Return the decision; it must come in time."""
        if self.line is None:
            self.line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            self.connections += 1
        began = time.monotonic()
        self.line.request("POST", f"/ecc/key-{system}/", question(calling, called), HEADERS)
        response = self.line.getresponse()
        found = decision_in(response.read())
        assert response.status == 200
        assert time.monotonic() - began < LONGEST
        if response.will_close:
            self.line.close()
            self.line = None
        return found

    def hears(self, decision: str, system: str, calling: str, called: str) -> bool:
        """Return whether the decision comes within some seconds."""
        deadline = time.monotonic() + 8
        while time.monotonic() < deadline:
            if self.ask(system, calling, called) == decision:
                return True
            time.sleep(0.1)
        return False


@pytest.fixture
def room() -> Iterator[Path]:
    """A folder that PostgreSQL's own account may enter."""
    with tempfile.TemporaryDirectory(prefix="callanalytics-ecc-") as folder:
        yield Path(folder)


def environment(url: str, folder: Path) -> dict[str, str]:
    """Return the environment of a portal over this database."""
    known = {"DATABASE_URL": url, "DATA_DIR": str(folder), "SECRET_KEY": "for-this-test-only"}
    return {**os.environ, **known, "DJANGO_SETTINGS_MODULE": "callanalytics.settings"}


def fill(variables: dict[str, str]) -> None:
    """Make two phone systems, of which one refuses calls when locks cannot be looked up."""
    manage = [sys.executable, "manage.py"]
    subprocess.run([*manage, "migrate", "-v0"], cwd=BASE_DIR, env=variables, check=True)
    subprocess.run([*manage, "shell", "--no-imports", "-c", ORGANISATION], cwd=BASE_DIR, env=variables, check=True)


@contextlib.contextmanager
def web_server(variables: dict[str, str]) -> Iterator[int]:
    """Run the web server as `make run` does, in one process; give its port."""
    port = free_port()
    command = [*portal_processes("127.0.0.1", port)[0].command]
    command[command.index("--workers") + 1] = "1"
    process = subprocess.Popen(command, cwd=BASE_DIR, env=variables)
    try:
        deadline = time.monotonic() + 30
        while not accepts(port) and time.monotonic() < deadline:
            time.sleep(0.1)
        yield port
    finally:
        end(process)


def processes_of(folder: Path) -> list[int]:
    """Return the ids of a PostgreSQL server's processes."""
    first = int((folder / "data" / "postmaster.pid").read_text(encoding="utf-8").split()[0])
    children = Path(f"/proc/{first}/task/{first}/children").read_text(encoding="utf-8").split()
    return [first, *map(int, children)]


@contextlib.contextmanager
def hanging(folder: Path) -> Iterator[None]:
    """Stop a PostgreSQL server: it accepts connections, and answers nothing."""
    stopped = processes_of(folder)
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)


def refused(url: str) -> list[tuple[str, str]]:
    """Return number and called number of the refused calls."""
    with psycopg.connect(url) as database:
        return database.execute("SELECT number, called FROM phonelock_refusedcall ORDER BY id").fetchall()


@pytest.mark.skipif(connection.vendor == "sqlite", reason="it needs a PostgreSQL of its own, once is enough")
def test_calls_never_wait_for_the_database(room: Path) -> None:
    folder = room / "postgresql"
    with contextlib.ExitStack() as databases:
        url = databases.enter_context(postgresql(folder))
        variables = environment(url, room)
        fill(variables)
        with web_server(variables) as port, Ucm(port) as ucm:
            hangs_and_answers_again(ucm, folder)
            ends_connections(ucm, url)
            time.sleep(1.5)  # the same call later is another one
            assert ucm.hears("Deny", "permit", "2011", "00301111")
        assert refused(url)[-1] == ("2011", "00301111")
        assert {number for number, _called in refused(url)} == {"2011"}
        with web_server(variables) as port, Ucm(port) as ucm:
            assert ucm.hears("Deny", "permit", "2011", OUTSIDE)
            databases.close()
            assert ucm.ask("permit", "2011", OUTSIDE) == "Permit"
            assert ucm.ask("deny", "2012", OUTSIDE) == "Deny"
            assert ucm.ask("deny", "2012", "0110") == "Permit"


def hangs_and_answers_again(ucm: Ucm, folder: Path) -> None:
    assert ucm.hears("Deny", "permit", "2011", OUTSIDE)
    assert ucm.ask("permit", "2012", OUTSIDE) == "Permit"
    assert ucm.ask("deny", "2011", OUTSIDE) == "Deny"
    time.sleep(3)  # longer than servers keep a connection by default
    with hanging(folder):
        for _time in range(12):
            assert ucm.ask("permit", "2011", OUTSIDE) == "Permit"
            assert ucm.ask("deny", "2012", OUTSIDE) == "Deny"
        assert ucm.ask("deny", "2011", "112") == "Permit"
        assert ucm.ask("deny", "2011", "008001234") == "Permit"
    assert ucm.hears("Deny", "permit", "2011", OUTSIDE)
    assert ucm.hears("Permit", "deny", "2012", OUTSIDE)


def ends_connections(ucm: Ucm, url: str) -> None:
    with psycopg.connect(url) as database:
        database.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid != pg_backend_pid()")
    assert ucm.hears("Deny", "permit", "2011", OUTSIDE)
    assert ucm.connections == 1
