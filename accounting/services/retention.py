"""How long calls are kept: beyond its term a phone system's calls are deleted or anonymised, day by day."""

import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone

from accounting.models import (
    AuditedAction,
    CallLeg,
    CallQuality,
    CallRecord,
    ExtensionDay,
    ImportBatch,
    Job,
    PhoneSystem,
    RejectedRow,
)
from accounting.services import jobs
from accounting.services.auditing import record
from accounting.services.columns.touching import days_of, forget
from accounting.services.forgetting import (
    anonymise,
    delete_rows,
    forget_corrections,
    put_anonymous_days,
    put_slots,
    take_days,
    take_slots,
)
from accounting.services.jobs import Progress
from accounting.services.recording import Totals, take_back
from callanalytics.lib.bulk import Moments
from callanalytics.lib.turns import bulk_transaction

RETENTION = "retention"
DELETE = PhoneSystem.AfterTerm.DELETE
EVERY = timedelta(hours=23)
LOOK_BACK = 3
"""Days before the end of the term that are looked at each time: calls of several legs may begin on the day before."""
FILES_KEPT = timedelta(days=7)
"""How long exports and abandoned uploads lie in the data folder."""
A_DAY = timedelta(days=1)


@dataclass(slots=True)
class Forgotten:
    """How much a run has deleted or anonymised."""

    records: int = 0
    legs: int = 0
    qualities: int = 0
    rejected: int = 0
    files: int = 0

    def add(self, other: "Forgotten") -> None:
        """Add the counts of another."""
        for name, value in asdict(other).items():
            setattr(self, name, getattr(self, name) + value)


def organisation_zone() -> ZoneInfo:
    """Return the zone whose days the totals count."""
    return ZoneInfo(settings.TIME_ZONE)


def end_of_term(keep_days: int) -> date:
    """Return the first day that is still kept."""
    return timezone.now().astimezone(organisation_zone()).date() - timedelta(days=keep_days)


def midnight(day: date) -> datetime:
    """Return the beginning of a day in the organisation's zone."""
    return datetime.combine(day, time.min, organisation_zone())


def months_to_go(phone_system: PhoneSystem, keep_days: int, after_term: str) -> list[tuple[date, int]]:
    """Return the first days of months, and how many call records of each would go now; read from the totals."""
    days = ExtensionDay.objects.filter(phone_system_id=phone_system.pk, day__lt=end_of_term(keep_days))
    if after_term != DELETE:
        days = days.exclude(extension="")
    rows = days.order_by().annotate(month=TruncMonth("day")).values("month").annotate(calls=Sum("calls"))
    return [(row["month"], row["calls"]) for row in rows.order_by("month") if row["calls"]]


def first_day_to_go(phone_system: PhoneSystem, end: date) -> date | None:
    """Return the earliest day before `end` of which something is left to delete or anonymise."""
    legs = CallLeg.objects.filter(phone_system_id=phone_system.pk, originated_at__lt=midnight(end))
    first = legs.order_by("originated_at").values_list("originated_at", flat=True)[:1]
    begins = list(first)
    if phone_system.after_term == DELETE:
        records = CallRecord.objects.filter(phone_system_id=phone_system.pk, started_at__lt=midnight(end))
        begins += list(records.order_by("started_at").values_list("started_at", flat=True)[:1])
    qualities = CallQuality.objects.filter(phone_system_id=phone_system.pk, measured_at__lt=midnight(end))
    begins += list(qualities.order_by("measured_at").values_list("measured_at", flat=True)[:1])
    return min(begins).astimezone(organisation_zone()).date() if begins else None


def apply_terms(progress: Progress) -> dict[str, Any]:
    """Apply the terms of all phone systems; each day of a phone system is a transaction of its own."""
    work: list[tuple[PhoneSystem, date, list[date]]] = []
    for phone_system in PhoneSystem.objects.exclude(keep_days=None):
        end = end_of_term(phone_system.keep_days or 0)
        begin = min(first_day_to_go(phone_system, end) or end, end - timedelta(days=LOOK_BACK))
        work.append((phone_system, end, [begin + A_DAY * number for number in range((end - begin).days)]))
    total, done, result = sum(len(days) for _system, _end, days in work), 0, {}
    for phone_system, end, days in work:
        # By what was done with the calls: somebody may change the term during the run.
        gone = {DELETE: Forgotten(), PhoneSystem.AfterTerm.ANONYMISE: Forgotten()}
        try:
            for day in days:
                part = apply_to_day(phone_system, day)
                gone[PhoneSystem.AfterTerm(phone_system.after_term)].add(part)
                done += 1
                progress.step(done, total)
            gone[PhoneSystem.AfterTerm(phone_system.after_term)].add(forget_files(phone_system, end))
        finally:
            for after_term, part in gone.items():
                tell(phone_system, after_term, end, part)
        result[phone_system.name] = asdict(sum_of(gone.values()))
    return result


def sum_of(parts: Iterable[Forgotten]) -> Forgotten:
    """Return how much has gone in all."""
    whole = Forgotten()
    for part in parts:
        whole.add(part)
    return whole


def tell(phone_system: PhoneSystem, after_term: str, end: date, gone: Forgotten) -> None:
    """Record in the audit log what has gone, if anything has."""
    if any(asdict(gone).values()):
        action = AuditedAction.DELETED if after_term == DELETE else AuditedAction.CHANGED
        record(action, RETENTION, phone_system.name, subject_id=phone_system.pk, before=end.isoformat(), **asdict(gone))


def lock_term(phone_system: PhoneSystem) -> None:
    """Lock a phone system inside the caller's transaction and read its term as it is now."""
    stored = PhoneSystem.objects.select_for_update()
    phone_system.refresh_from_db(fields=["keep_days", "after_term"], from_queryset=stored)


def is_kept(phone_system: PhoneSystem, day: date) -> bool:
    """Return whether the calls of a day are to stay."""
    return not phone_system.keep_days or day >= end_of_term(phone_system.keep_days)


@bulk_transaction()
def apply_to_day(phone_system: PhoneSystem, day: date) -> Forgotten:
    """Delete or anonymise the calls of one phone system that began on one day of the organisation's zone.

    The term holds as it is now: one that was lifted since the run began is not applied.
    """
    # The importer holds the same lock: the calls of the day stand still.
    lock_term(phone_system)
    if is_kept(phone_system, day):
        return Forgotten()
    begin, end = midnight(day), midnight(day + A_DAY)
    own = Q(phone_system_id=phone_system.pk)
    records = CallRecord.objects.filter(own).in_period(begin, end)
    if phone_system.after_term == DELETE:
        count = delete_day(phone_system, day, records)
    else:
        count = anonymise(records.exclude(extension=""), phone_system)
        if count:
            put_anonymous_days(take_days(*of_day(phone_system, day)))
    return Forgotten(
        records=count,
        legs=delete_rows(CallLeg.objects.filter(own, originated_at__gte=begin, originated_at__lt=end)),
        qualities=delete_rows(CallQuality.objects.filter(own, measured_at__gte=begin, measured_at__lt=end)),
    )


def delete_day(phone_system: PhoneSystem, day: date, records: Any) -> int:
    """Delete the records of a day and take them out of the totals; return how many there were."""
    taken_back, count = Totals(), 0
    for one in records.iterator(chunk_size=5000):
        take_back(one, taken_back)
        count += 1
    if not count:
        return 0
    forget_corrections(records)
    forget(days_of(records))
    delete_rows(records)
    take_days(*of_day(phone_system, day))
    moment = Moments()
    slots = take_slots(midnight(day), midnight(day + A_DAY), moment)
    put_slots([*slots, *taken_back.slot_rows(moment)])
    # Nothing is left to carry a new arrival mark; the mark alone makes pages show the calls anew.
    ImportBatch.objects.create(phone_system=phone_system)
    return count


def of_day(phone_system: PhoneSystem, day: date) -> tuple[str, list[Any]]:
    """Return the condition of the totals of one phone system and day."""
    return "phone_system_id = %s AND day = %s", [phone_system.pk, connection.ops.adapt_datefield_value(day)]


@transaction.atomic
def forget_files(phone_system: PhoneSystem, end: date) -> Forgotten:
    """Delete the rejected rows and the files from before the end of the term, as it is now."""
    lock_term(phone_system)
    if not phone_system.keep_days:
        return Forgotten()
    end = min(end, end_of_term(phone_system.keep_days))
    return Forgotten(rejected=forget_rejected(phone_system, end), files=remove_files(phone_system, end))


def forget_rejected(phone_system: PhoneSystem, end: date) -> int:
    """Delete the rejected rows of files that came before the end of the term: they hold numbers."""
    return delete_rows(RejectedRow.objects.filter(file__phone_system=phone_system, file__imported_at__lt=midnight(end)))


def remove_files(phone_system: PhoneSystem, end: date) -> int:
    """Remove call files from the archive and from the folder of files set aside that are older than the term."""
    removed = 0
    archive = Path(settings.ARCHIVE_DIR) / phone_system.name
    for folder in archive.iterdir() if archive.is_dir() else ():
        try:
            arrived = date.fromisoformat(folder.name)
        except ValueError:
            continue
        if arrived < end:
            removed += sum(1 for file in folder.iterdir() if file.is_file())
            shutil.rmtree(folder)
    aside = Path(settings.SET_ASIDE_DIR) / phone_system.name
    for file in aside.iterdir() if aside.is_dir() else ():
        if file.is_file() and file.stat().st_mtime < midnight(end).timestamp():
            file.unlink()
            removed += 1
    return removed


def start_when_due() -> None:
    """Start the daily run unless there was one within a day, or no phone system has a term."""
    recently = Job.objects.filter(kind=RETENTION, created_at__gt=timezone.now() - EVERY)
    if PhoneSystem.objects.exclude(keep_days=None).exists() and not recently.exists():
        jobs.start(RETENTION, None, unique_key=RETENTION)


def remove_old_exports() -> None:
    """Remove exports and abandoned uploads from the data folder after a week."""
    limit = (timezone.now() - FILES_KEPT).timestamp()
    for name in ("exports", "uploads"):
        folder = Path(settings.DATA_DIR) / name
        for path in folder.iterdir() if folder.is_dir() else ():
            if path.stat().st_mtime >= limit:
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
