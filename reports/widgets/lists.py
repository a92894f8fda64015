"""Widgets that list calls and reports: the last calls, callers who wait, favourites, and any saved report."""

from dataclasses import replace

from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounting.models import CallRecord
from accounting.services.masking import mask_for
from accounting.services.naming import named_calls
from reports.engine.question import asker_for
from reports.models import SavedReport
from reports.services.saving import base_of, read_saved
from reports.services.usage import SHORTCUTS, most_used
from reports.services.witnessing import witness_rows
from reports.widgets.base import Content, NothingToShow, Sight
from reports.widgets.pictures import pictured

LAST = 8


def last_calls(sight: Sight) -> Content:
    """Return the person's newest calls."""
    records = list(CallRecord.objects.own(sight.reader).newest_first()[:LAST])
    context = {"calls": named_calls(records, mask_for(sight.reader))}
    return Content("widgets/calls.html", context, f"{reverse('calls')}?mine=1")


def favourites(sight: Sight) -> Content:
    """Return the person's own reports and those that the organisation uses most."""
    own = SavedReport.objects.kept().owned_by(sight.reader).only("pk", "name")[:SHORTCUTS]
    return Content("widgets/favourites.html", {"own": own, "most_used": most_used(sight.reader)}, reverse("reports"))


def saved_report(sight: Sight) -> Content:
    """Return the picture of a saved report, asked by the one who looks. Raises NothingToShow."""
    saved = SavedReport.objects.visible_to(sight.reader).filter(pk=sight.report or 0).first()
    base = base_of(saved, sight.reader) if saved else None
    if saved is None or base is None:
        raise NothingToShow(_("The saved report was deleted, or is not shared with you any more."))
    asker = asker_for(sight.reader, mask_for(sight.reader), QueryDict(saved.query).get("zone", ""))
    with timezone.override(asker.zone):
        reading = read_saved(saved, base, asker)
        if reading.problems:
            raise NothingToShow(" ".join(reading.problems))
        content = pictured(base, reading.question, sight)
    if layout := content.context.get("layout"):
        witness_rows(asker.masker, layout.columns, layout.rows, None)
    return replace(content, address=reverse("saved_report", args=[saved.pk]), zone=asker.zone)
