"""Widgets for those who look after the product: alarms, collection, data to clean up, trunks."""

from dataclasses import dataclass

from django.db.models import Sum
from django.urls import reverse
from django.utils.translation import gettext as _

from accounting.models import ExtensionDay, FileState, ImportFile, RejectedRow
from accounting.services.unknown_extensions import unknown
from accounting.services.watching import states_of_collection
from alarms.models import Alarm
from alarms.services.wording import worded
from reports.widgets.base import Content, Sight

MOST = 6


def alarms(sight: Sight) -> Content:
    """Return the newest alarms that nobody has acknowledged, and how many there are."""
    found = Alarm.objects.visible_to(sight.reader).open().filter(rule__deleted_at=None)
    newest = worded(list(found.select_related("rule")[:MOST]), sight.reader)
    return Content("widgets/alarms.html", {"alarms": newest, "count": found.count()}, reverse("alarms"))


def collection(sight: Sight) -> Content:
    """Return the traffic light of each phone system."""
    return Content("widgets/collection.html", {"states": states_of_collection()}, reverse("status"))


@dataclass(frozen=True, slots=True)
class Chore:
    """Something that waits for an administrator."""

    label: str
    count: int
    address: str


def chores(sight: Sight) -> Content:
    """Return what is to be cleaned up, with the page where that is done."""
    unpriced = ExtensionDay.objects.aggregate(total=Sum("unpriced"))["total"] or 0
    waiting = [
        Chore(_("Calls without a price"), unpriced, reverse("unpriced")),
        Chore(_("Unknown extensions"), unknown().count(), reverse("unknown_extensions")),
        Chore(_("Rejected rows"), RejectedRow.objects.count(), reverse("rejected_rows")),
        Chore(
            _("Files set aside"), ImportFile.objects.filter(state=FileState.SET_ASIDE).count(),
            reverse("files_set_aside"),
        ),
    ]  # fmt: skip
    return Content("widgets/chores.html", {"chores": waiting}, reverse("admin:index"))
