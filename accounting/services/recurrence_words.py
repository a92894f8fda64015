"""Due times in words: how often something is done, and its next times in its zone."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from babel.lists import format_list
from django.utils import formats, timezone
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounting.models import Recurring
from callanalytics.lib.recurrence import LAST_DAY, Recurrence, Unit
from callanalytics.templatetags.ui import number, reader_locale

SHOWN = 3
"""How many of the next due times are shown."""
WORKING_DAYS, EVERY_DAY = frozenset(range(5)), frozenset(range(7))


def when_of(row: Recurring) -> str:
    """Return how often something is done as a sentence, or why that cannot be said."""
    trouble = row.trouble_with_times
    return str(trouble.label) if trouble else in_words(row.recurrence)


def due_times(row: Recurring) -> dict[str, Any]:
    """Return what components/due_times.html shows: the sentence and the next times, or why there are none."""
    trouble = row.trouble_with_times
    if trouble:
        return {"problems": [trouble.label]}
    return {"when": in_words(row.recurrence), "next_times": next_times(row.recurrence)}


def in_words(rule: Recurrence) -> str:
    """Return how often something is due as a sentence, for instance Every Monday at 07:00 (Europe/Berlin)."""
    return f"{SENTENCES[rule.unit](rule)} ({rule.zone})"


def clock(rule: Recurrence) -> str:
    """Return the time of day in the reader's format."""
    return str(formats.time_format(rule.at, "TIME_FORMAT"))


def minutes_in_words(rule: Recurrence) -> str:
    """Return the sentence of a rule that counts minutes."""
    text = ngettext(
        "Every minute, counted from %(time)s", "Every %(number)s minutes, counted from %(time)s", rule.every
    )
    return text % {"number": number(rule.every), "time": clock(rule)}


def days_in_words(rule: Recurrence) -> str:
    """Return the sentence of a rule that counts days."""
    text = ngettext("Every day at %(time)s", "Every %(number)s days at %(time)s", rule.every)
    return text % {"number": number(rule.every), "time": clock(rule)}


def weeks_in_words(rule: Recurrence) -> str:
    """Return the sentence of a rule that counts weeks."""
    words = {"number": number(rule.every), "time": clock(rule), "days": weekdays_in_words(rule.weekdays)}
    if rule.every == 1 and rule.weekdays == EVERY_DAY:
        return _("Every day at %(time)s") % words
    if rule.every == 1 and rule.weekdays == WORKING_DAYS:
        return _("Monday to Friday at %(time)s") % words
    # Translators: days are one day of the week or a list of some, for instance Monday, Tuesday and Friday.
    return ngettext("Every %(days)s at %(time)s", "Every %(number)s weeks on %(days)s at %(time)s", rule.every) % words


def weekdays_in_words(weekdays: Iterable[int]) -> str:
    """Return days of the week as the reader's language lists them."""
    return format_list([str(WEEKDAYS[day]) for day in sorted(weekdays)], locale=reader_locale())


def months_in_words(rule: Recurrence) -> str:
    """Return the sentence of a rule that counts months."""
    words = {"number": number(rule.every), "time": clock(rule), "day": rule.day_of_month}
    if rule.day_of_month >= LAST_DAY:
        text = ngettext(
            "On the last day of every month at %(time)s",
            "Every %(number)s months on the last day at %(time)s",
            rule.every,
        )
    else:
        text = ngettext(
            "On day %(day)s of every month at %(time)s",
            "Every %(number)s months on day %(day)s at %(time)s",
            rule.every,
        )
    return text % words


SENTENCES: dict[Unit, Callable[[Recurrence], str]] = {
    Unit.MINUTES: minutes_in_words,
    Unit.DAYS: days_in_words,
    Unit.WEEKS: weeks_in_words,
    Unit.MONTHS: months_in_words,
}


def next_times(rule: Recurrence, after: datetime | None = None) -> list[str]:
    """Return the next due times in the rule's zone, for instance Monday, 23 Nov 2026, 07:00."""
    return [moment_in_words(due, rule) for due in rule.following(after or timezone.now(), SHOWN)]


def next_times_of(row: Recurring) -> list[str]:
    """Return the next due times of something, none while it is paused or when they cannot be computed."""
    return next_times(row.recurrence) if row.next_run and not row.trouble_with_times else []


def moment_in_words(due: datetime, rule: Recurrence) -> str:
    """Return a due time with its day of the week, in the rule's zone."""
    local = due.astimezone(rule.zone)
    day, clock_time = formats.date_format(local, "SHORT_DATE_FORMAT"), formats.time_format(local.time(), "TIME_FORMAT")
    words = {"weekday": WEEKDAYS[local.weekday()], "day": day, "time": clock_time}
    return _("%(weekday)s, %(day)s, %(time)s") % words
