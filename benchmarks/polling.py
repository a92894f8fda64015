"""Five hundred open home pages that ask every five seconds for news, for ten minutes."""

import asyncio
import os
import random
import time
from statistics import quantiles

import django

django.setup()

import httpx  # noqa: E402  (models need the set-up)
from django.conf import settings  # noqa: E402

from accounting.models import User  # noqa: E402
from benchmarks.calls import prepare  # noqa: E402
from benchmarks.figures import note, show  # noqa: E402
from benchmarks.home import load_calls, server, session_of  # noqa: E402

PAGES, PAUSE = 500, 5.0
SECONDS = float(os.environ.get("SECONDS", "600"))
P95_LIMIT = 200  # milliseconds
LIVE = "/calls/home/live/?period=7d"


def main() -> None:
    """Fill the database with a million calls, open the pages, and let them ask."""
    load_calls(*prepare())
    people = list(User.objects.filter(is_active=True).order_by("pk")[:PAGES])
    cookies = [f"{settings.SESSION_COOKIE_NAME}={session_of(person)}" for person in people]
    with server() as address:
        times, errors, news = asyncio.run(poll(address, cookies))
    note(f"{len(times)} questions in {SECONDS:.0f} s, {news} of them answered with news")
    show("polling_p95_ms", quantiles(times, n=20)[-1] * 1000, P95_LIMIT, most=True)
    show("polling_errors", errors, 0, most=True)


async def poll(address: str, cookies: list[str]) -> tuple[list[float], int, int]:
    """Return the seconds that each answer took, how many were none, and how many brought news."""
    times: list[float] = []
    counts = {"errors": 0, "news": 0}
    end = time.monotonic() + SECONDS
    limits = httpx.Limits(max_connections=PAGES, max_keepalive_connections=PAGES)

    async def page(cookie: str) -> None:
        tag = ""
        await asyncio.sleep(random.uniform(0, PAUSE))
        while time.monotonic() < end:
            begun = time.monotonic()
            try:
                answer = await client.get(LIVE, headers={"Cookie": cookie, "If-None-Match": tag})
                if answer.status_code not in (200, 304):
                    counts["errors"] += 1
                counts["news"] += answer.status_code == 200
                tag = answer.headers.get("ETag", tag)
            except httpx.HTTPError:
                counts["errors"] += 1
            times.append(time.monotonic() - begun)
            await asyncio.sleep(max(0.0, PAUSE - (time.monotonic() - begun)))

    async with httpx.AsyncClient(base_url=address, limits=limits, timeout=30) as client:
        await asyncio.gather(*(page(cookie) for cookie in cookies))
    return times, counts["errors"], counts["news"]


if __name__ == "__main__":
    main()
