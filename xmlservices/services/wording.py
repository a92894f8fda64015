"""What phones say about a line: its state in a few words, and what a lock or a release has led to."""

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from phonelock.models import LineStatus, Reason
from phonelock.services.seeing import LineView


def state_in_short(view: LineView) -> str:
    """Return the state for the line above or below a title: 32 characters in most languages."""
    facts = {"number": view.extension.number}
    match view.status:
        case LineStatus.LOCKED:
            return _("%(number)s: locked") % facts
        case LineStatus.LOCKING:
            return _("%(number)s: being locked") % facts
        case LineStatus.OPENING:
            return _("%(number)s: being unlocked") % facts
        case LineStatus.NOT_BARRED:
            return _("%(number)s: calls not barred") % facts
    return _("%(number)s: unlocked") % facts


def state_in_full(view: LineView) -> str:
    """Return the state with the reasons that hold, as sentences; never locked while calls may pass."""
    return "\n".join([str(SENTENCES[view.status]()) % {"number": view.extension.number}, *reasons_in_words(view)])


SENTENCES = {
    LineStatus.OPEN: lambda: _("Line %(number)s is unlocked."),
    LineStatus.LOCKED: lambda: _("Line %(number)s is locked. Outgoing calls are barred; emergency calls are not."),
    LineStatus.LOCKING: lambda: _("Line %(number)s is being locked. Calls are still possible for a moment."),
    LineStatus.OPENING: lambda: _("Line %(number)s is being unlocked. Calls are still barred for a moment."),
    LineStatus.NOT_BARRED: lambda: _("The lock of line %(number)s is noted, but nothing bars its calls yet."),
}
REASONS = {
    Reason.SELF: lambda: _("Locked by you."),
    Reason.ADMINISTRATION: lambda: _("Locked by the administration, which alone can lift it."),
    Reason.BUDGET: lambda: _("Budget used up."),
    Reason.TIMETABLE: lambda: _("Locked at these hours."),
}


def reasons_in_words(view: LineView) -> list[str]:
    """Return a sentence for each reason that holds, with its end."""
    sentences = []
    for one in view.reasons:
        words = REASONS[Reason(one.reason)]()
        if one.until:
            end = formats.date_format(timezone.localtime(one.until), "SHORT_DATETIME_FORMAT")
            words += " " + _("Until %(end)s.") % {"end": end}
        sentences.append(words)
    return sentences


def others_hold(view: LineView) -> bool:
    """Return whether the line stays locked when its person unlocks it."""
    return any(one.reason != Reason.SELF for one in view.reasons)
