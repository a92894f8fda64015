"""The mails of alarms: what a rule has raised, and that it could not look."""

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import get_language, get_language_bidi, ngettext
from django.utils.translation import gettext as _

from accounting.models import MailPurpose, User
from accounting.services.outbox import Letter
from alarms.kinds import reasons
from alarms.models import AlarmRule, RuleRun
from alarms.services.story import Event, Story, absolute, address_of_rule


def letter_of(story: Story) -> Letter:
    """Return the mail that tells a story, in the active language and zone."""
    context = {
        "story": story,
        "subject": story.subject,
        "lines": [(line, absolute(line.address)) for line in story.lines],
        "all_alarms": story.event == Event.ALARMS,
        "start": "right" if get_language_bidi() else "left",
        "end": "left" if get_language_bidi() else "right",
    }
    return Letter(
        key=story.key, cause=cause_of(story.rule), purpose=MailPurpose.ALARM, subject=story.subject,
        text=render_to_string("emails/alarms/letter.txt", context),
        html=render_to_string("emails/alarms/letter.html", context),
        language=get_language() or settings.LANGUAGE_CODE, on_behalf_of=story.owner,
    )  # fmt: skip


def cause_of(rule: AlarmRule) -> str:
    """Return what names the rule as the cause of mails and messages."""
    return f"alarm:{rule.pk}"


def letter_of_failure(rule: AlarmRule, run: RuleRun, owner: User) -> Letter:
    """Return the notice that the rule could not look several times in a row, in the language of its owner."""
    language = owner.language or settings.LANGUAGE_CODE
    with translation.override(language):
        said = ngettext(
            "The scheduled alarm “%(rule)s” could not be checked.",
            "The scheduled alarm “%(rule)s” could not be checked %(number)s times in a row.",
            rule.failures,
        )
        parts = [
            said % {"rule": rule.name, "number": rule.failures},
            str(reasons.TEXTS.get(run.reason, reasons.TEXTS[reasons.UNEXPECTED])),
            _("What arrives meanwhile is not lost: it is checked as soon as that is possible again."),
            _("The scheduled alarm in the portal: %(page)s") % {"page": absolute(address_of_rule(rule))},
        ]
        return Letter(
            key=f"alarm-failed:{run.pk}", cause=cause_of(rule), purpose=MailPurpose.NOTICE,
            subject=_("Cannot be checked: %(rule)s") % {"rule": rule.name}, text="\n\n".join(parts) + "\n",
            language=language,
        )  # fmt: skip
