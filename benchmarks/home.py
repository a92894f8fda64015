"""Requests a second of the home page among a million call records, beside a minimal view of the same server."""

import re
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from statistics import median

import django
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command
from django.db import connection

django.setup()

from accounting.demo.organisation import Organisation  # noqa: E402  (models need the set-up)
from accounting.models import CallLeg, CallRecord, PhoneSystem, User  # noqa: E402  (models need the set-up)
from accounting.services.importing import import_files  # noqa: E402
from benchmarks.calls import call_files, prepare  # noqa: E402
from benchmarks.figures import note, show, told  # noqa: E402
from callanalytics.management.commands.run_portal import portal_processes  # noqa: E402
from callanalytics.processes import stop  # noqa: E402
from tests.servers import free_port  # noqa: E402

RECORDS = 1_000_000
FILES = 4
ROUNDS = 5
SECONDS = 3
CONNECTIONS = 8
PAGES = {"home_304": 0.6, "home_page": 0.3}
"""What is measured, and its least share of the minimal view's requests a second."""


def main() -> None:
    """Fill the database, start the server as `make run` does, and take turns."""
    load_calls(*prepare())
    person = reader()
    with server() as address:
        cookie = f"{settings.SESSION_COOKIE_NAME}={session_of(person)}"
        compare(address, cookie, CallRecord.objects.own(person).newest_first()[0])


def load_calls(phone_system: PhoneSystem, organisation: Organisation) -> None:
    """Import some files and repeat their calls until there are a million."""
    with tempfile.TemporaryDirectory() as folder:
        import_files(phone_system, islice(call_files(organisation, Path(folder)), FILES))
    multiply()


def multiply() -> None:
    """Repeat the imported records and legs on earlier days until there are a million, the newest ones today."""
    moments = ("started_at", "answered_at", "ended_at")
    count = CallRecord.objects.count()
    newest = CallRecord.objects.order_by("-started_at").values_list("started_at", flat=True)[0]
    shift = (datetime.now(UTC) - newest) // timedelta(seconds=1)
    table, span = CallRecord._meta.db_table, CallLeg.objects.count() * 2
    columns = [str(field.column) for field in CallRecord._meta.concrete_fields if not field.primary_key]
    with connection.cursor() as cursor:
        moved = (f"{name} = {name} + {shift} * interval '1 second'" for name in moments)
        cursor.execute(f"UPDATE {table} SET {', '.join(moved)}")  # noqa: S608  (names and numbers of our own)
        earlier = {name: f"{name} - copy * interval '3 days'" for name in moments}
        changed = earlier | {"call_id": f"call_id + copy * {span}"}
        values = ", ".join(changed.get(name, name) for name in columns)
        copies = f"{table}, generate_series(1, {RECORDS // count}) AS copy"
        select = f"SELECT {values} FROM {copies} ORDER BY started_at"  # noqa: S608
        cursor.execute(f"INSERT INTO {table} ({', '.join(columns)}) {select}")
        cursor.execute("VACUUM ANALYZE")
    note(f"{CallRecord.objects.count()} call records")


def reader() -> User:
    """Return a person with as many calls as most have: the one in the middle."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT user_id FROM {CallRecord._meta.db_table} WHERE user_id IS NOT NULL "  # noqa: S608
            "GROUP BY user_id ORDER BY COUNT(*) DESC OFFSET 2000 LIMIT 1"
        )
        return User.objects.get(pk=cursor.fetchone()[0])


def session_of(person: User) -> str:
    """Return the key of a session in which the person is signed in."""
    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = "accounting.services.local_accounts.LocalBackend"
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.create()
    return str(session.session_key)


@contextmanager
def server() -> Iterator[str]:
    """Run the web server as `make run` starts it, with the minimal view; give its address."""
    port = free_port()
    call_command("collectstatic", interactive=False, verbosity=0)
    web = portal_processes("127.0.0.1", port)[0]
    web.start()
    try:
        deadline = time.monotonic() + 30
        while not answers(port) and time.monotonic() < deadline:
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        stop([web])


def answers(port: int) -> bool:
    """Return whether the server is up."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=2):
            return True
    except OSError:
        return False


def compare(address: str, cookie: str, record: CallRecord) -> None:
    """Take turns between the minimal view and the home page, and print the shares."""
    minimal, live, page = f"{address}/minimal/{record.pk}", f"{address}/calls/home/live/", f"{address}/calls/home/"
    request = urllib.request.Request(live, headers={"Cookie": cookie})  # noqa: S310  (loopback)
    with urllib.request.urlopen(request) as response:  # noqa: S310
        tag = response.headers["ETag"]
    rates: dict[str, list[float]] = {name: [] for name in ("minimal", *PAGES)}
    for url in (minimal, live, page):
        load(url, 200, cookie, seconds=1)
    for _ in range(ROUNDS):
        rates["minimal"].append(load(minimal, 200, cookie))
        rates["home_304"].append(load(live, 304, cookie, f"If-None-Match: {tag}"))
        rates["home_page"].append(load(page, 200, cookie))
    for name, found in rates.items():
        note(f"{name}: {told(found)} requests a second")
    for name, limit in PAGES.items():
        shares = [ours / theirs for ours, theirs in zip(rates[name], rates["minimal"], strict=True)]
        show(f"{name}_vs_minimal_view", median(shares), limit)


def load(url: str, status: int, cookie: str, *headers: str, seconds: int = SECONDS) -> float:
    """Return the requests a second that wrk gets answered; RuntimeError when the answers are others than expected."""
    options = ["-t1", f"-c{CONNECTIONS}", f"-d{seconds}s"]
    named = [part for header in (f"Cookie: {cookie}", *headers) for part in ("-H", header)]
    output = subprocess.run(["wrk", *options, *named, url], capture_output=True, text=True, check=True).stdout
    found = re.search(r"Requests/sec:\s*([\d.]+)", output)
    failed = "Socket errors" in output or "Non-2xx" in output or not is_expected(url, status, cookie, headers)
    if not found or failed:
        raise RuntimeError(f"{url}: {output}")
    return float(found[1])


def is_expected(url: str, status: int, cookie: str, headers: tuple[str, ...]) -> bool:
    """Return whether one more request is answered with this status."""
    fields = {"Cookie": cookie} | dict(header.split(": ", 1) for header in headers)
    request = urllib.request.Request(url, headers=fields)  # noqa: S310  (loopback)
    try:
        with urllib.request.urlopen(request) as response:  # noqa: S310
            return int(response.status) == status and response.url == url
    except urllib.error.HTTPError as error:
        return error.code == status


if __name__ == "__main__":
    main()
