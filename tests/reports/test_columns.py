"""The columnar copy answers as the database does, for any question, whatever has been copied or touched since."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from accounting.models import (
    CallRecord,
    CallType,
    Department,
    Direction,
    Gateway,
    Kind,
    Office,
    Outcome,
    Pricing,
    PublicHoliday,
    User,
)
from accounting.services.columns import files, reading
from accounting.services.columns.copying import copy_columns
from accounting.services.columns.reading import Split
from accounting.services.columns.touching import touch
from accounting.services.masking import SEEN, mask_for
from callanalytics.web.pagination import Paging, Position
from reports.catalogue import REPORTS
from reports.catalogue.base import only
from reports.charts import base as charts
from reports.charts.base import Chart, charts_of
from reports.engine import ranking, tables
from reports.engine.answering import Answer, Node, Wanted, answer
from reports.engine.conditions import Comparison, Condition, Group, comparisons_in
from reports.engine.dimensions import DIMENSIONS
from reports.engine.fields import FIELDS, Asker
from reports.engine.layout import lay_out
from reports.engine.measures import MEASURES, Sums
from reports.engine.question import CHARTS, CUSTOM, Question, asker_for, previous
from reports.engine.running import compared, run_report
from reports.engine.tables import fields_in
from reports.special.loads import gateway_loads
from tests import factories as make

ZONES = ("UTC", "US/Eastern", "Asia/Kathmandu", "Australia/Lord_Howe", "Europe/Berlin")
START, DAYS = datetime(2025, 10, 20, tzinfo=UTC), 19
NUMBERS = ("+493012345678", "+6599775544", "+44%_\\8001111", "2001", "", "info@example.com", 'Ägypten\nzwei, "drei"')
NOW = timedelta(0)


@pytest.fixture
def calls(db: None, settings: Any, tmp_path: Path) -> User:
    """An administrator, and 400 copied calls around the end of summer time; some days are touched after copying."""
    settings.DATA_DIR = tmp_path
    chance = random.Random(11)
    departments = [make.department("Sales").pk, make.department("Service").pk, None]
    people = [make.person().pk, None]
    batch = make.batch()
    for _ in range(400):
        outcome = chance.choice(list(Outcome))
        talk = chance.choice((0, 19, 20, 21, 300)) if outcome == Outcome.ANSWERED else 0
        currency = chance.choice(("EUR", "GBP", "")) if talk else ""
        make.record(
            batch_id=batch.pk,
            started_at=START + timedelta(days=DAYS) * chance.random(),
            extension=chance.choice(("211", "729", "731", "800")),
            user_id=chance.choice(people),
            department_id=chance.choice(departments),
            direction=chance.choice(list(Direction)),
            kind=chance.choice(list(Kind)),
            outcome=outcome,
            call_type=chance.choice((CallType.INTERNATIONAL, CallType.MOBILE, CallType.LOCAL)),
            other_number=chance.choice(NUMBERS),
            country=chance.choice(("DE", "SG", "")),
            destination=chance.choice(("Berlin", "Ägypten", "")),
            talk_seconds=talk,
            ring_seconds=chance.choice((0, 5, 30)),
            pricing=Pricing.PRICED if currency else chance.choice((Pricing.NOT_CHARGEABLE, Pricing.NO_RATE)),
            cost=Decimal(chance.randrange(1, 90_000)).scaleb(-6) if currency else chance.choice((Decimal(0), None)),
            currency=currency,
            mos=chance.choice((None, 350, 420)),
            conference=chance.random() < 0.1,
        )
    make.masking_rule()
    make.supervisor(of=Department.objects.get(name="Sales"))
    copy_columns(quiet=NOW)
    return make.administrator()


@pytest.fixture(autouse=True)
def unfailing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing that the copy cannot read pass as an answer of the database."""

    def fail(event: str) -> None:
        raise AssertionError(event)

    monkeypatch.setattr(reading.log, "exception", fail)


@pytest.fixture
def half_touched(calls: User) -> User:
    """Two days have changed since they were copied: the copy still holds what was there before."""
    for number in (3, 11):
        begin = START + timedelta(days=number)
        touch([begin.date()])
        CallRecord.objects.in_period(begin, begin + timedelta(days=1)).update(talk_seconds=7, other_number="+4989")
    return calls


COMPARED = {
    "number": (("is", "not", "begins", "contains"), ("+493012345678", "2001", "+44%_", "%", "Ägypten", "INFO", "none")),
    "extension": (("is", "not", "begins"), ("211", "72", "999")),
    "direction": (("is", "not"), ("incoming", "outgoing")),
    "destination": (("is", "not", "begins", "contains"), ("Berlin", "gypt", "BER", "berl", "ÄGYPT", "agypt", "none")),
    "weekday": (("is", "not"), tuple("1234567")),
    "hour": (("is", "not"), ("0", "1", "2", "12", "23")),
    "half_hour": (("is", "not"), ("0", "30", "90", "720")),
    "time": (("within", "outside"), ("22:00-06:00", "08:00-17:30")),
    "day": (("is", "not"), ("2025-10-26", "2025-10-23")),
    "talk": (("ge", "le", "lt"), ("0", "20", "60")),
    "cost": (("ge", "lt"), ("0.01", "0", "0.050001")),
    "quality": (("ge", "lt"), ("3.6", "4")),
    "person": (("is", "not"), ("none",)),
    "department": (("is", "not"), ("none",)),
    "conference": (("is",), ("yes", "no")),
    "price": (("is", "not"), ("priced", "unpriced")),
}
"""Fields with operators and values; texts that are patterns elsewhere are among them."""


def comparisons() -> st.SearchStrategy[Condition]:
    """Return a strategy for single tests."""
    return st.sampled_from(sorted(COMPARED)).flatmap(
        lambda name: st.builds(
            Comparison,
            st.just(name),
            st.sampled_from(COMPARED[name][0]),
            st.sampled_from(COMPARED[name][1]).map(lambda value: (value,)),
        )
    )


CONDITIONS = st.recursive(
    comparisons(),
    lambda part: (
        st.builds(Group, st.sampled_from(("all", "any")), st.lists(part, min_size=1, max_size=3).map(tuple))
        | st.builds(Group, st.just("not"), st.tuples(part))
    ),
    max_leaves=5,
)
LEVELS = st.lists(st.sampled_from(sorted(DIMENSIONS)), min_size=1, max_size=3, unique=True).map(tuple)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    levels=LEVELS,
    condition=CONDITIONS,
    zone=st.sampled_from(ZONES),
    days=st.tuples(st.integers(-2, 9), st.integers(10, 21)),
    top=st.sampled_from((None, 1, 3)),
    sort=st.sampled_from(("-calls", "talk", "-cost", "name", "-answer_rate")),
    reader=st.sampled_from(("admin", "super")),
)
def test_any_question_has_the_databases_answer(
    half_touched: User,
    levels: tuple[str, ...],
    condition: Condition,
    zone: str,
    days: tuple[int, int],
    top: int | None,
    sort: str,
    reader: str,
) -> None:
    first, last = ((START + timedelta(days=day)).date() for day in days)
    question = Question(
        period=CUSTOM, first=first, last=last, zone=zone, where=condition, group=levels, columns=tuple(MEASURES),
        top=top, sort=sort,
    )  # fmt: skip
    person = User.objects.get(username=reader)
    asker = asker_for(person, mask_for(person), zone)
    assume(all(FIELDS[name].is_for(asker) for name in fields_in(question)))
    assume(reader == "admin" or not any(one.operator == "contains" for one in comparisons_in(condition)))
    with timezone.override(asker.zone):
        found, expected = answer(question, asker), by_database(question, asker)
        both = with_change(question, asker)
        with no_copy():
            both_expected = with_change(question, asker)
    assert (found.source, expected.source) == (both.source, both_expected.source) == ("columns", "calls")
    assert told(found) == told(expected)
    assert told(both) == told(both_expected)
    assert told(both, before=False) == told(expected)


def by_database(question: Question, asker: Asker) -> Answer:
    """Return the answer of the call records alone."""
    with no_copy():
        return answer(question, asker)


@contextmanager
def no_copy() -> Iterator[None]:
    """Let the call records alone answer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "from_both", lambda *_: None)
        patch.setattr(tables, "in_days", lambda *_: False)
        yield


def with_change(question: Question, asker: Asker, rows: int = 0) -> Answer:
    """Return the answer with that of the period before."""
    before = previous(question)
    assert before is not None
    return compared(question, before, asker, Wanted(rows))


def told(found: Answer, *, before: bool = True) -> Any:
    """Return everything that an answer says, the sums of the period before among it if wanted."""
    groups = [told_of(node, before=before) for node in found.nodes]
    return sums_of(found.total), sums_of(found.before if before else None), found.cut, groups


def told_of(node: Node, *, before: bool) -> Any:
    """Return everything that a group says."""
    parts = [told_of(part, before=before) for part in node.parts]
    return node.keys, node.label, sums_of(node.sums), sums_of(node.before if before else None), parts


def sums_of(sums: Sums | None) -> Any:
    """Return sums, those of nothing left out."""
    if sums is None:
        return None
    return {name: value for name, value in sums.numbers.items() if value}, sums.costs, sums.first, sums.last


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    levels=LEVELS,
    sort=st.sampled_from(("-calls", "-cost", "cost", "-talk", "-answer_rate", "-last", "name", "")),
    chart=st.sampled_from(sorted(CHARTS)),
    rows=st.integers(1, 6),
    top=st.sampled_from((None, None, 2, 30)),
    condition=CONDITIONS,
)
def test_a_page_and_its_charts_show_what_the_whole_answer_shows(
    half_touched: User,
    few_marks: None,
    levels: tuple[str, ...],
    sort: str,
    chart: str,
    rows: int,
    top: int | None,
    condition: Condition,
) -> None:
    first, last = ((START + timedelta(days=day)).date() for day in (8, 15))
    question = Question(
        period=CUSTOM, first=first, last=last, zone="UTC", group=levels, columns=("calls", "talk", "cost", "change"),
        sort=sort, chart=chart, top=top, where=condition,
    )  # fmt: skip
    asker = asker_for(half_touched, mask_for(half_touched), "UTC")
    page, whole = with_change(question, asker, rows), with_change(question, asker)
    assert page.source == whole.source == "columns"
    assert sums_of(page.total) == sums_of(whole.total)
    assert lay_out(page, 0, rows).rows[:rows] == lay_out(whole, 0, rows).rows[:rows]
    if rows > 1:  # a page asks for one row more than it shows
        assert lay_out(page, 0, rows - 1).has_more == lay_out(whole, 0, rows - 1).has_more
    assert [drawn(one) for one in charts_of(page)] == [drawn(one) for one in charts_of(whole)]
    assert sums_of(page.before) == sums_of(whole.before)


@pytest.fixture
def few_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Charts show few of the groups, so that a page has groups that neither it nor its chart shows."""
    for name, most in (("bar", 2), ("paired", 2), ("doughnut", 2), ("heat", 2), ("stacked", 2)):
        monkeypatch.setitem(ranking.CHARTED, name, most)
    for name in ("MOST_BARS", "MOST_SLICES", "MOST_LINES", "MOST_COLUMNS"):
        monkeypatch.setattr(charts, name, 2)


@pytest.mark.parametrize("typed", ["berl", "BERL", "Berl"])
@pytest.mark.parametrize("operator", ["begins", "contains"])
def test_a_text_is_found_however_it_is_typed(half_touched: User, operator: str, typed: str) -> None:
    asker = asker_for(half_touched, mask_for(half_touched), "UTC")
    test = Comparison("destination", operator, (typed,))
    question = Question(period="all", where=test, group=("destination",), columns=("calls",))
    expected = CallRecord.objects.filter(destination="Berlin").count()
    assert answer(question, asker).total.of("calls") == expected
    with no_copy():
        assert answer(question, asker).total.of("calls") == expected


def test_days_of_arrival_are_answered_by_the_copy(half_touched: User) -> None:
    asker, today = asker_for(half_touched, mask_for(half_touched), "UTC"), timezone.now().date().isoformat()
    for operator, expected in (("is", CallRecord.objects.count()), ("not", 0)):
        where = Comparison("arrived", operator, (today,))
        question = Question(period="all", where=where, group=("direction",), columns=("calls",))
        found = answer(question, asker)
        assert (found.source, found.total.of("calls")) == ("columns", expected)


@pytest.mark.parametrize(("typed", "found"), [("INFO@EX", "info@example.com"), ("ÄGYPT", NUMBERS[-1])])
def test_an_address_is_found_however_it_is_typed(half_touched: User, typed: str, found: str) -> None:
    asker = asker_for(half_touched, mask_for(half_touched), "UTC")
    for operator in ("begins", "contains"):
        question = Question(period="all", where=Comparison("number", operator, (typed,)), group=("number",))
        expected = CallRecord.objects.filter(other_number=found).count()
        assert answer(question, asker).total.of("calls") == expected
        with no_copy():
            assert answer(question, asker).total.of("calls") == expected


def drawn(chart: Chart) -> Any:
    """Return everything that a chart shows."""
    return chart.kind, chart.title, chart.categories, chart.series


def test_every_field_figure_and_grouping_is_in_the_copy(calls: User) -> None:
    asker = asker_for(calls, mask_for(calls), "UTC")
    for name in DIMENSIONS:
        question = Question(period="all", group=(name,), columns=tuple(MEASURES))
        assert answer(question, asker).source == "columns", name
    compared = {getattr(one, "column", "id") for one in FIELDS.values() if one.of_calls}
    assert {SEEN.get(column, column) for column in compared} <= set(files.COLUMNS)


@pytest.mark.parametrize("slug", ["simultaneous-calls", "utilisation", "missed-open", "bursts", "silent-extensions"])
def test_special_reports_show_the_same_with_and_without_the_copy(
    half_touched: User, slug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateways = [make.gateway("GW-A", channels=2).pk, make.gateway("GW-B").pk]
    chance = random.Random(5)
    for pk in CallRecord.objects.values_list("pk", flat=True):
        long = timedelta(seconds=chance.choice((0, 40, 2000, 9000)))
        one = CallRecord.objects.filter(pk=pk)
        one.update(gateway_id=chance.choice(gateways), carries_trunk=True, ended_at=F("started_at") + long)
    burst = START + timedelta(days=5, hours=23, minutes=57)
    for second in range(0, 420, 60):
        make.record(started_at=burst + timedelta(seconds=second), extension="777", talk_seconds=3)
    for offset in (0, 1, 299, 450, 599):
        for number in range(5):
            moment = START + timedelta(days=5, hours=20, seconds=offset + 150 * number)
            make.record(started_at=moment, extension=f"9{offset}", talk_seconds=3)
    touch([burst.date()])
    copy_columns(rebuild=True, quiet=NOW)
    touch([(burst + timedelta(days=1)).date()])
    asker = asker_for(half_touched, mask_for(half_touched), "Asia/Kathmandu")
    question = Question(period="all")
    by_copy = [row.cells for row in run_report(REPORTS[slug], question, asker).layout.rows]
    monkeypatch.setattr(
        "accounting.services.columns.reading.split", lambda start, end: Split(start, end, (), (), frozenset())
    )
    by_database = [row.cells for row in run_report(REPORTS[slug], question, asker).layout.rows]
    assert by_copy == by_database
    assert by_copy or slug == "silent-extensions"


SPANS = st.tuples(
    st.sampled_from((0, 1, 86_100, 86_399, 172_799, 259_200, 400_000)),
    st.integers(0, 1000),
    st.sampled_from((0, 1, 30, 899, 901, 7200, 90_000, 200_000)),
    st.integers(0, 1),
)
"""About when a call begins (seconds from the start), how much later, how long it lasts, and its gateway."""


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    spans=st.lists(SPANS, min_size=1, max_size=12),
    zone=st.sampled_from(ZONES),
    days=st.one_of(st.none(), st.tuples(st.integers(0, 3), st.integers(3, 6))),
    touched=st.sets(st.integers(0, 5), max_size=2),
    channels=st.sampled_from((1, 2, None)),
)
def test_loads_of_gateways_are_those_of_going_call_by_call(
    no_calls: Any,
    spans: list[tuple[int, int, int, int]],
    zone: str,
    days: tuple[int, int] | None,
    touched: set[int],
    channels: int | None,
) -> None:
    reader, gateways, batch = no_calls
    Gateway.objects.update(channels=7)
    CallRecord.objects.all().delete()
    for about, later, long, gateway in spans:
        begun = MONTHS_END + timedelta(seconds=about + later)
        make.record(
            batch_id=batch.pk, started_at=begun, ended_at=begun + timedelta(seconds=long), gateway_id=gateways[gateway],
            carries_trunk=True,
        )  # fmt: skip
    copy_columns(rebuild=True, quiet=NOW)
    # What the copy keeps does not depend on what is set up.
    Gateway.objects.update(channels=channels)
    for begin in (MONTHS_END + timedelta(days=day) for day in touched):
        touch([begin.date()])
        CallRecord.objects.in_period(begin, begin + timedelta(days=1)).update(gateway_id=gateways[0])
    asker = asker_for(reader, mask_for(reader), zone)
    first, last = ((MONTHS_END + timedelta(days=day)).date() for day in days) if days else (None, None)
    question = Question(period=CUSTOM if days else "all", first=first, last=last, zone=zone)
    found = gateway_loads(question, asker)
    with pytest.MonkeyPatch.context() as patch:  # as of a question with conditions
        patch.setattr("reports.special.loads.fields_in", lambda _question: {"kind"})
        assert gateway_loads(question, asker) == found
        patch.setattr("reports.special.loads.of_clean_days", lambda *_: None)
        assert gateway_loads(question, asker) == found


MONTHS_END = datetime(2025, 10, 30, tzinfo=UTC)


@pytest.fixture
def no_calls(db: None, settings: Any, tmp_path: Path) -> Any:
    """An administrator, two gateways and a batch for calls to come."""
    settings.DATA_DIR = tmp_path
    return make.administrator(), [make.gateway("GW-A").pk, make.gateway("GW-B").pk], make.batch()


@pytest.mark.parametrize("sort", ["-talk", "talk", "-poor", "-cost"])
def test_the_order_may_be_that_of_a_figure_which_is_not_shown(half_touched: User, sort: str) -> None:
    question = Question(period="all", group=("number",), columns=("calls",), sort=sort, top=3)
    shown = Question(period="all", group=("number",), columns=tuple(MEASURES), sort=sort, top=3)
    asker = asker_for(half_touched, mask_for(half_touched), "UTC")
    found = answer(question, asker)
    assert found.source == "columns"
    assert [node.keys for node in found.nodes] == [node.keys for node in by_database(shown, asker).nodes]


@pytest.mark.parametrize("left", [0, 300])
def test_a_damaged_file_is_passed_over_and_written_anew(
    calls: User, left: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading.log, "exception", lambda _event: None)
    asker = asker_for(calls, mask_for(calls), "UTC")
    question = Question(period="all", group=("number",), columns=tuple(MEASURES))
    sound = answer(question, asker)
    path = next(files.folder().glob("*.parquet"))
    path.write_bytes(path.read_bytes()[:left])
    assert told(answer(question, asker)) == told(sound)
    assert copy_columns(quiet=NOW).days
    again = answer(question, asker)
    assert (again.source, told(again)) == ("columns", told(sound))
    assert not path.exists()


LISTS = {
    "time": {"sort": "-time", "tests": only(direction="incoming")},
    "oldest": {"sort": "time", "tests": only(direction="incoming")},
    "cost": {"sort": "-cost", "tests": only(price="priced")},
    "cheap": {"sort": "cost", "top": 6},
    "dear": {"sort": "-cost", "top": 40},
    "talk": {"sort": "-talk", "top": 7},
    "quality": {"sort": "quality", "top": 9},
}


@pytest.mark.parametrize("order", sorted(LISTS))
@pytest.mark.parametrize("reader", ["admin", "super"])
def test_lists_show_the_same_calls_with_and_without_the_copy(
    half_touched: User, order: str, reader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = User.objects.get(username=reader)
    asker = asker_for(person, mask_for(person), "US/Eastern")
    question = Question(period="all", columns=("time", "other", "talk", "cost"), **LISTS[order])
    by_copy = list(pages_of(question, asker))
    nothing = Split(None, None, (), (), frozenset())
    monkeypatch.setattr("accounting.services.columns.reading.split", lambda *_: nothing)
    assert by_copy == list(pages_of(question, asker))
    assert by_copy[0]


def pages_of(question: Question, asker: Asker) -> Iterator[list[int | None]]:
    """Yield the ids of each page's calls, there and back."""
    paging, before = Paging(25), ""
    while True:
        layout = run_report(REPORTS["calls"], question, asker, paging).layout
        yield [row.record_id for row in layout.rows]
        if not layout.after:
            break
        before = layout.before
        paging = Paging(25, after=Position.parse(layout.after))
    if before:
        back = run_report(REPORTS["calls"], question, asker, Paging(25, before=Position.parse(before))).layout
        yield [row.record_id for row in back.rows]


@pytest.mark.parametrize("hours", ["08:00-17:30", "22:07-06:00"])
@pytest.mark.parametrize("operator", ["within", "outside"])
def test_business_hours_are_the_same_in_the_copy(half_touched: User, operator: str, hours: str) -> None:
    offices = [
        Office.objects.create(name=zone, country=country, time_zone=zone)
        for zone, country in (("Europe/Berlin", "DE"), ("Australia/Lord_Howe", "AU"), ("Asia/Kathmandu", "NP"))
    ]
    PublicHoliday.objects.create(office=offices[0], day=START.date() + timedelta(days=8))
    offices_of_calls = [*(one.pk for one in offices), None]
    for place, pk in enumerate(CallRecord.objects.order_by("pk").values_list("pk", flat=True)):
        CallRecord.objects.filter(pk=pk).update(office_id=offices_of_calls[place % 4])
    copy_columns(rebuild=True, quiet=NOW)
    asker = asker_for(half_touched, mask_for(half_touched), "US/Eastern")
    whole: dict[str, Any] = {"first": START.date() + timedelta(days=2), "last": START.date() + timedelta(days=17)}
    tests = only(**{f"business_hours__{operator}": hours})
    question = Question(period=CUSTOM, **whole, group=("office",), columns=("calls",), tests=tests)
    by_copy = answer(question, asker)
    assert by_copy.source == "columns"
    assert by_copy.total.of("calls") == tables.calls_of(question, asker).count()
    assert {node.keys[0]: node.sums.of("calls") for node in by_copy.nodes} == {
        pk: count for pk in offices_of_calls if (count := tables.calls_of(question, asker).filter(office_id=pk).count())
    }


def test_a_page_that_takes_too_long_is_stopped_and_says_so(
    calls: User, client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(calls)
    address = f"/reports/by-day/?period=&from={START:%Y-%m-%d}"
    settings.REPORT_SECONDS = 0.3
    records = reading.source
    monkeypatch.setattr(
        reading,
        "source",
        lambda parts: f"SELECT every.* FROM ({records(parts)}) AS every, range(10000000000)",  # noqa: S608
    )
    response = client.get(address)
    assert response.status_code == 503
    page = response.content.decode()
    assert str(REPORTS["by-day"].name) in page
    assert "longer than 0.3 seconds" in page
