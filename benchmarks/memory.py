"""Memory while a million records are imported: what a process holds at 200,000 records and at the end."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import django

django.setup()

from accounting.services.importing import import_batches  # noqa: E402  (models need the set-up)
from benchmarks.calls import call_files, prepare  # noqa: E402
from benchmarks.figures import note, show  # noqa: E402

RECORDS = 1_000_000
WARM = 200_000
MOST_GROWTH = 32
"""Mebibytes: caches may still fill, rows may not stay."""


def main() -> None:
    """Import files one after another as they are made, and look at the memory after each batch."""
    phone_system, organisation = prepare()
    records, warm, most = 0, 0.0, 0.0
    with tempfile.TemporaryDirectory() as folder:
        for outcome in import_batches(phone_system, passing(call_files(organisation, Path(folder)))):
            records += outcome.summary.records
            if records <= WARM:
                warm = max(warm, resident())
            most = max(most, resident())
            if records >= RECORDS:
                break
    note(f"{records} records: at most {warm:.0f} MiB up to {WARM}, {most:.0f} MiB in all")
    show("import_memory_growth_mib", most - warm, MOST_GROWTH, most=True)


def passing(files: Iterator[Path]) -> Iterator[Path]:
    """Give files one by one and delete each when the second after it is asked for: one may wait to be read."""
    kept: list[Path] = []
    for file in files:
        kept.append(file)
        yield file
        if len(kept) > 2:
            kept.pop(0).unlink()


def resident() -> float:
    """Return the process's memory in mebibytes."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
