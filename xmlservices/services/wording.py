"""What phones say about a line: its state in a few words, and what a lock or a release has led to."""

from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from phonelock.models import LineStatus, Reason
from phonelock.services.seeing import LineView


def state_in_short(view: LineView) -> str:
    """Return the state for the line above or below a title: 32 characters in most languages."""
    return str(STATES[view.status]) % {"number": view.extension.number}


def state_in_full(view: LineView) -> str:
    """Return the state with the reasons that hold, as sentences; never locked while calls may pass."""
    return "\n".join([str(SENTENCES[view.status]) % {"number": view.extension.number}, *reasons_in_words(view)])


STATES: dict[str, str | Promise] = {
    LineStatus.OPEN: gettext_lazy("%(number)s: unlocked"),
    LineStatus.LOCKED: gettext_lazy("%(number)s: locked"),
    LineStatus.LOCKING: gettext_lazy("%(number)s: being locked"),
    LineStatus.OPENING: gettext_lazy("%(number)s: being unlocked"),
    LineStatus.NOT_BARRED: gettext_lazy("%(number)s: calls not barred"),
}
SENTENCES: dict[str, str | Promise] = {
    LineStatus.OPEN: gettext_lazy("Line %(number)s is unlocked."),
    LineStatus.LOCKED: gettext_lazy("Line %(number)s is locked. Outgoing calls are barred; emergency calls are not."),
    LineStatus.LOCKING: gettext_lazy("Line %(number)s is being locked. Calls are still possible for a moment."),
    LineStatus.OPENING: gettext_lazy("Line %(number)s is being unlocked. Calls are still barred for a moment."),
    LineStatus.NOT_BARRED: gettext_lazy("The lock of line %(number)s is noted, but nothing bars its calls yet."),
}
REASONS: dict[str, str | Promise] = {
    Reason.SELF: gettext_lazy("Locked by you."),
    Reason.ADMINISTRATION: gettext_lazy("Locked by the administration, which alone can lift it."),
    Reason.BUDGET: gettext_lazy("Budget used up."),
    Reason.TIMETABLE: gettext_lazy("Locked at these hours."),
}


def reasons_in_words(view: LineView) -> list[str]:
    """Return a sentence for each reason that holds, with its end."""
    sentences = []
    for one in view.reasons:
        words = str(REASONS[one.reason])
        if one.until:
            end = formats.date_format(timezone.localtime(one.until), "SHORT_DATETIME_FORMAT")
            words += " " + _("Until %(end)s.") % {"end": end}
        sentences.append(words)
    return sentences


def others_hold(view: LineView) -> bool:
    """Return whether the line stays locked when its person unlocks it."""
    return any(one.reason != Reason.SELF for one in view.reasons)
