"""Many rows of several tables: all arrive, and a failure on the way leaves nothing behind."""

from collections.abc import Callable, Iterable

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum

from accounting.models import CallLeg, ExtensionDay, UnitHalfHour
from accounting.services.recording import DAY_COLUMNS, SLOT_COLUMNS
from accounting.services.stored_calls import leg_types, load_legs
from accounting.services.writing import LEG_COLUMNS
from accounting.sources.base import Leg
from accounting.sources.packing import packed_legs
from callanalytics.lib.bulk import Moments, NewRows, PackedRows, day_value, insert_in_turn
from callanalytics.lib.copy_rows import row_start
from callanalytics.lib.periods import today

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 20_000
"""Rows of several times the bytes that are on their way to a server at once."""


class BrokenRowError(Exception):
    """A row could not be made."""


def slots(counts: Iterable[int | None]) -> NewRows:
    moment = Moments()
    rows = ((moment[1800], 1, number, 1, 1, 1, 1, "EUR", count, 0, 0, 0, 0) for number, count in enumerate(counts))
    return NewRows(UnitHalfHour, SLOT_COLUMNS, rows)


def days(counts: Iterable[int | None]) -> NewRows:
    day = day_value(today())
    rows = ((day, 1, "1" * 50, 1, 1, 1, 1, 1, 1, 1, 1, "EUR", count, 0, 0, 0, 0) for count in counts)
    return NewRows(ExtensionDay, DAY_COLUMNS, rows)


def test_rows_of_later_tables_may_tell_what_became_of_earlier_ones() -> None:
    made: list[int] = []

    def ones() -> Iterable[int]:
        for _ in range(MANY):
            made.append(1)
            yield 1

    with transaction.atomic():
        insert_in_turn([slots(ones()), days(ones()), slots(len(made) for _ in range(3)), days([])])
    assert UnitHalfHour.objects.count() == MANY + 3
    assert UnitHalfHour.objects.aggregate(Sum("calls")) == {"calls__sum": MANY + 3 * 2 * MANY}
    assert ExtensionDay.objects.count() == MANY


def broken() -> Iterable[int]:
    yield from [1] * 1000
    raise BrokenRowError


@pytest.mark.parametrize(
    "tables",
    [
        lambda: [slots(broken()), days([1])],
        lambda: [slots([1] * MANY), days(broken())],
        lambda: [slots([*[1] * MANY, None]), days([1] * MANY)],
        lambda: [slots([None, *[1] * MANY]), days([1] * MANY), slots([1])],
        lambda: [slots([1] * MANY), days([None])],
    ],
)
def test_what_fails_leaves_nothing_behind(tables: Callable[[], list[NewRows]]) -> None:
    with pytest.raises((BrokenRowError, IntegrityError)), transaction.atomic():
        insert_in_turn(tables())
    assert not UnitHalfHour.objects.exists()
    assert not ExtensionDay.objects.exists()
    with transaction.atomic():
        insert_in_turn([slots([1]), days([1])])
    assert UnitHalfHour.objects.count() == ExtensionDay.objects.count() == 1


ODD_TEXTS = ("", "2001", "+49 30 1", "a\tb\\N\n\"'", "••12", "ü" * 50, "\U0001f4de", " ")
ODD_NUMBERS = (0, 1, -1, 17, 1 << 31, -(1 << 31), (1 << 53) - 1, 1 - (1 << 53))
SMALL_NUMBERS = (0, 1, 17, 0x7FFF)


def odd_leg(number: int) -> Leg:
    """Return a leg whose values differ from those of the legs before and after it, each kind in its own rhythm."""
    text, big, small = (values[number % len(values)] for values in (ODD_TEXTS, ODD_NUMBERS, SMALL_NUMBERS))
    begun = 946_684_801 + number * 6_000_000
    return Leg(
        begun, f"{number:032x}", 0 if number % 3 else begun + 5, begun + 9, number, f"c/{text}/{number}",
        number % 5 == 0, big, -big, text, "SEP001122334455", f"{number}", text * 3, text, "", text, text, "",
        big, number, *[small] * 7, big, None if number % 2 else small, text, small, number % 9, small,
        text, "", text * 99,
    )  # fmt: skip


@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL takes packed rows")
def test_packed_rows_are_stored_as_they_were() -> None:
    """Every kind of value: alone in its column and again and again, and none."""
    legs = [odd_leg(number) for number in range(500)]
    start, rows = row_start(4), packed_legs(legs, leg_types())
    packed = [start(len(LEG_COLUMNS), 8, 1 + leg.line, 8, 1, 8, 1, 8, 1 + leg.line) + next(rows) for leg in legs]
    with transaction.atomic():
        insert_in_turn([PackedRows(CallLeg, LEG_COLUMNS, packed), slots([1]), PackedRows(CallLeg, LEG_COLUMNS, [])])
    assert load_legs(range(1, 501)) == {1 + leg.line: [leg] for leg in legs}
