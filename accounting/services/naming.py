"""Names for what call records hold as plain ids and numbers: one query for a page of each kind."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from accounting.models import CallRecord, Gateway, Kind, LineAssignment, User
from accounting.services.masking import Masker, ShownNumber


@dataclass(frozen=True, slots=True)
class NamedCall:
    """A call record with everything that a row of a list shows."""

    record: CallRecord
    number: ShownNumber
    other_name: str
    """The person who held the other party's extension when the call was made, else ''."""
    owner: str
    """The person whose call it is, else ''."""
    gateway: str

    @property
    def pk(self) -> str:
        """The record's id as text, so that no grouping of digits gets into addresses."""
        return str(self.record.pk)


def named_calls(records: Sequence[CallRecord], masker: Masker, *, owners: bool = False) -> list[NamedCall]:
    """Return the records in the same order with the names of a page: two queries, three with owners."""
    holders = extension_holders(
        (record.phone_system_id, record.other_number) for record in records if record.kind == Kind.INTERNAL
    )
    gateways = gateway_names(record.gateway_id for record in records)
    people = person_names(record.user_id for record in records) if owners else {}
    return [
        NamedCall(
            record,
            masker.number(record),
            holders.name(record.phone_system_id, record.other_number, record.started_at),
            people.get(record.user_id or 0, ""),
            gateways.get(record.gateway_id or 0, ""),
        )
        for record in records
    ]


def gateway_names(ids: Iterable[int | None]) -> dict[int, str]:
    """Return the names of gateways by id."""
    wanted = {pk for pk in ids if pk}
    return {pk: str(gateway) for pk, gateway in Gateway.objects.in_bulk(wanted).items()} if wanted else {}


def person_names(ids: Iterable[int | None]) -> dict[int, str]:
    """Return the names of people by id."""
    wanted = {pk for pk in ids if pk}
    people = User.objects.filter(pk__in=wanted).only("first_name", "last_name", "username") if wanted else ()
    return {person.pk: str(person) for person in people}


class ExtensionHolders:
    """Who held which extension when."""

    def __init__(self, assignments: Iterable[LineAssignment]) -> None:
        self._by_line: dict[tuple[int, str], list[LineAssignment]] = {}
        for held in assignments:
            line = (held.extension.phone_system_id, held.extension.number)
            self._by_line.setdefault(line, []).append(held)

    def name(self, phone_system_id: int, number: str, when: datetime) -> str:
        """Return the name of the holder at a moment, '' when nobody held the number."""
        for held in self._by_line.get((phone_system_id, number), ()):
            if (held.valid_from is None or held.valid_from <= when) and (held.valid_to is None or when < held.valid_to):
                return str(held.user)
        return ""


def extension_holders(lines: Iterable[tuple[int, str]]) -> ExtensionHolders:
    """Return the holders of these (phone system id, number) lines; one query."""
    wanted = set(lines)
    if not wanted:
        return ExtensionHolders(())
    assignments = LineAssignment.objects.filter(
        extension__number__in={number for _, number in wanted},
        extension__phone_system_id__in={system for system, _ in wanted},
    ).select_related("extension", "user")
    return ExtensionHolders(assignments.order_by("-valid_from"))
