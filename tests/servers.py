"""The real servers that tests need: each a context manager that starts one on a free port and always ends it."""

import asyncio
import base64
import os
import pwd
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import ldap
import ldap.modlist
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from slapdtest import SlapdObject

START_SECONDS = 20


def free_port() -> int:
    """Return a port of the loopback address that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], name: str) -> None:
    """Return when the server answers; raise RuntimeError when it ends or stays silent for 20 seconds."""
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{name} did not start (exit status {process.returncode})")
        time.sleep(0.05)


def end(process: subprocess.Popen[bytes], by: signal.Signals = signal.SIGTERM) -> None:
    """End one process politely, and surely after 10 seconds."""
    process.send_signal(by)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def with_parent(command: list[str], user: str = "", ending: str = "TERM") -> list[str]:
    """Return the command such that it ends with this process, however that ends; as another user if one is named."""
    identity = [f"--reuid={user}", f"--regid={user}", "--clear-groups"] if user else []
    return ["setpriv", *identity, "--pdeathsig", ending, *command]


@contextmanager
def postgresql(folder: Path, **settings: str) -> Iterator[str]:
    """Run a private PostgreSQL in the folder, on a socket only; give its URL. Settings replace the quick ones."""
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    # PostgreSQL refuses to run as root; the package has made this account.
    user = "postgres" if os.getuid() == 0 else ""
    folder.mkdir(mode=0o700)
    if user:
        account = pwd.getpwnam(user)
        os.chown(folder, account.pw_uid, account.pw_gid)
        folder.parent.chmod(0o711)
    initdb = [str(programs / "initdb"), "-D", str(folder / "data"), "-N", "-U", "callanalytics", "-A", "trust"]
    initdb += ["--encoding=UTF8", "--locale=C.UTF-8"]
    subprocess.run(with_parent(initdb, user), check=True, stdout=subprocess.DEVNULL, cwd="/")
    options = {
        "listen_addresses": "",
        "unix_socket_directories": str(folder),
        "fsync": "off",
        "full_page_writes": "off",
    }
    options |= {"synchronous_commit": "off", "shared_buffers": "128MB", "max_connections": "60", "max_wal_size": "2GB"}
    options |= settings
    command = [
        str(programs / "postgres"),
        "-D",
        str(folder / "data"),
        *(f"--{key}={value}" for key, value in options.items()),
    ]
    with (Path(folder).parent / "postgresql.log").open("wb") as log:
        process = subprocess.Popen(with_parent(command, user, "INT"), stdout=log, stderr=log, cwd="/")
    try:
        ask = [str(programs / "pg_isready"), "-q", "-h", str(folder)]
        wait_until(lambda: subprocess.run(ask, check=False).returncode == 0, process, "PostgreSQL")
        yield f"postgres://callanalytics@{quote(str(folder), safe='')}/postgres"
    finally:
        end(process, signal.SIGINT)


@contextmanager
def redis() -> Iterator[str]:
    """Run a private Redis without persistence; give its URL."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="callanalytics-redis-") as folder:
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder]
        process = subprocess.Popen(with_parent(["redis-server", *options]), stdout=subprocess.DEVNULL)
        try:
            wait_until(lambda: accepts(port), process, "Redis")
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            end(process)


def accepts(port: int) -> bool:
    """Whether something listens on the port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class ActiveDirectory(SlapdObject):
    """An OpenLDAP server with the attributes that Active Directory uses."""

    suffix = "dc=example,dc=com"
    BIN_PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"  # where people other than root do not look

    def __init__(self, folder: Path) -> None:
        super().__init__()
        # The packaged schema lets nobody search by account name; Active Directory does, in any case of letters.
        schema = (Path(self.SCHEMADIR) / "msuser.ldif").read_text(encoding="utf-8")
        searchable = re.sub(
            r"(NAME '(?:sAMAccountName|userPrincipalName)'\n)", r"\1  EQUALITY caseIgnoreMatch\n", schema
        )
        (folder / "msuser.ldif").write_text(searchable, encoding="utf-8")
        self.openldap_schema_files = (
            "core.ldif",
            "cosine.ldif",
            "inetorgperson.ldif",
            "nis.ldif",
            str(folder / "msuser.ldif"),
        )


@dataclass
class Directory:
    """The organisation's directory as tests see it: where it is, who may read it, and a way to take it down."""

    server: ActiveDirectory
    base: str = ActiveDirectory.suffix
    people_base: str = f"ou=People,{ActiveDirectory.suffix}"

    @property
    def uri(self) -> str:
        """Where it listens."""
        return str(self.server.ldap_uri)

    @property
    def bind_dn(self) -> str:
        """Who may search."""
        return str(self.server.root_dn)

    @property
    def password(self) -> str:
        """The searcher's password."""
        return str(self.server.root_pw)

    def start(self) -> None:
        """Let it answer again, at the same address, with what it knew."""
        if self.server._proc is None:
            self.server.resume()

    def stop(self) -> None:
        """Take it down; its data stay."""
        self.server.terminate()
        self.server.wait()

    def add(self, dn: str, **attributes: list[str]) -> None:
        """Add an entry."""
        connection = ldap.initialize(self.uri)
        connection.simple_bind_s(self.bind_dn, self.password)
        entry = {name: [value.encode() for value in values] for name, values in attributes.items()}
        connection.add_s(dn, ldap.modlist.addModlist(entry))
        connection.unbind_s()

    def add_person(self, username: str, first_name: str, last_name: str, password: str = "directory-pass") -> None:
        """Add a person as Active Directory shows one."""
        self.add(
            f"cn={first_name} {last_name},{self.people_base}",
            objectClass=["user", "extensibleObject"],
            objectCategory=["CN=Person,CN=Schema,CN=Configuration,dc=example,dc=com"],
            instanceType=["4"],
            nTSecurityDescriptor=["-"],
            sAMAccountName=[username],
            givenName=[first_name],
            sn=[last_name],
            mail=[f"{username}@example.com"],
            userPassword=[password],
        )


@contextmanager
def directory(folder: Path) -> Iterator[Directory]:
    """Run a private slapd with an empty branch for people; the folder takes its schema."""
    server = ActiveDirectory(folder)
    server.start()
    try:
        found = Directory(server)
        found.add(server.suffix, objectClass=["dcObject", "organization"], dc=["example"], o=["Example"])
        found.add(found.people_base, objectClass=["organizationalUnit"], ou=["People"])
        yield found
    finally:
        server.stop()


def certificate(folder: Path, name: str = "localhost") -> tuple[Path, Path]:
    """Make a certificate that signs itself and its key; return their paths."""
    key = ec.generate_private_key(ec.SECP256R1())
    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(own)
        .issuer_name(own)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=400))
        .not_valid_after(datetime.now(UTC) + timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    unlocked = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "certificate.pem").write_bytes(made.public_bytes(pem))
    (folder / "key.pem").write_bytes(unlocked)
    return folder / "certificate.pem", folder / "key.pem"


class Axl(BaseHTTPRequestHandler):
    """Answers as a publisher: the right password gets the version, in one schema only."""

    def do_POST(self) -> None:
        """Answer one request."""
        publisher: Any = self.server
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        publisher.asked.append((self.path, self.headers["SOAPAction"], body))
        login = base64.b64encode(b"axl:right").decode()
        status = publisher.status
        if status == 200 and self.headers["Authorization"] != f"Basic {login}":
            status = 401
        elif status == 200 and publisher.schema not in self.headers["SOAPAction"]:
            status = 599
        answer = b"<return><componentVersion><version>12.5.1.11900-146</version></componentVersion></return>"
        self.send_response(status)
        self.end_headers()
        self.wfile.write(answer if status == 200 else b"<html>no</html>")

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@contextmanager
def publisher(folder: Path) -> Iterator[Any]:
    """Run an HTTPS server that speaks AXL as a publisher does; its `pem` is the certificate."""
    chain, key = certificate(folder)
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Axl)
    server.status, server.schema, server.asked, server.pem = 200, "ver=12.5", [], chain.read_text()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_args: None  # clients that refuse the certificate are part of the tests
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


class Mailbox(MessageHandler):
    """Keeps what arrives, for all but the addresses that it is told to refuse."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[Message] = []
        self.refusals: dict[str, str] = {}
        self.pause = 0.0
        """Seconds before it answers that it has taken a mail."""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  (as aiosmtpd calls it)
        """Take one mail."""
        taken: str = await super().handle_DATA(server, session, envelope)
        await asyncio.sleep(self.pause)
        return taken

    async def handle_RCPT(  # noqa: N802  (as aiosmtpd calls it)
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        """Answer to one recipient."""
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    def handle_message(self, message: Message) -> None:
        """Keep one message."""
        self.messages.append(message)


@contextmanager
def mail_sink(**options: Any) -> Iterator["MailSink"]:
    """Run a real SMTP server that keeps every message; options are those of aiosmtpd."""
    sink = MailSink(free_port(), options)
    sink.start()
    try:
        yield sink
    finally:
        sink.stop()


@dataclass
class MailSink:
    """A mail server as tests see it: what it got, whom it refuses, and a way to take it down."""

    port: int
    options: dict[str, Any]
    host: str = "127.0.0.1"
    mailbox: Mailbox = field(default_factory=Mailbox)
    controller: Controller | None = None

    @property
    def messages(self) -> list[Message]:
        """What it got."""
        return self.mailbox.messages

    @property
    def refusals(self) -> dict[str, str]:
        """By address what it answers instead of taking a mail: "550 No such person"."""
        return self.mailbox.refusals

    def start(self) -> None:
        """Let it answer, always at the same address."""
        self.controller = Controller(self.mailbox, hostname=self.host, port=self.port, **self.options)
        self.controller.start()

    def stop(self) -> None:
        """Take it down."""
        if self.controller is not None:
            self.controller.stop()
            self.controller = None


class Hook(BaseHTTPRequestHandler):
    """Answers as the receiver of a webhook is told to, and keeps what it got."""

    def do_POST(self) -> None:
        """Answer one message."""
        receiver: Any = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        receiver.got.append((self.path, dict(self.headers.items()), body))
        receiver.arrived.set()
        receiver.released.wait(START_SECONDS)
        if receiver.status == CLOSED:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(receiver.status)
        for name, value in receiver.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(receiver.answer)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


CLOSED = 0
"""The status of a receiver that hangs up instead of answering."""


@contextmanager
def hook_receiver(folder: Path | None = None, port: int = 0) -> Iterator[Any]:
    """Run a real receiver of webhooks; with a folder over TLS, with a certificate that nobody trusts.

    `got` is what came: path, headers, body; `status`, `headers` and `answer` are what it says; while `released` is not
    set it is silent.
    """
    server: Any = ThreadingHTTPServer(("127.0.0.1", port), Hook)
    server.got, server.status, server.headers, server.answer = [], 200, {}, b"ok"
    server.arrived, server.released = threading.Event(), threading.Event()
    server.released.set()
    server.handle_error = lambda *_args: None  # clients that hang up are part of the tests
    scheme = "http"
    if folder is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate(folder))
        server.socket, scheme = context.wrap_socket(server.socket, server_side=True), "https"
    server.address = f"{scheme}://localhost:{server.server_port}/hook?key=sesame"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()
