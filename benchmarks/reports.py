"""Every report of the catalogue over a year of calls: a month, the year, a department's month; beside plain SQL."""

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from statistics import median, quantiles

import django

django.setup()

from django.core.management import call_command  # noqa: E402  (models need the set-up)
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounting.models import CallRecord, Department, Role, User  # noqa: E402
from accounting.services.columns import reading  # noqa: E402
from accounting.services.columns.copying import copy_columns  # noqa: E402
from accounting.services.masking import mask_for  # noqa: E402
from benchmarks.figures import note, show, told  # noqa: E402
from benchmarks.year import fill  # noqa: E402
from reports.catalogue import REPORTS  # noqa: E402
from reports.engine import tables  # noqa: E402
from reports.engine.dimensions import DIMENSIONS  # noqa: E402
from reports.engine.measures import MEASURES, needed_sums  # noqa: E402
from reports.engine.question import asker_for, period_of  # noqa: E402

RECORDS = {"postgresql": 10_000_000, "sqlite": 1_000_000}
ROUNDS = 3
SLOWEST = int(os.environ.get("SLOWEST", "3"))
KINDS = {
    "month": ({"period": "last_month"}, 0.3),
    "year": ({"period": "365d"}, 1.0),
    "department": ({"period": "last_month", "department": "largest"}, 0.1),
}
"""What is asked of every report beside its own defaults, and the seconds that nineteen of twenty pages may take."""


def main() -> None:
    """Fill the database, copy it, and time the pages of an administrator."""
    if not os.environ.get("KEEP"):
        fill(int(os.environ.get("RECORDS", RECORDS[connection.vendor])))
    call_command("collectstatic", interactive=False, verbosity=0)
    begun = time.perf_counter()
    done = copy_columns(quiet=timedelta(0))
    note(f"{done.records} call records copied in {time.perf_counter() - begun:.0f} s")
    reader = User.objects.filter(role=Role.ADMINISTRATOR)[0]
    client = Client(SERVER_NAME="localhost")
    client.force_login(reader, backend="accounting.services.local_accounts.LocalBackend")
    measured = {kind: pages(client, asked) for kind, (asked, _limit) in KINDS.items()}
    tell_all(measured)
    for kind, (_asked, limit) in KINDS.items():
        times = measured[kind]
        every = [one.seconds for found in times.values() for one in found]
        show(f"reports_{kind}_p95_seconds_{connection.vendor}", quantiles(every, n=20)[-1], limit, most=True)
        for slug in slowest_of(times):
            note(f"{kind}, {slug}: {told([one.seconds for one in times[slug]])} s")
    compare(reader, (*slowest_of(measured["year"]), "by-call-type", "cost-by-person"), measured["year"])


@dataclass(frozen=True, slots=True)
class Fetch:
    """How long one page took."""

    seconds: float
    busy: float
    """Seconds of processor time of this process, with all threads of the columnar copy and without the database."""


Fetches = dict[str, list[Fetch]]
"""By report, round by round."""


def slowest_of(times: Fetches) -> list[str]:
    """Return the slowest reports."""
    return sorted(times, key=lambda slug: -median(one.seconds for one in times[slug]))[:SLOWEST]


def tell_all(measured: dict[str, Fetches]) -> None:
    """Print a table of all reports: the median of their pages in milliseconds, and of the processor time."""
    load = " ".join(f"{one:.1f}" for one in os.getloadavg())
    note(f"milliseconds of a page and of processor time ({' | '.join(KINDS)}); load {load}")
    for slug in REPORTS:
        cells = []
        for kind in KINDS:
            found = measured[kind][slug]
            taken, busy = (median(values) for values in zip(*((one.seconds, one.busy) for one in found), strict=True))
            cells.append(f"{taken * 1000:6.0f} {busy * 1000:6.0f}")
        note(f"{slug:26} {' | '.join(cells)}")
    for kind, times in measured.items():
        busy = quantiles([one.busy for found in times.values() for one in found], n=20)[-1]
        note(f"{kind}: p95 of the processor time {busy:.3f} s")


def pages(client: Client, asked: dict[str, str]) -> Fetches:
    """Return how long each report's first page takes, in several rounds."""
    address = dict(asked)
    if "department" in address:
        address["department"] = str(largest_department())
    found: Fetches = {slug: [] for slug in REPORTS}
    client.get(reverse("report", args=["by-call-type"]), address)
    for _ in range(ROUNDS):
        for slug, report in REPORTS.items():
            filters = report.standard.filters
            own = {key: text for key, text in address.items() if key == "period" or filters is None or key in filters}
            begun, worked = time.perf_counter(), time.process_time()
            response = client.get(reverse("report", args=[slug]), own)
            found[slug].append(Fetch(time.perf_counter() - begun, time.process_time() - worked))
            if response.status_code != 200:
                raise RuntimeError(f"{slug}: status {response.status_code}")
    return found


def largest_department() -> int:
    """Return a department with many calls."""
    month = timezone.now() - timedelta(days=30)
    records = CallRecord.objects.filter(started_at__gte=month, department_id__isnull=False).order_by()
    ids = list(records.values_list("department_id", flat=True)[:5000])
    return max(Department.objects.filter(parent__isnull=False).values_list("pk", flat=True), key=ids.count)


def compare(reader: User, slugs: Iterable[str], pages_of: Fetches) -> None:
    """Print how long the same questions take in plain SQL over the raw rows, and in DuckDB over the files alone."""
    asker = asker_for(reader, mask_for(reader))
    for slug in dict.fromkeys(slugs):
        question = replace(REPORTS[slug].standard, period="365d", first=None, last=None)
        if not question.group or REPORTS[slug].run:
            continue
        period = period_of(question, asker.zone)
        needs = needed_sums(name for name in question.columns if name in MEASURES)
        dimensions = [DIMENSIONS[name] for name in question.group]
        sums = tables.sums_of_calls(question, needs)
        records = tables.calls_of_any_time(question, asker)
        rows = tables.grouped(records, dimensions, asker.zone, sums)
        inside = tables.grouped(tables.calls_of(question, asker), dimensions, asker.zone, sums)
        parts = reading.split(period.start, period.end)
        begun = time.perf_counter()
        list(inside.iterator())
        plain = time.perf_counter() - begun
        begun = time.perf_counter()
        reading.read(rows, parts, [], None)
        columns = time.perf_counter() - begun
        page = median(one.seconds for one in pages_of[slug])
        note(f"year, {slug}: page {page:.2f} s, plain SQL {plain:.2f} s, files alone {columns:.2f} s")
        note(f"year, {slug}: page / plain SQL {page / plain:.2f}, page / files alone {page / columns:.2f}")


if __name__ == "__main__":
    main()
