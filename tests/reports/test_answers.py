"""The engine's answers are those of counting call by call, for any question; totals are the sums of their parts."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounting.models import CallRecord, CallType, Direction, Kind, Outcome, Pricing, User
from accounting.services.masking import SEEN, mask_for
from reports.engine.answering import Node, answer
from reports.engine.conditions import Comparison, Condition, Group, read_condition
from reports.engine.details import DETAILS
from reports.engine.dimensions import DIMENSIONS
from reports.engine.fields import FIELDS
from reports.engine.question import CUSTOM, Question, asker_for, in_words
from reports.engine.tables import SEEN_AS, calls_of
from tests import factories as make
from tests.reports import oracle

ZONES = ("UTC", "US/Eastern", "Asia/Kathmandu", "Australia/Lord_Howe")
START, END = datetime(2026, 10, 20, tzinfo=UTC), datetime(2026, 11, 8, tzinfo=UTC)
NUMBERS = ("+493012345", "+6599775544", "+448001111", "2001", "")


@pytest.fixture
def administrator(db: None) -> User:
    """An administrator, with 400 calls around the end of summer time."""
    chance = random.Random(7)
    departments = [make.department("Sales").pk, make.department("Service").pk, None]
    batch = make.batch()
    for _ in range(400):
        outcome = chance.choice(list(Outcome))
        talk = chance.choice((0, 19, 20, 21, 300)) if outcome == Outcome.ANSWERED else 0
        currency = chance.choice(("EUR", "GBP", "")) if talk else ""
        make.record(
            batch_id=batch.pk,
            started_at=START + (END - START) * chance.random(),
            extension=chance.choice(("211", "729", "731", "800")),
            department_id=chance.choice(departments),
            direction=chance.choice(list(Direction)),
            kind=chance.choice(list(Kind)),
            outcome=outcome,
            call_type=chance.choice((CallType.INTERNATIONAL, CallType.MOBILE, CallType.LOCAL)),
            other_number=chance.choice(NUMBERS),
            country=chance.choice(("DE", "SG", "")),
            talk_seconds=talk,
            pricing=Pricing.PRICED if currency else Pricing.NOT_CHARGEABLE,
            cost=Decimal(chance.randrange(1, 90_000)).scaleb(-4) if currency else Decimal(0),
            currency=currency,
        )
    return make.administrator()


def test_whatever_reads_what_the_reader_sees_of_the_other_party_says_so() -> None:
    read = [(name, detail.order_by) for name, detail in DETAILS.items()]
    read += [(name, getattr(field, "column", "")) for name, field in FIELDS.items()]
    read += [(name, getattr(one.expression(ZoneInfo("UTC")), "name", "")) for name, one in DIMENSIONS.items()]
    told = {(name, column) for name, column in read if column in SEEN}
    assert told == set(SEEN_AS.items())


def comparisons() -> st.SearchStrategy[Condition]:
    """Return a strategy for single tests."""
    values = {
        "number": st.lists(st.sampled_from(NUMBERS[:3]), min_size=1, max_size=2),
        "extension": st.lists(st.sampled_from(("211", "729", "999")), min_size=1, max_size=3),
        "direction": st.lists(st.sampled_from(("incoming", "outgoing")), min_size=1, max_size=2),
        "weekday": st.lists(st.sampled_from("1234567"), min_size=1, max_size=3),
        "hour": st.lists(st.sampled_from(("0", "1", "2", "12", "23")), min_size=1, max_size=3),
    }
    listed = st.sampled_from(sorted(values)).flatmap(
        lambda name: st.builds(Comparison, st.just(name), st.sampled_from(("is", "not")), values[name].map(tuple))
    )
    talk = st.builds(
        Comparison,
        st.just("talk"),
        st.sampled_from(("ge", "le")),
        st.sampled_from(("0", "20", "60")).map(lambda one: (one,)),
    )
    return listed | talk


CONDITIONS = st.recursive(
    comparisons(),
    lambda part: (
        st.builds(Group, st.sampled_from(("all", "any")), st.lists(part, min_size=1, max_size=3).map(tuple))
        | st.builds(Group, st.just("not"), st.tuples(part))
    ),
    max_leaves=6,
)
LEVELS = st.lists(st.sampled_from(sorted(oracle.KEYS)), min_size=1, max_size=3, unique=True).map(tuple)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    levels=LEVELS,
    condition=CONDITIONS,
    zone=st.sampled_from(ZONES),
    days=st.tuples(st.integers(0, 9), st.integers(10, 19)),
)
def test_groups_are_those_of_counting(
    administrator: User, levels: tuple[str, ...], condition: Condition, zone: str, days: tuple[int, int]
) -> None:
    first, last = ((START + timedelta(days=day)).date() for day in days)
    columns = ("calls", "answered", "missed", "talk", "cost")
    question = Question(
        period=CUSTOM, first=first, last=last, zone=zone, where=condition, group=levels, columns=columns
    )
    asker = asker_for(administrator, mask_for(administrator), zone)
    local = ZoneInfo(zone)
    wanted = [
        record
        for record in CallRecord.objects.all()
        if first <= record.started_at.astimezone(local).date() <= last and oracle.meets(record, condition, local)
    ]
    with timezone.override(local):
        found = answer(question, asker)
        assert calls_of(question, asker).count() == len(wanted)
    expected = oracle.groups(wanted, levels, local)
    leaves = {node.keys: node for node in innermost(found.nodes, len(levels))}
    assert leaves.keys() == expected.keys()
    for keys, sums in expected.items():
        node = leaves[keys]
        assert {name: node.sums.of(name) for name in columns[:4]} == {name: sums[name] for name in columns[:4]}
        assert node.sums.costs == dict(sums["cost"])
    assert found.total.of("calls") == len(wanted)
    for node in found.nodes:
        assert_sums_of_parts(node)


def innermost(nodes: list[Node], depth: int) -> Iterator[Node]:
    """Yield the groups that have no parts."""
    for node in nodes:
        if node.level == depth:
            yield node
        yield from innermost(node.parts, depth)


def assert_sums_of_parts(node: Node) -> None:
    """Compare a subtotal with its parts."""
    if node.parts:
        assert node.sums.of("calls") == sum(part.sums.of("calls") for part in node.parts)
        for part in node.parts:
            assert_sums_of_parts(part)


@given(condition=CONDITIONS)
def test_a_condition_is_read_as_it_is_written(condition: Condition) -> None:
    assert read_condition(str(condition)) == condition


@pytest.mark.django_db
def test_the_manuals_example_in_words(administrator: User) -> None:
    asker = asker_for(administrator, mask_for(administrator), "US/Eastern")
    where = read_condition("any(number.is(006599775544),talk.ge(20))")
    assert in_words(where, asker) == "Other party's number is +65 9977 5544 or Talk time at least 0:00:20"
