"""What a rule would have raised in the last days, before it is stored: read only, and within some seconds."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounting.models import User
from alarms.kinds import reasons
from alarms.kinds.base import CannotLook, Finding, Kind, Parameters
from alarms.kinds.looking import TookTooLongError, trial_of
from alarms.services.evaluating import limit_time, was_ended
from callanalytics.lib.recurrence import Recurrence

LONGEST_TRIAL = 15.0
"""Seconds after which a trial gives up."""
STEPS = 20_000
"""Instructions of SQLite between two looks at the clock."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What would have been raised."""

    findings: list[Finding]
    """Newest first."""
    calls: int
    by_day: list[tuple[date, int]]
    """How many findings each day had, all days of the trial in order, in the zone of the recurrence."""
    letters: int
    """How many times recipients would have been told."""
    seconds: float
    reason: str = ""
    """Why the trial was not possible: one of alarms.kinds.reasons; '' when it was."""

    @property
    def too_long(self) -> bool:
        """Whether it was given up because it took too long."""
        return self.reason == reasons.TOO_LONG


def try_out(
    kind: Kind, parameters: Parameters, owner: User, recurrence: Recurrence, now: datetime | None = None,
    days: int = 30,
) -> Trial:  # fmt: skip
    """Return what a kind finds in the calls of the last days, with the rights of the owner; nothing is stored."""
    begun, now = time.monotonic(), now or timezone.now()
    look = trial_of(owner, recurrence.zone, now, days, begun + LONGEST_TRIAL)
    found: list[Finding] = []
    reason = ""
    try:
        with limited_time(look.gives_up_at):
            found = [one for one in distinct(kind.find(parameters, look)) if noticed(one) >= look.since]
    except CannotLook as error:
        reason = error.reason
    except TookTooLongError:
        reason = reasons.TOO_LONG
    except DatabaseError as error:
        if not was_ended(error) and time.monotonic() < look.gives_up_at:
            raise
        reason = reasons.TOO_LONG
    found.sort(key=noticed, reverse=True)
    first, last = (moment.astimezone(recurrence.zone).date() for moment in (look.since, now))
    return Trial(
        found, sum(one.calls for one in found), counted(found, first, last, recurrence),
        len(letters(found, recurrence)), time.monotonic() - begun, reason,
    )  # fmt: skip


@contextmanager
def limited_time(end: float) -> Iterator[None]:
    """Let the database end a statement that runs too long."""
    if connection.vendor != "sqlite":
        with transaction.atomic():
            limit_time(round(LONGEST_TRIAL * 1000))
            # The planner overrates reading here and there, and would read years of calls for the last month.
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL random_page_cost = 1.1")
            yield
        return
    # No transaction: on SQLite it would keep all writers waiting.
    connection.ensure_connection()
    connection.connection.set_progress_handler(lambda: time.monotonic() > end, STEPS)
    try:
        yield
    finally:
        connection.connection.set_progress_handler(None, 0)


def distinct(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings, each occasion once, as it would be raised."""
    found = list(findings)
    calls = [one for one in found if not one.key]
    return [*calls, *{one.key: one for one in found if one.key}.values()]


def noticed(one: Finding) -> datetime:
    """Return when there was enough to raise a finding."""
    return one.known_at or one.happened_at


def counted(findings: list[Finding], first: date, last: date, recurrence: Recurrence) -> list[tuple[date, int]]:
    """Return the number of findings of each day."""
    numbers = Counter(noticed(one).astimezone(recurrence.zone).date() for one in findings)
    days = (first + timedelta(days=place) for place in range((last - first).days + 1))
    return [(day, numbers[day]) for day in days]


def letters(findings: list[Finding], recurrence: Recurrence) -> set[datetime]:
    """Return at which due times there would have been something to tell."""
    known: set[datetime] = set()
    for one in findings:
        each = not one.key
        known |= {record.ended_at for record in one.records} if each else {one.known_at or one.until or one.happened_at}
    due: set[datetime] = set()
    told = None
    for moment in sorted(known):
        if told is None or moment >= told:
            told = recurrence.after(moment)
            due.add(told)
    return due
