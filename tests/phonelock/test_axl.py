"""The engine "AXL" against a cluster that answers as UCM does: exchange, restoring, faults, comparison."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone
from lxml import etree
from lxml.etree import _Element as Element

from accounting.models import Extension
from accounting.services.axl import Publisher
from phonelock.engines.axl_client import AxlClient, Css, set_label
from phonelock.models import (
    EngineKind,
    EngineTurn,
    Happened,
    LineState,
    LineStatus,
    LockEvent,
    LockSetUp,
    Reason,
    Through,
)
from phonelock.services.comparing import compare, compare_due
from phonelock.services.locking import Actor, lock, release
from phonelock.services.telling import tell_due
from phonelock.simulator.server import Ucm
from tests.phonelock.clusters import (
    LOCKED_CSS,
    OWN_CSS,
    PARTITION,
    assert_honest,
    css_of,
    line,
    running,
    set_up,
    status_of,
    work_off,
)

pytestmark = pytest.mark.django_db
SOMEBODY = Actor(Through.PORTAL)


@pytest.fixture
def ucm(tmp_path: Path, db: None) -> Iterator[Ucm]:
    """A cluster, entered as the phone system."""
    with running(tmp_path / "ucm") as (found, port):
        set_up(found, port)
        yield found


def locked(extension: Extension) -> None:
    lock([extension.pk], Reason.SELF, SOMEBODY)
    tell_due()


def released(extension: Extension) -> None:
    release([extension.pk], Reason.SELF, SOMEBODY)
    tell_due()


@pytest.mark.parametrize("own_css", [OWN_CSS, ""])
def test_a_line_gets_back_exactly_what_it_had(ucm: Ucm, own_css: str) -> None:
    desk = line(ucm, "211", own_css)
    lock([desk.pk], Reason.SELF, SOMEBODY)
    assert status_of(desk) == LineStatus.LOCKING
    tell_due()
    assert (css_of(ucm, "211"), status_of(desk)) == (LOCKED_CSS, LineStatus.LOCKED)
    assert ucm.axl.done == ["getLine", "updateLine", "applyLine", "getLine"]
    release([desk.pk], Reason.SELF, SOMEBODY)
    assert status_of(desk) == LineStatus.OPENING
    tell_due()
    assert (css_of(ucm, "211"), status_of(desk)) == (own_css, LineStatus.OPEN)
    assert ucm.logins == 2, "each worker signs in once"
    kinds = LockEvent.objects.order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == [Happened.LOCKED, Happened.TOLD, Happened.RELEASED, Happened.TOLD]


def test_international_numbers_and_lines_without_a_partition(ucm: Ucm) -> None:
    desk = line(ucm, "+4930211")
    locked(desk)
    assert css_of(ucm, "\\+4930211") == LOCKED_CSS
    ucm.cluster.add_line("300", "", OWN_CSS)
    bare = Extension.objects.create(phone_system=desk.phone_system, number="300")
    saved = LockSetUp.objects.get()
    saved.route_partition = ""
    saved.save()
    lock([bare.pk], Reason.SELF, SOMEBODY)
    tell_due()
    assert ucm.cluster.bars("300")
    assert css_of(ucm, "\\+4930211") == OWN_CSS, "what was barred under another set-up is put back"


def test_what_an_administrator_has_changed_meanwhile_stays(ucm: Ucm) -> None:
    desk = line(ucm, "211")
    ucm.cluster.add_css("CSS_New")
    locked(desk)
    with ucm.cluster.changing() as content:
        content.lines[f"{PARTITION}/211"].css = content.lines[f"{PARTITION}/211"].applied_css = "CSS_New"
    released(desk)
    assert css_of(ucm, "211") == "CSS_New"
    assert status_of(desk) == LineStatus.OPEN
    assert LockEvent.objects.first().kind == Happened.RECONCILED  # type: ignore[union-attr]


def test_a_renamed_calling_search_space_is_found_by_its_key(ucm: Ucm) -> None:
    desk = line(ucm, "211")
    locked(desk)
    with ucm.cluster.changing() as content:
        content.css["CSS_Renamed"] = content.css.pop(OWN_CSS)
    released(desk)
    assert css_of(ucm, "211") == "CSS_Renamed"


def test_a_line_that_was_barred_before_is_not_freed_blindly(ucm: Ucm) -> None:
    desk = line(ucm, "211", LOCKED_CSS)
    locked(desk)
    released(desk)
    assert css_of(ucm, "211") == LOCKED_CSS
    state = LineState.objects.get()
    assert (status_of(desk), "not known" in state.error) == (LineStatus.OPENING, True)
    assert LockEvent.objects.first().kind == Happened.FAILED  # type: ignore[union-attr]


def test_text_beside_the_line_comes_and_goes_and_nothing_of_the_phone_is_lost(ucm: Ucm) -> None:
    LockSetUp.objects.update(line_text=True)
    desk = line(ucm, "211", phones=("SEP001122334455", "SEP00AA00BB00CC"))
    line(ucm, "212", phones=("SEP001122334455",))
    with ucm.cluster.changing() as content:
        content.phones["SEP001122334455"].lines[0] |= {"label": "Eva & Co", "maxNumCalls": "6"}
    before = ucm.state()["phones"]
    locked(desk)
    labels = [[one["label"] for one in phone["lines"]] for phone in ucm.state()["phones"].values()]
    assert labels == [["211 locked", ""], ["211 locked"]]
    assert status_of(desk) == LineStatus.LOCKED
    released(desk)
    assert ucm.state()["phones"] == before
    assert LineState.objects.get().due_at is None


def test_the_lock_holds_where_only_the_text_fails(ucm: Ucm) -> None:
    LockSetUp.objects.update(line_text=True)
    desk = line(ucm, "211", phones=("SEP001122334455",))
    ucm.troubles.plan("fault", "updatePhone")
    locked(desk)
    assert (status_of(desk), css_of(ucm, "211")) == (LineStatus.LOCKED, LOCKED_CSS)
    assert "DB error" in LineState.objects.get().error
    work_off()
    assert ucm.cluster.content.phones["SEP001122334455"].lines[0]["label"] == "211 locked"
    assert (LineState.objects.get().error, LineState.objects.get().due_at) == ("", None)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("busy", "503"), ("refused", "401"), ("forbidden", "403"), ("missing", "404"), ("unsupported", "599"),
        ("memory", "Memory"), ("nonsense", "no SOAP"),
    ],
)  # fmt: skip
def test_a_publisher_that_refuses_is_left_alone_for_a_while_and_tried_again(ucm: Ucm, kind: str, said: str) -> None:
    desk, other = line(ucm, "211"), line(ucm, "212")
    # An ended session would be renewed once.
    ucm.troubles.plan(kind, "updateLine", times=2 if kind in ("refused", "missing") else 1)
    lock([desk.pk, other.pk], Reason.SELF, SOMEBODY)
    tell_due()
    assert ucm.axl.done.count("updateLine") == 0
    assert all(said in state.error for state in LineState.objects.all())
    assert said in LockSetUp.objects.get().fault
    turn = EngineTurn.objects.get()
    assert turn.paused_until is not None
    assert 1 < (turn.paused_until - timezone.now()).total_seconds() < 30
    assert not tell_due()
    assert LockEvent.objects.filter(kind=Happened.FAILED).count() == 1
    work_off()
    assert_honest(ucm)
    assert {status_of(desk), status_of(other)} == {LineStatus.LOCKED}
    assert LockSetUp.objects.get().fault == ""


def test_one_line_that_ucm_does_not_know_holds_up_no_other(ucm: Ucm) -> None:
    desk = line(ucm, "211")
    unknown = Extension.objects.create(phone_system=desk.phone_system, number="999")
    lock([desk.pk, unknown.pk], Reason.SELF, SOMEBODY)
    tell_due()
    assert (status_of(desk), status_of(unknown)) == (LineStatus.LOCKED, LineStatus.LOCKING)
    assert "not found" in LineState.objects.get(extension=unknown).error


def test_a_session_that_has_ended_is_renewed(ucm: Ucm) -> None:
    first, second = line(ucm, "211"), line(ucm, "212")
    lock([first.pk, second.pk], Reason.SELF, SOMEBODY)
    done = ucm.axl.answer

    def forget_after_one(request: object) -> tuple[int, str]:
        ucm.sessions.clear()
        return done(request)

    ucm.axl.answer = forget_after_one  # type: ignore[method-assign]
    tell_due()
    assert {status_of(first), status_of(second)} == {LineStatus.LOCKED}


def test_nothing_is_locked_without_a_calling_search_space_for_it(ucm: Ucm) -> None:
    desk = line(ucm, "211")
    LockSetUp.objects.update(locked_css="")
    locked(desk)
    assert (status_of(desk), ucm.axl.done) == (LineStatus.LOCKING, [])
    LockSetUp.objects.update(locked_css="CSS_Missing")
    work_off()
    assert (status_of(desk), css_of(ucm, "211")) == (LineStatus.LOCKING, OWN_CSS)
    assert "CSS_Missing" in LineState.objects.get().error


@pytest.mark.parametrize("engine", [EngineKind.CALL_CONTROL, EngineKind.NONE, None])
def test_lines_are_put_back_when_the_engine_changes(ucm: Ucm, engine: EngineKind | None) -> None:
    held, freed = line(ucm, "211"), line(ucm, "212", "")
    lock([held.pk, freed.pk], Reason.SELF, SOMEBODY)
    tell_due()
    release([freed.pk], Reason.SELF, SOMEBODY)
    entered = LockSetUp.objects.get()
    if engine is None:
        entered.delete()
    else:
        entered.engine = engine
        entered.save()
    tell_due()
    assert (css_of(ucm, "211"), css_of(ucm, "212")) == (OWN_CSS, "")
    assert not LineState.objects.exclude(due_at=None).exists()
    if engine == EngineKind.CALL_CONTROL:
        assert (status_of(held), status_of(freed)) == (LineStatus.LOCKED, LineStatus.OPEN)
        entered.engine = EngineKind.AXL
        entered.save()
        assert status_of(held) == LineStatus.LOCKING, "call control's word does not count for AXL"
        tell_due()
        assert css_of(ucm, "211") == LOCKED_CSS


def test_comparison_puts_differences_right_both_ways(ucm: Ucm) -> None:
    opened, barred, strange, right = (line(ucm, number) for number in ("211", "212", "213", "214"))
    lock([opened.pk, barred.pk, right.pk], Reason.SELF, SOMEBODY)
    tell_due()
    released(barred)
    with ucm.cluster.changing() as content:
        for number, css in (("211", ""), ("212", LOCKED_CSS), ("213", LOCKED_CSS)):
            content.lines[f"{PARTITION}/{number}"].css = content.lines[f"{PARTITION}/{number}"].applied_css = css
    ucm.axl.most_rows = 60
    for number in range(300, 500):
        ucm.cluster.add_line(str(number), PARTITION)
    ucm.axl.done.clear()
    assert compare_due() == 2
    assert ucm.axl.done.count("listLine") > 3, "pages as large as UCM gives them"
    assert (status_of(opened), status_of(barred)) == (LineStatus.LOCKING, LineStatus.OPENING)
    assert compare_due() == 0, "not due yet"
    tell_due()
    assert [css_of(ucm, number) for number in ("211", "212", "213", "214")] == [
        LOCKED_CSS,
        OWN_CSS,
        LOCKED_CSS,
        LOCKED_CSS,
    ]
    entered = LockSetUp.objects.select_related("phone_system").get()
    assert "213" in entered.fault
    found = compare(entered)
    assert (found.open_there, found.locked_there, found.strange) == (0, 0, (strange.number,))
    released(opened)
    assert css_of(ucm, "211") == "", "what was found there is what is given back"


def test_an_order_that_comes_into_force_late_is_found_and_undone(ucm: Ucm) -> None:
    desk = line(ucm, "211")
    lock([desk.pk], Reason.SELF, SOMEBODY)
    # Cut off, and sent once more on a new connection: both are done later.
    ucm.troubles.plan("late", "updateLine", times=2, seconds=1.5)
    tell_due()
    release([desk.pk], Reason.SELF, SOMEBODY)
    work_off()
    assert (status_of(desk), css_of(ucm, "211")) == (LineStatus.OPEN, OWN_CSS)
    deadline = time.monotonic() + 10
    while ucm.cluster.content.lines[f"{PARTITION}/211"].css != LOCKED_CSS:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(0.2)
    compare(LockSetUp.objects.select_related("phone_system").get())
    assert status_of(desk) == LineStatus.OPENING
    work_off()
    assert (status_of(desk), css_of(ucm, "211")) == (LineStatus.OPEN, OWN_CSS)


def test_requests_are_written_as_in_ciscos_schema() -> None:
    sent: list[str] = []

    class Noting(AxlClient):
        def call(self, operation: str, *children: Element) -> Element:
            sent.append(operation + "".join(etree.tostring(child).decode() for child in children))
            return etree.fromstring(ANSWER)

    client = Noting(Publisher("ucm", "", "", ""), "14.0")
    client.line("+49211", "PT")
    client.set_css("211", "PT", Css())
    client.set_css("211", "", Css("CSS & more"))
    [shared] = client.phone_lines("SEP1")
    set_label(shared, "211 locked")
    client.set_phone_lines("SEP1", [shared])
    nil = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"'
    tags = "<shareLineAppearanceCssName/><associatedDevices><device/></associatedDevices>"
    key = "<pattern>211</pattern><routePartitionName>PT</routePartitionName>"
    assert [one.replace("ns0:", "xsi:").replace("xmlns:ns0", "xmlns:xsi") for one in sent] == [
        rf"getLine<pattern>\+49211</pattern><routePartitionName>PT</routePartitionName><returnedTags>{tags}</returnedTags>",
        f"updateLine{key}<shareLineAppearanceCssName {nil}/>",
        f"updateLine<pattern>211</pattern><routePartitionName {nil}/>"
        "<shareLineAppearanceCssName>CSS &amp; more</shareLineAppearanceCssName>",
        "getPhone<name>SEP1</name>",
        f"updatePhone<name>SEP1</name><lines><line><index>1</index><label>211 locked</label><dirn>{key}</dirn>"
        "<maxNumCalls>6</maxNumCalls></line></lines>",
        "applyPhone<name>SEP1</name>",
    ]


ANSWER = (
    "<r><return><line/><phone><lines><line uuid='{1}'><index>1</index><dirn uuid='{2}'><pattern>211</pattern>"
    "<routePartitionName uuid='{3}'>PT</routePartitionName></dirn><dialPlanWizardId>7</dialPlanWizardId>"
    "<maxNumCalls>6</maxNumCalls><recordingProfileName uuid=''/></line></lines></phone></return></r>"
)
