"""Extensions that calls have shown and nobody holds: listed with what is known of them, and adopted (CDR-6)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery, Sum

from accounting.models import (
    AuditedAction,
    AuditEntry,
    CallRecord,
    ChangeJournal,
    Device,
    Extension,
    ExtensionDay,
    LineAssignment,
    User,
)
from accounting.services.auditing import record, unrecorded
from accounting.services.journals import keep_journal
from accounting.services.masking import Masker
from accounting.services.naming import NamedCall, named_calls
from accounting.services.row_changes import Watch, record_rows

MOST_DEVICES = 3
MOST_NAMED, MOST_LISTED = 5, 10
ADOPTION, SORTING = "adoption", "unknown_extensions"
"""Kinds of work in the audit log."""


@dataclass(frozen=True, slots=True)
class SeenExtension:
    """An extension with what its calls tell."""

    extension: Extension
    calls: int
    last: NamedCall | None
    """The latest call as a sample."""
    devices: tuple[str, ...]


def unknown(*, ignored: bool = False) -> QuerySet[Extension]:
    """Return the extensions found in calls that nobody has ever held: those to be adopted, or those to be ignored."""
    held = LineAssignment.objects.filter(extension=OuterRef("pk"))
    return (
        Extension.objects.filter(~Exists(held), found_in_calls=True, ignored=ignored)
        .select_related("phone_system")
    )  # fmt: skip


def seen(extensions: Sequence[Extension], masker: Masker) -> list[SeenExtension]:
    """Return extensions with number of calls, latest call and phones: a handful of queries for any number of them."""
    calls, latest, devices = counted_calls(extensions), latest_calls(extensions, masker), devices_of(extensions)
    return [
        SeenExtension(
            one,
            calls.get((one.phone_system_id, one.number), 0),
            latest.get((one.phone_system_id, one.number)),
            tuple(devices.get((one.phone_system_id, one.number), ())[:MOST_DEVICES]),
        )
        for one in extensions
    ]


Key = tuple[int, str]
"""Phone system and number."""


def counted_calls(extensions: Iterable[Extension]) -> dict[Key, int]:
    """Return the number of calls from the day totals."""
    numbers = [one.number for one in extensions]
    rows = ExtensionDay.objects.filter(extension__in=numbers).values("phone_system_id", "extension")
    return {(row["phone_system_id"], row["extension"]): row["sum"] for row in rows.annotate(sum=Sum("calls"))}


def latest_calls(extensions: Iterable[Extension], masker: Masker) -> dict[Key, NamedCall]:
    """Return the latest call of each extension, found at the end of the index by extension."""
    own = CallRecord.objects.filter(extension=OuterRef("number"), phone_system_id=OuterRef("phone_system_id"))
    ids = Extension.objects.filter(pk__in=[one.pk for one in extensions]).annotate(
        latest=Subquery(own.order_by("-started_at").values("pk")[:1])
    )
    records = CallRecord.objects.visible_to(masker.viewer).filter(pk__in=list(ids.values_list("latest", flat=True)))
    return {(call.record.phone_system_id, call.record.extension): call for call in named_calls(list(records), masker)}


def devices_of(extensions: Iterable[Extension]) -> dict[Key, list[str]]:
    """Return the phones on which extensions were seen."""
    rows = Device.objects.filter(number__in=[one.number for one in extensions]).order_by("-first_seen")
    found: dict[Key, list[str]] = {}
    for system, number, name in rows.values_list("phone_system_id", "number", "name"):
        found.setdefault((system, number), []).append(name)
    return found


@transaction.atomic
def adopt(holders: Mapping[Extension, User], valid_from: datetime | None) -> AuditEntry | None:
    """Give extensions to people from a moment on (None: since ever); from now on they count as entered.

    Returns the entry under which this can be undone, None when there is nothing to do.
    """
    watch = Watch([rows_of(holders), LineAssignment.objects.filter(extension__in=list(holders))])
    with unrecorded():
        for extension, person in holders.items():
            LineAssignment.objects.create(extension=extension, user=person, valid_from=valid_from)
        enter(holders)
    return noted(ADOPTION, holders, watch) if holders else None


@transaction.atomic
def enter(extensions: Iterable[Extension]) -> None:
    """Take extensions for own numbers that somebody has entered, whether a person holds them or not."""
    for extension in extensions:
        extension.found_in_calls = False
        extension.save(update_fields=["found_in_calls"])


@transaction.atomic
def enter_without_holder(extensions: Sequence[Extension]) -> None:
    """Take extensions for own numbers of nobody, as one piece of work."""
    watch = Watch([rows_of(extensions)])
    with unrecorded():
        enter(extensions)
    noted(ADOPTION, extensions, watch)


@transaction.atomic
def ignore(extensions: Sequence[Extension], *, ignored: bool) -> None:
    """Mark extensions as of no person, for instance a fax or a door, or list them again."""
    watch = Watch([rows_of(extensions)])
    with unrecorded():
        for extension in extensions:
            extension.ignored = ignored
            extension.save(update_fields=["ignored"])
    noted(SORTING, extensions, watch)


def rows_of(extensions: Iterable[Extension]) -> QuerySet[Extension]:
    """Return extensions as they are stored."""
    return Extension.objects.filter(pk__in=[extension.pk for extension in extensions])


def noted(kind: str, extensions: Iterable[Extension], watch: Watch) -> AuditEntry:
    """Enter work on extensions in the audit log, with a journal by which it can be undone."""
    numbers = [extension.number for extension in extensions]
    more = " …" if len(numbers) > MOST_NAMED else ""
    whole = record(AuditedAction.CHANGED, kind, ", ".join(numbers[:MOST_NAMED]) + more, extensions=len(numbers))
    changed = watch.changes()
    record_rows(whole, changed)
    keep_journal(whole, changed)
    return whole


def latest_work() -> list[AuditEntry]:
    """Return the latest adoptions and the like that can still be undone, newest first."""
    open_journals = ChangeJournal.objects.filter(undone_at=None).exclude(rows=b"")
    entries = AuditEntry.objects.filter(subject_type__in=(ADOPTION, SORTING), whole_id=None)
    return list(entries.filter(pk__in=open_journals.values("entry_id"))[:MOST_LISTED])
