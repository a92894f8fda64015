"""The dashboard of an administrator over a year of calls: the page, and until all of its widgets are filled."""

import os
import re
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from statistics import median

import django

django.setup()

from django.conf import settings  # noqa: E402  (models need the set-up)
from django.db import connection  # noqa: E402

from accounting.models import Role, User  # noqa: E402
from accounting.services.columns.copying import copy_columns  # noqa: E402
from benchmarks.figures import note, show, told  # noqa: E402
from benchmarks.home import server, session_of  # noqa: E402
from benchmarks.year import fill  # noqa: E402
from reports.services.dashboards import dashboard_of  # noqa: E402

RECORDS = {"postgresql": 10_000_000, "sqlite": 1_000_000}
ROUNDS, CONNECTIONS = 5, 6
"""As many connections as browsers open to one server."""
PAGE_LIMIT, FILLED_LIMIT = 0.2, 1.5  # seconds


def main() -> None:
    """Fill the database, copy it, and open the dashboard as administrators who have not looked at it before."""
    if not os.environ.get("KEEP"):
        fill(int(os.environ.get("RECORDS", RECORDS[connection.vendor])))
    copy_columns(quiet=timedelta(0))
    pages, filled = [], []
    with server() as address, administrators(ROUNDS + 2) as people:
        for person in people[:2]:
            look(address, person)  # each process of the server has begun to work
        for person in people[2:]:
            page, whole = look(address, person)
            pages.append(page)
            filled.append(whole)
    note(f"page {told(pages)} s; all {len(dashboard_of(people[0]))} widgets {told(filled)} s")
    show(f"dashboard_page_seconds_{connection.vendor}", median(pages), PAGE_LIMIT, most=True)
    show(f"dashboard_filled_seconds_{connection.vendor}", median(filled), FILLED_LIMIT, most=True)


@contextmanager
def administrators(count: int) -> Iterator[list[User]]:
    """Give administrators for whom nothing is kept yet; they are gone afterwards."""
    people = [User.objects.create(username=f"dashboard-{number}", role=Role.ADMINISTRATOR) for number in range(count)]
    try:
        yield people
    finally:
        User.objects.filter(pk__in=[person.pk for person in people]).delete()


def look(address: str, person: User) -> tuple[float, float]:
    """Return the seconds until a person has the page, and those until the last widget has come."""
    cookie = f"{settings.SESSION_COOKIE_NAME}={session_of(person)}"

    def fetch(path: str) -> str:
        request = urllib.request.Request(address + path, headers={"Cookie": cookie})  # noqa: S310  (loopback)
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            return str(response.read().decode())

    begun = time.perf_counter()
    page = fetch("/dashboard/")
    got = time.perf_counter() - begun
    widgets = re.findall(r'data-widget="([^"]+)"', page)
    if len(widgets) != len(dashboard_of(person)):
        raise RuntimeError(f"{len(widgets)} widgets on the page")
    with ThreadPoolExecutor(CONNECTIONS) as browser:
        list(browser.map(fetch, widgets))
    return got, time.perf_counter() - begun


if __name__ == "__main__":
    main()
