"""Fills an empty portal with the demo organisation and a year of its calls."""

import os
import tempfile
import time
from argparse import ArgumentParser
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounting.demo.database import create_organisation, is_in_database
from accounting.demo.faults import LAST_FILE
from accounting.demo.history import History
from accounting.demo.marks import mark_private_calls
from accounting.demo.organisation import COMPANY, FIRST_SYSTEM, build_organisation
from accounting.models import ImportFile, PhoneSystem
from accounting.services.collecting import move
from accounting.services.importing import ImportSummary, import_batches
from accounting.signals import demo_filled

DEFAULT_PASSWORD = "callanalytics"  # noqa: S105 - of demo accounts only, told on the screen
CALLS_PER_PERSON = 2.2
"""On a working day: a year of 250 people stays below 180,000 records, so that the first start is short."""


class Command(BaseCommand):
    """Creates the demo organisation, generates its call files and imports them through the same door as real ones."""

    help = "Create the demo organisation with a year of calls; does nothing when it is there."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the size of the organisation and of its past."""
        parser.add_argument("--people", type=int, default=250, help="20 to 40,000 (default 250)")
        parser.add_argument("--days", type=int, default=365, help="days of calls before today (default 365)")
        parser.add_argument(
            "--calls-per-day", type=float, help=f"on a working day (default: {CALLS_PER_PERSON} a person)"
        )
        parser.add_argument(
            "--today", type=date.fromisoformat, help="let the calls end at 16:00 UTC of this day, not now"
        )
        parser.add_argument("--seed", type=int, default=1)

    def handle(self, *args: Any, **options: Any) -> None:
        """Create what is missing: the organisation, its calls, or nothing."""
        present = is_in_database()
        if present and ImportFile.objects.filter(name__endswith=LAST_FILE).exists():
            self.stdout.write(f"{COMPANY} is there already.")
            return
        until = ending(options["today"])
        try:
            start = until.date() - timedelta(days=options["days"])
            organisation = build_organisation(options["people"], options["seed"], start, options["days"])
        except ValueError as error:
            raise CommandError(str(error)) from error
        if not present:
            begun = time.monotonic()
            create_organisation(organisation, os.environ.get("DEMO_PASSWORD", DEFAULT_PASSWORD))
            self._tell(f"{COMPANY} with {len(organisation.people)} people", begun)
        calls_per_day = options["calls_per_day"] or options["people"] * CALLS_PER_PERSON
        self._import(History(organisation, options["days"], calls_per_day, until))
        mark_private_calls()
        demo_filled.send(Command)

    def _import(self, history: History) -> None:
        with tempfile.TemporaryDirectory(prefix="demo") as folder:
            begun = time.monotonic()
            paths = history.write(Path(folder))
            self._tell(f"{sum(map(len, paths.values()))} call files generated", begun)
            for system in PhoneSystem.objects.filter(name__in=paths):
                self._import_system(system, paths[system.name])

    def _import_system(self, system: PhoneSystem, paths: list[Path]) -> None:
        begun = time.monotonic()
        total = ImportSummary()
        for outcome in import_batches(system, paths):
            total.add(outcome.summary)
            for file in outcome.set_aside:
                move(file, Path(settings.SET_ASIDE_DIR) / system.name)
            self._tell(f"{system.name}: {total.files} of {len(paths)} files, {total.call_records} call records", begun)

    def _tell(self, text: str, begun: float) -> None:
        self.stdout.write(f"  {text} ({time.monotonic() - begun:.1f} s)")
        self.stdout.flush()


def ending(today: date | None) -> datetime:
    """Return the moment at which the calls end: that day, or when an interrupted seeding began, or now."""
    if today:
        return datetime.combine(today, clock(16), UTC)
    begun = PhoneSystem.objects.filter(name=FIRST_SYSTEM).values_list("created_at", flat=True).first()
    return (begun or datetime.now(UTC)).astimezone(UTC)
