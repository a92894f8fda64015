"""Damaged values in rows: each bad row is rejected alone or read without the value, and the rows around it are in."""

from pathlib import Path
from typing import Any

import pytest

from accounting.demo.records import cdr_file, cmr_file, cmr_row
from accounting.models import CallLeg, CallQuality, CallRecord, PhoneSystem, RejectedRow
from accounting.services.importing import import_files
from tests.accounting.agreement import assert_totals_agree
from tests.accounting.test_importing import drop, row

pytestmark = pytest.mark.django_db(transaction=True)
BEGUN, ENDED = 1_760_000_000, 1_760_000_065
TAKEN = ""
PUBLIC_CALL = {"finalCalledPartyNumber": "+4930123456", "destDeviceName": "SIPX", "OutgoingProtocolID": 1}

CDR: dict[str, tuple[dict[str, Any], str]] = {
    "leg beyond 64 bits": ({"origLegCallIdentifier": "9" * 20}, "number"),
    "leg of 5000 digits": ({"origLegCallIdentifier": "9" * 5000}, "number"),
    "call number beyond 64 bits": ({"globalCallID_callId": "9" * 20}, "number"),
    "conversation beyond 64 bits": ({"destConversationId": "9" * 20}, "number"),
    "reason of 17 bits": ({"lastRedirectRedirectReason": 70_000}, "number"),
    "negative reason": ({"lastRedirectRedirectReason": -1}, "number"),
    "feature of 32 bits": ({"joinOnBehalfOf": 2**31}, "number"),
    "feature of 33 bits": ({"origCallTerminationOnBehalfOf": 2**32}, "number"),
    "protocol of 33 bits": ({"IncomingProtocolID": 2**32}, "number"),
    "136 years in the queue": ({"totalWaitTimeInQueue": 2**32}, "number"),
    "pattern usage of 41 bits": ({"calledPartyPatternUsage": 2**40}, TAKEN),
    "pattern usage with a digit of another script": ({"calledPartyPatternUsage": "²"}, TAKEN),
    "cause of 71 bits": ({"origCause_value": -(2**70)}, "number"),
    "negative cause": ({"origCause_value": -1493172161}, TAKEN),
    "duration of 300,000 years": ({"duration": 10**13}, "time"),
    "talk of 98 years": ({"dateTimeConnect": 946_684_801, "dateTimeDisconnect": 4_102_444_799}, "time"),
    "ringing of 50 years": ({"dateTimeOrigination": 946_684_801}, "time"),
    "cluster of 200 letters": ({"globalCallId_ClusterID": "c" * 200}, "too_long"),
    "caller of 255 digits": ({"callingPartyNumber": "2" * 255}, TAKEN),
    "caller of 255 pictures": ({"callingPartyNumber": "\U0001f600" * 255}, TAKEN),
    "all numbers of 255 digits": (
        {"finalCalledPartyNumber": "2" * 255, "originalCalledPartyNumber": "3" * 255, "lastRedirectDn": "4" * 255},
        TAKEN,
    ),
    "conference requestor of 200 digits": (
        {"callingPartyNumber": "b001", "origDeviceName": "", "comment": "ConfRequestorDn=" + "7" * 200, **PUBLIC_CALL},
        TAKEN,
    ),
    "matter code of 999 letters": ({"clientMatterCode": "m" * 999}, TAKEN),
    "comment of 100,000 letters": ({"comment": "x" * 100_000}, TAKEN),
    "device of 300 letters": ({"destDeviceName": "d" * 300, "OutgoingProtocolID": 1}, TAKEN),
    "digits sent of 300 digits": ({"outpulsedCalledPartyNumber": "4" * 300}, TAKEN),
    "hunt pilot of 300 digits": ({"huntPilotDN": "4" * 300}, TAKEN),
    "authorisation of 300 letters": ({"authCodeDescription": "4" * 300}, TAKEN),
    "control characters in the caller": ({"callingPartyNumber": "20\x01\x0201"}, TAKEN),
    "no character at all in the caller": ({"callingPartyNumber": "20\ufffe01"}, TAKEN),
    "SQL in the caller": ({"callingPartyNumber": "'; DROP TABLE accounting_callleg;--"}, TAKEN),
    "no leg, attempted twice": ({"destLegIdentifier": 0, "dateTimeConnect": 0, "destDeviceName": ""}, TAKEN),
}
CMR: dict[str, tuple[dict[str, Any], str]] = {
    "endless quality": ({"varVQMetrics": "MLQK=inf"}, TAKEN),
    "quality that is no number": ({"varVQMetrics": "MLQK=nan"}, TAKEN),
    "negative quality": ({"varVQMetrics": "MLQK=-5"}, TAKEN),
    "quality of a billion": ({"varVQMetrics": "MLQK=1e9"}, TAKEN),
    "jitter of 41 bits": ({"jitter": 2**40}, TAKEN),
    "negative jitter": ({"jitter": -1}, TAKEN),
    "latency of 41 bits": ({"latency": 2**40}, TAKEN),
    "leg beyond 64 bits": ({"callIdentifier": "9" * 20}, "number"),
    "more packets lost than sent": ({"numberPacketsLost": 2**60, "numberPacketsReceived": 1 - 2**60}, "number"),
    "cluster of 200 letters": ({"globalCallId_ClusterID": "c" * 200}, "too_long"),
}


@pytest.fixture
def cluster() -> PhoneSystem:
    """A phone system with default settings."""
    return PhoneSystem.objects.create(name="cluster")


@pytest.mark.parametrize("name", CDR)
def test_a_damaged_call_stands_alone(name: str, cluster: PhoneSystem, tmp_path: Path) -> None:
    """It is taken or rejected with its reason; the calls before and after it are counted."""
    fields, reason = CDR[name]
    path = drop(tmp_path, cdr_file([row(1), row(50, **fields), row(50, pkid="", **fields), row(2)], "15"))
    summary = import_files(cluster, [path])
    assert summary.set_aside == 0
    assert list(RejectedRow.objects.values_list("reason_code", flat=True)) == ([reason] * 2 if reason else [])
    assert CallLeg.objects.filter(call_ref__in=["StandAloneCluster/1/1", "StandAloneCluster/1/2"]).count() == 2
    assert CallLeg.objects.count() == (2 if reason else 4)
    assert_totals_agree()


@pytest.mark.parametrize("name", CMR)
def test_a_damaged_quality_report_stands_alone(name: str, cluster: PhoneSystem, tmp_path: Path) -> None:
    """The reports around it are kept, and a value that cannot be is left empty."""
    fields, reason = CMR[name]
    base = {"globalCallID_callId": 1, "callIdentifier": 10, "dateTimeStamp": ENDED}
    rows = [cmr_row("15", **base, pkid=f"00000000-0000-4000-8000-{index:012d}") for index in (1, 3)]
    bad = cmr_row("15", **{**base, "pkid": "00000000-0000-4000-8000-000000000002", **fields})
    paths = [
        drop(tmp_path, cdr_file([row(1)], "15"), "cdr"),
        drop(tmp_path, cmr_file([rows[0], bad, rows[1]], "15"), "cmr"),
    ]
    assert import_files(cluster, paths).set_aside == 0
    assert CallQuality.objects.count() == (2 if reason else 3)
    assert list(RejectedRow.objects.values_list("reason_code", flat=True)) == ([reason] if reason else [])
    assert not CallQuality.objects.filter(mos__gt=500).exists()
    assert not CallQuality.objects.filter(jitter_ms__lt=0).exists()


@pytest.mark.parametrize("pkid", ["", "00000000-0000-0000-0000-000000000000"])
def test_records_without_an_id_of_their_own_are_told_apart(pkid: str, cluster: PhoneSystem, tmp_path: Path) -> None:
    """By all their values: five calls stay five, and come in once."""
    path = drop(tmp_path, cdr_file([row(number, pkid=pkid) for number in range(1, 6)], "15"))
    again = drop(tmp_path, cdr_file([row(number, pkid=pkid) for number in range(1, 7)], "15"), "again")
    assert import_files(cluster, [path]).call_records == 10
    assert import_files(cluster, [again]).duplicates == 5
    assert CallRecord.objects.count() == 12


def test_an_id_is_the_same_in_every_spelling(cluster: PhoneSystem, tmp_path: Path) -> None:
    """In capitals, in braces, between spaces."""
    pkid = "abcdef00-0000-4000-8000-00000000000a"
    spellings = [pkid, pkid.upper(), "{" + pkid + "}", f" {pkid} "]
    summary = import_files(cluster, [drop(tmp_path, cdr_file([row(1, pkid=one) for one in spellings], "15"))])
    assert (summary.duplicates, CallLeg.objects.count()) == (3, 1)


@pytest.mark.parametrize("start", [BEGUN, BEGUN - 5])
@pytest.mark.parametrize("together", [True, False])
def test_an_id_that_comes_again_in_another_call(
    start: int, together: bool, cluster: PhoneSystem, tmp_path: Path
) -> None:
    """At the same time it is the same record, at another time another; in one batch as in two, and nothing fails."""
    first = drop(tmp_path, cdr_file([row(1)], "15"), "first")
    twin = row(77, pkid="00000000-0000-4000-8000-000000000001", dateTimeOrigination=start)
    second = drop(tmp_path, cdr_file([twin, row(2)], "15"), "second")
    for paths in [[first, second]] if together else [[first], [second]]:
        assert import_files(cluster, paths).set_aside == 0
    assert CallLeg.objects.count() == (2 if start == BEGUN else 3)
    assert_totals_agree()


def test_a_report_id_that_comes_again_for_another_call(cluster: PhoneSystem, tmp_path: Path) -> None:
    """In a later import it is the same report, and the reports beside it are kept."""
    first, twin, other = (
        cmr_row(
            "15", globalCallID_callId=call, callIdentifier=10, dateTimeStamp=ENDED,
            pkid=f"00000000-0000-4000-8000-{number:012d}",
        )
        for call, number in ((1, 1), (77, 1), (2, 2))
    )  # fmt: skip
    import_files(cluster, [drop(tmp_path, cmr_file([first], "15"), "first")])
    summary = import_files(cluster, [drop(tmp_path, cmr_file([twin, other], "15"), "second")])
    assert (summary.set_aside, summary.duplicates, CallQuality.objects.count()) == (0, 1, 2)
