"""The simulated cluster's addresses: AXL and RIS by HTTPS with sessions, and one by which it is told what to do."""

import base64
import json
import ssl
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from lxml import etree
from lxml.etree import _Element as Element

from phonelock.simulator.axl import ENVELOPE, Axl, fault
from phonelock.simulator.call_control import CallControl, Profile
from phonelock.simulator.certificates import certificate
from phonelock.simulator.cluster import Cluster
from phonelock.simulator.ris import TOO_OFTEN, Ris
from phonelock.simulator.trouble import Trouble, Troubles

USERNAME, PASSWORD = "phonelock", "simulated"
SCHEMAS = ("14.0", "12.5", "11.5")
STATUSES = {"busy": 503, "refused": 401, "forbidden": 403, "missing": 404, "unsupported": 599}
MEMORY = "Maximum AXL Memory Allocation Consumed. Please retry once requests in progress have completed"


class HungUp(Exception):  # noqa: N818
    """The connection ends without an answer."""


class Ucm:
    """The whole simulated cluster."""

    def __init__(self, folder: Path) -> None:
        """Keep certificate and content in a folder; both are there again after a restart."""
        self.cluster = Cluster(folder / "cluster.json")
        self.chain, self.key = certificate(folder)
        self.axl, self.ris, self.call_control = Axl(self.cluster), Ris(self.cluster), CallControl()
        self.troubles = Troubles()
        self.sessions: set[str] = set()
        self.logins = 0
        """Requests that came without a session."""

    def answer(self, path: str, request: Element) -> tuple[int, str]:
        """Return status and document for a SOAP request; raises HungUp."""
        operation = etree.QName(request).localname
        trouble = self.troubles.take(operation)
        if trouble is not None and trouble.kind in STATUSES:
            return STATUSES[trouble.kind], "<html>no</html>"
        if trouble is not None and trouble.kind in REPLIES:
            return REPLIES[trouble.kind]
        if trouble is not None and trouble.kind in ("silent", "cut_before", "late"):
            self.hang_up(path, request, trouble)
        done = self.do(path, request)
        if trouble is not None and trouble.kind == "slow":
            time.sleep(trouble.seconds)
        if trouble is not None and trouble.kind == "cut_after":
            raise HungUp
        return (200, "half" + done[1]) if trouble is not None and trouble.kind == "half" else done

    def do(self, path: str, request: Element) -> tuple[int, str]:
        """Do what is asked."""
        return (self.axl if path.startswith("/axl") else self.ris).answer(request)

    def hang_up(self, path: str, request: Element, trouble: Trouble) -> None:
        """End without an answer; what is late is done nevertheless."""
        if trouble.kind == "late":
            threading.Timer(trouble.seconds, self.do, (path, request)).start()
        if trouble.kind == "silent":
            time.sleep(trouble.seconds)
        raise HungUp

    def call(self, calling: str, called: str, device: str = "", partition: str = "") -> dict[str, Any]:
        """Place an outgoing call; return whether it passes and what decided."""
        known = f"{partition}/{calling}" in self.cluster.content.lines
        if known and self.cluster.bars(calling, partition):
            return {"passes": False, "decided_by": "css", "decision": ""}
        found = self.call_control.treat(calling, called, device)
        return {"passes": found.passes, "decided_by": "call control", "decision": found.decision}

    def state(self) -> dict[str, Any]:
        """Return everything that it knows."""
        with self.cluster.guard:
            content = asdict(self.cluster.content)
        return content | {
            "done": list(self.axl.done), "portal_alive": self.call_control.alive,
            "profile": asdict(self.call_control.profile),
        }  # fmt: skip


REPLIES = {
    "fault": (500, fault(-1, "DB error", "any")),
    "memory": (500, fault(-1, MEMORY, "any")),
    "rate": (500, ENVELOPE % TOO_OFTEN),
    "nonsense": (200, "<html>Maintenance</html>"),
}


class Soap(BaseHTTPRequestHandler):
    """Speaks HTTPS with the product as a publisher does."""

    protocol_version = "HTTP/1.1"
    timeout = 60
    disable_nagle_algorithm = True

    @property
    def ucm(self) -> Ucm:
        """The cluster behind."""
        found: Ucm = self.server.ucm  # type: ignore[attr-defined]
        return found

    def do_POST(self) -> None:
        """Answer one request."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        session = self.session()
        if session == "":
            self.tell(404 if "JSESSIONIDSSO" in self.headers.get("Cookie", "") else 401, "<html>no</html>")
            return
        envelope = etree.fromstring(body)
        request = envelope.find("{*}Body/*")
        status, text = 599, "<html>no such version</html>"
        try:
            if self.path != "/axl/" or self.speaks(request):
                status, text = self.ucm.answer(self.path, request)
        except HungUp:
            self.close_connection = True
            return
        self.tell(status, text, session)

    def session(self) -> str:
        """Return the session of a request, a new one for the right user and password, '' for none."""
        cookie = self.headers.get("Cookie", "")
        if "JSESSIONIDSSO=" in cookie:
            known = cookie.partition("JSESSIONIDSSO=")[2].partition(";")[0]
            return known if known in self.ucm.sessions else ""
        login = base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {login}":
            return ""
        self.ucm.logins += 1
        made = uuid.uuid4().hex
        self.ucm.sessions.add(made)
        return made

    def speaks(self, request: Element) -> bool:
        """Whether SOAPAction and namespace name one version of the schema that is served, and this operation."""
        name = etree.QName(request)
        return any(
            self.headers.get("SOAPAction", "").strip('"') == f"CUCM:DB ver={schema} {name.localname}"
            and name.namespace == f"http://www.cisco.com/AXL/API/{schema}"
            for schema in SCHEMAS
        )

    def tell(self, status: int, text: str, session: str = "") -> None:
        """Send an answer; one that begins with "half" breaks off in the middle."""
        content = text.removeprefix("half").encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/xml;charset=UTF-8")
        self.send_header("Content-Length", str(len(content)))
        if session:
            self.send_header("Set-Cookie", f"JSESSIONIDSSO={session}; Path=/; Secure; HttpOnly")
        if status == STATUSES["busy"]:
            self.send_header("Retry-After", "2")
        self.end_headers()
        if text.startswith("half"):
            content, self.close_connection = content[: len(content) // 2], True
        self.wfile.write(content)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


class Control(BaseHTTPRequestHandler):
    """Takes orders in JSON: GET /state, POST /css, /line, /trouble, /call, /profile, /quiet, /forget_sessions."""

    @property
    def ucm(self) -> Ucm:
        """The cluster behind."""
        found: Ucm = self.server.ucm  # type: ignore[attr-defined]
        return found

    def do_GET(self) -> None:
        """Return the state."""
        self.tell(200, self.ucm.state())

    def do_POST(self) -> None:
        """Follow one order; 400 for what is none."""
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            order = json.loads(content or b"{}")
            done = self.orders()[self.path.strip("/")](**order)
        except (KeyError, TypeError, ValueError) as error:
            self.tell(400, {"error": repr(error)})
            return
        self.tell(200, done or {})

    def orders(self) -> dict[str, Any]:
        """Return what can be ordered, by name."""
        ucm = self.ucm
        return {
            "css": ucm.cluster.add_css, "line": ucm.cluster.add_line, "trouble": ucm.troubles.plan,
            "quiet": ucm.troubles.clear, "call": ucm.call, "forget_sessions": ucm.sessions.clear,
            "profile": lambda **fields: setattr(ucm.call_control, "profile", Profile(**fields)),
            "look": ucm.call_control.look,
        }  # fmt: skip

    def tell(self, status: int, told: Any) -> None:
        """Answer in JSON."""
        content = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(content)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


class Listener(ThreadingHTTPServer):
    """Serves one address; clients that hang up or refuse the certificate are nothing to tell of."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler], ucm: Ucm) -> None:
        """Listen, with the cluster behind."""
        self.ucm = ucm
        super().__init__(address, handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing."""


@contextmanager
def listening(ucm: Ucm, port: int = 0, control_port: int = 0) -> Iterator[tuple[int, int]]:
    """Serve the cluster at this machine's own address; give the ports of AXL and RIS, and of control."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ucm.chain, ucm.key)
    soap = Listener(("127.0.0.1", port), Soap, ucm)
    soap.socket = context.wrap_socket(soap.socket, server_side=True, do_handshake_on_connect=False)
    control = Listener(("127.0.0.1", control_port), Control, ucm)
    threads = [threading.Thread(target=one.serve_forever, args=(0.05,), daemon=True) for one in (soap, control)]
    threads.append(threading.Thread(target=ucm.call_control.keep_looking, daemon=True))
    for thread in threads:
        thread.start()
    try:
        yield soap.server_port, control.server_port
    finally:
        ucm.call_control.ended.set()
        for server in (soap, control):
            server.shutdown()
            server.server_close()
