"""What the home page shows: the person's newest calls, and a summary of a period."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, Sum

from accounting.models import PRIVATE, UNPRICED, CallRecord, Direction, Outcome, User
from accounting.querysets.calls import CallRecordQuerySet
from callanalytics.lib.fingerprints import fingerprint
from callanalytics.lib.periods import Period, named

NEWEST_CALLS = 20


@dataclass(frozen=True, slots=True)
class Summary:
    """A person's calls in a period (HOME-3)."""

    answered: int
    missed: int
    talk_seconds: int
    costs: tuple[tuple[str, Decimal], ...]
    """Currency and amount, never summed across currencies."""
    unpriced: int

    @property
    def mean_talk_seconds(self) -> int | None:
        """Mean conversation time of the answered calls, None when there is none."""
        return round(self.talk_seconds / self.answered) if self.answered else None


@dataclass(frozen=True, slots=True)
class PrivateShare:
    """A person's private calls of the present month, which the person pays (EX-9)."""

    calls: int
    costs: tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True, slots=True)
class HomeCalls:
    """The data of a home page, before names are looked up."""

    records: Sequence[CallRecord]
    summary: Summary
    private: PrivateShare

    @property
    def mark(self) -> str:
        """A short text that differs whenever one of the shown records or sums differs."""
        shown = [(record.pk, record.batch_id) for record in self.records]
        return fingerprint(shown, self.summary, self.private)


def home_calls(person: User, period: Period) -> HomeCalls:
    """Return the newest calls of a person and the summary of a period: four queries."""
    own = CallRecord.objects.own(person)
    return HomeCalls(list(own.newest_first()[:NEWEST_CALLS]), summary_of(own, period), private_share(own))


def private_share(own: CallRecordQuerySet) -> PrivateShare:
    """Return what a person's private calls of the present month add up to; one query."""
    month = named("month").start
    private = own.filter(purpose__in=PRIVATE, started_at__gte=month) if month else own.none()
    rows = private.order_by().values("currency").annotate(calls=Count("id"), total=Sum("cost"))
    found = sorted(rows, key=lambda row: row["currency"])
    costs = tuple((row["currency"], row["total"]) for row in found if row["currency"] and row["total"] is not None)
    return PrivateShare(sum(row["calls"] for row in found), costs)


def summary_of(own: CallRecordQuerySet, period: Period) -> Summary:
    """Return the sums of a person's records in a period; one query."""
    if period.start:
        own = own.filter(started_at__gte=period.start)
    if period.end:
        own = own.filter(started_at__lt=period.end)
    answered = Q(outcome=Outcome.ANSWERED)
    sums = (
        own.order_by()
        .values("currency")
        .annotate(
            answered=Count("id", filter=answered),
            missed=Count("id", filter=~answered & Q(direction=Direction.INCOMING)),
            talk=Sum("talk_seconds", filter=answered),
            total=Sum("cost"),
            without_price=Count("id", filter=Q(pricing__in=UNPRICED)),
        )
    )
    rows = sorted(sums, key=lambda row: row["currency"])
    return Summary(
        answered=sum(row["answered"] for row in rows),
        missed=sum(row["missed"] for row in rows),
        talk_seconds=sum(row["talk"] or 0 for row in rows),
        costs=tuple((row["currency"], row["total"]) for row in rows if row["currency"] and row["total"] is not None),
        unpriced=sum(row["without_price"] for row in rows),
    )
