"""Calls arrive in any order, late, twice and in parts, while rules look, fail and change: each is raised once."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from django.db.models import Q
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounting.demo.records import cdr_file, cdr_row
from accounting.models import (
    CallLeg,
    CallRecord,
    CallType,
    Direction,
    ExtensionDay,
    ImportBatch,
    ImportFile,
    PhoneSystem,
    UnitHalfHour,
    User,
)
from accounting.services.importing import import_files
from alarms.kinds import KINDS, reasons
from alarms.kinds.base import Finding, Kind, Parameters
from alarms.kinds.looking import Look, latest_marks
from alarms.models import Alarm, AlarmedCall, AlarmRule, RuleRun
from alarms.services import evaluating
from tests import factories as make
from tests.accounting.scenarios import SCENARIOS, record
from tests.accounting.test_scenarios import cluster
from tests.accounting.transfer_cases import CASES, FAR, NEAR

pytestmark = pytest.mark.django_db
__all__ = ["cluster"]
START, DAY = 1_760_000_000, 86_400
ABROAD, FOREIGN = "9011442071234567", Q(direction=Direction.OUTGOING, call_type=CallType.INTERNATIONAL)
PARTIES = ("callingPartyNumber", "originalCalledPartyNumber", "finalCalledPartyNumber", "lastRedirectDn")
TIMES = ("dateTimeOrigination", "dateTimeConnect", "dateTimeDisconnect")
FLOWS: list[tuple[str, list[dict[str, Any]]]] = [
    ("cluster", [record("2001", ABROAD, legs=(1, 2), talk=60)]),
    ("cluster", [record("2001", ABROAD, call=2, legs=(3, 4), at=30, talk=60)]),
    ("cluster", [record("2001", ABROAD, call=3, legs=(5, 6), at=-DAY, talk=60)]),
    ("other", [record("2001", ABROAD, legs=(1, 2), talk=60)]),
    ("cluster", [record("2001", "3071111", call=4, legs=(7, 8), talk=60)]),
    ("cluster", SCENARIOS["consult_transfer_by_caller"][0]),
    ("cluster", CASES["internal_blind_to_public"]),
    ("cluster", CASES["public_to_public_after_talking"]),
    ("cluster", CASES["conference_of_two_outside"]),
]
PLAIN = 5
"""So many flows are calls of one record, by one extension; the others have extensions and legs of their own."""
PARTS = [(flow, part) for flow, (_, rows) in enumerate(FLOWS) for part in range(len(rows))]
ACTS = ("wait", "wait", "look", "look", "twice", "killed", "broken", "changed")


class Killed(BaseException):
    """The worker is gone: nobody catches it."""


class TwoADay(Kind):
    """Lines with two calls abroad in a day: an occasion that is touched again and again."""

    slug, label, description, icon = "two_a_day", "Two a day", "", "globe"

    def find(self, parameters: Parameters, look: Look) -> Iterator[Finding]:
        """Count the days that arrivals touch."""
        for system, extension, day in set(
            look.arrivals().values_list("phone_system_id", "extension", "started_at__date")
        ):
            calls = look.records().filter(FOREIGN, phone_system_id=system, extension=extension, started_at__date=day)
            if calls.count() > 1:
                yield Finding(f"{system}:{extension}:{day}", calls.earliest("started_at").started_at)

    def sentence(self, alarm: Alarm) -> str:
        """Return what has happened."""
        return "two calls"


def outside(cluster: PhoneSystem) -> None:
    """Let a 9 lead outside, and enter a second phone system in the same office."""
    assert cluster.office
    cluster.office.access_code, cluster.office.international_prefix = "9", "011"
    cluster.office.save()
    PhoneSystem.objects.create(name="other", office=cluster.office)


def row_of(flow: int, part: int) -> dict[str, Any]:
    """Return a call detail record; each transfer has extensions, legs and call numbers of its own."""
    row = dict(FLOWS[flow][1][part])
    if flow >= PLAIN:
        for name in PARTIES:
            row[name] = ABROAD if row.get(name) in (FAR, NEAR) else own(row.get(name), flow)
        row["globalCallID_callId"] += 10 * flow
        row["origLegCallIdentifier"] += 1000 * flow
        row["destLegIdentifier"] += 1000 * flow
    return row | {name: START + row[name] if row[name] is not None else 0 for name in TIMES}


def own(number: str | None, flow: int) -> str | None:
    """Return the extension of a flow in the place of that of the scenario."""
    return f"2{flow}{number[2:]}" if number and len(number) == 4 else number


def write(folder: Path, flow: int, part: int) -> Path:
    """Write a record as a file of its own."""
    path = folder / f"cdr_StandAloneCluster_01_202511010000_{flow}{part}{len(list(folder.iterdir()))}"
    path.write_bytes(
        cdr_file([cdr_row("15", **row_of(flow, part), pkid=f"00000000-0000-4000-8000-{flow:06}{part:06}")], "15")
    )
    return path


def arrive(folder: Path, parts: Iterable[tuple[int, int]]) -> None:
    """Import records, those of each phone system as one batch."""
    by_system: dict[str, list[Path]] = {}
    for flow, part in parts:
        by_system.setdefault(FLOWS[flow][0], []).append(write(folder, flow, part))
    for name, paths in by_system.items():
        import_files(PhoneSystem.objects.get(name=name), paths)


def look(error: BaseException | None = None) -> None:
    """Let all rules be due, and work until none is; with an error each look ends in the middle instead."""
    AlarmRule.objects.update(next_run=timezone.now())
    with pytest.MonkeyPatch.context() as patch:
        if error is not None:
            patch.setattr(evaluating, "tell_run", raising(error))
        try:
            while evaluating.evaluate_next():
                pass
        except Killed:
            assert AlarmRule.objects.due(timezone.now()).exists(), "what was not done is still due"


def raising(error: BaseException) -> Any:
    """Return what raises this error when the alarms of a look are stored already."""

    def tell(rule: AlarmRule, run: RuleRun) -> None:
        assert run.alarms.count() == run.raised
        raise error

    return tell


def change() -> None:
    """Change the parameters of all rules."""
    for rule in AlarmRule.objects.all():
        rule.version += 1
        rule.save()


def begin(owner: User) -> None:
    """Forget the example before, and enter a rule about calls and one that counts."""
    for model in (CallRecord, CallLeg, ExtensionDay, UnitHalfHour, ImportFile, ImportBatch, AlarmRule):
        model.objects.all().delete()
    for kind in ("international", TwoADay.slug):
        AlarmRule.objects.create(name=kind, kind=kind, owner=owner, zone="UTC", unit="minutes", marks=latest_marks())


@pytest.fixture
def owner(cluster: PhoneSystem, monkeypatch: pytest.MonkeyPatch) -> User:
    """An administrator, two phone systems in one office where a 9 leads outside, and the kind that counts."""
    monkeypatch.setitem(KINDS, TwoADay.slug, TwoADay())
    outside(cluster)
    return make.administrator()


@settings(
    max_examples=8,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(order=st.permutations(PARTS), acts=st.lists(st.sampled_from(ACTS), min_size=len(PARTS), max_size=len(PARTS)))
def test_each_call_and_occasion_once(owner: User, order: list[tuple[int, int]], acts: list[str]) -> None:
    begin(owner)
    waiting: list[tuple[int, int]] = []
    with TemporaryDirectory() as folder:
        for part, act in zip(order, acts, strict=True):
            waiting.append(part)
            if act == "wait":
                continue
            arrive(Path(folder), waiting)
            if act == "twice":
                arrive(Path(folder), waiting)
            waiting = []
            if act == "changed":
                change()
            else:
                look({"killed": Killed(), "broken": ValueError()}.get(act))
        arrive(Path(folder), waiting)
        look()
        look()
    assert_calls_raised(changed="changed" in acts)
    assert_occasions_raised()
    unexpected = RuleRun.objects.filter(reason=reasons.UNEXPECTED).count()
    assert unexpected == 2 * acts.count("broken")


def assert_calls_raised(*, changed: bool) -> None:
    """Hold that each call abroad is raised once, and beside them only calls that turned out to be somebody else's."""
    names = ("phone_system_id", "extension", "started_at", "leg")
    there = set(CallRecord.objects.filter(FOREIGN).values_list(*names))
    calls = Counter(name[:2] for name in there)
    assert len(there) == 9
    raised = list(AlarmedCall.objects.values_list("version", *names))
    told = Counter((version, *name[:2]) for version, *name in raised)
    assert not {line: count for line, count in told.items() if line[1:] in calls and count > calls[line[1:]]}
    if changed:
        assert {tuple(name[:2]) for _, *name in raised} >= set(calls)
    else:
        assert {tuple(name) for _, *name in raised} >= there
    assert sum(Alarm.objects.filter(rule__kind="international").values_list("calls", flat=True)) == len(raised)


def assert_occasions_raised() -> None:
    """Hold that each day of a line with two calls abroad is raised, and no other."""
    days = Counter(
        f"{system}:{extension}:{moment:%Y-%m-%d}"
        for system, extension, moment in CallRecord.objects.filter(FOREIGN).values_list(
            "phone_system_id", "extension", "started_at"
        )
    )
    raised = Alarm.objects.filter(rule__kind=TwoADay.slug).values_list("key", flat=True)
    assert set(raised) == {key for key, count in days.items() if count > 1}
    assert len(set(raised)) == 2
