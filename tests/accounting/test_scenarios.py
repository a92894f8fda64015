"""All scenarios of Cisco's guide through the importer, in every order of files: who called whom, how long, who pays."""

from decimal import Decimal
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from accounting.demo.columns import VERSIONS
from accounting.demo.records import cdr_file, cdr_row
from accounting.models import (
    CallLeg,
    CallRecord,
    CallType,
    Carrier,
    Device,
    Direction,
    Gateway,
    GatewayCarrier,
    Kind,
    NumberRule,
    Office,
    Outcome,
    PhoneSystem,
    Pricing,
    Rate,
    Tariff,
)
from accounting.services.importing import import_files
from tests.accounting.agreement import assert_totals_agree
from tests.accounting.scenarios import LOCAL, LOCAL_E164, SCENARIOS, Expected, device_of

START = 1_760_000_000
pytestmark = pytest.mark.django_db


@pytest.fixture
def cluster() -> PhoneSystem:
    """A UCM cluster in Texas whose carrier charges a tenth of a cent each second."""
    office = Office.objects.create(
        name="Richardson", country="US", area_code="972", time_zone="America/Chicago", extension_digits=5
    )
    NumberRule.objects.create(office=office, kind=NumberRule.Kind.VOICEMAIL, first="6000")
    phone_system = PhoneSystem.objects.create(name="cluster", office=office)
    gateway = Gateway.objects.create(phone_system=phone_system, device_name="SIP-PSTN", office=office)
    carrier = Carrier.objects.create(name="Carrier")
    GatewayCarrier.objects.create(gateway=gateway, carrier=carrier)
    tariff = Tariff.objects.create(carrier=carrier, name="Flat", currency="USD")
    Rate.objects.create(tariff=tariff, price_per_minute="0.06")
    Device.objects.create(phone_system=phone_system, name=device_of("3001"), number="3001")
    return phone_system


def write_files(folder: Path, rows: list[dict[str, Any]], version: str = "15") -> list[Path]:
    """Write one file for each record."""
    paths = []
    for index, fields in enumerate(rows):
        times = {
            name: START + fields[name] if fields[name] is not None else 0
            for name in ("dateTimeOrigination", "dateTimeConnect", "dateTimeDisconnect")
        }
        path = folder / f"cdr_StandAloneCluster_01_202511010000_{index}"
        row = cdr_row(version, **{**fields, **times, "pkid": f"00000000-0000-4000-8000-{index:012d}"})
        path.write_bytes(cdr_file([row], version))
        paths.append(path)
    return paths


def found_records() -> list[Expected]:
    """Return all call records in the words of the scenarios."""
    return [
        Expected(
            record.extension,
            Direction(record.direction).name.lower(),
            Kind(record.kind).name.lower(),
            Outcome(record.outcome).name.lower(),
            record.other_number,
            record.talk_seconds,
            record.trunk_seconds if record.carries_trunk else None,
        )
        for record in CallRecord.objects.all()
    ]


def by_key(records: list[Expected]) -> list[Expected]:
    """Return records in an order of their own."""
    return sorted(records, key=lambda one: (one.extension, one.direction, one.other, one.talk))


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name: str, cluster: PhoneSystem, tmp_path: Path) -> None:
    """The records of one file give exactly the expected call records, and the payer's cost."""
    rows, expected = SCENARIOS[name]
    import_files(cluster, write_files(tmp_path, rows))
    assert by_key(found_records()) == by_key(expected)
    for record in CallRecord.objects.all():
        pays = record.carries_trunk and record.direction == Direction.OUTGOING and record.answered_at
        assert (record.pricing == Pricing.PRICED) == bool(pays and record.call_type != CallType.INTERNAL)
        assert record.cost == (Decimal(record.trunk_seconds) / 1000 if pays else 0)
    assert_totals_agree()


@pytest.mark.parametrize("name", [name for name, (rows, _) in SCENARIOS.items() if len(rows) > 1])
def test_every_order_of_files(name: str, cluster: PhoneSystem, tmp_path: Path) -> None:
    """Records that come in later files, in any order and twice, are stitched without counting twice."""
    rows, expected = SCENARIOS[name]
    paths = write_files(tmp_path, rows)
    orders = list(permutations(paths)) if len(paths) <= 3 else [tuple(reversed(paths)), (*paths[3:], *paths[:3])]
    for order in orders:
        CallRecord.objects.all().delete()
        clear(cluster)
        for path in order:
            import_files(cluster, [path])
        again = import_files(cluster, reversed(order))
        assert (again.call_records, again.duplicates) == (0, len(rows))
        assert by_key(found_records()) == by_key(expected)
        assert_totals_agree()


def clear(cluster: PhoneSystem) -> None:
    """Forget all calls and files."""
    from accounting.models import ExtensionDay, ImportBatch, ImportFile, UnitHalfHour  # noqa: PLC0415

    for model in (CallLeg, ExtensionDay, UnitHalfHour, ImportFile, ImportBatch):
        model.objects.all().delete()


@pytest.mark.parametrize("name", ["blind_transfer_by_caller", "adhoc_conference_3", "refer_with_replaces"])
def test_legs_of_one_call_stay_linked(name: str, cluster: PhoneSystem, tmp_path: Path) -> None:
    """All records of the call bear one call number."""
    import_files(cluster, write_files(tmp_path, SCENARIOS[name][0]))
    assert len(set(CallLeg.objects.values_list("call_id", flat=True))) == 1
    assert len(set(CallRecord.objects.values_list("call_id", flat=True))) == 1


@pytest.mark.parametrize("version", [version for version in VERSIONS if not version.startswith("7.")])
def test_every_ucm_version(version: str, cluster: PhoneSystem, tmp_path: Path) -> None:
    """Columns are found by name in the layout of each version."""
    rows, expected = SCENARIOS["blind_transfer_by_caller"]
    import_files(cluster, write_files(tmp_path, rows, version))
    assert by_key(found_records()) == by_key(expected)


def test_a_dialled_number_keeps_its_meaning_after_a_transfer(cluster: PhoneSystem, tmp_path: Path) -> None:
    """The last record shows the dialled digits, outside line included, as its caller: it is the same number still."""
    assert cluster.office
    cluster.office.access_code = "9"
    cluster.office.save()
    rows = [
        {name: "9" + value if value == LOCAL else value for name, value in row.items()}
        for row in SCENARIOS["blind_transfer_by_caller"][0]
    ]
    import_files(cluster, write_files(tmp_path, rows))
    assert {record.other for record in found_records()} == {LOCAL_E164}
