"""Locks in words: what each state means for calls, who lifts each reason, and what happened."""

from collections.abc import Collection
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounting.models import Extension
from phonelock.models import Happened, LineStatus, Lock, LockEvent, Reason
from phonelock.services.locking import lines_by_holder
from phonelock.services.seeing import LineView, views_of

SIGNS: dict[str, str] = {
    LineStatus.OPEN: "lock-open", LineStatus.LOCKED: "lock", LineStatus.LOCKING: "loader-circle",
    LineStatus.OPENING: "loader-circle", LineStatus.NOT_BARRED: "triangle-alert",
}  # fmt: skip
"""The icon of each state."""
MEANINGS: dict[str, str | Promise] = {
    LineStatus.OPEN: gettext_lazy("Outgoing calls are possible from every phone on this line."),
    LineStatus.LOCKED: gettext_lazy(
        "Outgoing calls are barred on every phone on this line. Incoming calls, emergency numbers and the numbers that "
        "the administrators allow still work."
    ),
    LineStatus.LOCKING: gettext_lazy("The phone system has not confirmed the lock yet: calls may still pass."),
    LineStatus.OPENING: gettext_lazy("The phone system has not confirmed the release yet: calls may still be refused."),
    LineStatus.NOT_BARRED: gettext_lazy(
        "The lock is kept here, but the phone system of this line is not set up to bar calls: they still pass. "
        "Ask your administrator."
    ),
}


def sign_of(line: LineView) -> str:
    """Return the icon of a line's state."""
    return SIGNS[line.status]


def meaning_of(line: LineView) -> str:
    """Return what a line's state means for its calls."""
    return str(MEANINGS[line.status])


def told_of(line: LineView) -> dict[str, Any]:
    """Return what pages tell of a line: its state, why, who lifts that, and a mark that changes with it."""
    return {
        "line": line, "sign": sign_of(line), "meaning": meaning_of(line),
        "reasons": [(one, lifted_by(one)) for one in line.reasons],
        "mark": f"{line.extension.pk}-{line.status}-{len(line.reasons)}",
    }  # fmt: skip


def lifted_by(lock: Lock) -> str:
    """Return who can lift a reason, in words for the person who holds the line."""
    if lock.reason == Reason.SELF:
        return _("You can lift it here, at your desk phone or with the desktop companion.")
    if lock.reason == Reason.BUDGET:
        return _("It ends with the period of the budget, or when an administrator tops the budget up.")
    if lock.reason == Reason.TIMETABLE:
        return _("It ends by itself. Administrators set the timetable.")
    if lock.by_administrator:
        return _("Only an administrator can lift it.")
    return _("Your supervisor or an administrator can lift it.")


LOCKED: dict[str, str | Promise] = {
    Reason.SELF: gettext_lazy("Locked by the person"),
    Reason.ADMINISTRATION: gettext_lazy("Locked by the administration"),
    Reason.BUDGET: gettext_lazy("Locked: budget used up"),
    Reason.TIMETABLE: gettext_lazy("Locked by a timetable"),
}
RELEASED: dict[str, str | Promise] = {
    Reason.SELF: gettext_lazy("The person's own lock lifted"),
    Reason.ADMINISTRATION: gettext_lazy("The administration's lock lifted"),
    Reason.BUDGET: gettext_lazy("The budget's lock lifted"),
    Reason.TIMETABLE: gettext_lazy("The timetable's lock lifted"),
}
"""Whose lock it was, which need not be who lifted it."""


def event_in_words(event: LockEvent) -> str:
    """Return what happened, for which reason, and whether others still hold after a release."""
    by_reason = {Happened.LOCKED: LOCKED, Happened.RELEASED: RELEASED}.get(Happened(event.kind), {})
    what = str(by_reason.get(event.reason) or event.get_kind_display())
    if event.kind == Happened.RELEASED and event.locked:
        return _("%(what)s; other reasons hold on") % {"what": what}
    return what


OF_BUDGETS: dict[str, str | Promise] = {
    LineStatus.LOCKED: gettext_lazy("Line locked"), LineStatus.LOCKING: gettext_lazy("Line being locked"),
    LineStatus.NOT_BARRED: gettext_lazy("Locked here, but nothing bars calls"),
}  # fmt: skip
"""The state of a line that a budget has locked, the better ones first."""


def locks_by_budget(people: Collection[int]) -> dict[int, str]:
    """Return of people whose budget asks for a lock what has become of it; of several lines the worst counts."""
    found = dict.fromkeys(people, _("No line to lock"))
    holders = lines_by_holder(people)
    ranks: dict[int, int] = {}
    order = list(OF_BUDGETS)
    for line in views_of(Extension.objects.filter(pk__in=holders)):
        state = line.status if line.reason(Reason.BUDGET) else LineStatus.LOCKING
        rank = order.index(state) if state in order else order.index(LineStatus.LOCKING)
        for person in holders[line.extension.pk]:
            ranks[person] = max(rank, ranks.get(person, 0))
    return found | {person: str(OF_BUDGETS[order[rank]]) for person, rank in ranks.items()}
