"""Calls handed on and on: each connected trunk leg is carried once, for all its time, by somebody, in any order."""

import random
from itertools import count, permutations
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Q

from accounting.models import (
    CallLeg,
    CallRecord,
    ExtensionDay,
    ImportBatch,
    ImportFile,
    PhoneSystem,
    UnitHalfHour,
)
from accounting.services.importing import import_files
from tests.accounting.agreement import assert_totals_agree
from tests.accounting.scenarios import SPLIT, XFER, device_of, record
from tests.accounting.test_scenarios import by_key, cluster, found_records, write_files
from tests.accounting.transfer_cases import CASES, NEAR, TRANSFERRED

pytestmark = pytest.mark.django_db
__all__ = ["cluster"]
EXTENSIONS = ("2001", "2002", "2003", "2004", "2005", "2006", "2007")
OUTSIDE = ("9728134987", "3071111", "3072222", "3073333", "3074444")


def assert_trunks_are_carried_once() -> None:
    """Compare the trunk legs of the call detail records with what call records carry of them."""
    times: dict[int, tuple[Any, Any]] = {}
    for leg in CallLeg.objects.exclude(connected_at=None):
        for identifier, device in ((leg.orig_leg, leg.orig_device), (leg.dest_leg, leg.dest_device)):
            if device == "SIP-PSTN":
                first, last = times.get(identifier, (leg.connected_at, leg.disconnected_at))
                times[identifier] = (min(first, leg.connected_at), max(last, leg.disconnected_at))
    charged = sorted(int((last - first).total_seconds()) for first, last in times.values())
    carrying = CallRecord.objects.filter(carries_trunk=True)
    carried = carrying.filter(answered_at__isnull=False).values_list("trunk_seconds", flat=True)
    assert sorted(carried) == charged
    assert not carrying.filter(extension="").exists()
    negative = Q(talk_seconds__lt=0) | Q(ring_seconds__lt=0) | Q(trunk_seconds__lt=0)
    assert not CallRecord.objects.filter(negative).exists()
    assert_totals_agree()


@pytest.mark.parametrize("name", CASES)
def test_every_order_of_files(name: str, cluster: PhoneSystem, tmp_path: Path) -> None:
    """The same trunks are carried, and the same records stand there, whichever record comes first."""
    paths = write_files(tmp_path, CASES[name])
    import_files(cluster, paths)
    expected = by_key(found_records())
    assert_trunks_are_carried_once()
    orders = list(permutations(paths))
    random.Random(name).shuffle(orders)
    for order in orders[:6]:
        for model in (CallRecord, CallLeg, ExtensionDay, UnitHalfHour, ImportFile, ImportBatch):
            model.objects.all().delete()
        for path in order:
            import_files(cluster, [path])
        assert by_key(found_records()) == expected
        assert_totals_agree()


def random_flow(choose: random.Random) -> list[dict[str, Any]]:
    """Return the records of a call handed on up to three times, blindly or not, to extensions and to the outside."""
    leg, call_number = count(100), count(1)
    extension, outside = iter(EXTENSIONS), iter(OUTSIDE)

    def party() -> tuple[str, int]:
        return next(outside if choose.random() < 0.4 else extension), next(leg)

    caller, called, call = party(), (next(extension), next(leg)), next(call_number)
    now, talk = 0, choose.randint(1, 50)
    rows: list[dict[str, Any]] = []
    joined: dict[str, Any] = {}
    for _ in range(choose.randint(1, 3)):
        holder, other = (called, caller) if called[0] in EXTENSIONS else (caller, called)
        if holder[0] not in EXTENSIONS:
            break
        rows.append(
            record(caller[0], called[0], call=call, legs=(caller[1], called[1]), at=now, talk=talk, **XFER | joined)
        )
        target, blind = party(), choose.random() < 0.5
        rows.append(
            record(
                holder[0], target[0], call=next(call_number), legs=(next(leg), target[1]), at=now + talk,
                ring=choose.randint(0, 2), talk=None if blind else choose.randint(1, 9), **XFER,
            )
        )  # fmt: skip
        now = rows[-1]["dateTimeDisconnect"]
        caller, called, talk = other, target, choose.randint(1, 50)
        joined = {"join": 10, "reasons": (0, 4), "by": (0, 10), "redirect": holder[0]}
    rows.append(record(caller[0], called[0], call=call, legs=(caller[1], called[1]), at=now, talk=talk, **joined))
    return rows


@pytest.mark.parametrize("seed", range(40))
def test_random_chains_of_transfers(seed: int, cluster: PhoneSystem, tmp_path: Path) -> None:
    """Files in any order, in two imports: no trunk is lost, none is counted twice."""
    choose = random.Random(seed)
    paths = write_files(tmp_path, random_flow(choose))
    choose.shuffle(paths)
    middle = choose.randint(0, len(paths))
    import_files(cluster, paths[:middle])
    import_files(cluster, paths[middle:])
    assert_trunks_are_carried_once()


def test_one_leg_in_two_spellings_of_its_number_is_one_record(cluster: PhoneSystem, tmp_path: Path) -> None:
    """The second record shows the extension as the network sees it: it is the same person on the same phone."""
    conference = record(
        "+19725552001", "b0029901001", call=1, legs=(101, 115), reasons=(0, 4), by=(4, 4), at=60, talk=30,
        devices=("SEP0000000007D1", ""),
    )  # fmt: skip
    call = record("2001", OUTSIDE[0], call=1, legs=(101, 102), talk=60, causes=(SPLIT, SPLIT), term=(4, 4))
    import_files(cluster, write_files(tmp_path, [call, conference]))
    only = CallRecord.objects.get()
    assert (only.extension, only.talk_seconds, only.conference) == ("2001", 90, True)


def test_a_short_callers_number_from_the_public_network_is_a_public_call(cluster: PhoneSystem, tmp_path: Path) -> None:
    """Whoever calls with the number of a colleague: the trunk tells where the call came from."""
    call = record("2005", "2001", talk=60, devices=("SIP-PSTN", "SEP0000000007D1"), callingPartyNumberPartition="")
    import_files(cluster, write_files(tmp_path, [call]))
    (found,) = found_records()
    assert (found.kind, found.other, found.trunk) == ("public", "2005", 60)


def test_a_call_handed_to_a_hunt_group_while_it_rings_is_the_members(cluster: PhoneSystem, tmp_path: Path) -> None:
    """One leg bears the pilot's number first, and is the member's then."""
    ringing = {"calledPartyPatternUsage": 7, "devices": (device_of("2001"), "")}
    answered = {"huntPilotDN": "7000", "devices": ("SIP-PSTN", device_of("3001"))}
    rows = [
        record(NEAR, "2001", call=1, legs=(101, 102), talk=10, **XFER),
        record("2001", "7000", call=2, legs=(103, 104), at=10, **XFER, **ringing),
        record(NEAR, "7000", redirect="2001", call=1, legs=(101, 104), at=10, talk=60, **TRANSFERRED, **answered),
    ]
    import_files(cluster, write_files(tmp_path, rows))
    found = CallRecord.objects.values_list("extension", "talk_seconds", "hunt_pilot").order_by("extension")
    assert list(found) == [("2001", 10, ""), ("3001", 60, "7000")]
    assert_trunks_are_carried_once()
