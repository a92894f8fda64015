"""The generator writes what UCM writes: names, layouts, quoting, identifiers, times, causes, scenarios, shares."""

import csv
import io
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import phonenumbers
import pytest
from django.core.management import CommandError, call_command

from accounting.demo.columns import VERSIONS, cdr_columns, cmr_columns
from accounting.demo.generation import GeneratedFile, Generation
from accounting.demo.numbers import EMERGENCY, public_numbers
from accounting.demo.organisation import OFFICES, Organisation, build_organisation
from accounting.demo.records import cdr_file, cdr_row, cmr_row, signed_ip
from accounting.demo.shares import SCENARIOS, shares

MONDAY = date(2026, 3, 2)
FILE_NAME = re.compile(r"(cdr|cmr)_([A-Za-z0-9.-]{1,50})_(\d{2})_(\d{12})_(\d+)")
SPLIT = "393216"
PHONES = ("SEP", "CSF")
TRANSFERS = ("blind_transfer", "consult_transfer", "transferred_abroad", "refer_with_replaces")
COLUMNS = {
    "7.0": (78, 19), "7.1": (94, 19), "8.0": (103, 19), "8.5": (104, 19), "8.6": (104, 19), "9.0": (118, 19),
    "9.1": (118, 19), "10.0": (125, 44), "10.5": (129, 44), "11.0": (129, 44), "11.5": (129, 44), "12.0": (131, 44),
    "12.5": (133, 48), "14": (133, 48), "15": (133, 48),
}  # fmt: skip
Records = list[dict[str, str]]


@pytest.fixture(scope="module")
def organisation() -> Organisation:
    """Sixty people, as small as keeps every office staffed."""
    return build_organisation(60, seed=3, start=MONDAY, days=2)


@pytest.fixture(scope="module")
def generation(organisation: Organisation) -> Generation:
    """Two working days of busy traffic."""
    return Generation(organisation, MONDAY, 2, 900, seed=3)


@pytest.fixture(scope="module")
def files(generation: Generation) -> list[GeneratedFile]:
    """The files of the two days."""
    return list(generation)


def rows(files: Iterable[GeneratedFile], tag: str = "cdr") -> Records:
    """Return all records of files as Python's reader sees them."""
    found: Records = []
    for file in files:
        if file.tag == tag:
            lines = csv.DictReader(io.StringIO(file.content.decode()))
            next(lines)
            found += [row | {"file": file.name, "system": file.system} for row in lines]
    return found


@pytest.fixture(scope="module")
def records(files: list[GeneratedFile]) -> Records:
    """All CDRs of the two days."""
    return rows(files)


def only(scenario: str, organisation: Organisation, calls: int = 30, **options: object) -> Records:
    """Return the CDRs of traffic that consists of one scenario."""
    generation = Generation(organisation, MONDAY, 1, calls, seed=5, scenario_shares={scenario: 1.0}, **options)  # type: ignore[arg-type]
    found = rows(generation)
    assert found
    return found


def of_one_call(found: Records) -> list[Records]:
    """Group records that share a call or a leg (a consultation belongs to its call), in the order of time."""
    groups: list[tuple[set[tuple[str, str]], Records]] = []
    for row in sorted(found, key=lambda row: (int(row["dateTimeOrigination"]), int(row["origLegCallIdentifier"]))):
        call = f"call {row['globalCallID_callManagerId']} {row['globalCallID_callId']}"
        legs = {(row["system"], leg) for leg in (row["origLegCallIdentifier"], row["destLegIdentifier"], call)}
        mine = [group for group in groups if group[0] & legs]
        others = [group for group in groups if not group[0] & legs]
        merged = (legs.union(*(group[0] for group in mine)), [r for group in mine for r in group[1]] + [row])
        groups = [*others, merged]
    return [group for _, group in groups]


@pytest.mark.parametrize("version", VERSIONS)
def test_each_version_has_its_columns(version: str, organisation: Organisation) -> None:
    """From 78 to 133 CDR and 19 to 48 CMR columns, all rows as wide as the header."""
    generation = Generation(organisation, MONDAY, 1, 30, version=version, records_per_file=10_000)
    for file in generation:
        lines = list(csv.reader(io.StringIO(file.content.decode())))
        columns = cdr_columns(version) if file.tag == "cdr" else cmr_columns(version)
        assert lines[0] == [column.name for column in columns]
        assert lines[1] == [column.type for column in columns]
        assert {len(line) for line in lines} == {len(columns)}
        assert len(columns) == COLUMNS[version][file.tag == "cmr"]


def test_text_is_quoted_and_numbers_are_bare(files: list[GeneratedFile]) -> None:
    """As in real files, also where the text is empty; only CMRs have empty numbers."""
    for tag, columns in (("cdr", cdr_columns("15")), ("cmr", cmr_columns("15"))):
        number = r"-?\d+" if tag == "cdr" else r"-?\d*"
        pattern = re.compile(",".join('"[^"]*"' if column.is_quoted else number for column in columns))
        file = max((f for f in files if f.tag == tag), key=lambda f: f.records)
        lines = file.content.decode().splitlines()
        assert len(lines) == file.records + 2
        assert all(pattern.fullmatch(line) for line in lines[2:])
        assert file.content.endswith(b"\n")


def test_names_follow_the_minute_of_the_records(files: list[GeneratedFile], organisation: Organisation) -> None:
    """cdr_<cluster>_<node>_<UTC minute>_<sequence>; rows ended in the minute before; the sequence never falls."""
    sequences: dict[str, int] = defaultdict(int)
    for file in files:
        match = FILE_NAME.fullmatch(file.name)
        assert match is not None
        tag, cluster, _, minute, sequence = match.groups()
        assert (tag, cluster) == (file.tag, file.system)
        assert int(sequence) == sequences[cluster] + 1
        sequences[cluster] += 1
        written = datetime.strptime(minute, "%Y%m%d%H%M").replace(tzinfo=UTC).timestamp()
        column = "dateTimeDisconnect" if tag == "cdr" else "dateTimeStamp"
        moments = [int(row[column]) for row in rows([file], tag)]
        assert moments == sorted(moments)
        assert all(0 <= written - moment <= 60 for moment in moments)
    assert set(sequences) == set(organisation.systems)


def test_identifiers_are_unique_and_times_agree(records: Records) -> None:
    """Record ids are unique, durations are what the times say, nothing ends before it begins."""
    assert len({row["pkid"] for row in records}) == len(records)
    for row in records:
        began, answered, ended = (int(row[f"dateTime{name}"]) for name in ("Origination", "Connect", "Disconnect"))
        assert began <= ended
        assert int(row["duration"]) == (ended - answered if answered else 0)
        assert answered == 0 or began <= answered <= ended
        assert row["globalCallId_ClusterID"] == row["system"]
        assert row["cdrRecordType"] == "1"


def test_calls_are_numbered_by_node_and_legs_by_cluster(records: Records) -> None:
    """Call numbers are per node; in a cluster a leg is met again only in records of the same conversation."""
    by_node: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for row in records:
        key = row["system"], row["globalCallID_callManagerId"]
        by_node[key].append((int(row["globalCallID_callId"]), int(row["dateTimeOrigination"])))
    for numbers in by_node.values():
        first: dict[int, int] = {}
        for number, began in numbers:
            first[number] = min(began, first.get(number, began))
        ids = sorted(first)
        assert ids[-1] - ids[0] < 2 * len(ids)
    simple = [r for r in records if r["origCause_value"] != SPLIT and r["joinOnBehalfOf"] == "0"]
    legs = Counter((r["system"], r["destLegIdentifier"]) for r in simple if r["destLegIdentifier"] != "0")
    assert max(legs.values()) <= 2


def test_cause_stands_on_the_side_that_released(records: Records) -> None:
    """One side, except when a feature split the call: then both."""
    for row in records:
        causes = row["origCause_value"], row["destCause_value"]
        assert "0" in causes or SPLIT in causes
        if causes == (SPLIT, SPLIT):
            assert row["origCallTerminationOnBehalfOf"] != "0"


def test_partitions_and_protocols_tell_trunks_from_phones(records: Records, organisation: Organisation) -> None:
    """No caller partition on calls that enter, the route pattern's on calls that leave; 2, 5, 7 and 8 as usage."""
    trunks = {gateway.device_name: gateway for gateway in organisation.gateways}
    plain = [r for r in records if r["joinOnBehalfOf"] == "0" and r["origCause_value"] != SPLIT]
    entering = [r for r in plain if r["origDeviceName"] in trunks]
    leaving = [r for r in plain if r["destDeviceName"] in trunks and r["origDeviceName"] not in trunks]
    internal = [r for r in plain if r["origDeviceName"] not in trunks and r["destDeviceName"].startswith(PHONES)]
    assert {r["callingPartyNumberPartition"] for r in entering} == {""}
    assert {r["finalCalledPartyNumberPartition"] for r in leaving} == {"PSTN-DE", "PSTN-GB", "PSTN-AE", "Intersite"}
    assert all(int(r["IncomingProtocolID"]) == trunks[r["origDeviceName"]].protocol for r in entering)
    assert all(int(r["OutgoingProtocolID"]) == trunks[r["destDeviceName"]].protocol for r in leaving)
    assert {(r["IncomingProtocolID"], r["OutgoingProtocolID"]) for r in internal} == {("0", "0")}
    usage = {(r["finalCalledPartyNumberPartition"], r["calledPartyPatternUsage"]) for r in plain}
    assert usage >= {("Internal", "2"), ("Hunt", "7"), ("Voicemail", "8"), ("PSTN-DE", "5"), ("Intersite", "5")}
    assert not usage & {("Internal", "5"), ("Hunt", "2"), ("Voicemail", "2"), ("PSTN-DE", "2")}


def test_addresses_are_signed_and_empty_until_answered(records: Records) -> None:
    """Number and text say the same address; the text of the called side is empty while nobody has answered."""
    assert signed_ip("192.168.18.188") == -1139627840
    for row in records:
        assert int(row["origIpAddr"]) == signed_ip(row["origIpv4v6Addr"])
        if row["dateTimeConnect"] == "0":
            assert row["destIpv4v6Addr"] == ""
        else:
            assert int(row["destIpAddr"]) == signed_ip(row["destIpv4v6Addr"])


def test_same_seed_same_files(organisation: Organisation) -> None:
    """Byte for byte; another seed differs."""
    first, again, other = (
        [(f.name, f.content) for f in Generation(organisation, MONDAY, 1, 40, seed=seed)] for seed in (8, 8, 9)
    )
    assert first == again != other


def test_manifest_counts_what_was_written(files: list[GeneratedFile], generation: Generation) -> None:
    """By system, by scenario and in files."""
    manifest = generation.manifest
    assert manifest.files == len(files)
    for tag, counted in (("cdr", manifest.cdr), ("cmr", manifest.cmr)):
        assert counted == Counter({s: sum(f.records for f in files if (f.system, f.tag) == (s, tag)) for s in counted})
    assert manifest.records.total() == manifest.cdr.total()
    assert manifest.calls.total() < manifest.records.total()


def test_shares_are_met(organisation: Organisation) -> None:
    """A scenario or group set to a part has about that part; all shares add up to 1."""
    wanted = {"transfer": 0.2, "internal": 0.3}
    generation = Generation(organisation, MONDAY, 2, 1500, scenario_shares=wanted, cmr=False)
    list(generation)
    calls, total = generation.manifest.calls, generation.manifest.calls.total()
    transfers = sum(calls[name] for name in TRANSFERS)
    assert transfers / total == pytest.approx(0.2, abs=0.03)
    assert calls["internal"] / total == pytest.approx(0.3, abs=0.03)
    assert sum(shares({"hunt": 0.5}).values()) == pytest.approx(1)
    with pytest.raises(ValueError, match="no such scenario"):
        shares({"telepathy": 0.5})
    with pytest.raises(ValueError, match="must not exceed"):
        shares({"internal": 0.7, "transfer": 0.5})


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_each_scenario_makes_records(scenario: str, organisation: Organisation) -> None:
    """Every scenario can be had alone."""
    assert only(scenario, organisation, 8, cmr=False)


def test_transfers_have_three_records_with_a_leg_that_survives(organisation: Organisation) -> None:
    """Original and consultation end by the transfer; the last record joins a leg of each under the first call."""
    for scenario in ("blind_transfer", "consult_transfer"):
        for original, consultation, last in of_one_call(only(scenario, organisation)):
            for row in (original, consultation):
                assert (row["origCause_value"], row["destCause_value"]) == (SPLIT, SPLIT)
                assert (row["origCallTerminationOnBehalfOf"], row["destCallTerminationOnBehalfOf"]) == ("10", "10")
            assert consultation["globalCallID_callId"] != original["globalCallID_callId"] == last["globalCallID_callId"]
            assert last["origLegCallIdentifier"] in (original["origLegCallIdentifier"], original["destLegIdentifier"])
            assert last["destLegIdentifier"] == consultation["destLegIdentifier"]
            assert last["dateTimeOrigination"] == original["dateTimeDisconnect"]
            assert (last["joinOnBehalfOf"], last["lastRedirectRedirectReason"]) == ("10", "4")
            assert (consultation["dateTimeConnect"] == "0") == (scenario == "blind_transfer")


def test_conference_has_six_records(organisation: Organisation) -> None:
    """Original, set-up, three legs into one bridge with the same conversation, the last two parties."""
    for group in of_one_call(only("conference", organisation)):
        bridged = [row for row in group if row["finalCalledPartyNumber"].startswith("b00")]
        assert (len(group), len(bridged)) == (6, 3)
        assert len({row["destConversationId"] for row in bridged}) == 1
        assert [row["comment"].split("=")[0] for row in group if row["comment"]] == ["ConfControllerDn"]
        last = max(group, key=lambda row: int(row["dateTimeDisconnect"]))
        assert (last["lastRedirectRedirectReason"], last["lastRedirectDn"][:3]) == ("98", "b00")


def test_park_pickup_and_idivert_stay_in_one_call(organisation: Organisation) -> None:
    """One call number; the first record is split by the feature that the last one names."""
    for scenario, feature, reasons in (("park", "3", {"8", "11"}), ("pickup", "16", {"5"}), ("idivert", "14", {"50"})):
        for group in of_one_call(only(scenario, organisation)):
            assert len({row["globalCallID_callId"] for row in group}) == 1
            assert group[-1]["joinOnBehalfOf"] == feature
            assert group[-1]["lastRedirectRedirectReason"] in reasons


def test_recording_and_barge_point_to_the_observed_leg(organisation: Organisation) -> None:
    """Extra records carry the leg that they observe; recording ones have calls of their own."""
    found = only("recording", organisation)
    legs = {row["destLegIdentifier"] for row in found}
    extra = [row for row in found if row["callingPartyNumber"] == "BIB"]
    assert len(extra) * 3 == len(found) * 2
    assert {row["lastRedirectRedirectReason"] for row in extra} == {"354"}
    assert {row["destConversationId"] for row in extra} <= legs
    assert {row["lastRedirectRedirectReason"] for row in only("barge", organisation)} == {"0", "114"}


def test_hunt_groups_follow_the_service_parameter(organisation: Organisation) -> None:
    """One cluster shows the pilot, the other the member; an abandoned call leaves the pilot's columns empty."""
    for row in only("hunt_answered", organisation, 90):
        shows_member = row["finalCalledPartyNumber"] != row["huntPilotDN"]
        assert shows_member == (row["system"] == "ucm-gulf")
        assert row["calledPartyPatternUsage"] == "7"
    for row in only("hunt_abandoned", organisation):
        assert (row["huntPilotDN"], row["calledPartyPatternUsage"], row["dateTimeConnect"]) == ("", "7", "0")
    assert all(int(row["totalWaitTimeInQueue"]) >= 10 for row in only("hunt_queued", organisation))


def test_both_clusters_write_the_same_intercluster_call(organisation: Organisation) -> None:
    """With one protocol reference, by which the two records can be told to be one call."""
    found = only("intercluster", organisation)
    left = {row["OutgoingProtocolCallRef"]: row["system"] for row in found if row["OutgoingProtocolCallRef"]}
    came = {row["IncomingProtocolCallRef"]: row["system"] for row in found if row["IncomingProtocolCallRef"]}
    assert left.keys() == came.keys()
    assert all(left[reference] != came[reference] for reference in left)


def test_quality_records_belong_to_answered_legs(files: list[GeneratedFile], records: Records) -> None:
    """Each CMR names a leg of an answered CDR and that side's session."""
    sessions = {}
    for row in records:
        if row["duration"] != "0":
            for leg, side in ("origLegCallIdentifier", "orig"), ("destLegIdentifier", "dest"):
                sessions[row["system"], row[leg], row["dateTimeDisconnect"]] = row[f"{side}DeviceSessionID"]
    measured = rows(files, "cmr")
    assert measured
    for row in measured:
        assert row["localSessionID"] == sessions[row["system"], row["callIdentifier"], row["dateTimeStamp"]]
        assert row["varVQMetrics"].startswith("MLQK=")


def test_days_have_two_humps_and_weekends_are_quiet(organisation: Organisation) -> None:
    """Calls by the wall clock of each office: more at ten and three than at half past twelve, few on weekends."""
    found = rows(Generation(organisation, MONDAY, 14, 2500, seed=2, cmr=False, records_per_file=10_000))
    zones = {office.first_digit: ZoneInfo(office.time_zone) for office in OFFICES}
    hours: Counter[tuple[str, int]] = Counter()
    days: Counter[bool] = Counter()
    for row in found:
        if row["origDeviceName"].startswith(PHONES):
            first = row["callingPartyNumber"][:1]
            if first in zones:
                moment = datetime.fromtimestamp(int(row["dateTimeOrigination"]), zones[first])
                hours[first, moment.hour] += 1
                days[moment.weekday() >= 5] += 1
    for first in zones:
        assert hours[first, 10] > hours[first, 12] < hours[first, 14]
        assert hours[first, 3] * 20 < hours[first, 10]
    assert days[True] * 6 < days[False]


def test_public_numbers_are_valid() -> None:
    """By the number plans of their countries; the same numbers come again."""
    for office in range(len(OFFICES)):
        for category, pool in public_numbers(office).items():
            if category != EMERGENCY:
                assert all(phonenumbers.is_valid_number(phonenumbers.parse(n.e164)) for n in pool[:60])


def test_people_repeat_their_favourites(records: Records) -> None:
    """A person's calls concentrate on few numbers."""
    by_person: dict[str, Counter[str]] = defaultdict(Counter)
    for row in records:
        if row["finalCalledPartyNumberPartition"].startswith("PSTN"):
            by_person[row["callingPartyNumber"]][row["finalCalledPartyNumber"]] += 1
    busiest = max(by_person.values(), key=Counter.total)
    assert len(busiest) < busiest.total() * 0.85


def test_extension_moves_to_its_new_holder(organisation: Organisation) -> None:
    """From the turning day on the line's records carry the newcomer's name."""
    leaver, newcomer = organisation.moved_extension
    found = rows(Generation(organisation, MONDAY, 2, 2500, seed=4, cmr=False))
    days: dict[str, set[date]] = defaultdict(set)
    for row in found:
        for user in (row["callingPartyUnicodeLoginUserID"], row["finalCalledPartyUnicodeLoginUserID"]):
            days[user].add(datetime.fromtimestamp(int(row["dateTimeOrigination"]), UTC).date())
    assert max(days[leaver]) < organisation.turning_day == min(days[newcomer])


@pytest.mark.parametrize("people", [20, 250, 5_000])
def test_organisations_of_every_size_are_consistent(people: int) -> None:
    """Extensions of one length, unique but for the line that moves; unique user names; units that exist."""
    made = build_organisation(people)
    assert len({person.username for person in made.people}) == people
    assert len({person.extension for person in made.people}) == people - 1
    assert {len(person.extension) for person in made.people} == {made.extension_digits}
    assert {p.department for p in made.people} <= {name for name, _ in made.departments}
    assert {p.cost_centre for p in made.people} <= {code for code, _ in made.cost_centres}
    reserved = {group.pilot for group in made.hunt_groups} | {number for _, number in made.unowned_extensions}
    assert not reserved & {person.extension for person in made.people}
    with pytest.raises(ValueError, match="20 to 40,000"):
        build_organisation(5)


def test_single_rows_take_defaults_and_refuse_unknown_columns() -> None:
    """For tests that write records by hand."""
    row = next(csv.reader([cdr_row("15", origDeviceName='a "b", c', dateTimeConnect=5)]))
    assert len(row) == 133
    assert row[56] == 'a "b", c'
    assert row[47] == "5"
    assert cdr_row("8.0", origDeviceSessionID="later").count(",") == 102
    assert cmr_row("15", jitter=3).startswith("2,1,0,0")
    assert cdr_file([cdr_row("15")], "15").count(b"\n") == 3
    with pytest.raises(ValueError, match="no such column: nonsense"):
        cdr_row("15", nonsense=1)
    with pytest.raises(ValueError, match="unknown UCM version"):
        cdr_row("3.3")


def test_until_leaves_out_calls_in_progress(organisation: Organisation) -> None:
    """What ends later is not written yet."""
    until = datetime(2026, 3, 2, 12, tzinfo=UTC)
    last_hour = until - timedelta(hours=1)
    generation = Generation(
        organisation, MONDAY, 2, 600, until=until, records_per_file=500, minute_files_from=last_hour
    )
    found = rows(generation)
    assert max(int(row["dateTimeDisconnect"]) for row in found) <= until.timestamp()
    assert max(Counter(row["file"] for row in found).values()) > 100


def test_command_writes_folders_and_a_manifest(tmp_path: Path) -> None:
    """One folder a phone system, only the one that was asked for."""
    arguments = {"people": 20, "days": 1, "start": MONDAY, "calls_per_day": 40.0, "version": "8.5"}
    call_command("generate_cdr", output=tmp_path / "all", manifest=tmp_path / "manifest.json", **arguments)
    assert {folder.name for folder in (tmp_path / "all").iterdir()} == {"ucm-europe", "ucm-gulf"}
    told = json.loads((tmp_path / "manifest.json").read_text())
    assert told["files"] == sum(1 for path in (tmp_path / "all").rglob("c*_*"))
    call_command("generate_cdr", output=tmp_path / "one", system=["ucm-gulf"], cmr=False, **arguments)
    assert {path.name[:3] for path in (tmp_path / "one").rglob("*_ucm-gulf_*")} == {"cdr"}
    assert {folder.name for folder in (tmp_path / "one").iterdir()} == {"ucm-gulf"}
    for wrong in ({"system": ["pbx"]}, {"share": [("internal", 2.0)]}, {"people": 3}):
        with pytest.raises(CommandError):
            call_command("generate_cdr", **({"output": tmp_path / "none"} | arguments | wrong))
    with pytest.raises(CommandError, match="--output"):
        call_command("generate_cdr", **arguments)


def test_live_traffic_ends_now(inbox: Path) -> None:
    """Complete files appear in the inbox, with calls that have just ended."""
    call_command("generate_cdr", live=True, people=20, rate=600.0, seconds=0.1)
    written = sorted(path for path in inbox.rglob("*") if path.is_file())
    assert len(written) > 0
    assert all(FILE_NAME.fullmatch(path.name) for path in written)
    files = [GeneratedFile(path.parent.name, path.name, path.name[:3], 0, path.read_bytes()) for path in written]
    now = datetime.now(UTC).timestamp()
    ends = defaultdict(int)
    for row in rows(files):
        ended = int(row["dateTimeDisconnect"])
        assert ended <= now
        ends[row["system"]] = max(ended, ends[row["system"]])
    assert all(now - end < 20 for end in ends.values())
