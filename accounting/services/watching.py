"""Is collection alive? What the status page and later alarms judge each phone system by."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from django.db.models import Count, OuterRef, Q, Subquery, Sum
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounting.models import FileState, ImportFile, PhoneSystem, RejectedRow
from accounting.services.unknown_extensions import unknown

DAY, MONTH = timedelta(days=1), timedelta(days=30)
RED_AFTER_QUIET_TIMES = 4
ENOUGH_RECORDS = 200
ENOUGH_DAYS = timedelta(days=7)
ZERO_DURATION_PARAMETER = "CdrLogCallsWithZeroDurationFlag"


class Light(Enum):
    """The traffic light of a phone system."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Counts:
    """What was collected in a span of time."""

    accepted: int
    duplicates: int
    rejected: int
    set_aside: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """What of a phone system waits for an administrator, whenever it came."""

    rejected_rows: int
    files_set_aside: int
    unknown_extensions: int


@dataclass(frozen=True, slots=True)
class SystemState:
    """One phone system as the status page shows it."""

    system: PhoneSystem
    light: Light
    reason: str | Promise
    last_file: str
    last_file_at: datetime | None
    newest_record_at: datetime | None
    delay_seconds: int | None
    """From the end of the newest call to the arrival of its file."""
    last_day: Counts
    last_month: Counts
    blind_to_unanswered: bool
    """Many records and none of an unanswered call: the phone system does not write those."""
    waiting: Waiting


def states_of_collection() -> list[SystemState]:
    """Return the state of every phone system; six queries."""
    now = timezone.now()
    newest = ImportFile.objects.filter(phone_system=OuterRef("pk"), state=FileState.IMPORTED).order_by("-imported_at")
    systems = PhoneSystem.objects.annotate(
        last_name=Subquery(newest.values("name")[:1]),
        last_at=Subquery(newest.values("imported_at")[:1]),
        last_record=Subquery(newest.exclude(newest_record_at=None).values("newest_record_at")[:1]),
        last_record_file=Subquery(newest.exclude(newest_record_at=None).values("imported_at")[:1]),
    )
    sums, waiting = _sums(now), _waiting()
    return [_state(system, sums.get(system.pk, {}), waiting(system.pk), now) for system in systems]


def _waiting() -> Callable[[int], Waiting]:
    """Return a function from a phone system to what waits of it; three queries for all of them."""
    counts = [
        dict(rows.order_by().values_list(key).annotate(count=Count("pk")))
        for rows, key in (
            (RejectedRow.objects.all(), "file__phone_system_id"),
            (ImportFile.objects.filter(state=FileState.SET_ASIDE), "phone_system_id"),
            (unknown().select_related(None), "phone_system_id"),
        )
    ]
    return lambda system: Waiting(*(count.get(system, 0) for count in counts))


def _sums(now: datetime) -> dict[int, dict[str, Any]]:
    day, week = Q(imported_at__gte=now - DAY), Q(imported_at__gte=now - ENOUGH_DAYS)
    aside = Q(state=FileState.SET_ASIDE)
    rows = (
        ImportFile.objects.filter(imported_at__gte=now - MONTH)
        .order_by()
        .values("phone_system_id")
        .annotate(
            day_records=Sum("records", filter=day),
            day_duplicates=Sum("duplicates", filter=day),
            day_rejected=Sum("rejected", filter=day),
            day_set_aside=Count("id", filter=day & aside),
            month_records=Sum("records"),
            month_duplicates=Sum("duplicates"),
            month_rejected=Sum("rejected"),
            month_set_aside=Count("id", filter=aside),
            week_records=Sum("records", filter=week),
            week_unanswered=Sum("unanswered", filter=week),
        )
    )
    return {row["phone_system_id"]: {key: value or 0 for key, value in row.items()} for row in rows}


def _state(system: PhoneSystem, sums: dict[str, int], waiting: Waiting, now: datetime) -> SystemState:
    found = vars(system)
    last_at, record_at, record_file = found["last_at"], found["last_record"], found["last_record_file"]
    light, reason = _light(system, sums, last_at, now)
    return SystemState(
        system,
        light,
        reason,
        found["last_name"] or "",
        last_at,
        record_at,
        max(0, int((record_file - record_at).total_seconds())) if record_at and record_file else None,
        _counts(sums, "day"),
        _counts(sums, "month"),
        sums.get("week_records", 0) >= ENOUGH_RECORDS and not sums.get("week_unanswered", 0),
        waiting,
    )


def _counts(sums: dict[str, int], span: str) -> Counts:
    duplicates, rejected = sums.get(f"{span}_duplicates", 0), sums.get(f"{span}_rejected", 0)
    accepted = sums.get(f"{span}_records", 0) - duplicates - rejected
    return Counts(accepted, duplicates, rejected, sums.get(f"{span}_set_aside", 0))


def _light(
    system: PhoneSystem, sums: dict[str, int], last_at: datetime | None, now: datetime
) -> tuple[Light, str | Promise]:
    if not system.enabled:
        return Light.OFF, _("Collection is switched off.")
    if last_at is None:
        return Light.RED, _("No file has arrived yet.")
    quiet = timedelta(minutes=system.quiet_minutes)
    if now - last_at > quiet * RED_AFTER_QUIET_TIMES:
        return Light.RED, _("No file for a long time.")
    if now - last_at > quiet:
        return Light.YELLOW, _("No file for longer than usual.")
    if sums.get("day_rejected") or sums.get("day_set_aside"):
        return Light.YELLOW, _("Some rows or files of the last 24 hours could not be taken.")
    return Light.GREEN, _("Call records arrive.")
