"""Which device is a telephone, which a trunk, and whose telephone it was: told by names, protocols and time."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounting.demo.records import cdr_file
from accounting.models import CallRecord, Device, Direction, Gateway, Kind, PhoneSystem, User
from accounting.services.importing import import_files
from tests.accounting.agreement import assert_totals_agree
from tests.accounting.test_importing import drop, row

pytestmark = pytest.mark.django_db
BEGUN, DAY = 1_760_000_000, 86_400
OUTSIDE = "+493012345678"
PHONE, OTHER_PHONE = "SEP00000000AAAA", "SEP00000000BBBB"
SIP, H323, Q931, NO_TRUNK, CTI = 1, 2, 4, 0, 3
Found = tuple[str, str, str, str]


def call(number: int, at: int, **fields: Any) -> str:
    """Return the row of a call that begins some seconds after the first."""
    times = {
        "dateTimeOrigination": BEGUN + at,
        "dateTimeConnect": BEGUN + at + 5,
        "dateTimeDisconnect": BEGUN + at + 65,
    }
    legs = {"origLegCallIdentifier": 1000 + 2 * number, "destLegIdentifier": 1001 + 2 * number}
    return row(number, **times, **legs, **fields)


def hunt_call(number: int, at: int, pilot: str = "7000") -> str:
    """Return the row of a call to a hunt group that was answered on PHONE; UCM writes the pilot only."""
    return call(
        number, at, callingPartyNumber="2005", origDeviceName=OTHER_PHONE, huntPilotDN=pilot,
        originalCalledPartyNumber=pilot, finalCalledPartyNumber=pilot, destDeviceName=PHONE, calledPartyPatternUsage=7,
    )  # fmt: skip


def call_from(extension: str, number: int, at: int, device: str = PHONE) -> str:
    """Return the row of a call from an extension on a phone."""
    return call(number, at, callingPartyNumber=extension, origDeviceName=device)


def found(phone_system: PhoneSystem) -> list[Found]:
    """Return extension, direction, kind and other party of all call records of a phone system, sorted."""
    records = CallRecord.objects.filter(phone_system_id=phone_system.pk)
    return sorted(
        (one.extension, Direction(one.direction).name, Kind(one.kind).name, one.other_number) for one in records
    )


def imported(folder: Path, name: str, *batches: list[list[str]]) -> list[Found]:
    """Import batches of files, each a list of rows, into a phone system of its own; returns what it has then."""
    phone_system = PhoneSystem.objects.create(name=name)
    for number, batch in enumerate(batches):
        paths = [drop(folder, cdr_file(rows, "15"), f"{name}-{number}-{index}") for index, rows in enumerate(batch)]
        import_files(phone_system, paths)
    return found(phone_system)


@pytest.mark.parametrize(
    ("device", "protocol"),
    [
        ("UPC-SIP-TRUNK", SIP), ("ANAHEIM-SBC", SIP), ("VG-PSTN", Q931), ("TABOR-CUBE", SIP), ("SPARK-HYBRID", SIP),
        ("RDPROVIDER", SIP), ("BOTTROP-GW", SIP), ("CUBE_Trunk", SIP), ("10.1.2.3", H323), ("MY_SIP", NO_TRUNK),
        ("S0/SU0/DS1-0@gw.example.com", Q931), ("AALN/S0/SU1/1@vg", NO_TRUNK),
    ],
)  # fmt: skip
def test_trunks_whatever_they_are_called(device: str, protocol: int, tmp_path: Path) -> None:
    """Also when the name begins like a phone's: calls in both directions are public, and the trunk is listed."""
    out = call(
        1, 0, finalCalledPartyNumber=OUTSIDE, originalCalledPartyNumber=OUTSIDE, destDeviceName=device,
        OutgoingProtocolID=protocol, calledPartyPatternUsage=5,
    )  # fmt: skip
    back = call(
        2, 100, callingPartyNumber=OUTSIDE, origDeviceName=device, IncomingProtocolID=protocol,
        calledPartyPatternUsage=2, callingPartyNumberPartition="",
    )  # fmt: skip
    for name, batches in {"together": [[[out, back]]], "apart": [[[back]], [[out]]]}.items():
        expected = [("2001", "OUTGOING", "PUBLIC", OUTSIDE), ("2002", "INCOMING", "PUBLIC", OUTSIDE)]
        assert imported(tmp_path, name, *batches) == expected
    assert list(Gateway.objects.values_list("device_name", "found_in_calls")) == [(device, True)] * 2
    assert CallRecord.objects.filter(carries_trunk=True, gateway_id=None).count() == 0


@pytest.mark.parametrize("device", ["AALN/S0/SU1/0@vg", "AN0123456789AB", "VGC0123456789AB", "ATA001122334455"])
def test_analogue_telephones(device: str, tmp_path: Path) -> None:
    """A telephone on an analogue port calls out and is called."""
    line = {"callingPartyNumber": "2050", "callingPartyNumberPartition": "PT_INT", "origDeviceName": device}
    trunk = {"destDeviceName": "CUBE", "OutgoingProtocolID": SIP, "calledPartyPatternUsage": 5}
    out = call(1, 0, **line, **trunk, finalCalledPartyNumber=OUTSIDE, originalCalledPartyNumber=OUTSIDE)
    called = {"finalCalledPartyNumber": "2050", "originalCalledPartyNumber": "2050", "destDeviceName": device}
    back = call(2, 100, **called, calledPartyPatternUsage=2, finalCalledPartyNumberPartition="PT_INT")
    assert imported(tmp_path, "analogue", [[out, back]]) == [
        ("2001", "OUTGOING", "INTERNAL", "2050"),
        ("2050", "INCOMING", "INTERNAL", "2001"),
        ("2050", "OUTGOING", "PUBLIC", OUTSIDE),
    ]


def test_a_computer_answers_as_an_extension(tmp_path: Path) -> None:
    """A CTI route point has a line, and no trunk's protocol."""
    point = {"finalCalledPartyNumber": "8000", "originalCalledPartyNumber": "8000", "destDeviceName": "UCCX_RP"}
    trunk = {"callingPartyNumberPartition": "", "origDeviceName": "CUBE", "IncomingProtocolID": SIP}
    back = call(1, 0, **point, **trunk, callingPartyNumber=OUTSIDE, OutgoingProtocolID=CTI, calledPartyPatternUsage=2)
    inside = call(2, 100, **point, calledPartyPatternUsage=2)
    assert imported(tmp_path, "computer", [[back, inside]]) == [
        ("2001", "OUTGOING", "INTERNAL", "8000"),
        ("8000", "INCOMING", "INTERNAL", "2001"),
        ("8000", "INCOMING", "PUBLIC", OUTSIDE),
    ]


def test_a_gateway_found_in_one_call_decides_nothing_in_the_next(tmp_path: Path) -> None:
    """Else the order of files would: here one device is a trunk in one record and has a line in the other."""
    trunk = {"destDeviceName": "SBC-X", "OutgoingProtocolID": SIP, "calledPartyPatternUsage": 5}
    out = call(1, 0, **trunk, finalCalledPartyNumber=OUTSIDE, originalCalledPartyNumber=OUTSIDE)
    line = {"callingPartyNumber": "2077", "callingPartyNumberPartition": "PT", "origDeviceName": "SBC-X"}
    inside = call(2, 9000, **line, calledPartyPatternUsage=2)
    orders = {"first": [[[out]], [[inside]]], "last": [[[inside]], [[out]]], "together": [[[out, inside]]]}
    pictures = [imported(tmp_path, name, *batches) for name, batches in orders.items()]
    assert pictures[0] == pictures[1] == pictures[2]
    assert ("2077", "OUTGOING", "INTERNAL", "2002") in pictures[0]


A, B, C, D = 0, 1, 2, 3
ORDERS = [
    [[A, B, C, D]],
    [[A], [B], [C], [D]],
    [[D], [C], [B], [A]],
    [[C], [A], [D], [B]],
    [[D, B], [C, A]],
    [[B], [A, C, D]],
]


@pytest.mark.parametrize("order", ORDERS)
def test_the_member_who_answered_is_told_by_the_time_of_the_call(order: list[list[int]], tmp_path: Path) -> None:
    """A phone passes from 2001 to 2099: each has the calls of the hunt group that came in its own time."""
    files = [[call_from("2001", 1, 0)], [hunt_call(2, DAY)], [call_from("2099", 3, 2 * DAY)], [hunt_call(4, 3 * DAY)]]
    records = imported(tmp_path, "moves", *([files[index] for index in batch] for batch in order))
    members = [extension for extension, _, _, other in records if other == "2005"]
    assert members == ["2001", "2099"]
    assert_totals_agree()


@pytest.mark.parametrize("order", ORDERS)
def test_a_phone_in_two_hunt_groups(order: list[list[int]], tmp_path: Path) -> None:
    """Its calls stand under both pilots until it is known, and move to the member then, whenever that is."""
    files = [[hunt_call(1, 0)], [hunt_call(2, 100, "7001")], [call_from("2001", 3, 200)], [hunt_call(4, 300, "7001")]]
    records = imported(tmp_path, "pilots", *([files[index] for index in batch] for batch in order))
    assert [extension for extension, _, _, other in records if other == "2005"] == ["2001"] * 3
    assert not Device.objects.exclude(pilot="").exists()
    assert_totals_agree()


@pytest.mark.parametrize("device", ["CSFANA", "TCTANA", "BOTANA", "TABANA", PHONE])
def test_members_on_soft_phones(device: str, tmp_path: Path) -> None:
    """They answer calls of hunt groups like everybody."""
    files = [[hunt_call(1, 0).replace(PHONE, device)], [call_from("2001", 2, 100, device)]]
    records = imported(tmp_path, "soft", [files[0]], [files[1]])
    assert ("2001", "INCOMING", "INTERNAL", "2005") in records


def test_administrators_enter_a_phone_once(admin: User, client: Client) -> None:
    """The same phone with the same extension again is refused in the form."""
    cluster = PhoneSystem.objects.create(name="cluster")
    client.force_login(admin)
    fields = {"phone_system": cluster.pk, "name": PHONE, "number": "2001"}
    assert client.post(reverse("admin:accounting_device_add"), fields).status_code == 302
    assert client.post(reverse("admin:accounting_device_add"), fields).status_code == 200
    assert client.post(reverse("admin:accounting_device_add"), fields | {"number": "2002"}).status_code == 302
    assert Device.objects.count() == 2
