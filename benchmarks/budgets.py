"""10,000 budgets over 1,000,000 calls: how long Budget Control takes after a batch, and that thresholds act once."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import django

django.setup()

from django.db.models import Count  # noqa: E402  (models need the set-up)
from django.utils import timezone  # noqa: E402

from accounting.demo.generation import Generation  # noqa: E402
from accounting.demo.organisation import build_organisation  # noqa: E402
from accounting.models import CallRecord, OutgoingMail, PhoneSystem, User  # noqa: E402
from accounting.services.importing import import_files  # noqa: E402
from benchmarks.calls import DAYS, PEOPLE, START  # noqa: E402
from benchmarks.figures import note, seconds, show, told  # noqa: E402
from benchmarks.year import fill  # noqa: E402
from budget.models import Budget, BudgetEvent, BudgetPeriod, Cycle, Happened, ReachedThreshold, Threshold, Unit  # noqa: E402
from budget.services.checking import check  # noqa: E402
from budget.services.following import follow  # noqa: E402
from budget.services.ledger import charge_arrivals  # noqa: E402
from budget.services.settling import tick  # noqa: E402

CALLS = 1_000_000
BUDGETS = 10_000
BATCH = 10_000
BATCHES = 6
"""The last is evaluated by two workers at once, one of which is killed."""
FOLLOW = "print('begun', flush=True); from budget.services.following import follow; follow()"


def main() -> None:
    """Fill the database, set the budgets, and let batches of calls arrive."""
    fill(CALLS)
    note(f"{set_budgets()} budgets; counted and opened in {seconds(lambda: tick(3600)):.0f} s")
    follow()
    with tempfile.TemporaryDirectory() as folder:
        batches = arrivals(Path(folder))
        taken, worked = [], []
        for _ in range(BATCHES - 1):
            import_files(PhoneSystem.objects.get(name=system_name()), [next(batches)])
            begun = time.process_time()
            taken.append(seconds(charge_arrivals))
            worked.append(time.process_time() - begun)
        note(f"evaluation after batches of {BATCH} calls: {told(taken)} s, of which {told(worked)} s in Python")
        show("budgets_seconds_after_batch", max(taken), 2, most=True)
        show("budgets_last_to_first", worked[-1] / worked[0], 2, most=True)
        import_files(PhoneSystem.objects.get(name=system_name()), [next(batches)])
        kill_one_of_two()
    follow()
    tell()


def system_name() -> str:
    """Return the phone system that has calls."""
    return PhoneSystem.objects.get(pk=CallRecord.objects.values_list("phone_system_id", flat=True)[0]).name


def set_budgets() -> int:
    """Set budgets of cost and of minutes for people in turn; return how many."""
    people = list(User.objects.filter(lines__isnull=False).distinct().order_by("pk"))
    first = timezone.localdate().replace(day=1)
    Budget.objects.bulk_create(
        [
            Budget(
                name=f"Budget {number}", person=people[number % len(people)], valid_from=first,
                unit=Unit.MINUTES if number % 2 else Unit.MONEY, currency="" if number % 2 else "EUR",
                amount=1800 if number % 2 else 2_000_000, cycle=Cycle.WEEK if number % 3 else Cycle.MONTH,
            )
            for number in range(BUDGETS)
        ],
        batch_size=1000,
    )  # fmt: skip
    Threshold.objects.bulk_create(
        [Threshold(budget=one, percent=percent) for one in Budget.objects.all() for percent in (50, 80, 100)],
        batch_size=1000,
    )
    return BUDGETS


def arrivals(folder: Path) -> Iterator[Path]:
    """Write files of 10,000 calls of the present week."""
    organisation = build_organisation(PEOPLE, start=START, days=DAYS)
    monday = date.today() - timedelta(days=date.today().weekday())  # noqa: DTZ011  (any will do)
    generation = Generation(
        organisation, monday, 6, 3 * BATCH, seed=2, records_per_file=BATCH, cmr=False, systems=(system_name(),)
    )
    for file in generation:
        if file.records >= BATCH:
            path = folder / file.name
            path.write_bytes(file.content)
            yield path


def kill_one_of_two() -> None:
    """Let two workers evaluate the same batch, and kill one in the middle."""
    workers = [
        subprocess.Popen([sys.executable, "manage.py", "shell", "--no-imports", "-c", FOLLOW], stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    for worker in workers:
        assert worker.stdout
        worker.stdout.readline()
    time.sleep(0.3)
    os.kill(workers[0].pid, signal.SIGKILL)
    for worker in workers:
        worker.communicate(timeout=300)
    note(f"of two workers one killed; the other ended with {workers[1].returncode}")


def tell() -> None:
    """Print whether every threshold has acted once, and whether the ledger agrees with the calls."""
    periods = list(BudgetPeriod.objects.all())
    due = sum(period.has_reached(percent) for period in periods for percent in (50, 80, 100))
    acted = ReachedThreshold.objects.count()
    twice = (
        BudgetEvent.objects.filter(kind=Happened.REACHED).values("period", "percent").annotate(n=Count("pk"))
    ).filter(n__gt=1)
    note(f"{acted} thresholds acted, {OutgoingMail.objects.count()} mails posted at {datetime.now(UTC):%H:%M}")
    show("budgets_thresholds_missed", due - acted, 0, most=True)
    show("budgets_thresholds_twice", twice.count(), 0, most=True)
    show("budgets_untold", ReachedThreshold.objects.filter(told_at=None).count(), 0, most=True)
    begun = time.perf_counter()
    checked = check()
    note(f"check of {checked.periods} periods and {checked.days} days in {time.perf_counter() - begun:.0f} s")
    show("budgets_differences", checked.periods_mended + checked.charges_mended, 0, most=True)


if __name__ == "__main__":
    main()
