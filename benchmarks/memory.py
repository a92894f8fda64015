"""Memory while a million records are imported: what a process holds at 200,000 records and at the end."""

import subprocess
import sys
import tempfile
from pathlib import Path

import django

django.setup()

from accounting.demo.organisation import FIRST_SYSTEM  # noqa: E402  (models need the set-up)
from accounting.services.importing import import_batches  # noqa: E402
from benchmarks.calls import CALLS_PER_DAY, PEOPLE, RECORDS_PER_FILE, START, prepare  # noqa: E402
from benchmarks.figures import note, show  # noqa: E402

RECORDS = 1_000_000
WEEKS = 7
WARM = 200_000
MOST_GROWTH = 32
"""Mebibytes: caches may still fill, rows may not stay."""


def main() -> None:
    """Import files one after another and look at the memory after each batch."""
    phone_system, _ = prepare()
    records, noted = 0, 0
    held: dict[int, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        for outcome in import_batches(phone_system, sorted(Path(folder).rglob("cdr_*"), key=sequence)):
            records += outcome.summary.records
            held[records] = resident()
            if records - noted >= WARM:
                noted = records
                note(f"{records} records: {held[records]:.0f} MiB")
    warm = max(size for count, size in held.items() if count <= WARM)
    show("import_memory_growth_mib", max(held.values()) - warm, MOST_GROWTH, most=True)
    if records < RECORDS:
        raise RuntimeError(f"only {records} records were made")


def generate(folder: Path) -> None:
    """Write the files in a process of their own: what makes them does not count."""
    command = [
        sys.executable,
        "manage.py",
        "generate_cdr",
        "--output",
        str(folder),
        "--no-cmr",
        "--system",
        FIRST_SYSTEM,
    ]
    numbers = {
        "people": PEOPLE,
        "calls-per-day": CALLS_PER_DAY,
        "records-per-file": RECORDS_PER_FILE,
        "days": WEEKS * 7,
    }
    options = [part for name, number in numbers.items() for part in (f"--{name}", str(number))]
    subprocess.run([*command, *options, "--start", START.isoformat()], check=True, stdout=subprocess.DEVNULL)


def sequence(path: Path) -> int:
    """Return the running number at the end of a file's name."""
    return int(path.name.rpartition("_")[2])


def resident() -> float:
    """Return the process's memory in mebibytes."""
    return of_status("VmRSS")


def most_resident() -> float:
    """Return the most memory that the process had, in mebibytes; getrusage would tell that of its parent if greater."""
    return of_status("VmHWM")


def of_status(name: str) -> float:
    """Return a size that Linux tells of the process, in mebibytes."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
