"""Who has followed up missed calls is found as by reading all calls one by one."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounting.models import CallRecord, Direction, Kind, Outcome, Purpose, User
from accounting.services.masking import mask_for
from reports.engine.question import CUSTOM, Question, asker_for
from reports.special.missed import missed_and_open
from tests import factories as make

START = datetime(2025, 10, 20, tzinfo=UTC)
NUMBERS = ("+493012345678", "+6599775544", "+448001111", 'Ägypten", %s\\')


@pytest.fixture
def calls(db: None) -> None:
    """Calls of two departments to and from four numbers, many of them in the same minutes; a third is private."""
    chance = random.Random(3)
    sales, service = make.department("Sales"), make.department("Service")
    make.administrator()
    people = [(make.supervisor(of=sales), service), (make.person(first_name="Ina", last_name="Weiß"), sales)]
    for _ in range(160):
        person, unit = chance.choice(people)
        make.record(
            person,
            department_id=unit.pk,
            extension=chance.choice(("211", "729")),
            started_at=START + timedelta(minutes=chance.randrange(0, 4000, 50)),
            direction=chance.choice(list(Direction)),
            kind=chance.choice((Kind.PUBLIC, Kind.PUBLIC, Kind.PUBLIC, Kind.INTERNAL)),
            outcome=chance.choice(list(Outcome)),
            other_number=chance.choice(NUMBERS),
            purpose=chance.choice((Purpose.BUSINESS, Purpose.BUSINESS, Purpose.MARKED)),
        )


@pytest.mark.parametrize("reader", ["admin", "super"])
@pytest.mark.parametrize("days", [1, 2, 3])
def test_follow_ups_are_the_first_conversations_after_the_last_missed_call(calls: None, reader: str, days: int) -> None:
    person = User.objects.get(username=reader)
    asker = asker_for(person, mask_for(person), "UTC")
    last = (START + timedelta(days=days - 1)).date()
    question = Question(period=CUSTOM, first=START.date(), last=last, zone="UTC")
    rows = list(missed_and_open(question, asker).rows)
    assert sorted(row.cells for row in rows) == sorted(expected(person, START + timedelta(days=days)))
    assert {row.cells[3] for row in rows} != {"Open"}


def expected(reader: User, end: datetime) -> list[list[Any]]:
    """Return the rows, of all calls read one by one."""
    found = []
    every = list(CallRecord.objects.filter(kind=Kind.PUBLIC).order_by("started_at", "id"))
    visible = set(CallRecord.objects.visible_to(reader).values_list("pk", flat=True))
    for number in NUMBERS:
        missed = [
            one for one in every
            if one.other_number == number and one.started_at < end and one.pk in visible
            and one.direction == Direction.INCOMING and one.outcome != Outcome.ANSWERED
        ]  # fmt: skip
        later = (
            one for one in every
            if one.other_number == number and missed and one.started_at > missed[-1].started_at
            and one.outcome == Outcome.ANSWERED
            and (one.purpose == Purpose.BUSINESS or one.user_id == reader.pk)
        )  # fmt: skip
        answer = next(later, None)
        if missed:
            found.append(
                [
                    mask_for(reader).of_others(number).text,
                    len(missed),
                    missed[-1].started_at,
                    *told(answer, missed[-1], visible),
                ]
            )
    return found


def told(answer: CallRecord | None, missed: CallRecord, visible: set[int]) -> list[Any]:
    """Return what is said of a follow-up."""
    if answer is None:
        return ["Open", "", None]
    person = User.objects.get(pk=answer.user_id)
    name = f"{person.first_name} {person.last_name}".strip() or person.username
    state = "Called back" if answer.direction == Direction.OUTGOING else "Reached us later"
    return [state, name if answer.pk in visible else "a colleague", answer.started_at - missed.started_at]
