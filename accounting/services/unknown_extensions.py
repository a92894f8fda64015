"""Extensions that calls have shown and nobody holds: listed with what is known of them, and adopted (CDR-6)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery, Sum

from accounting.models import CallRecord, Device, Extension, ExtensionDay, LineAssignment, User
from accounting.services.masking import Masker
from accounting.services.naming import NamedCall, named_calls

MOST_DEVICES = 3


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
def adopt(holders: Mapping[Extension, User], valid_from: datetime | None) -> None:
    """Give extensions to people from a moment on (None: since ever); from now on they count as entered."""
    for extension, person in holders.items():
        LineAssignment.objects.create(extension=extension, user=person, valid_from=valid_from)
    enter(holders)


@transaction.atomic
def enter(extensions: Iterable[Extension]) -> None:
    """Take extensions for own numbers that somebody has entered, whether a person holds them or not."""
    for extension in extensions:
        extension.found_in_calls = False
        extension.save(update_fields=["found_in_calls"])


@transaction.atomic
def ignore(extensions: Iterable[Extension], *, ignored: bool) -> None:
    """Mark extensions as of no person, for instance a fax or a door, or list them again."""
    for extension in extensions:
        extension.ignored = ignored
        extension.save(update_fields=["ignored"])
