"""A computer for the companion: a private D-Bus with a played logind, an own home, and a portal that can be away."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from jeepney import DBusAddress, MessageType, new_method_call
from jeepney.io.blocking import open_dbus_connection

from accounting.models import Extension, LineAssignment, Scope, TokenClient, User
from accounting.services import tokens
from tests import factories as make
from tests import servers

ROOT = Path(__file__).resolve().parents[2]
LOGIND, LOGIND_PATH = "org.freedesktop.login1", "/org/freedesktop/login1"
MOCK, SESSION = "org.freedesktop.DBus.Mock", "org.freedesktop.login1.Session"
SECONDS = 20


def until(holds: Callable[[], Any], what: str, seconds: float = SECONDS) -> None:
    """Return as soon as something holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not in {seconds} s: {what}"
        time.sleep(0.05)


@dataclass
class Logind:
    """The system's sessions as python-dbusmock plays them."""

    address: str

    def call(self, path: str, interface: str, method: str, signature: str = "", *words: Any) -> Any:
        """Call a method of the played service."""
        with open_dbus_connection(self.address) as bus:
            where = DBusAddress(path, bus_name=LOGIND, interface=interface)
            answer = bus.send_and_get_reply(new_method_call(where, method, signature or None, words), timeout=5)
        assert answer.header.message_type != MessageType.error, answer.body
        return answer.body

    def add_session(self, name: str) -> None:
        """Let the person sign in."""
        self.call(LOGIND_PATH, MOCK, "AddSession", "ssusb", name, "seat0", os.getuid(), "ana", True)

    def end_session(self, name: str) -> None:
        """Let the session go."""
        path = f"{LOGIND_PATH}/session/{name}"
        self.call(LOGIND_PATH, MOCK, "RemoveObject", "s", path)
        told = [("s", name), ("o", path)]
        self.call(LOGIND_PATH, MOCK, "EmitSignal", "sssav", f"{LOGIND}.Manager", "SessionRemoved", "so", told)

    def lock(self, name: str, *, locked: bool = True) -> None:
        """Lock or unlock the session."""
        self.set_property(name, "LockedHint", ("b", locked))

    def set_property(self, session: str, name: str, value: tuple[str, Any]) -> None:
        """Change a property of a session, and tell so."""
        path = f"{LOGIND_PATH}/session/{session}"
        self.call(path, MOCK, "UpdateProperties", "sa{sv}", SESSION, {name: value})

    def shut_down(self, *, begins: bool = True) -> None:
        """Begin a shutdown, or call it off."""
        told = [("b", begins)]
        self.call(LOGIND_PATH, MOCK, "EmitSignal", "sssav", f"{LOGIND}.Manager", "PrepareForShutdown", "b", told)

    def inhibitors(self) -> list[Any]:
        """Return who holds up a shutdown."""
        return list(self.call(LOGIND_PATH, f"{LOGIND}.Manager", "ListInhibitors")[0])


@pytest.fixture
def logind(tmp_path: Path) -> Iterator[Logind]:
    """A private bus, which is system's and session's in one, with logind on it and one session, c1."""
    address = f"unix:path={tmp_path}/bus"
    environment = os.environ | {"DBUS_SYSTEM_BUS_ADDRESS": address, "DBUS_SESSION_BUS_ADDRESS": address}
    daemon = ["dbus-daemon", "--session", "--nofork", "--nopidfile", f"--address={address}"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment}
    bus = subprocess.Popen(servers.with_parent(daemon), **quiet)  # type: ignore[call-overload]
    played = None
    try:
        servers.wait_until((tmp_path / "bus").exists, bus, "dbus-daemon")
        # Debian's Python: python-dbusmock stands beside the bindings that it needs.
        mock = ["/usr/bin/python3", "-m", "dbusmock", "--system", "--template", "logind"]
        played = subprocess.Popen(servers.with_parent(mock), **quiet)  # type: ignore[call-overload]
        found = Logind(address)
        servers.wait_until(lambda: answers(found), played, "python3-dbusmock")
        found.add_session("c1")
        yield found
    finally:
        for process in filter(None, (played, bus)):
            servers.end(process)


def answers(logind: Logind) -> bool:
    """Whether logind is there."""
    try:
        logind.inhibitors()
    except (AssertionError, OSError):
        return False
    return True


@dataclass
class Relay:
    """A network between computer and portal that can be cut."""

    target: int
    port: int = field(default_factory=servers.free_port)
    listener: socket.socket | None = None

    def start(self) -> None:
        """Let connections through."""
        self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def stop(self) -> None:
        """Refuse connections."""
        if self.listener is not None:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.listener = None

    def accept(self, listener: socket.socket) -> None:
        """Join each connection with one to the portal."""
        while True:
            try:
                here = listener.accept()[0]
                there = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            for one, other in ((here, there), (there, here)):
                threading.Thread(target=copy, args=(one, other), daemon=True).start()


def copy(one: socket.socket, other: socket.socket) -> None:
    """Hand on what comes."""
    with one:
        try:
            while data := one.recv(65536):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            return


@dataclass
class Computer:
    """A computer with the companion, used by one person."""

    home: Path
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None

    def command(self, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run one command of the companion."""
        return subprocess.run(
            [sys.executable, "-m", "callanalytics_companion", *words],
            env=self.environment, input=given, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

    def start(self) -> None:
        """Let the companion run."""
        with (self.home / "log").open("ab") as log:
            words = [sys.executable, "-m", "callanalytics_companion", "--verbose", "run"]
            self.process = subprocess.Popen(
                servers.with_parent(words), env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def end(self, by: signal.Signals = signal.SIGTERM) -> None:
        """End the companion, and wait for its end."""
        if self.process is not None:
            servers.end(self.process, by)
            self.process = None

    @property
    def log(self) -> str:
        """What it has written."""
        return (self.home / "log").read_text(encoding="utf-8")


@pytest.fixture
def computer(tmp_path: Path) -> Iterator[Computer]:
    """A computer without a session."""
    home = tmp_path / "home"
    home.mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DBUS_", "XDG_"))}
    environment |= {"HOME": str(home), "PYTHONPATH": str(ROOT / "desktop" / "src"), "PYTHONWARNINGS": "error"}
    computer = Computer(home, environment)
    yield computer
    computer.end()


@pytest.fixture
def line(ana: User) -> Extension:
    """The extension of ana, whose phone system asks the portal about each call."""
    line = Extension.objects.create(phone_system=make.phone_system(), number="211")
    LineAssignment.objects.create(extension=line, user=ana)
    make.lock_set_up(line.phone_system)
    return line


@pytest.fixture
def relay(live_server: Any) -> Iterator[Relay]:
    """The network to a live portal."""
    relay = Relay(live_server.thread.port)
    relay.start()
    yield relay
    relay.stop()


@pytest.fixture
def desk(relay: Relay, logind: Logind, computer: Computer, ana: User, line: Extension) -> Computer:
    """The computer of ana, configured and with a session, the companion not running."""
    computer.environment |= {"DBUS_SYSTEM_BUS_ADDRESS": logind.address, "DBUS_SESSION_BUS_ADDRESS": logind.address}
    shown = tokens.make(ana, "Laptop", [Scope.OWN_LOCKS], TokenClient.DESKTOP)[1]
    address = f"http://127.0.0.1:{relay.port}"
    done = computer.command("configure", "--portal", address, "--token-stdin", given=shown + "\n")
    assert done.returncode == 0, done.stderr
    assert shown not in done.stdout + done.stderr
    return computer
