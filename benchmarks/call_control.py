"""Questions about calls among 40,000 lines: answered in time at 200 a second, and how many a bare view would answer."""

import asyncio
import os
import random
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import django
from django.core.management import call_command

django.setup()

from django.db import connection  # noqa: E402  (models need the set-up)

from accounting.models import Extension, LineAssignment, Office, PhoneSystem, User  # noqa: E402
from benchmarks.figures import note, show, told  # noqa: E402
from benchmarks.home import answers  # noqa: E402
from callanalytics.management.commands.run_portal import portal_processes  # noqa: E402
from callanalytics.processes import Child, stop  # noqa: E402
from phonelock.models import EngineKind, LockSetUp, Reason, RefusedCall, Through  # noqa: E402
from phonelock.services.locking import Actor, lock  # noqa: E402
from tests.phonelock.questions import HEADERS, decision_in, question  # noqa: E402
from tests.servers import free_port  # noqa: E402

LINES, LOCKED, FIRST = 40_000, 5_000, 10_000
KEY = "key-of-the-benchmark"
A_SECOND, SECONDS = 200, 20
CONNECTIONS = 20
"""As many as UCM opens at the most."""
ROUNDS, ROUND_SECONDS = 5, 3
SCRIPT = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "text/xml; charset=ISO-8859-1"
wrk.headers["methodName"] = "isRoleAccessAllowed"
local head, tail = [[HEAD]], [[TAIL]]
request = function()
  local number = tostring(FIRST + LOCKED + math.random(0, LINES - LOCKED - 1))
  return wrk.format(nil, nil, nil, head .. number .. tail)
end
"""
"""Asks about lines that are not locked: those are nearly all."""


def main() -> None:
    """Fill the database, start the web server as `make run` does, ask at a fixed pace, then as fast as it goes."""
    prepare()
    call_command("collectstatic", interactive=False, verbosity=0)
    with server("benchmarks.settings") as product, server("benchmarks.plain_settings") as bare:
        asyncio.run(ask_for_a_while(product, seconds=3))
        time.sleep(1)
        RefusedCall.objects.all().delete()
        asked = asyncio.run(ask_for_a_while(product, seconds=SECONDS))
        time.sleep(1)
        judge(asked, RefusedCall.objects.count())
        compare(product, bare)


def prepare() -> None:
    """Make the lines, their people, and the locks."""
    call_command("migrate", interactive=False, verbosity=0)
    office = Office.objects.create(name="Berlin", country="DE", area_code="30", access_code="0", extension_digits=5)
    system = PhoneSystem.objects.create(name="bench", office=office)
    LockSetUp.objects.create(phone_system=system, engine=EngineKind.CALL_CONTROL, call_control_key=KEY)
    people = User.objects.bulk_create(User(username=f"p{one}") for one in range(LINES))
    lines = Extension.objects.bulk_create(
        Extension(phone_system=system, number=str(FIRST + one)) for one in range(LINES)
    )
    LineAssignment.objects.bulk_create(
        LineAssignment(extension=line, user=person) for line, person in zip(lines, people, strict=True)
    )
    lock([line.pk for line in lines[:LOCKED]], Reason.BUDGET, Actor(Through.BUDGET))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    note(f"{LINES} lines, {LOCKED} of them locked")


@contextmanager
def server(settings: str) -> Iterator[int]:
    """Run the web server as `make run` starts it, with these settings; give its port."""
    port = free_port()
    web = portal_processes("127.0.0.1", port)[0]
    child = Child(web.name, ["env", f"DJANGO_SETTINGS_MODULE={settings}", *web.command])
    child.start()
    try:
        deadline = time.monotonic() + 30
        while not answers(port) and time.monotonic() < deadline:
            time.sleep(0.2)
        yield port
    finally:
        stop([child])


@dataclass
class Asked:
    """One question, how long the answer took from the moment at which it was due, and what was wrong with it."""

    refused: bool
    seconds: float = 0.0
    fault: str = ""


async def ask_for_a_while(port: int, *, seconds: int) -> list[Asked]:
    """Ask at a fixed pace, whatever the answers take; a question that finds no free connection waits for one."""
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _connection in range(CONNECTIONS):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", port))
    began, pending = time.perf_counter() + 0.1, []
    for turn in range(A_SECOND * seconds):
        due = began + turn / A_SECOND
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        pending.append(asyncio.create_task(ask(free, due, turn)))
    found = await asyncio.gather(*pending)
    while not free.empty():
        free.get_nowait()[1].close()
    return found


async def ask(free: "asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]]", due: float, turn: int) -> Asked:
    """Ask one question on a connection that is kept, and check the answer."""
    number = random.randrange(LINES)
    reader, writer = await free.get()
    body = question(str(FIRST + number), f"0030{turn:07}", device="SEP001122334455")
    lines = [f"POST /ecc/{KEY}/ HTTP/1.1", "Host: bench", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in HEADERS.items()]
    writer.write("\r\n".join([*lines, "", ""]).encode() + body)
    result = Asked(refused=number < LOCKED)
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        answer = await reader.readexactly(int(length[1]) if length else 0)
        result.seconds = time.perf_counter() - due
        if not head.startswith(b"HTTP/1.1 200") or decision_in(answer) != ("Deny" if result.refused else "Permit"):
            result.fault = answer.decode()
    except (OSError, EOFError) as error:
        result.fault = type(error).__name__
    free.put_nowait((reader, writer))
    return result


def judge(asked: list[Asked], kept: int) -> None:
    """Print how long answers took, how many were wrong, and how many refused calls are missing in the log."""
    times = sorted(one.seconds * 1000 for one in asked)
    refused = sum(one.refused for one in asked)
    parts = ", ".join(f"{times[int(len(times) * part)]:.1f}" for part in (0.5, 0.9, 0.99, 0.999))
    note(f"{len(asked)} questions, {A_SECOND} a second: ms at 50, 90, 99 and 99.9 %: {parts}; longest {times[-1]:.1f}")
    show("call_control_p99_ms", times[int(len(times) * 0.99)], 50, most=True)
    show("call_control_errors", sum(bool(one.fault) for one in asked), 0, most=True)
    note(f"{refused} calls refused, {kept} in the log")
    show("call_control_refused_not_logged", refused - kept, 0, most=True)


def compare(product: int, bare: int) -> None:
    """Take turns between the product and a bare view, as fast as they answer."""
    head, tail = question("@", "00301234567", transformed_calling="@").decode().split("@", 1)
    names = {"HEAD": head, "TAIL": tail.replace("@", ""), "FIRST": FIRST, "LOCKED": LOCKED, "LINES": LINES}
    text = SCRIPT
    for name, value in names.items():
        text = text.replace(name, str(value))
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "ask.lua"
        script.write_text(text, encoding="utf-8")
        for port in (product, bare):
            load(port, script, seconds=1)
        rates = [(load(product, script), load(bare, script)) for _round in range(ROUNDS)]
    ours, theirs = zip(*rates, strict=True)
    note(f"call control: {told(ours)} questions a second")
    note(f"bare view: {told(theirs)} requests a second")
    show("call_control_vs_bare_view", median(one / other for one, other in rates), 0.6)


def load(port: int, script: Path, *, seconds: int = ROUND_SECONDS) -> float:
    """Return the requests a second that wrk gets answered; RuntimeError when some fail."""
    address = f"http://127.0.0.1:{port}/ecc/{KEY}/"
    command = ["wrk", "-t1", "-c8", f"-d{seconds}s", "-s", str(script), address]
    output = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ).stdout
    found = re.search(r"Requests/sec:\s*([\d.]+)", output)
    if not found or "Socket errors" in output or "Non-2xx" in output:
        raise RuntimeError(output)
    return float(found[1])


if __name__ == "__main__":
    main()
