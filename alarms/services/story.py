"""What a rule has to tell at one time: collected once, then written as a mail or as a message to a webhook."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Max, Sum
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounting.models import User
from accounting.services.recurrence_words import when_of
from alarms.kinds import KINDS
from alarms.models import Alarm, AlarmRule, Result, RuleRun, Told
from alarms.services.wording import Worded, moment_in_words, worded
from callanalytics.templatetags.ui import number

SHOWN = 50
"""How many alarms are told one by one."""


class Event(StrEnum):
    """What is told; the names stand in messages to webhooks and stay as they are."""

    ALARMS = "alarms"
    QUIET = "quiet"
    NO_DATA = "no_data"


@dataclass(frozen=True, slots=True)
class Story:
    """What recipients are told, with the rights of the owner, in the active language and zone."""

    key: str
    """Names it for ever: what was told under it is not told again."""
    rule: AlarmRule
    owner: User
    event: Event
    lines: list[Worded]
    """The first alarms, in the order in which they happened."""
    alarms: int = 0
    calls: int = 0
    last: int = 0
    """The id of the last alarm that is told."""
    since: datetime | None = None
    """Since when there was nothing to report."""

    @property
    def more(self) -> int:
        """How many alarms are not told one by one."""
        return self.alarms - len(self.lines)

    @property
    def subject(self) -> str:
        """The story in a line: Alarm: International calls – 3 alarms, 12 calls."""
        if self.event == Event.QUIET:
            return _("No alarm: %(rule)s") % {"rule": self.rule}
        if self.event == Event.NO_DATA:
            return _("No calls: %(rule)s") % {"rule": self.rule}
        return _("Alarm: %(rule)s – %(what)s") % {"rule": self.rule, "what": self.sums}

    @property
    def sums(self) -> str:
        """How much is told, or since when there is nothing."""
        if self.since is not None:
            text = _("No calls have arrived since %(moment)s.")
            if self.event == Event.QUIET:
                text = _("There was nothing to report since %(moment)s.")
            return text % {"moment": moment_in_words(self.since)}
        alarms = ngettext("%(number)s alarm", "%(number)s alarms", self.alarms) % {"number": number(self.alarms)}
        if not self.calls:
            return alarms
        calls = ngettext("%(number)s call", "%(number)s calls", self.calls) % {"number": number(self.calls)}
        return _("%(alarms)s, %(calls)s") % {"alarms": alarms, "calls": calls}

    @property
    def facts(self) -> list[tuple[str, str]]:
        """The settings of the rule: labels and words."""
        kind = KINDS.get(self.rule.kind)
        found = [(_("Kind of alarm"), str(kind.label))] if kind else []
        found += [(_("Settings"), words) for words in (kind.in_words(self.rule.parameters) if kind else ())]
        return [*found, (_("Checked"), when_of(self.rule))]

    @property
    def reason(self) -> str:
        """Why somebody is told."""
        names = {"rule": self.rule.name, "owner": self.owner}
        return (
            _(
                "You are told by the scheduled alarm “%(rule)s” of %(owner)s. It holds what %(owner)s may see; "
                "in the portal everyone sees what their own role allows."
            )
            % names
        )

    @property
    def address(self) -> str:
        """The page of the rule."""
        return absolute(address_of_rule(self.rule))


def address_of_rule(rule: AlarmRule) -> str:
    """Return the page of a rule, within the portal."""
    return reverse("alarm_rule", args=[rule.pk])


def absolute(path: str) -> str:
    """Return the whole address of a page of the portal."""
    return urljoin(settings.PORTAL_URL, path)


def zone_of_rule(rule: AlarmRule) -> ZoneInfo:
    """Return the zone of a rule, the organisation's when it is not known any more."""
    try:
        return ZoneInfo(rule.zone)
    except (LookupError, ValueError, OSError):
        return ZoneInfo(settings.TIME_ZONE)


@contextmanager
def speaking(rule: AlarmRule) -> Iterator[None]:
    """Speak the language of a rule, or else of its owner, and tell times in the zone of the rule."""
    language = rule.language or (rule.owner.language if rule.owner else "") or settings.LANGUAGE_CODE
    with translation.override(language), timezone.override(zone_of_rule(rule)):
        yield


def story_of_alarms(rule: AlarmRule, owner: User) -> Story | None:
    """Return the story of everything that the rule has raised and not told; None without any."""
    waiting = Alarm.objects.filter(rule=rule, told=Told.WAITING)
    sums = waiting.aggregate(alarms=Count("pk"), calls=Sum("calls"), last=Max("pk"))
    if not sums["alarms"]:
        return None
    first = list(waiting.filter(pk__lte=sums["last"]).select_related("rule").order_by("happened_at", "pk")[:SHOWN])
    key = f"alarm:{rule.pk}:{sums['last']}"
    return Story(key, rule, owner, Event.ALARMS, worded(first, owner), sums["alarms"], sums["calls"] or 0, sums["last"])


def story_of_nothing(rule: AlarmRule, owner: User, run: RuleRun) -> Story:
    """Return the story of a look that has found nothing, or has had nothing to look at."""
    event = Event.NO_DATA if run.result == Result.NO_DATA else Event.QUIET
    before = rule.runs.exclude(pk=run.pk)
    good = before.filter(calls__gt=0) if event == Event.NO_DATA else before.exclude(result=Result.FAILED)
    last = good.order_by("-pk").first()
    return Story(
        f"alarm:{rule.pk}:run:{run.pk}", rule, owner, event, [], since=last.looked_at if last else rule.created_at
    )
