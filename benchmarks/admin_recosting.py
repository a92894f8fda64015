"""Re-costing beside importing: call records a second of both, on a table of a million call records."""

import tempfile
from decimal import Decimal
from itertools import islice
from pathlib import Path
from statistics import median

import django
from django.db import connection
from django.db.models import F

django.setup()

from accounting.models import CallRecord, CorrectionKind, CorrectionState, Rate  # noqa: E402  (models need the set-up)
from accounting.services import corrections  # noqa: E402
from accounting.services.importing import import_files  # noqa: E402
from accounting.services.selecting import Selection  # noqa: E402
from accounting.signals import reference_changed  # noqa: E402
from benchmarks import admin_tariffs  # noqa: E402
from benchmarks.calls import call_files, prepare  # noqa: E402
from benchmarks.figures import note, seconds, show, told  # noqa: E402

FILES = 12
ROUNDS = 3
RECORDS = 1_000_000
CENT = Decimal("0.01")
TABLE = CallRecord._meta.db_table


def main() -> None:
    """Measure importing, make the table as large as it is to be, and price all its calls anew."""
    phone_system, organisation = prepare()
    with tempfile.TemporaryDirectory() as folder:
        files = call_files(organisation, Path(folder))
        import_files(phone_system, islice(files, FILES))
        ingest = []
        for _ in range(ROUNDS):
            summary = import_files(phone_system, islice(files, 3))
            ingest.append(summary.call_records / summary.seconds)
    note(f"call records a second imported: {told(ingest)}")
    multiply()
    looked, changed = [], []
    for _ in range(ROUNDS):
        Rate.objects.update(price_per_minute=F("price_per_minute") + CENT)
        reference_changed()
        correction = corrections.begin(CorrectionKind.COST, Selection(), None)
        dry = seconds(lambda correction=correction: corrections.run_dry(correction, nothing))  # type: ignore[misc]
        correction.state = CorrectionState.APPLYING
        correction.save(update_fields=["state"])
        apply = seconds(lambda correction=correction: corrections.run_apply(correction, nothing))  # type: ignore[misc]
        note(f"{correction.records} priced, {correction.changed} changed: dry {dry:.1f} s, applied in {apply:.1f} s")
        looked.append(correction.records / dry)
        changed.append(correction.changed / apply)
    note(f"call records a second looked at {told(looked)}, changed {told(changed)}")
    show("recosting_vs_ingest", median(changed) / median(ingest), 0.5)
    admin_tariffs.measure()


def multiply() -> None:
    """Repeat the call records in earlier weeks until there are as many as wanted."""
    columns = [one.column for one in CallRecord._meta.concrete_fields if one.column != "id"]
    moved = {name: f"{name} - number * interval '35 days'" for name in ("started_at", "answered_at", "ended_at")}
    values = ", ".join(moved.get(str(name), str(name)) for name in columns)
    copies = -(-RECORDS // CallRecord.objects.count()) - 1
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {TABLE} ({', '.join(map(str, columns))})"  # noqa: S608  (names)
            f" SELECT {values} FROM {TABLE}, generate_series(1, %s) AS number ORDER BY number, id",
            [copies],
        )
        cursor.execute("VACUUM ANALYZE")
    note(f"{CallRecord.objects.count()} call records")


def nothing(done: int, total: int | None) -> None:
    """Take the progress; nobody watches."""


if __name__ == "__main__":
    main()
