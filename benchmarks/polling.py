"""Five hundred open pages that ask every five seconds for news while calls arrive: home pages and the three gadgets."""

import asyncio
import html
import os
import random
import re
import ssl
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle
from pathlib import Path
from statistics import quantiles
from typing import Any

import django

django.setup()

import httpx  # noqa: E402  (models need the set-up)
from django.conf import settings  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounting.demo.generation import Generation  # noqa: E402
from accounting.demo.organisation import FIRST_SYSTEM, build_organisation  # noqa: E402
from accounting.models import GadgetRules, ImportBatch, PhoneSystem, User  # noqa: E402
from accounting.services import gadgets  # noqa: E402
from accounting.services.importing import import_files  # noqa: E402
from benchmarks.calls import DAYS, PEOPLE, START, prepare  # noqa: E402
from benchmarks.figures import note, show  # noqa: E402
from benchmarks.home import load_calls, server, session_of  # noqa: E402
from budget.models import Budget  # noqa: E402
from budget.services.following import follow  # noqa: E402
from budget.services.settling import tick  # noqa: E402
from phonelock.models import EngineKind, LockSetUp  # noqa: E402

HOME_PAGES, GADGETS, PAUSE = 300, 200, 5.0
SECONDS = float(os.environ.get("SECONDS", "600"))
P95_LIMIT = 200  # milliseconds
HOME = "/calls/home/"
OF_GADGETS = {"calls": "/gadgets/calls/", "budget": "/gadgets/budget/", "lock": "/gadgets/lock/"}
LIVE_PART = re.compile(r'id="live-part" data-etag="([^"]*)".*? hx-get="([^"]*)"')
AT_ONCE = 8
"""Pages that are opened at the same time."""
ARRIVAL_EVERY, ARRIVING = 15.0, 50
"""A cluster of four nodes writes so often; seconds, and calls of a file: those of a busy minute of 5,000 people."""
ARRIVALS = "import os; os.nice(5); from benchmarks.polling import arrive; arrive()"
"""In a process that gives way to the web server, as the worker of `make run` does."""


@dataclass(slots=True)
class OpenPage:
    """A page somebody has open: where it is, and, once it is open, what it asks for."""

    kind: str
    address: str
    cookie: str
    tag: str = ""
    live: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """What the script of the page sends along."""
        return {
            "Cookie": self.cookie, "If-None-Match": f'"{self.tag}"', "Accept": "*/*", "Accept-Language": "en",
            "HX-Request": "true", "HX-Target": "live-part", "HX-Trigger": "live-part",
        }  # fmt: skip


@dataclass(slots=True)
class Asked:
    """What came of all questions."""

    seconds: defaultdict[str, list[float]]
    statuses: Counter[tuple[str, int]]
    errors: int = 0


def main() -> None:
    """Fill the database with a million calls, open the pages, and let them ask."""
    load_calls(*prepare())
    people = list(User.objects.filter(is_active=True, lines__isnull=False).distinct().order_by("pk"))
    pages = open_pages(people[: HOME_PAGES + GADGETS])
    before = ImportBatch.objects.count()
    with server() as address, arrivals():
        asked = asyncio.run(poll(address, pages))
    note(f"{ImportBatch.objects.count() - before} files of calls have arrived meanwhile")
    times = [one for found in asked.seconds.values() for one in found]
    news = sum(count for (_kind, status), count in asked.statuses.items() if status == 200)
    note(f"{len(times)} questions in {SECONDS:.0f} s, {news} of them answered with news")
    for kind, found in asked.seconds.items():
        note(f"{kind}: p50 {quantiles(found)[1] * 1000:.0f} ms, p95 {quantiles(found, n=20)[-1] * 1000:.0f} ms")
    show("polling_p95_ms", quantiles(times, n=20)[-1] * 1000, P95_LIMIT, most=True)
    show("polling_errors", asked.errors, 0, most=True)


def open_pages(people: list[User]) -> list[OpenPage]:
    """Sign people in: most at the portal, the others in one of the gadgets, each with a budget and a line to lock."""
    homes, others = people[:HOME_PAGES], people[HOME_PAGES:]
    GadgetRules(enabled=True).save()
    for phone_system in PhoneSystem.objects.all():
        LockSetUp.objects.create(phone_system=phone_system, engine=EngineKind.CALL_CONTROL)
    first = timezone.localdate().replace(day=1)
    for person in others:
        Budget.objects.create(name="Calls", person=person, amount=20_000_000, currency="EUR", valid_from=first)
    tick(3600)
    follow()
    cookie = settings.SESSION_COOKIE_NAME
    pages = [OpenPage("home", HOME, f"{cookie}={session_of(person)}") for person in homes]
    cookie = settings.GADGET_SESSION_COOKIE_NAME
    for person, (kind, address) in zip(others, cycle(OF_GADGETS.items()), strict=False):
        pages.append(OpenPage(kind, address, f"{cookie}={gadget_session_of(person)}"))
    return pages


def gadget_session_of(person: User) -> str:
    """Return the key of a session in which the person is signed in in a gadget."""
    session = SessionStore(session_of(person))
    session[gadgets.MARK] = gadgets.begin(person, "Benchmark").pk
    session.save()
    return str(session.session_key)


@contextmanager
def arrivals() -> Iterator[None]:
    """Let calls arrive in a process of their own, as a worker imports them."""
    worker = subprocess.Popen([sys.executable, "-c", ARRIVALS])
    try:
        yield
        if worker.poll() is not None:
            raise RuntimeError("no calls arrived")
    finally:
        worker.terminate()
        worker.wait()


def arrive() -> None:
    """Import small files of calls of today for ever, and charge them to budgets."""
    phone_system = PhoneSystem.objects.get(name=FIRST_SYSTEM)
    with tempfile.TemporaryDirectory() as folder:
        for path in files_of_today(Path(folder)):
            time.sleep(ARRIVAL_EVERY)
            import_files(phone_system, [path])
            follow()


def files_of_today(folder: Path) -> Iterator[Path]:
    """Write files of fifty calls from the working hours of today, again and again from the morning on."""
    organisation = build_organisation(PEOPLE, start=START, days=DAYS)
    today = datetime.now().astimezone().date()
    for seed in range(2, 1000):
        generation = Generation(
            organisation, today - timedelta(days=seed % 3), 1, 40_000, seed=seed, records_per_file=ARRIVING, cmr=False,
            systems=(FIRST_SYSTEM,),
        )  # fmt: skip
        for file in generation:
            if file.records >= ARRIVING:
                path = folder / f"{seed}-{file.name}"
                path.write_bytes(file.content)
                yield path


async def poll(address: str, pages: list[OpenPage]) -> Asked:
    """Open all pages, and let them ask until the time is over."""
    asked = Asked(defaultdict(list), Counter())
    # A client of its own for each page, as browsers are: one for all would look at all connections at each question.
    context = ssl.create_default_context()
    clients = [httpx.AsyncClient(base_url=address, timeout=30, verify=context) for _page in pages]
    turns = asyncio.Semaphore(AT_ONCE)
    await asyncio.gather(*(open_page(*both, turns) for both in zip(clients, pages, strict=True)))
    end = time.monotonic() + SECONDS
    await asyncio.gather(*(keep_asking(*both, asked, end) for both in zip(clients, pages, strict=True)))
    await asyncio.gather(*(client.aclose() for client in clients))
    return asked


async def open_page(client: httpx.AsyncClient, page: OpenPage, turns: asyncio.Semaphore) -> None:
    """Open a page, and read from it for what it will ask."""
    async with turns:
        answer = await client.get(page.address, headers={"Cookie": page.cookie, "Accept-Language": "en"})
    found = LIVE_PART.search(answer.raise_for_status().text)
    if found is None:
        raise RuntimeError(f"{page.address} does not update itself")
    page.tag, page.live = found[1], html.unescape(found[2])


async def keep_asking(client: httpx.AsyncClient, page: OpenPage, asked: Asked, end: float) -> None:
    """Ask for one page as its script does: again some seconds after the answer before."""
    await asyncio.sleep(random.uniform(0, PAUSE))
    while time.monotonic() < end:
        begun = time.monotonic()
        try:
            answer = await client.get(page.live, headers=page.headers)
        except httpx.HTTPError:
            asked.errors += 1
        else:
            note_answer(page, answer, asked)
        asked.seconds[page.kind].append(time.monotonic() - begun)
        await asyncio.sleep(max(0.0, PAUSE - (time.monotonic() - begun)))


def note_answer(page: OpenPage, answer: Any, asked: Asked) -> None:
    """Keep the tag of an answer; what leads elsewhere than to news is an error."""
    asked.statuses[page.kind, answer.status_code] += 1
    well = answer.status_code in (200, 304) and "HX-Redirect" not in answer.headers
    asked.errors += not well
    page.tag = answer.headers.get("ETag", page.tag).strip('"')


if __name__ == "__main__":
    main()
