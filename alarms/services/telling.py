"""Tells recipients what a rule has raised: by mail and to webhooks, held back in quiet hours and while muted.

Everything that waits is told at one time, in the transaction in which it is marked as told. What cannot be told to
anybody stays visible in the list of alarms, and the check says so.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime

import structlog
from django.db import OperationalError, transaction
from django.utils import timezone
from django.utils.translation import ngettext

from accounting.models import User
from accounting.services.mailing import RecipientRefusedError
from accounting.services.outbox import post
from accounting.services.recipients import allowed_among, without_leavers
from alarms.models import Alarm, AlarmRule, Result, RuleRun, Told
from alarms.services.letters import cause_of, letter_of, letter_of_failure
from alarms.services.story import Story, speaking, story_of_alarms, story_of_nothing, zone_of_rule
from alarms.services.webhooks import post_to
from callanalytics.templatetags.ui import number

log = structlog.get_logger(__name__)
MAILS, WEBHOOKS, LEFT, REFUSED, SWITCHED_OFF, FAILED = "mails", "webhooks", "left", "refused", "off", "failed"
TOLD: dict[str, Callable[[int], str]] = {
    MAILS: lambda n: ngettext("Mailed to %(number)s recipient", "Mailed to %(number)s recipients", n),
    WEBHOOKS: lambda n: ngettext("Posted to %(number)s webhook", "Posted to %(number)s webhooks", n),
    LEFT: lambda n: ngettext("%(number)s recipient has left", "%(number)s recipients have left", n),
    REFUSED: lambda n: ngettext(
        "%(number)s recipient is not allowed by the set-up of the mail server",
        "%(number)s recipients are not allowed by the set-up of the mail server", n
    ),
    SWITCHED_OFF: lambda n: ngettext("%(number)s webhook is switched off", "%(number)s webhooks are switched off", n),
    FAILED: lambda n: ngettext("The mail could not be written", "The mails could not be written", n),
}  # fmt: skip
"""By the key of a number in RuleRun.told: how it is said."""


def told_in_words(run: RuleRun) -> list[str]:
    """Return who was told of a check and who not, in sentences without full stops."""
    return [text(run.told[key]) % {"number": number(run.told[key])} for key, text in TOLD.items() if run.told.get(key)]


def tell_run(rule: AlarmRule, run: RuleRun) -> None:
    """Post what the rule has raised and not told yet, in the caller's transaction; the rule's row is locked."""
    now, owner = timezone.now(), rule.owner
    if is_muted(rule, now):
        Alarm.objects.filter(rule=rule, told=Told.WAITING).update(told=Told.MUTED)
        return
    # Without an owner who may have rules there are no rights to tell with: it waits until the rule is handed over.
    if owner is None or not may_tell(owner) or is_quiet(rule, now):
        return
    with speaking(rule):
        try:
            with transaction.atomic():
                story, told = tell_waiting(rule, run, owner)
        except OperationalError:
            raise
        except Exception:
            # What is raised must not be lost, and be raised again, since it cannot be told.
            log.exception("alarms_not_told", rule=rule.pk)
            story, told = None, Counter({FAILED: 1})
    if told:
        mark(rule, run, story, told, now)


def tell_waiting(rule: AlarmRule, run: RuleRun, owner: User) -> tuple[Story | None, Counter[str]]:
    """Post what waits, or that there is nothing where that is asked for; return it, and who was told."""
    story = story_of_alarms(rule, owner)
    if story is None and rule.send_quiet and run.result in (Result.QUIET, Result.NO_DATA):
        story = story_of_nothing(rule, owner, run)
    return story, post_story(story) if story else Counter()


def post_story(story: Story) -> Counter[str]:
    """Put a story into the outbox and before the webhooks of its rule; return how many are told, and who is not."""
    rule = story.rule
    stay, left = without_leavers(rule.recipients)
    allowed = allowed_among(stay)
    told = Counter({LEFT: len(left), REFUSED: len(set(stay)) - len(allowed)})
    if allowed:
        told[MAILS] = len(post(letter_of(story), allowed))
    for webhook in rule.webhooks.all():
        if webhook.active:
            post_to(webhook, story, cause_of(rule))
        told[WEBHOOKS if webhook.active else SWITCHED_OFF] += 1
    return told


def mark(rule: AlarmRule, run: RuleRun, story: Story | None, told: Counter[str], now: datetime) -> None:
    """Store that alarms are told, or that there was nobody to tell; and on the check, who was told."""
    waiting = Alarm.objects.filter(rule=rule, told=Told.WAITING)
    if story is not None:
        waiting = waiting.filter(pk__lte=story.last)
    if told[MAILS] or told[WEBHOOKS]:
        waiting.update(told=Told.TOLD, told_at=now)
    else:
        waiting.update(told=Told.NOBODY)
    run.told = dict(+(Counter(run.told) + told))
    run.save(update_fields=["told"])


def tell_held(now: datetime | None = None) -> int:
    """Tell what was held back by rules whose quiet hours are over; return how many rules were told.

    Two workers at once tell each rule once: whoever holds its row tells it, the other one passes it over.
    """
    now = now or timezone.now()
    held = AlarmRule.objects.kept().filter(pk__in=Alarm.objects.filter(told=Told.WAITING).values("rule"))
    told = 0
    for rule in held.filter(owner__is_active=True).select_related("owner"):
        if rule.owner and may_tell(rule.owner) and (is_muted(rule, now) or not is_quiet(rule, now)):
            told += tell_held_of(rule.pk)
    return told


@transaction.atomic
def tell_held_of(rule_id: int) -> bool:
    """Tell what one rule has held back; False when another worker is at it, or has done it."""
    rules = AlarmRule.objects.kept().select_for_update(skip_locked=True, of=("self",)).select_related("owner")
    rule = rules.filter(pk=rule_id).first()
    last = Alarm.objects.filter(rule_id=rule_id, told=Told.WAITING).select_related("run").order_by("-pk").first()
    if rule is None or last is None:
        return False
    tell_run(rule, last.run)
    return True


def tell_failure(rule: AlarmRule, run: RuleRun) -> None:
    """Tell the owner that the rule could not look several times in a row."""
    owner = rule.owner
    if owner is None or not owner.is_active or not owner.email:
        return
    try:
        post(letter_of_failure(rule, run, owner), [owner.email])
    except RecipientRefusedError as error:
        log.warning("alarm_notice_refused", rule=rule.pk, reason=str(error))


def may_tell(owner: User) -> bool:
    """Whether something may be told with the rights of the owner."""
    return owner.is_active and owner.is_overseer


def is_muted(rule: AlarmRule, now: datetime) -> bool:
    """Whether the rule is raised without being told."""
    return rule.muted_until is not None and now < rule.muted_until


def is_quiet(rule: AlarmRule, now: datetime) -> bool:
    """Whether it is within the rule's quiet hours, which may go over midnight."""
    start, end = rule.quiet_from, rule.quiet_until
    if start is None or end is None or start == end:
        return False
    clock = now.astimezone(zone_of_rule(rule)).time()
    return start <= clock < end if start < end else clock >= start or clock < end
