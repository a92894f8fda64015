"""Names for what call records hold as plain ids and numbers: one query for a page of each kind."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from accounting.models import CallRecord, Gateway, Kind, LineAssignment, User
from accounting.services.masking import Masker, ShownNumber
from accounting.services.stored_calls import ids_at_once

CENT, FINE_DECIMALS = Decimal("0.01"), 4


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
    cost_decimals: int
    """How many decimals the costs of the whole list show, so that they align; 0 for what each currency has."""

    @property
    def pk(self) -> str:
        """The record's id as text, so that no grouping of digits gets into addresses."""
        return str(self.record.pk)

    @property
    def destination(self) -> str:
        """Where the call went, '' when the reader may not know."""
        return "" if self.number.private else self.record.destination


def named_calls(records: Sequence[CallRecord], masker: Masker, *, owners: bool = False) -> list[NamedCall]:
    """Return the records in the same order with the names of a page: two queries, three with owners."""
    holders = extension_holders(record.other_number for record in records if record.kind == Kind.INTERNAL)
    gateways = gateway_names(record.gateway_id for record in records)
    people = person_names(record.user_id for record in records) if owners else {}
    fine = any(record.cost % CENT for record in records if record.cost is not None)
    return [
        NamedCall(
            record,
            masker.number(record),
            holders.name(record.phone_system_id, record.other_number, record.started_at),
            people.get(record.user_id or 0, ""),
            gateways.get(record.gateway_id or 0, ""),
            FINE_DECIMALS if fine else 0,
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
    if not wanted:
        return {}
    people = User.objects.filter(pk__in=ids_at_once(wanted)).values_list("pk", "first_name", "last_name", "username")
    return {pk: full_name(first, last, username) for pk, first, last, username in people}


def full_name(first: str, last: str, username: str) -> str:
    """Return how a person is called everywhere, as `str(person)` does."""
    return f"{first} {last}".strip() or username


@dataclass(frozen=True, slots=True)
class Held:
    """Who held an extension from one moment to another."""

    phone_system_id: int
    name: str
    valid_from: datetime | None
    valid_to: datetime | None


class ExtensionHolders:
    """Who held which extension when."""

    def __init__(self) -> None:
        self._by_number: dict[str, list[Held]] = {}

    def look_up(self, numbers: Collection[str]) -> None:
        """Know the holders of further numbers on all phone systems; one query."""
        if not numbers:
            return
        assignments = LineAssignment.objects.filter(extension__number__in=numbers).order_by("valid_from")
        for number, system, first, last, username, *times in assignments.values_list(
            "extension__number", "extension__phone_system_id", "user__first_name", "user__last_name", "user__username",
            "valid_from", "valid_to",
        ):  # fmt: skip
            held = Held(system, full_name(first, last, username), *times)
            self._by_number.setdefault(number, []).append(held)

    def name(self, phone_system_id: int, number: str, when: datetime) -> str:
        """Return the name of the holder at a moment, '' when nobody held the number.

        A number that the phone system does not know belongs to another one, if only one other has it.
        """
        holders = {
            held.phone_system_id: held.name
            for held in self._by_number.get(number, ())
            if (held.valid_from is None or held.valid_from <= when) and (held.valid_to is None or when < held.valid_to)
        }
        if phone_system_id in holders:
            return holders[phone_system_id]
        return next(iter(holders.values())) if len(holders) == 1 else ""


def extension_holders(numbers: Iterable[str]) -> ExtensionHolders:
    """Return the holders of these numbers on all phone systems; one query."""
    holders = ExtensionHolders()
    holders.look_up(set(numbers))
    return holders


class NamesOnce:
    """Names for a list of any length that is read in parts: nobody and nothing is looked up twice."""

    def __init__(self) -> None:
        self._people: dict[int, str] = {}
        self._gateways: dict[int, str] = {}
        self._numbers: set[str] = set()
        self._holders = ExtensionHolders()

    def people(self, ids: Sequence[int | None]) -> list[str]:
        """Return the name of each person, '' for none."""
        return _named(ids, self._people, person_names)

    def gateways(self, ids: Sequence[int | None]) -> list[str]:
        """Return the name of each gateway, '' for none."""
        return _named(ids, self._gateways, gateway_names)

    def holders(self, calls: Sequence[tuple[int, int, str, datetime]]) -> list[str]:
        """Return who held each other party's extension; calls as kind, phone system, number and moment."""
        new = {number for kind, _system, number, _when in calls if kind == Kind.INTERNAL} - self._numbers
        self._numbers |= new
        self._holders.look_up(new)
        name = self._holders.name
        return [name(system, number, when) if kind == Kind.INTERNAL else "" for kind, system, number, when in calls]


def _named(
    ids: Sequence[int | None], known: dict[int, str], look_up: Callable[[Iterable[int]], dict[int, str]]
) -> list[str]:
    new = {pk for pk in ids if pk} - known.keys()
    if new:
        known.update(dict.fromkeys(new, ""))
        known.update(look_up(new))
    return [known.get(pk or 0, "") for pk in ids]
