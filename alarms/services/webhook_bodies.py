"""What webhooks are sent: a story as documented JSON, as Markdown for Webex, as an Adaptive Card for Teams.

The generic form is a promise to programs (docs/webhooks.md): fields are added, never renamed; VERSION rises when one
must change its meaning.
"""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language, get_language_bidi, ngettext
from django.utils.translation import gettext as _

from alarms.kinds import KINDS
from alarms.models import Alarm, WebhookKind
from alarms.services.story import Event, Story, absolute
from alarms.services.wording import Worded
from callanalytics.templatetags.ui import number

Body = dict[str, Any]
VERSION = 1
LONGEST_MARKDOWN = 7000
"""Bytes; Webex takes 7439."""
LONGEST_CARD = 20_000
"""Bytes; Teams takes 28 KB of a message, in which it counts more than the JSON."""
LONGEST_TEXT = 1000
SIGNS = re.compile(r"([\\`*_\[\]<])")
"""What Markdown would read as mark-up within a line, mentions of Webex among it."""


def generic_body(story: Story, identity: str) -> Body:
    """Return a story as JSON for programs."""
    rule, kind = story.rule, KINDS.get(story.rule.kind)
    return {
        "version": VERSION,
        "id": identity,
        "event": story.event.value,
        "created_at": timezone.now().isoformat(timespec="seconds"),
        "portal": settings.PORTAL_URL,
        "language": get_language() or settings.LANGUAGE_CODE,
        "subject": story.subject,
        "rule": {
            "id": rule.pk, "name": rule.name, "kind": rule.kind, "owner": str(story.owner), "text": rule.text,
            "settings": kind.in_words(rule.parameters) if kind else [], "url": story.address,
        },
        "total": {"alarms": story.alarms, "calls": story.calls},
        "since": story.since.isoformat(timespec="seconds") if story.since else None,
        "alarms": [alarm_as_json(line) for line in story.lines],
        "more": story.more,
    }  # fmt: skip


def alarm_as_json(line: Worded) -> Body:
    """Return one alarm; what the owner may not know is left empty, as in the portal."""
    alarm: Alarm = line.alarm
    amount = alarm.amount if line.amount else None
    return {
        "id": alarm.pk,
        "what": line.sentence,
        "who": line.who,
        "happened_at": alarm.happened_at.isoformat(timespec="seconds"),
        "until": alarm.until.isoformat(timespec="seconds") if alarm.until else None,
        "calls": alarm.calls,
        "amount": f"{amount.normalize():f}" if amount is not None else None,
        "currency": alarm.currency if amount is not None else None,
        "url": absolute(line.address),
    }


def webex_body(story: Story, _identity: str) -> Body:
    """Return a story as a message to a Webex space, as many alarms as it takes."""
    head = [f"**{plain(story.subject)}**"]
    if story.event != Event.ALARMS:
        head.append(plain(story.sums))
    if story.rule.text:
        head.append(plain(shortened(story.rule.text)))
    foot = [f"[{_('Open in the portal')}]({story.address})", plain(story.reason)]
    lines = [f"- [{plain(line.sentence or line.kind_label)}]({absolute(line.address)}){plain(beside(line))}"
             for line in story.lines]  # fmt: skip

    def written(count: int) -> str:
        listed = "\n".join(lines[:count])
        return "\n\n".join(filter(None, [*head, listed, more_in_words(story, count), *foot]))

    return {"markdown": written(most_that_fit(len(lines), lambda n: len(written(n).encode()) <= LONGEST_MARKDOWN))}


def teams_body(story: Story, _identity: str) -> Body:
    """Return a story as a message with an Adaptive Card, as workflows of Teams take it."""

    def written(count: int) -> Body:
        return message_with(card_of(story, story.lines[:count]))

    return written(most_that_fit(len(story.lines), lambda n: size_of(written(n)) <= LONGEST_CARD))


def card_of(story: Story, lines: Sequence[Worded]) -> Body:
    """Return the card of a story with some of its alarms."""
    body = [paragraph(run(story.rule.name, size="Large", weight="Bolder")), paragraph(run(story.sums))]
    if story.rule.text:
        body.append(paragraph(run(shortened(story.rule.text))))
    for line in lines:
        link = {"type": "Action.OpenUrl", "url": absolute(line.address)}
        what = run(line.sentence or line.kind_label, color="Accent", selectAction=link)
        body.append(paragraph(what, run(beside(line)), separator=True))
    if more := more_in_words(story, len(lines)):
        body.append(paragraph(run(more)))
    for place, (label, words) in enumerate(story.facts):
        body.append(paragraph(run(f"{label}: ", weight="Bolder"), run(words), separator=not place))
    body.append(paragraph(run(story.reason, isSubtle=True), separator=True))
    return card(body, [{"type": "Action.OpenUrl", "title": _("Open in the portal"), "url": story.address}])


def card(body: list[Body], actions: list[Body]) -> Body:
    """Return an Adaptive Card in the direction of the active language."""
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
        "rtl": get_language_bidi(), "msteams": {"width": "Full"}, "body": body, "actions": actions,
    }  # fmt: skip


def message_with(content: Body) -> Body:
    """Return the message that carries a card."""
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": content,
    }  # fmt: skip
    return {"type": "message", "attachments": [attachment]}


def paragraph(*runs: Body, separator: bool = False) -> Body:
    """Return a paragraph of a card; unlike those of a TextBlock its texts are not read as Markdown."""
    return {"type": "RichTextBlock", "inlines": list(runs), "separator": separator}


def run(text: str, **looks: Any) -> Body:
    """Return a text within a paragraph of a card."""
    return {"type": "TextRun", "text": text, **looks}


def plain(text: str) -> str:
    """Return a text in which Markdown finds no mark-up."""
    return SIGNS.sub(r"\\\1", text)


def shortened(text: str) -> str:
    """Return the beginning of a long text."""
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT].rstrip() + "…"


def beside(line: Worded) -> str:
    """Return who, when and how much of an alarm."""
    return "".join(f" · {words}" for words in (line.who, line.when, line.amount) if words)


def more_in_words(story: Story, told: int) -> str:
    """Return how many alarms are not told one by one, '' when all are."""
    more = story.alarms - told
    text = ngettext("And %(number)s more alarm.", "And %(number)s more alarms.", more)
    return text % {"number": number(more)} if more else ""


def most_that_fit(count: int, fits: Callable[[int], bool]) -> int:
    """Return how many of some lines a message takes: the largest number up to `count` that fits, at least none."""
    fewest, most = 0, count
    while fewest < most:
        middle = (fewest + most + 1) // 2
        fewest, most = (middle, most) if fits(middle) else (fewest, middle - 1)
    return fewest


def as_bytes(body: Body) -> bytes:
    """Return a body as it is sent."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def size_of(body: Body) -> int:
    """Return the bytes of a body."""
    return len(as_bytes(body))


BODIES: dict[str, Callable[[Story, str], Body]] = {
    WebhookKind.GENERIC: generic_body, WebhookKind.WEBEX: webex_body, WebhookKind.TEAMS: teams_body,
}  # fmt: skip


def test_body(kind: str, identity: str) -> Body:
    """Return what "Send a test message" sends."""
    text = _("This is a test message of Call Analytics: the webhook works.")
    if kind == WebhookKind.WEBEX:
        return {"markdown": plain(text)}
    if kind == WebhookKind.TEAMS:
        return message_with(card([paragraph(run(text))], []))
    return {
        "version": VERSION, "id": identity, "event": "test", "created_at": timezone.now().isoformat(timespec="seconds"),
        "portal": settings.PORTAL_URL, "language": get_language() or settings.LANGUAGE_CODE, "subject": text,
    }  # fmt: skip
