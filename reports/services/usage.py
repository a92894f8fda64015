"""Counts how often public reports are used, and names the most used ones for the home page (HOME-4)."""

from datetime import timedelta

from django.core.cache import cache
from django.db import OperationalError, transaction
from django.db.models import F, Sum
from django.utils import timezone

from accounting.models import User
from callanalytics.lib.turns import patience
from reports.catalogue import REPORTS
from reports.catalogue.base import Report
from reports.models import ReportUse

DAYS, SHORTCUTS, RANKED = 90, 5, 40
AT_FIRST = ("calls", "by-day", "statement", "missed-calls", "most-called-numbers")
"""What is offered before anything has been used."""
COUNT_AGAIN, RANK_AGAIN = 3600, 600  # seconds
HURRY = 0.1  # seconds
RANKING = "most-used-reports"


def count_use(reader: User, report: Report) -> None:
    """Count that a person uses a report; within an hour once, so that paging and trying filters count nothing."""
    if not cache.add(f"report-used-{reader.pk}-{report.slug}", 1, COUNT_AGAIN):
        return
    today = timezone.localdate()
    try:
        with patience(HURRY), transaction.atomic():
            if not ReportUse.objects.filter(slug=report.slug, day=today).update(count=F("count") + 1):
                found, made = ReportUse.objects.get_or_create(slug=report.slug, day=today, defaults={"count": 1})
                if not made:
                    ReportUse.objects.filter(pk=found.pk).update(count=F("count") + 1)
    except OperationalError:
        # A busy database must not keep anyone from a report; one use less is no harm.
        cache.delete(f"report-used-{reader.pk}-{report.slug}")


def most_used(reader: User) -> list[Report]:
    """Return the public reports that the organisation uses most, among those that this person may run."""
    ranked = cache.get(RANKING)
    if ranked is None:
        since = timezone.localdate() - timedelta(days=DAYS)
        sums = ReportUse.objects.filter(day__gte=since).values("slug").annotate(uses=Sum("count"))
        ranked = list(sums.order_by("-uses", "slug").values_list("slug", flat=True)[:RANKED])
        cache.set(RANKING, ranked, RANK_AGAIN)
    slugs = dict.fromkeys((*ranked, *AT_FIRST))
    allowed = [REPORTS[slug] for slug in slugs if slug in REPORTS and REPORTS[slug].permission(reader)]
    return allowed[:SHORTCUTS]


def forget_old_uses() -> int:
    """Delete what no longer counts; return how many days of reports."""
    gone, _by_model = ReportUse.objects.filter(day__lt=timezone.localdate() - timedelta(days=DAYS)).delete()
    return gone
