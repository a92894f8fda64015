"""What is held about one person, and its export as a ZIP file."""

import json
import secrets
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounting.models import (
    AuditedAction,
    AuditEntry,
    CallRecord,
    ExtensionDay,
    Job,
    LineAssignment,
    Membership,
    Supervision,
    User,
)
from accounting.services.auditing import record
from accounting.services.jobs import JobFailed, Progress
from accounting.services.personal_tables import tables_of
from callanalytics.lib.csv_stream import csv_stream

EXPORT = "export_person"
PROFILE = (
    "username", "first_name", "last_name", "email", "employee_number", "role", "is_active", "language", "time_zone",
    "origin", "date_joined", "last_login", "left_at",
)  # fmt: skip
CALL_COLUMNS = (
    "id", "started_at", "answered_at", "ended_at", "extension", "direction", "kind", "outcome", "call_type",
    "other_number", "dialled_number", "connected_number", "country", "destination", "original_called", "last_redirect",
    "hunt_pilot", "device", "ring_seconds", "talk_seconds", "queue_seconds", "cost", "currency", "pricing",
    "authorization_code", "matter_code", "conference", "purpose", "mos",
)  # fmt: skip
AUDIT_COLUMNS = ("at", "actor", "address", "action", "subject_type", "subject", "changes", "details")
ABOUT_PEOPLE = ("user", "sign_in", "private_calls", "person_data")
"""Kinds of audit entries whose subject is a person."""
VALIDITY = ("valid_from", "valid_to")
TOLD_EVERY = 2000


@dataclass(frozen=True, slots=True)
class Holdings:
    """How much is held about a person."""

    calls: int
    lines: int
    memberships: int
    supervisions: int
    audit_entries: int
    further: list[tuple[str | Promise, int]]
    """What applications hold: name and number."""


def holdings(person: User) -> Holdings:
    """Count what is held about a person; calls are counted by their totals."""
    calls = ExtensionDay.objects.filter(user_id=person.pk, extension__in=numbers_of(person))
    return Holdings(
        calls=calls.aggregate(calls=Sum("calls"))["calls"] or 0,
        lines=LineAssignment.objects.filter(user=person).count(),
        memberships=Membership.objects.filter(user=person).count(),
        supervisions=Supervision.objects.filter(supervisor=person).count(),
        audit_entries=entries_about(person).count(),
        further=[(table.label, table.count) for table in tables_of(person)],
    )


def numbers_of(person: User) -> list[str]:
    """Return every extension that the person holds or ever held: they lead to the calls."""
    lines = LineAssignment.objects.filter(user=person).order_by().values_list("extension__number", flat=True)
    return sorted(set(lines))


def all_numbers_of(person: User) -> list[str]:
    """Return the extensions of all calls of the person, also those of assignments that are gone; reads all totals."""
    days = ExtensionDay.objects.filter(user_id=person.pk).exclude(extension="").order_by()
    return sorted({*numbers_of(person), *days.values_list("extension", flat=True).distinct()})


def calls_of(person: User, numbers: Sequence[str]) -> QuerySet[CallRecord]:
    """Return the person's calls on these extensions."""
    return CallRecord.objects.filter(extension__in=numbers, user_id=person.pk)


def entries_about(person: User) -> QuerySet[AuditEntry]:
    """Return the audit entries by and about a person."""
    about = Q(subject_type__in=ABOUT_PEOPLE, subject_id=str(person.pk))
    return AuditEntry.objects.filter(Q(actor_id=person.pk) | about)


def exports() -> Path:
    """Return where exports wait to be fetched."""
    return Path(settings.DATA_DIR) / "exports"


def export(progress: Progress) -> dict[str, Any]:
    """Write everything about a person into a ZIP file that only its name leads to; return the name."""
    person = User.objects.filter(pk=progress.parameters["person"]).first()
    if person is None:
        raise JobFailed(_("This person is no longer there."))
    exports().mkdir(parents=True, exist_ok=True, mode=0o700)
    name = f"{progress.job.pk}-{secrets.token_hex(12)}.zip"
    unfinished = exports() / f"{name}.part"
    unfinished.touch(mode=0o600)
    try:
        calls = write_archive(unfinished, person, progress)
        unfinished.rename(exports() / name)
    finally:
        unfinished.unlink(missing_ok=True)
    record(AuditedAction.EXPORTED, "person_data", str(person), subject_id=person.pk, records=calls)
    return {"file": name, "calls": calls}


def write_archive(path: Path, person: User, progress: Progress) -> int:
    """Write the files of the archive; return the number of calls."""
    numbers = all_numbers_of(person)
    total = progress_total(person)
    written = 0

    def counted(rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
        nonlocal written
        for row in rows:
            written += 1
            if written % TOLD_EVERY == 0:
                progress.step(min(written, total), total)
            yield row

    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        profile = {name: getattr(person, name) for name in PROFILE}
        archive.writestr("profile.json", json.dumps(profile, default=str, ensure_ascii=False, indent=2))
        for name, header, rows in small_tables(person):
            write_table(archive, name, header, rows)
        for table in tables_of(person):
            write_table(archive, table.file, table.columns, table.lines())
        calls = calls_of(person, numbers).order_by("started_at", "id")
        values = calls.values_list(*CALL_COLUMNS).iterator(chunk_size=TOLD_EVERY)
        write_table(archive, "calls.csv", CALL_COLUMNS, counted(in_words(values)))
        entries = entries_about(person).order_by("id").values_list(*AUDIT_COLUMNS).iterator(chunk_size=TOLD_EVERY)
        write_table(archive, "audit_log.csv", AUDIT_COLUMNS, entries)
    return written


def progress_total(person: User) -> int:
    """Return how many calls are to be expected."""
    days = ExtensionDay.objects.filter(user_id=person.pk)
    return max(days.aggregate(calls=Sum("calls"))["calls"] or 0, 1)


def small_tables(person: User) -> Iterator[tuple[str, tuple[str, ...], Iterable[Sequence[Any]]]]:
    """Yield the files of few rows: name, columns, rows."""
    units = ("department__name", "cost_centre__code", "office__name")
    memberships = Membership.objects.filter(user=person).values_list(*units, *VALIDITY)
    yield "memberships.csv", ("department", "cost_centre", "office", *VALIDITY), memberships
    line = ("extension__phone_system__name", "extension__number")
    lines = LineAssignment.objects.filter(user=person).values_list(*line, *VALIDITY)
    yield "lines.csv", ("phone_system", "extension", *VALIDITY), lines
    supervisions = Supervision.objects.filter(supervisor=person).values_list(*units)
    yield "supervisions.csv", ("department", "cost_centre", "office"), supervisions
    work = Job.objects.filter(started_by=person).values_list("kind", "title", "created_at", "state")
    yield "background_work.csv", ("kind", "title", "created_at", "state"), work


def write_table(archive: zipfile.ZipFile, name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write one CSV file into an archive while its rows are read."""
    with archive.open(name, "w", force_zip64=True) as raw, TextIOWrapper(raw, "utf-8", newline="") as text:
        for line in csv_stream(header, rows):
            text.write(line)


def in_words(rows: Iterable[Sequence[Any]]) -> Iterator[list[Any]]:
    """Yield call rows with the words of their codes."""
    words: dict[int, Callable[[Any], str]] = {}
    for place, name in enumerate(CALL_COLUMNS):
        field = CallRecord._meta.get_field(name)
        if choices := dict(getattr(field, "flatchoices", ())):
            words[place] = lambda value, choices=choices: str(choices.get(value, value))  # type: ignore[misc]
    for row in rows:
        yield [words[place](value) if place in words else value for place, value in enumerate(row)]


def exported_file(job: Job) -> Path | None:
    """Return the file that an export has made, None when there is none any more."""
    path = exports() / Path(str(job.result.get("file", ""))).name
    return path if path.is_file() else None
