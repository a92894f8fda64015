"""Rows on their way out are claimed by one deliverer at a time; the claim of one that is killed runs out.

Mails (OutgoingMail) and what is posted to webhooks share it: rows of Delivery.
"""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from django.db import models, transaction
from django.db.models import Count, F
from django.utils import timezone

from accounting.models import Delivery, MailState

Row = TypeVar("Row", bound=Delivery)
LEASE = timedelta(minutes=5)
"""How long a claimed row is left to its deliverer; renewed before each attempt, which takes less."""
STEADY = timedelta(seconds=30)
"""A deliverer that has begun an attempt within this time is at work."""
DELAYS = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720, 1440)]
"""How long to wait after the first, second, ... attempt that was postponed; after the last one it is over."""
SHORTEST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(minutes=15)
PATIENCE = timedelta(days=5)
"""How long rows wait for a receiver that is away."""


def is_under_way(rows: models.QuerySet[Row]) -> bool:
    """Whether somebody delivers just now: a slow receiver must not keep all workers busy."""
    recent = timezone.now() + LEASE - STEADY
    return rows.filter(state=MailState.SENDING, lease_until__gt=recent).exists()


def claim(rows: models.QuerySet[Row], count: int) -> models.QuerySet[Row]:
    """Take some rows that are due and return them; whoever else delivers takes others."""
    now, token = timezone.now(), uuid.uuid4()
    with transaction.atomic():
        due = rows.filter(state=MailState.WAITING, next_attempt_at__lte=now).order_by("next_attempt_at")
        keys = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True)[:count])
        taken = rows.filter(pk__in=keys, state=MailState.WAITING)
        taken.update(state=MailState.SENDING, claim=token, lease_until=now + LEASE)
    return rows.filter(claim=token, state=MailState.SENDING).order_by("pk")


def lost(rows: models.QuerySet[Row]) -> models.QuerySet[Row]:
    """Keep the rows whose deliverer was killed."""
    return rows.filter(state=MailState.SENDING, lease_until__lt=timezone.now())


def free(rows: models.QuerySet[Row]) -> None:
    """Let lost rows wait again."""
    rows.update(state=MailState.WAITING, claim=None, lease_until=None, next_attempt_at=timezone.now())


def begin(row: Delivery) -> bool:
    """Renew the claim on a row and count the attempt; False when it has run out and another has taken the row."""
    return bool(own(row).update(lease_until=timezone.now() + LEASE, attempts=F("attempts") + 1))


def store(row: Delivery, **values: Any) -> bool:
    """Store values of a claimed row and give up the claim; False when the claim is another's."""
    return bool(own(row).update(claim=None, lease_until=None, **values))


def own(row: Row) -> models.QuerySet[Row]:
    """Return the row as long as the claim on it holds."""
    return models.QuerySet(type(row)).filter(pk=row.pk, claim=row.claim, state=MailState.SENDING)


def wait_of(age: timedelta) -> timedelta:
    """Return how long a row of some age waits for a receiver that is away: first a minute, later longer."""
    return min(max(age / 4, SHORTEST_WAIT), LONGEST_WAIT)


def cancel(rows: models.QuerySet[Row]) -> int:
    """Cancel those rows that still wait; return how many."""
    waiting = rows.filter(state=MailState.WAITING)
    return waiting.update(state=MailState.CANCELLED, ended_at=timezone.now())


def send_again(rows: models.QuerySet[Row], nudge: Callable[[], None]) -> int:
    """Send those rows now that wait, were given up or cancelled, with all attempts anew; return how many.

    `nudge` asks for delivery once that is committed.
    """
    now = timezone.now()
    changed = rows.filter(state__in=(MailState.WAITING, MailState.FAILED, MailState.CANCELLED)).update(
        state=MailState.WAITING, attempts=0, next_attempt_at=now, created_at=now, ended_at=None
    )
    transaction.on_commit(nudge, robust=True)
    return changed


def counted(rows: models.QuerySet[Row], chosen: str | None) -> list[tuple[str, str, int, bool]]:
    """Return each state with its name, how many rows are in it, and whether it is the chosen one."""
    counts = dict(rows.order_by().values_list("state").annotate(rows=Count("pk")))
    return [(state.value, str(state.label), counts.get(state.value, 0), state.value == chosen) for state in MailState]
