"""The companion apart from any system: what it keeps, whom it trusts, and the contracts of Windows and macOS."""

import json
import plistlib
import ssl
import stat
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from callanalytics_companion import autostart
from callanalytics_companion.events import Event
from callanalytics_companion.outbox import Outbox
from callanalytics_companion.sources import macos, windows
from callanalytics_companion.switches import Switches

from tests import servers
from tests.desktop.conftest import Computer

TOKEN = "ca_abcdefgh_secret"


def test_each_switch_decides_about_its_own_events() -> None:
    on = {event: Switches().wish(event) for event in Event}
    assert on == {
        Event.SIGN_IN: False, Event.SIGN_OUT: True, Event.SESSION_LOCK: True, Event.SESSION_UNLOCK: False,
        Event.SHUTDOWN: True,
    }  # fmt: skip
    off = Switches(sign_out_locks=False, session_unlock_unlocks=False)
    assert [event for event in Event if off.wish(event) is None] == [
        Event.SIGN_OUT, Event.SESSION_UNLOCK, Event.SHUTDOWN,
    ]  # fmt: skip


def test_only_the_newest_wish_waits(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "state")
    first = outbox.put(locked=True)
    second = outbox.put(locked=False, at=datetime.now(UTC) - timedelta(days=1))  # the clock was set back
    assert [path.name for path in outbox.folder.iterdir()] == [second.name]
    outbox.done(first)
    assert outbox.pending() == second
    outbox.done(second)
    assert outbox.pending() is None
    (outbox.folder / "wish-00000000000000000009-x.json").write_text("{")
    assert outbox.pending() is None
    assert list(outbox.folder.iterdir()) == []


class Answering(BaseHTTPRequestHandler):
    """Answers as a portal, or as one that sends people elsewhere."""

    def do_GET(self) -> None:
        """Answer one request."""
        server: Any = self.server
        server.asked.append((self.path, self.headers.get("Authorization")))
        if server.elsewhere:
            self.send_response(302)
            self.send_header("Location", server.elsewhere)
        else:
            self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"locked": False, "lines": []}).encode())

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Any]:
    """A portal with a certificate that only its own authority knows."""
    chain, key = servers.certificate(tmp_path)
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.asked, server.elsewhere, server.chain = [], "", chain
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_args: None  # refusing the certificate is part of the tests
    server.address = f"https://localhost:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_the_token_goes_to_a_verified_portal_only(computer: Computer, portal: Any) -> None:
    words = ["configure", "--portal", portal.address, "--token-stdin"]
    refused = computer.command(*words, given=TOKEN)
    assert refused.returncode == 3
    assert "CERTIFICATE_VERIFY_FAILED" in refused.stderr
    assert portal.asked == []
    trusted = computer.command(*words, "--ca-file", str(portal.chain), given=TOKEN)
    assert (trusted.returncode, trusted.stdout.splitlines()[-1]) == (0, "You hold no extension.")
    assert portal.asked == [("/api/v1/locks/me", f"Bearer {TOKEN}")]
    wrong_name = computer.command("configure", "--portal", portal.address.replace("localhost", "127.0.0.1"))
    assert wrong_name.returncode == 3
    assert len(portal.asked) == 1


def test_redirections_are_not_followed(computer: Computer, portal: Any) -> None:
    portal.elsewhere = f"{portal.address}/elsewhere"
    words = ("configure", "--portal", portal.address, "--token-stdin", "--ca-file", str(portal.chain))
    assert computer.command(*words, given=TOKEN).returncode == 1
    assert [path for path, _token in portal.asked] == ["/api/v1/locks/me"]


def test_files_are_the_persons_own(computer: Computer, portal: Any) -> None:
    computer.command("configure", "--portal", portal.address, "--token-stdin", given=TOKEN)
    folder = computer.home / ".config" / "callanalytics-companion"
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == {"token": 0o600, "config.json": 0o600}
    assert TOKEN not in (folder / "config.json").read_text()
    assert (folder / "token").read_text().strip() == TOKEN


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("http://calls.example.com", "must begin with https://"),
        ("calls.example.com", "no address of a portal"),
        ("https://ana:secret@calls.example.com", "must not hold"),
        ("ftp://calls.example.com", "no address of a portal"),
    ],
)
def test_addresses_that_would_give_the_token_away_are_refused(computer: Computer, address: str, says: str) -> None:
    refused = computer.command("configure", "--portal", address, "--token-stdin", given=TOKEN)
    assert (refused.returncode, says in refused.stderr) == (1, True)
    assert not (computer.home / ".config").exists()


@pytest.mark.parametrize("content", ["{", "[]", '{"switches": {"x": true}}', '{"switches": {"sign_in_unlocks": "no"}}'])
def test_a_configuration_that_was_edited_wrongly_is_said(computer: Computer, content: str) -> None:
    folder = computer.home / ".config" / "callanalytics-companion"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(content)
    done = computer.command("status")
    assert done.returncode == 1
    assert "config.json" in done.stderr
    assert "Traceback" not in done.stderr


class Pretended:
    """Windows and macOS in one: hands on what a test lets happen."""

    def __init__(self) -> None:
        self.message: Callable[..., Any] = print
        self.closed = threading.Event()
        self.names: set[str] = set()

    def pump(self, message: Callable[..., Any]) -> None:
        """Begin to hand on messages."""
        self.message = message
        self.closed.wait(10)

    def run(self, distributed: list[str], workspace: list[str], hear: Callable[[str], None]) -> None:
        """Begin to hand on notifications."""
        self.names = {*distributed, *workspace}
        self.pump(hear)

    def close(self) -> None:
        """End."""
        self.closed.set()

    stop = close

    def session(self) -> Any:
        """Return the own session."""
        return 7

    def signed_in_at(self) -> int:
        """Return its beginning."""
        return 1234


def told_by(source: Any, pretended: Pretended, *messages: tuple[Any, ...]) -> tuple[list[Event], list[Any]]:
    """Let messages come, and return the events and the answers."""
    events: list[Event] = []

    def tell(event: Event) -> None:
        events.append(event)
        source.settled()

    runner = threading.Thread(target=source.run, args=(tell,))
    runner.start()
    while pretended.message is print:
        pass
    answers = [pretended.message(*message) for message in messages]
    source.stop()
    runner.join(5)
    assert not runner.is_alive()
    return events, answers


def test_windows_tells_of_its_own_session_by_messages() -> None:
    pretended = Pretended()
    source = windows.WindowsSource(pretended)
    change = windows.WM_WTSSESSION_CHANGE
    events, answers = told_by(
        source, pretended,
        (change, 7, 7), (change, 8, 7), (change, 7, 99), (change, 1, 7), (0x0010, 0, 0),
        (windows.WM_QUERYENDSESSION, 0, 0), (windows.WM_ENDSESSION, 0, 0),
        (windows.WM_ENDSESSION, 1, windows.ENDSESSION_LOGOFF), (windows.WM_ENDSESSION, 1, 0),
    )  # fmt: skip
    assert events == [Event.SESSION_LOCK, Event.SESSION_UNLOCK, Event.SIGN_OUT]
    assert answers == [0, 0, 0, 0, None, 1, 0, 0, 0]
    assert source.session_key() == "7:1234"


def test_windows_says_shutdown_where_nobody_signs_out_alone() -> None:
    pretended = Pretended()
    source = windows.WindowsSource(pretended)
    events, _answers = told_by(source, pretended, (windows.WM_ENDSESSION, 1, 0))
    assert events == [Event.SHUTDOWN]


def test_macos_tells_by_notifications_each_change_once() -> None:
    pretended = Pretended()
    source = macos.MacSource(pretended)
    events, _answers = told_by(
        source, pretended,
        ("com.apple.screenIsLocked",), ("NSWorkspaceSessionDidResignActiveNotification",),
        ("com.apple.screenIsUnlocked",), ("com.apple.somethingElse",),
        ("NSWorkspaceWillPowerOffNotification",), ("NSWorkspaceWillPowerOffNotification",),
    )  # fmt: skip
    assert events == [Event.SESSION_LOCK, Event.SESSION_UNLOCK, Event.SIGN_OUT]
    assert pretended.names == {*macos.DISTRIBUTED, *macos.WORKSPACE}


def test_it_starts_with_every_session(computer: Computer, portal: Any) -> None:
    computer.command("configure", "--portal", portal.address, "--token-stdin", given=TOKEN)
    done = computer.command("install-autostart")
    unit = computer.home / ".config" / "systemd" / "user" / "callanalytics-companion.service"
    assert (done.returncode, done.stdout) == (0, f"Made: {unit}\n")
    text = unit.read_text()
    assert '"-m" "callanalytics_companion" "run"' in text
    assert "WantedBy=graphical-session.target" in text
    assert computer.command("remove-autostart").returncode == 0
    assert not unit.exists()
    agent = plistlib.loads(autostart.launch_agent())
    assert agent["ProgramArguments"][1:] == ["-m", "callanalytics_companion", "run"]
