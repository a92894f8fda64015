"""The columnar copy is never behind the call records: every writer says which days it touches."""

import re
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import BigIntegerField
from django.db.models.functions import Cast
from django.utils import timezone

import accounting
from accounting.models import (
    CallRecord,
    Carrier,
    CopiedDays,
    Correction,
    Gateway,
    GatewayCarrier,
    Job,
    PhoneSystem,
    Rate,
    Tariff,
    TouchedDay,
)
from accounting.services import corrections, jobs, retention
from accounting.services.columns import copying, files
from accounting.services.columns.copying import Run, copy_columns
from accounting.services.columns.reading import from_both, split
from accounting.services.columns.touching import touch
from accounting.services.importing import import_files
from tests import factories as make
from tests.accounting.traffic import SYSTEM, generated, write

pytestmark = pytest.mark.django_db(transaction=True)
NOW = timedelta(0)
DAY = date(2026, 3, 3)


@pytest.fixture
def system(tmp_path: Path, settings: Any) -> PhoneSystem:
    """A day of imported and copied calls."""
    settings.DATA_DIR = tmp_path / "data"
    made = PhoneSystem.objects.create(name=SYSTEM)
    import_files(made, write(tmp_path / "files", generated()))
    copy_columns(quiet=NOW)
    return made


def told(records: Any) -> Any:
    """Return the query of what reports read."""
    names = ("id", "started_at", "extension", "other_number", "user_id", "mos", "currency")
    return records.order_by().values(*names, micro=Cast("cost", BigIntegerField()))


def in_order(rows: Any) -> list[dict[str, Any]]:
    """Return rows by their id."""
    return sorted(rows, key=lambda row: row["id"])


def assert_up_to_date() -> None:
    """Compare what readers of the copy get with the call records, before and after the next run.

    None, when every day is touched: the database answers alone.
    """
    rows = from_both(CallRecord.objects.all(), None, None, told)
    assert rows is None or in_order(told(CallRecord.objects.all())) == in_order(rows)
    copy_columns(quiet=NOW)
    assert not touched()
    rows = from_both(CallRecord.objects.all(), None, None, told)
    assert rows is not None
    assert in_order(told(CallRecord.objects.all())) == in_order(rows)


def touched() -> set[date]:
    """Return the days that are marked."""
    return set(TouchedDay.objects.values_list("day", flat=True))


def test_imported_calls_are_copied_for_the_portals_account_only(system: PhoneSystem) -> None:
    assert not touched()
    path = files.path_of(CopiedDays.objects.earliest("first").file)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert_up_to_date()


def test_calls_that_come_later_touch_their_day(system: PhoneSystem, tmp_path: Path) -> None:
    import_files(system, write(tmp_path / "more", generated(seed=8)))
    assert DAY in touched()
    assert_up_to_date()


def test_corrections_and_undoing_them_touch_days(system: PhoneSystem) -> None:
    tariff = Tariff.objects.create(carrier=Carrier.objects.create(name="Nordfon"), name="Business")
    Rate.objects.create(tariff=tariff, prefix="", price_per_minute=Decimal("0.06"), destination="Anywhere")
    for gateway in Gateway.objects.all():
        GatewayCarrier.objects.create(gateway=gateway, carrier=tariff.carrier)
    call_command("recost", "--from", "2026-03-01", "--to", "2026-03-31", "--apply")
    assert DAY in touched()
    assert_up_to_date()
    job = corrections.start_undoing(Correction.objects.get(), make.administrator(), "wrong")
    assert job is not None
    jobs.run(job.pk)
    assert DAY in touched()
    assert_up_to_date()


@pytest.mark.parametrize("after_term", ["delete", "anonymise"])
def test_forgotten_calls_leave_no_file_behind(system: PhoneSystem, after_term: str) -> None:
    names = list(CopiedDays.objects.values_list("file", flat=True))
    before = [*map(files.path_of, names), *map(files.loads_of, names)]
    PhoneSystem.objects.update(keep_days=(timezone.localdate() - DAY).days - 3, after_term=after_term)
    jobs.run(jobs.start(retention.RETENTION, None).pk)
    assert Job.objects.get().state == "done"
    assert before
    assert not [path for path in before if path.exists()]
    rows = from_both(CallRecord.objects.all(), None, None, told)
    assert rows is None or in_order(told(CallRecord.objects.all())) == in_order(rows)


def test_a_file_that_is_broken_or_gone_is_left_to_the_database(system: PhoneSystem) -> None:
    path = files.path_of(CopiedDays.objects.earliest("first").file)
    path.write_bytes(b"PAR1 no more")
    assert from_both(CallRecord.objects.all(), None, None, told) is None
    path.unlink()
    assert not split(None, None).parts
    assert_up_to_date()
    files.loads_of(CopiedDays.objects.earliest("first").file).unlink()
    assert not split(None, None).parts
    assert_up_to_date()
    assert {path.name.removesuffix(".loads") for path in files.folder().glob("*parquet*")} == set(
        CopiedDays.objects.values_list("file", flat=True)
    )


def test_a_change_while_a_day_is_being_copied_leaves_it_to_the_next_run(
    system: PhoneSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch([DAY])
    written = copying.write_file

    def change_meanwhile(name: str, query: str) -> int:
        touch([DAY])
        CallRecord.objects.update(other_number="+49301")
        return written(name, query)

    with monkeypatch.context() as patch:
        patch.setattr(copying, "write_file", change_meanwhile)
        copy_columns(quiet=NOW)
    assert touched() == {DAY}
    assert_up_to_date()


def test_days_that_are_copied_again_are_joined_to_their_month(system: PhoneSystem) -> None:
    make.record(started_at=make.NOON.replace(year=2026, month=3, day=20))
    copy_columns(quiet=NOW)
    touch([date(2026, 3, 10)])
    copy_columns(quiet=NOW)
    march = CopiedDays.objects.filter(first__month=3, first__year=2026)
    assert [(run.last - run.first).days for run in march] == [17]
    assert len([path for path in files.folder().iterdir() if path.suffix == ".parquet"]) == CopiedDays.objects.count()
    assert_up_to_date()


def test_runs_of_days_end_with_their_month() -> None:
    days = [date(2026, 1, 30) + timedelta(days=number) for number in (0, 1, 2, 5)]
    assert list(copying.runs_of(days)) == [
        Run(date(2026, 2, 4), date(2026, 2, 4)),
        Run(date(2026, 2, 1), date(2026, 2, 1)),
        Run(date(2026, 1, 30), date(2026, 1, 31)),
    ]


WRITING = re.compile(
    r"(?:insert_rows|NewRows|update_rows)\(\s*CallRecord\b"
    r"|CallRecord\.objects[^\n]*\.(?:delete|update|create|bulk_update|bulk_create|_raw_delete)\("
    r"|\brecords\.(?:update|delete)\(|delete_rows\(records\)"
)


def test_every_module_that_writes_call_records_marks_days() -> None:
    folder = Path(accounting.__file__).parent
    writers = [path for path in folder.rglob("*.py") if WRITING.search(path.read_text(encoding="utf-8"))]
    assert {path.stem for path in writers} >= {"writing", "correcting", "forgetting", "retention"}
    assert not [path for path in writers if "columns.touching import" not in path.read_text(encoding="utf-8")]
