"""Valid rows for tests: each function makes one, with only what the test cares about spelled out."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import uuid4

from django.utils import timezone

from accounting.models import (
    CallLeg,
    CallRecord,
    CallType,
    Carrier,
    CostCentre,
    Department,
    Direction,
    Extension,
    FileState,
    Gateway,
    ImportBatch,
    ImportFile,
    Kind,
    LineAssignment,
    MaskingRule,
    Membership,
    Office,
    Outcome,
    PhoneSystem,
    Pricing,
    Rate,
    Role,
    Supervision,
    Tariff,
    User,
)
from phonelock.models import EngineKind, LockSetUp

NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"
_numbers = count(1)


def person(username: str = "", *, extension: str = "", role: str = Role.USER, **fields: Any) -> User:
    """Make a person, holding an extension of the default phone system where one is named."""
    username = username or f"person{next(_numbers)}"
    made = User(username=username, role=role, **fields)
    made.set_unusable_password()
    made.save()
    if extension:
        held, _ = Extension.objects.get_or_create(phone_system=phone_system(), number=extension)
        LineAssignment.objects.create(extension=held, user=made)
    return made


def administrator(username: str = "admin", **fields: Any) -> User:
    """Make an administrator."""
    return person(username, role=Role.ADMINISTRATOR, **fields)


def supervisor(username: str = "super", *, of: Department | CostCentre | Office, **fields: Any) -> User:
    """Make a supervisor of one unit."""
    made = person(username, role=Role.SUPERVISOR, **fields)
    unit = {Department: "department", CostCentre: "cost_centre", Office: "office"}[type(of)]
    Supervision.objects.create(supervisor=made, **{unit: of})
    return made


def office(name: str = "Berlin", **fields: Any) -> Office:
    """Make or find an office."""
    defaults = {"country": "DE", "area_code": "30", "time_zone": "Europe/Berlin", "access_code": "0"} | fields
    return Office.objects.get_or_create(name=name, defaults=defaults)[0]


def department(name: str = "Sales", parent: Department | None = None) -> Department:
    """Make or find a department."""
    return Department.objects.get_or_create(name=name, parent=parent)[0]


def cost_centre(code: str = "1000", name: str = "Sales") -> CostCentre:
    """Make or find a cost centre."""
    return CostCentre.objects.get_or_create(code=code, defaults={"name": name})[0]


def membership(user: User, **units: Any) -> Membership:
    """Put a person into units, since ever."""
    return Membership.objects.create(user=user, **units)


def phone_system(name: str = "cucm-a", **fields: Any) -> PhoneSystem:
    """Make or find a phone system."""
    return PhoneSystem.objects.get_or_create(name=name, defaults=fields)[0]


def gateway(device_name: str = "GW-BERLIN", **fields: Any) -> Gateway:
    """Make or find a gateway of the default phone system."""
    fields.setdefault("phone_system", phone_system())
    return Gateway.objects.get_or_create(device_name=device_name, defaults=fields)[0]


def rate(prefix: str = "49", **fields: Any) -> Rate:
    """Make a rate of a tariff of its own."""
    carrier, _ = Carrier.objects.get_or_create(name=fields.pop("carrier", "Nordfon"))
    tariff, _ = Tariff.objects.get_or_create(carrier=carrier, name="Business", defaults={"currency": "EUR"})
    return Rate.objects.create(tariff=tariff, prefix=prefix, **({"price_per_minute": Decimal("0.03")} | fields))


def masking_rule(role: str = Role.SUPERVISOR, digits: int = 3, **fields: Any) -> MaskingRule:
    """Hide the last digits of public numbers from a role."""
    return MaskingRule.objects.create(role=role, digits=digits, **fields)


def batch(system: PhoneSystem | None = None) -> ImportBatch:
    """Make an import, as every arrival of calls does."""
    return ImportBatch.objects.create(phone_system=system or phone_system())


def record(user: User | None = None, **fields: Any) -> CallRecord:
    """Make a call record that arrives in an import of its own: answered, outgoing, public, priced by default."""
    number = next(_numbers)
    started = fields.pop("started_at", NOON) if "started_at" in fields else NOON + timedelta(seconds=number)
    talk = fields.pop("talk_seconds", 60 if fields.get("outcome", Outcome.ANSWERED) == Outcome.ANSWERED else 0)
    ring = fields.pop("ring_seconds", 5)
    line = user and LineAssignment.objects.filter(user=user).select_related("extension").first()
    free = fields.get("kind") == Kind.INTERNAL or not talk
    internal = fields.get("kind") == Kind.INTERNAL
    values: dict[str, Any] = {
        "phone_system_id": phone_system().pk,
        "call_id": number,
        "leg": number,
        "started_at": started,
        "answered_at": started + timedelta(seconds=ring) if talk else None,
        "ended_at": started + timedelta(seconds=ring + talk),
        "extension": line.extension.number if line else "2001",
        "user_id": user.pk if user else None,
        "direction": Direction.OUTGOING,
        "kind": Kind.PUBLIC,
        "outcome": Outcome.ANSWERED,
        "call_type": CallType.INTERNAL if internal else CallType.NATIONAL,
        "other_number": "2002" if internal else "+49301234567",
        "pricing": Pricing.NOT_CHARGEABLE if free else Pricing.PRICED,
        "cost": Decimal(0) if free else Decimal("0.12"),
        "currency": "" if free else "EUR",
        "talk_seconds": talk,
        "ring_seconds": ring,
        "cause": 16,
    }
    arrival = batch() if "batch_id" not in fields else ImportBatch.objects.get(pk=fields["batch_id"])
    made = CallRecord.objects.create(**(values | {"batch_id": arrival.pk} | fields))
    arrival.first_record, arrival.last_record = arrival.first_record or made.pk, made.pk
    arrival.save(update_fields=["first_record", "last_record"])
    return made


def leg(of: CallRecord, **fields: Any) -> CallLeg:
    """Make a leg of a record's call, as the phone system wrote it."""
    values: dict[str, Any] = {
        "id": next(_numbers),
        "phone_system_id": of.phone_system_id,
        "file_id": 1,
        "line": 3,
        "record_key": uuid4(),
        "call_id": of.call_id,
        "call_ref": str(of.call_id),
        "originated_at": of.started_at,
        "connected_at": of.answered_at,
        "disconnected_at": of.ended_at,
        "calling": of.extension if of.direction == Direction.OUTGOING else of.other_number,
        "original_called": of.other_number if of.direction == Direction.OUTGOING else of.extension,
        "final_called": of.other_number if of.direction == Direction.OUTGOING else of.extension,
        "orig_cause": of.cause,
    }
    return CallLeg.objects.create(**(values | fields))


def import_file(name: str = "", **fields: Any) -> ImportFile:
    """Make a collected file with good records."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "phone_system": phone_system(),
        "name": name or f"cdr_Cluster_01_20261118{number:04}_1",
        "sha256": f"{number:064x}",
        "size": 5000,
        "kind": "cucm_cdr",
        "state": FileState.IMPORTED,
        "records": 10,
        "call_records": 10,
        "unanswered": 1,
    }
    return ImportFile.objects.create(**(values | fields))


def lock_set_up(system: PhoneSystem | None = None, **fields: Any) -> LockSetUp:
    """Let a phone system bar calls by call control, as one whose UCM asks."""
    values = {"engine": EngineKind.CALL_CONTROL, "asked_at": timezone.now()} | fields
    return LockSetUp.objects.create(phone_system=system or phone_system(), **values)
