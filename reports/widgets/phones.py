"""Widgets of Phone Lock: the own lines with their button, and the lines in the reader's care that are locked."""

from django.db.models import Count, Max
from django.urls import reverse

from accounting.models import Extension
from phonelock.models import Lock, LockSetUp
from phonelock.querysets import people_led_by
from phonelock.services.locking import lines_of
from phonelock.services.seeing import lines_held_by
from phonelock.services.words import sign_of
from reports.widgets.base import Content, Sight

MOST = 8


def own_lines(sight: Sight) -> Content:
    """Return the person's lines with their state and the button that locks or unlocks them."""
    lines = [(line, sign_of(line)) for line in lines_held_by(sight.reader)]
    # Budgets lock, and so do people, before any phone system is set up to bar calls.
    in_use = LockSetUp.objects.exists() or any(line.is_locked for line, _sign in lines)
    return Content("widgets/lines.html", {"lines": lines, "in_use": in_use}, reverse("my_phone"))


def locked_lines(sight: Sight) -> Content:
    """Return how many lines in the reader's care are locked, the latest first, with their holders."""
    locks = Lock.objects.in_force()
    if not sight.reader.is_administrator:
        people = list(people_led_by(sight.reader).values_list("pk", flat=True))
        locks = locks.filter(extension__in=lines_of(people))
    lines = locks.order_by().values("extension").annotate(since=Max("since"), reasons=Count("pk"))
    latest = list(lines.order_by("-since")[:MOST])
    numbers = Extension.objects.in_bulk([row["extension"] for row in latest])
    rows = [(numbers[row["extension"]].number, row["since"]) for row in latest if row["extension"] in numbers]
    return Content(
        "widgets/locked.html", {"count": lines.count(), "rows": rows}, f"{reverse('lock_users')}?state=locked"
    )
