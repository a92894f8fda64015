"""The organisation and the call files that benchmarks work on: 5,000 people, made by the demo's own generator."""

from collections.abc import Iterator
from datetime import date
from itertools import cycle, islice
from pathlib import Path

from django.core.management import call_command

from accounting.demo.database import create_organisation
from accounting.demo.generation import Generation
from accounting.demo.organisation import FIRST_SYSTEM, Organisation, build_organisation
from accounting.models import PhoneSystem

PEOPLE = 5_000
START = date(2026, 3, 2)
DAYS = 60
CALLS_PER_DAY = 40_000
RECORDS_PER_FILE = 10_000


def prepare() -> tuple[PhoneSystem, Organisation]:
    """Create the tables and the organisation; return its first phone system."""
    call_command("migrate", interactive=False, verbosity=0)
    organisation = build_organisation(PEOPLE, start=START, days=DAYS)
    create_organisation(organisation, "not-used-here")
    return PhoneSystem.objects.get(name=FIRST_SYSTEM), organisation


def call_files(organisation: Organisation, folder: Path) -> Iterator[Path]:
    """Write CDR files of 10,000 records (and the few of the minute's end) one by one, as many as are taken."""
    generation = Generation(
        organisation, START, DAYS, CALLS_PER_DAY, records_per_file=RECORDS_PER_FILE, cmr=False, systems=(FIRST_SYSTEM,)
    )
    for file in generation:
        if file.records >= RECORDS_PER_FILE:
            path = folder / file.name
            path.write_bytes(file.content)
            yield path


def cut(file: Path, folder: Path, count: int) -> list[Path]:
    """Cut a file into many of 1, 2 and 3 records, as UCM writes them in quiet minutes."""
    names, types, *lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    rest = iter(lines)
    paths = []
    for number, records in enumerate(islice(cycle((1, 2, 3)), count)):
        path = folder / f"{file.name}.{number}"
        path.write_text(names + types + "".join(islice(rest, records)), encoding="utf-8")
        paths.append(path)
    return paths
