"""Runs simulated phones in a process of their own, and lets the demo's page press their keys.

`python -m phonelock.simulator.phone_server --portal http://127.0.0.1:8000 --control 9001 --phones 9002`
"""

import json
import selectors
import threading
from argparse import ArgumentParser
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from phonelock.simulator.phones import MODELS, Phone, address_for, can_listen

LOOPBACK = "127.0.0.1"
Screen = dict[str, Any]


class Desk:
    """All phones; one thread waits for messages to any of them."""

    def __init__(self, portal: str, port: int, names: Iterable[str] = ()) -> None:
        """Plug in the phones of these names; others are when they are first asked for."""
        self.portal, self.port = portal.rstrip("/"), port
        self.guard, self.waiting = threading.Lock(), selectors.DefaultSelector()
        self.phones = {name: self.plugged_in(name) for name in names}
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        """Hand each message to its phone."""
        while True:
            for key, _events in self.waiting.select(0.5):
                key.data.handle_request()

    def phone(self, name: str, language: str) -> Phone:
        """Return a phone by its device name, speaking a language from now on."""
        with self.guard:
            if name not in self.phones:
                self.phones[name] = self.plugged_in(name)
            phone = self.phones[name]
        phone.language = language or phone.language
        return phone

    def plugged_in(self, name: str) -> Phone:
        """Return a new phone that takes messages where this machine has an address for it."""
        base = f"{self.portal}/phone/"
        phone = Phone(name, MODELS["CP-8841"], f"{base}?d=#DEVICENAME#", f"{base}authenticate/")
        if can_listen(address_for(name)):
            server = phone.plug_in(address_for(name), self.port)
            server.timeout = 0
            self.waiting.register(server, selectors.EVENT_READ, server)
        return phone


def press(phone: Phone, key: str, place: int, values: list[str]) -> None:
    """Press a key of a phone; what does not fit what is shown does nothing, as on a real one."""
    shown = phone.shown.tag if phone.shown is not None else ""
    deeds: dict[str, Callable[[], None]] = {"services": phone.open_services, "back": phone.back, "exit": phone.leave}
    if key in deeds:
        deeds[key]()
    elif key == "select" and shown == "CiscoIPPhoneMenu" and 0 <= place < len(phone.shown.findall("MenuItem")):
        phone.choose(place)
    elif key == "submit" and shown == "CiscoIPPhoneInput" and len(values) == len(phone.shown.findall("InputItem")):
        phone.fill_in(*values)


def screen(phone: Phone) -> Screen:
    """Return what a phone shows, as plain data."""
    root = phone.shown
    kind = root.tag.removeprefix("CiscoIPPhone").lower() if root is not None else "idle"
    found: Screen = {
        "name": phone.name, "kind": "fault" if phone.fault else kind, "fault": phone.fault,
        "title": phone.text("Title"), "prompt": phone.text("Prompt"), "text": phone.text("Text"),
        "items": [], "fields": [], "entries": [],
        "status": phone.status.findtext("Text") if phone.status is not None else "",
    }  # fmt: skip
    if root is not None:
        found["items"] = [item.findtext("Name") for item in root.findall("MenuItem")]
        found["fields"] = [item.findtext("DisplayName") or "" for item in root.findall("InputItem")]
        entries = root.findall("DirectoryEntry")
        found["entries"] = [(one.findtext("Name") or "", one.findtext("Telephone") or "") for one in entries]
    return found


def door(desk: Desk) -> type[BaseHTTPRequestHandler]:
    """Return the handler of the demo's questions."""

    class Door(BaseHTTPRequestHandler):
        """Answers `/<device name>?language=` with what the phone shows; by POST a key is pressed before."""

        def do_GET(self) -> None:
            """Show a phone."""
            self.answer(self.asked_phone())

        def do_POST(self) -> None:
            """Press a key: key, place of a menu's item, values of a form."""
            told = json.loads(self.rfile.read(min(int(self.headers.get("Content-Length") or 0), 4096)))
            phone = self.asked_phone()
            press(phone, str(told.get("key")), int(told.get("place") or 0), [str(one) for one in told["values"]])
            self.answer(phone)

        def asked_phone(self) -> Phone:
            """Return the phone that the address names."""
            parts = urlsplit(self.path)
            return desk.phone(parts.path.strip("/"), parse_qs(parts.query).get("language", [""])[0])

        def answer(self, phone: Phone) -> None:
            """Send what a phone shows."""
            content = json.dumps(screen(phone)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (the base class's name)
            """Say nothing: PINs are among what is pressed."""

    return Door


class Quiet(ThreadingHTTPServer):
    """A server that does not care when somebody does not wait for the answer."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing."""


def main() -> None:
    """Run until the process is ended."""
    options = ArgumentParser(description=__doc__)
    options.add_argument("--portal", required=True)
    options.add_argument("--control", type=int, required=True)
    options.add_argument("--phones", type=int, required=True)
    options.add_argument("--names", type=Path, help="A file with the device names of all phones, one a line.")
    given = options.parse_args()
    names = given.names.read_text(encoding="utf-8").split() if given.names else []
    with Quiet((LOOPBACK, given.control), door(Desk(given.portal, given.phones, names))) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
