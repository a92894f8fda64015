"""Call files to committed, assembled, classified, priced and deduplicated call records with totals."""

import tempfile
import uuid
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from statistics import median

import django
from django.db import connection, models

django.setup()

from accounting.models import CallLeg, CallRecord, PhoneSystem  # noqa: E402  (models need the set-up)
from accounting.services.importing import import_files  # noqa: E402
from benchmarks.bare import FORMATS, WRITTEN, Marks, TwinFile, Twins, marks  # noqa: E402
from benchmarks.calls import call_files, cut, prepare  # noqa: E402
from benchmarks.figures import note, seconds, show, told  # noqa: E402

FILLED = 6
"""Files that are there before anything is measured: empty indexes would flatter both sides."""
ROUNDS = 5
FILES = 6
"""Of a round: a backlog, which is when speed counts; a process for reading is started for it anew each time."""
SAMPLE = 100
SMALL_FILES = 1_440


def main() -> None:
    """Measure what this database is asked for."""
    phone_system, organisation = prepare()
    with tempfile.TemporaryDirectory() as folder:
        files = call_files(organisation, Path(folder))
        import_files(phone_system, islice(files, FILLED))
        if connection.vendor == "postgresql":
            on_postgresql(phone_system, files)
            small_files(phone_system, files)
        else:
            on_sqlite(phone_system, files, Path(folder))


def on_postgresql(phone_system: PhoneSystem, files: Iterator[Path]) -> None:
    """Compare importing with a bare COPY of the finished rows and with row-by-row saving."""
    twins = Twins()
    ratios, against_orm, rates = [], [], []
    for _ in range(ROUNDS):
        ours, since, records = imported(phone_system, files)
        bare = {}
        for form in FORMATS:
            rows = twins.rows_since(since, form)
            bare[form] = seconds(lambda rows=rows, form=form: twins.write(rows, form))  # type: ignore[misc]
        count = rows_written(since)
        ratios.append(min(bare.values()) / ours)
        rates.append(records / ours)
        against_orm.append(count / ours / saved_a_second(since))
        copies = ", ".join(f"{form} {taken:.2f} s" for form, taken in bare.items())
        note(f"{count} rows of {records} CDRs: ours {ours:.2f} s, {copies}")
    note(f"CDRs a second: {told(rates)}; ratios {told(ratios)}; against the ORM {told(against_orm)}")
    show("ingest_postgresql_vs_copy", median(ratios), 0.5)
    show("ingest_postgresql_vs_orm", median(against_orm), 40)


def on_sqlite(phone_system: PhoneSystem, files: Iterator[Path], folder: Path) -> None:
    """Compare importing with executemany of the finished rows."""
    twin = TwinFile(folder / "twin.sqlite3")
    ratios, rates = [], []
    for _ in range(ROUNDS):
        ours, since, records = imported(phone_system, files)
        rows = twin.rows_since(since)
        bare = seconds(lambda rows=rows: twin.write(rows))  # type: ignore[misc]
        ratios.append(bare / ours)
        rates.append(records / ours)
        note(f"{sum(map(len, rows.values()))} rows of {records} CDRs: ours {ours:.2f} s, executemany {bare:.2f} s")
    note(f"CDRs a second: {told(rates)}; ratios {told(ratios)}")
    show("ingest_sqlite_vs_executemany", median(ratios), 0.5)


def imported(phone_system: PhoneSystem, files: Iterator[Path]) -> tuple[float, Marks, int]:
    """Import the next files; return seconds, where the tables ended before, and the number of CDRs."""
    paths = list(islice(files, FILES))
    before = marks()
    summary = import_files(phone_system, paths)
    return summary.seconds, before, summary.records


def rows_written(since: Marks) -> int:
    """Return how many rows the tables have gained."""
    return sum(models.QuerySet(model).filter(pk__gt=since[model._meta.db_table]).count() for model in WRITTEN)


def saved_a_second(since: Marks) -> float:
    """Return rows a second when a sample of the rows written since is saved one by one; the sample is deleted again."""
    sample = [row for model in WRITTEN for row in drawn(model, since)]
    for row in sample:
        row.pk = None
        if isinstance(row, CallLeg):
            row.record_key = uuid.uuid4()
        elif isinstance(row, CallRecord):
            row.call_id = -row.call_id
    taken = seconds(lambda: save(sample))
    for model in WRITTEN:
        models.QuerySet(model).filter(pk__in=[row.pk for row in sample if type(row) is model]).delete()
    return len(sample) / taken


def save(rows: list[models.Model]) -> None:
    """Save rows one by one, each in a transaction of its own."""
    for row in rows:
        row.save(force_insert=True)


def drawn(model: type[models.Model], since: Marks) -> list[models.Model]:
    """Return rows of a table, as many as go with SAMPLE call records of those written since."""
    new: models.QuerySet[models.Model] = models.QuerySet(model).filter(pk__gt=since[model._meta.db_table])
    share = SAMPLE / CallRecord.objects.filter(pk__gt=since[CallRecord._meta.db_table]).count()
    return list(new.order_by("pk")[: round(new.count() * share)])


def small_files(phone_system: PhoneSystem, files: Iterator[Path]) -> None:
    """Import many files of 1 to 3 records, as UCM writes them in quiet minutes."""
    rates = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            paths = cut(next(files), Path(folder), SMALL_FILES)
            rates.append(SMALL_FILES / seconds(lambda paths=paths: import_files(phone_system, paths)))  # type: ignore[misc]
    note(f"files of 1 to 3 records a second: {told(rates)}")
    show("ingest_small_files_per_second", median(rates), 200)


if __name__ == "__main__":
    main()
