"""Many rows of several tables: all arrive, and a failure on the way leaves nothing behind."""

from collections.abc import Callable, Iterable

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Sum

from accounting.models import ExtensionDay, UnitHalfHour
from accounting.services.recording import DAY_COLUMNS, SLOT_COLUMNS
from callanalytics.lib.bulk import Moments, NewRows, day_value, insert_in_turn
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
