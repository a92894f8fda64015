"""Desk phones without desks: they fetch services, show what they understand, fill in forms and take messages.

Tests and the demo use them in the place of real phones. `python -m phonelock.simulator.phone_server` runs some.
"""

import base64
import http.client
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from phonelock.simulator.phone_xml import UNSUPPORTED, XmlFault, read

SECONDS = 10.0
LARGEST, LARGEST_PUSH = 196_608, 512
EVERYTHING = "x-CiscoIPPhone/*, text/*, image/png, */*"
OLD_OBJECTS = ("Directory", "Execute", "IconMenu", "IconFileMenu", "Image", "ImageFile", "Input", "Menu", "Text")


@dataclass(frozen=True, slots=True)
class Model:
    """What phones of one model send and understand."""

    name: str
    charsets: str = "utf-8,iso-8859-1;q=0.8"
    accept: str = EVERYTHING
    display: str = "800, 480, 24, C"
    status: bool = False
    posts: bool = False
    few_headers: bool = False
    """Whether an answer with headers that begin with X- is refused."""
    asks_by_post: bool = False
    """Whether it asks for authentication in the body."""


MODELS = {
    model.name: model
    for model in (
        Model("CP-8841", status=True, posts=True),
        Model("CP-8865", status=True, posts=True),
        Model("CP-7821", display="396, 162, 1, G", posts=True),
        Model("CP-8821", display="240, 320, 24, C", posts=True),
        Model("DP-9851", status=True),
        Model("CP-6941", "utf-8,iso-8859-1;q=0.8", display="396, 81, 1, G", few_headers=True),
        Model("CP-7942G", "iso-8859-1,utf-8;q=0.8", display="298,144,3,G", asks_by_post=True),
        Model(
            "CP-7921G", "iso-8859-1", ", ".join(f"x-CiscoIPPhone/{one}" for one in OLD_OBJECTS) + ", image/png, text/*",
            "176, 140, 16, C",
        ),
    )
}  # fmt: skip


def address_for(name: str) -> str:
    """Return the loopback address at which a simulated phone of this name listens; always the same one."""
    digest = sha256(name.encode()).digest()
    return f"127.{1 + digest[0] % 250}.{digest[1]}.{1 + digest[2] % 250}"


@dataclass(slots=True)
class Phone:
    """One phone: its display, the pages behind it, and what stands above its calls."""

    name: str
    model: Model
    services: str
    """Address of the service, as the phone system has it: with #DEVICENAME#."""
    authentication: str = ""
    language: str = "en_US"
    mood: str = ""
    """'' or what it does to messages: refuse, hang, garbage."""
    shown: Any = None
    """The document on the display; None for the idle screen."""
    fault: str = ""
    """What the display says in place of a document."""
    status: Any = None
    """What stands above the calls; None for nothing."""
    took: list[str] = field(default_factory=list)
    """Addresses and commands of messages that it has obeyed."""
    visited: list[str] = field(default_factory=list)
    """Paths that it has asked for, without what was typed."""
    behind: list[str] = field(default_factory=list)
    """Addresses to which Back leads."""
    at: str = ""
    server: ThreadingHTTPServer | None = None

    # What a person does

    def open_services(self) -> None:
        """Press Services."""
        self.behind, self.at = [], ""
        self.go(self.services.replace("#DEVICENAME#", self.name))

    def choose(self, place: int) -> None:
        """Select an item of a menu, from 0."""
        self.go(self.shown.findall("MenuItem")[place].findtext("URL"))

    def fill_in(self, *values: str) -> None:
        """Type into the fields of a form, and submit it."""
        names = [item.findtext("QueryStringParam") for item in self.shown.findall("InputItem")]
        url = self.shown.find("URL")
        typed = urlencode(dict(zip(names, values, strict=True)))
        if url.get("method") == "post":
            self.go(url.text, typed.encode())
        else:
            self.go(f"{url.text}{'&' if '?' in url.text else '?'}{typed}")

    def back(self) -> None:
        """Press Back: to the page before, else to the idle screen."""
        self.at = ""
        if self.behind:
            self.go(self.behind.pop())
        else:
            self.leave()

    def leave(self) -> None:
        """Press Exit."""
        self.shown, self.fault, self.behind, self.at = None, "", [], ""

    def text(self, tag: str) -> str:
        """Return a text of the document on the display, '' where it has none."""
        found = self.shown.findtext(tag) if self.shown is not None else None
        return found or ""

    # What the phone does

    def go(self, url: str, body: bytes | None = None) -> None:
        """Fetch a page and show it, else what is wrong."""
        try:
            root, keep = self.fetched(url, body)
        except (XmlFault, OSError, http.client.HTTPException) as error:
            self.fault = str(error) if isinstance(error, XmlFault) else "HTTP Error [10]: Connection failed"
            return
        self.fault = ""
        if root.tag == "CiscoIPPhoneStatusFile":
            self.status = root
            return
        if self.at:
            self.behind.append(self.at)
        self.shown, self.at = root, url if keep else ""

    def fetched(self, url: str, body: bytes | None = None) -> tuple[Any, bool]:
        """Return a document and whether Back may lead to it; raises XmlFault for what the phone refuses."""
        answer, content = self.asked(url, body)
        if answer.status != http.HTTPStatus.OK:
            raise XmlFault(f"HTTP Error [8]: {answer.status}")
        if answer.getheader("Set-Cookie"):
            raise XmlFault("a cookie that nobody needs")
        kind, _mark, charset = (answer.getheader("Content-Type") or "").partition("; charset=")
        accepted = {part.partition(";")[0] for part in self.model.charsets.split(",")}
        if kind != "text/xml" or charset.lower() not in accepted or len(content) > LARGEST:
            raise XmlFault(f"XML Error [4]: {kind} {charset} of {len(content)} bytes")
        root = read(content, charset)
        self.refuse_unsupported(root)
        expires = answer.getheader("Expires")
        return root, expires is None or parsedate_to_datetime(expires).timestamp() > time.time()

    def asked(self, url: str, body: bytes | None = None) -> tuple[http.client.HTTPResponse, bytes]:
        """Send a request as this model does; return the answer and its content."""
        parts = urlsplit(url)
        self.visited = [*self.visited[-19:], f"{'GET' if body is None else 'POST'} {parts.path}"]
        line = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=SECONDS)
        headers = {
            "User-Agent": "Allegro-Software-WebClient/4.34", "Accept": self.model.accept,
            "Accept-Language": self.language, "Accept-Charset": self.model.charsets, "Connection": "close",
            "x-CiscoIPPhoneModelName": self.model.name, "x-CiscoIPPhoneSDKVersion": "8.5.1",
            "x-CiscoIPPhoneDisplay": self.model.display,
        }  # fmt: skip
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
            line.request("GET" if body is None else "POST", path, body, headers)
            answer = line.getresponse()
            return answer, answer.read(LARGEST + 1)
        finally:
            line.close()

    def refuse_unsupported(self, root: Any) -> None:
        """Raise XmlFault for documents that this model does not show."""
        url = root.find("URL")
        if url is not None and url.get("method") and not self.model.posts:
            raise XmlFault(f"{UNSUPPORTED}: method")
        if root.tag == "CiscoIPPhoneStatusFile" and not self.model.status:
            raise XmlFault(f"{UNSUPPORTED}: {root.tag}")

    def obey(self, command: str) -> int:
        """Do what a message says; return the status: 0 for done."""
        if command.startswith("http"):
            threading.Thread(target=self.go, args=[command], daemon=True).start()
        elif command == "Init:AppStatus" and self.model.status:
            self.status = None
        elif command == "Init:Services":
            self.leave()
        else:
            return 1
        self.took.append(command)
        return 0

    def is_authorised(self, user: str, password: str) -> bool:
        """Ask the authentication address whether a message may be obeyed."""
        query = urlencode({"UserID": user, "Password": password, "devicename": self.name})
        try:
            if self.model.asks_by_post:
                answer, word = self.asked(self.authentication, query.encode())
            else:
                answer, word = self.asked(f"{self.authentication}?{query}")
        except (OSError, http.client.HTTPException):
            return False
        if self.model.few_headers and any(name.lower().startswith("x-") for name, _value in answer.getheaders()):
            return False
        return answer.status == http.HTTPStatus.OK and word == b"AUTHORIZED"

    def plug_in(self, address: str, port: int) -> ThreadingHTTPServer:
        """Open the phone's web server at an address; whoever does so calls its handle_request()."""
        phone = self

        class Door(_Door):
            """The web server of this phone."""

            owner = phone

        self.server = ThreadingHTTPServer((address, port), Door)
        return self.server

    def listen(self, address: str, port: int) -> None:
        """Take messages at an address until hang_up()."""
        server = self.plug_in(address, port)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    def hang_up(self) -> None:
        """Take no messages any more."""
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None


class _Door(BaseHTTPRequestHandler):
    """The web server in a phone."""

    owner: Phone
    timeout = SECONDS

    def do_POST(self) -> None:
        """Take a message."""
        body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), 65_536)).decode()
        mood = self.owner.mood
        if mood == "hang":
            time.sleep(SECONDS)
            return
        if mood == "refuse":
            self.send_error(403)
            return
        self.reply(b"<html>no phone</html>" if mood == "garbage" else self.result(body))

    def result(self, body: str) -> bytes:
        """Return the phone's answer to a message."""
        if urlsplit(self.path).path != "/CGI/Execute":
            return b'<CiscoIPPhoneError Number="2"/>'
        kind, _blank, login = self.headers.get("Authorization", "").partition(" ")
        user, _colon, password = base64.b64decode(login).decode().partition(":")
        if kind != "Basic" or not self.owner.is_authorised(user, password):
            return b'<CiscoIPPhoneError Number="4"/>'
        content = parse_qs(body).get("XML", [""])[0].encode()
        try:
            root = read(content, "utf-8")
        except XmlFault:
            return b'<CiscoIPPhoneError Number="1"/>'
        if len(content) > LARGEST_PUSH:
            return b'<CiscoIPPhoneError Number="1"/>'
        commands = [item.get("URL") for item in root.findall("ExecuteItem")]
        items = "".join(
            f'<ResponseItem Status="{status}" Data="{"Success" if status == 0 else "Invalid URI"}" URL=""/>'
            for status in map(self.owner.obey, commands)
        )
        return f"<CiscoIPPhoneResponse>{items}</CiscoIPPhoneResponse>".encode()

    def reply(self, content: bytes) -> None:
        """Send an answer, unless nobody waits for it any more."""
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(content)))
        with suppress(ConnectionError):
            self.end_headers()
            self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (the base class's name)
        """Say nothing."""


def can_listen(address: str) -> bool:
    """Return whether this machine has an address: not all have the whole loopback network."""
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True
