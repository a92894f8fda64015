"""What a rule looks at: the calls that have arrived since its last good look, and all calls that its owner may see.

A look goes by arrival, not by the time of the calls: each import has a mark (ImportBatch), imports of one phone system
are committed one after the other, and the ids of their call records lie between known bounds. So what arrives late is
looked at when it arrives, and nothing is looked at twice.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from math import inf
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Max, Q, QuerySet

from accounting.models import CallRecord, ImportBatch, PhoneSystem, User
from accounting.querysets.calls import CallRecordQuerySet
from accounting.services.masking import mask_for
from accounting.services.zones import zone_of
from alarms.models import AlarmRule

Marks = dict[str, int]
"""By the id of a phone system (a text, as JSON has it): the id of its last import that was looked at."""
AT_ONCE = 2000
"""Rows that are read at once."""
MOST_RECORDS = 250_000
"""Ids of call records between which one look reads: it ends in time, however much has arrived while it was paused."""


class TookTooLongError(Exception):
    """A trial has used up the time that it is given."""


@dataclass(frozen=True)
class Look:
    """One look with somebody's rights; kinds read through it alone."""

    owner: User
    zone: ZoneInfo
    now: datetime
    since: datetime
    """The last good look, for what depends on the clock; of a trial the beginning of its days."""
    arrived: Q | None
    """Which call records have arrived since then; None when there are none."""
    gives_up_at: float = inf
    """When a trial has taken too long, by time.monotonic()."""
    is_trial: bool = False
    """Whether all calls from `since` on have arrived, so that kinds need not ask what else there is."""

    def arrivals(self) -> CallRecordQuerySet:
        """Return the records that have arrived, in the owner's scope."""
        return self.records().filter(self.arrived) if self.arrived is not None else CallRecord.objects.none()

    def records(self) -> CallRecordQuerySet:
        """Return all records in the owner's scope."""
        return self.scope.all()

    @cached_property
    def scope(self) -> CallRecordQuerySet:
        """All records in the owner's scope, found out once."""
        return CallRecord.objects.visible_to(self.owner)

    def tellable(self) -> CallRecordQuerySet:
        """Return the arrivals whose other party the owner may know: not the private calls of others (EX-9)."""
        return self.arrivals().exclude(self.hidden)

    def rows(self, found: QuerySet[Any, Any]) -> Iterator[Any]:
        """Yield what a query finds, some thousand at a time; raises TookTooLongError."""
        for place, row in enumerate(found.iterator(AT_ONCE)):
            if place % AT_ONCE == 0 and time.monotonic() > self.gives_up_at:
                raise TookTooLongError
            yield row

    @cached_property
    def hidden(self) -> Q:
        """The calls whose other party is nobody's business here."""
        return mask_for(self.owner).hidden_whole()


def latest_marks() -> Marks:
    """Return the last import of each phone system: where a new rule begins."""
    rows = ImportBatch.objects.order_by().values_list("phone_system_id").annotate(last=Max("pk"))
    return {str(system): last for system, last in rows}


class Arrived(NamedTuple):
    """What a look is about to read."""

    marks: Marks
    """Where the next look begins."""
    condition: Q | None
    """Which call records have arrived; None when there are none."""
    is_all: bool
    """Whether nothing is left for another look."""


def arrived_since(marks: Marks) -> Arrived:
    """Return what has arrived beyond marks, as much as one look takes: one small query for each phone system.

    Records of an import that is not committed yet are beyond its phone system's mark, whatever their ids are.
    """
    new, arrived, is_all = dict(marks), Q(), True
    for system in PhoneSystem.objects.order_by("pk").values_list("pk", flat=True):
        batches = ImportBatch.objects.filter(phone_system_id=system, pk__gt=marks.get(str(system), 0)).order_by("pk")
        begin = end = None
        for batch, first, last in batches.values_list("pk", "first_record", "last_record").iterator(AT_ONCE):
            if begin is not None and last is not None and last - begin >= MOST_RECORDS:
                is_all = False
                break
            new[str(system)] = batch
            begin, end = begin or first, last or end
        if begin is not None:
            arrived |= Q(phone_system_id=system, pk__gte=begin, pk__lte=end)
    return Arrived(new, arrived or None, is_all)


def look_of(rule: AlarmRule, owner: User, now: datetime, arrived: Q | None) -> Look:
    """Return the look of a rule that is due."""
    return Look(owner, ZoneInfo(rule.zone), now, rule.looked_at or rule.created_at, arrived)


def trial_of(owner: User, zone: ZoneInfo | None, now: datetime, days: int, gives_up_at: float = inf) -> Look:
    """Return a look at the calls of the last days, as if they had all just arrived."""
    since = now - timedelta(days=days)
    arrived = Q(started_at__gte=since, started_at__lt=now)
    return Look(owner, zone or zone_of(owner), now, since, arrived, gives_up_at, is_trial=True)
