"""Looks after alarm rules: due times, pausing, muting, handing over, deleting and bringing back."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import datetime

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounting.models import AuditedAction, User
from accounting.services import repeating
from accounting.services.auditing import record
from accounting.services.recurrence_words import weekdays_in_words
from accounting.services.repeating import BOOKKEEPING, STATE, CannotOwn, Room, paused_copy, told_changes
from alarms.kinds import KINDS, reasons
from alarms.kinds.looking import latest_marks
from alarms.models import AlarmRule, PausedBecause, Result, RuleRun, Webhook
from alarms.services import evaluating

log = structlog.get_logger(__name__)
ENGINE = frozenset({"id", "marks", "looked_at", "failures", "created_at"})
"""Fields that looks change; what a look has stored while somebody edits is kept."""
UNTOLD = ENGINE | BOOKKEEPING | {"version"}
"""Fields that say nothing to an auditor."""
MUTE = frozenset({"muted_until", "changed_at"})
NOT_COPIED = ENGINE | {"version", "muted_until"}


def room_for(person: User) -> Room:
    """Return how many alarm rules a person has, paused ones too, and may have: as many as scheduled reports."""
    return repeating.room_of(AlarmRule.objects.kept().filter(owner=person))


def room_kept(person: User) -> AbstractContextManager[None]:
    """Hold the work of adding a rule to the limit, also when it is done twice at once; raise NoRoom."""
    return repeating.room_kept(person, AlarmRule.objects.kept().filter(owner=person), too_many)


def too_many(most: int) -> str:
    """Return the words for somebody who has as many as may be."""
    return ngettext(
        "%(person)s has %(most)s scheduled alarm, and more are not allowed. Delete it first.",
        "%(person)s has %(most)s scheduled alarms, and more are not allowed. Delete one first.",
        most,
    )


def settings_of(rule: AlarmRule) -> list[str]:
    """Return the parameters of a rule in words; those of a kind that is gone, or that no longer hold, are not said."""
    kind = KINDS.get(rule.kind)
    try:
        return kind.in_words(rule.parameters) if kind else []
    except (LookupError, TypeError, ValueError):
        return []


def add(rule: AlarmRule, webhooks: Iterable[Webhook] = ()) -> None:
    """Store a new rule that looks at what arrives from now on; raise NoRoom."""
    assert rule.owner is not None
    rule.marks = latest_marks()
    with room_kept(rule.owner):
        rule.set_due()
        rule.save()
        note(None, rule, webhooks, AuditedAction.ADDED)


def keep(rule: AlarmRule, webhooks: Iterable[Webhook] | None = None) -> None:
    """Store a changed rule; with other parameters, what was raised before does not keep new alarms quiet."""
    with transaction.atomic():
        before = AlarmRule.objects.select_for_update(of=("self",)).get(pk=rule.pk)
        changed = (before.kind, before.parameters) != (rule.kind, rule.parameters)
        rule.version = before.version + changed
        if rule.paused_because == PausedBecause.BROKEN and not rule.trouble_with_times:
            rule.paused_because = PausedBecause.NO
        rule.set_due()
        rule.save(update_fields={field.attname for field in AlarmRule._meta.concrete_fields} - ENGINE)
        note(before, rule, webhooks, AuditedAction.CHANGED)


def store(rule: AlarmRule, only: frozenset[str], action: AuditedAction = AuditedAction.CHANGED) -> None:
    """Save some fields of a rule, and tell the audit log what has changed."""
    with transaction.atomic():
        before = AlarmRule.objects.select_for_update(of=("self",)).get(pk=rule.pk)
        rule.save(update_fields=only)
        note(before, rule, None, action, only)


def note(
    before: AlarmRule | None, rule: AlarmRule, webhooks: Iterable[Webhook] | None, action: AuditedAction,
    only: frozenset[str] | None = None,
) -> None:  # fmt: skip
    """Set the webhooks of a stored rule, and tell the audit log what has changed."""
    changes = told_changes(before, rule, SAID, UNTOLD, only)
    if webhooks is not None:
        old, new = names_of(rule.webhooks.all()), names_of(webhooks)
        rule.webhooks.set(webhooks)
        if old != new:
            changes["webhooks"] = [old, new]
    if changes or action != AuditedAction.CHANGED:
        record(action, "alarmrule", rule.name, subject_id=rule.pk, changes=changes)


def names_of(webhooks: Iterable[Webhook]) -> str:
    """Return the names of webhooks as the audit log keeps them."""
    return ", ".join(sorted(one.name for one in webhooks))


SAID: dict[str, Callable[[AlarmRule], str]] = {
    "recipients": lambda rule: ", ".join(rule.recipients),
    "weekdays": lambda rule: weekdays_in_words(rule.weekdays),
    "parameters": lambda rule: "; ".join(settings_of(rule)),
    "kind": lambda rule: str(KINDS[rule.kind].label) if rule.kind in KINDS else rule.kind,
}
"""Fields whose stored values say little, and how they are said."""


def pause(rule: AlarmRule) -> None:
    """Let a rule look no more until it is resumed; what arrives meanwhile is looked at then."""
    rule.paused_because = PausedBecause.ASKED
    rule.set_due()
    store(rule, STATE)


def resume(rule: AlarmRule) -> None:
    """Let a rule look again from its next due time on; failures count anew."""
    rule.paused_because, rule.failures = PausedBecause.NO, 0
    rule.set_due()
    store(rule, STATE)


def mute(rule: AlarmRule, until: datetime | None) -> None:
    """Raise, but tell nobody until a moment; None ends it."""
    rule.muted_until = until
    store(rule, MUTE)


def check_now(rule: AlarmRule, by: User) -> RuleRun:
    """Look at once; a fault of the product is entered as a run that failed, as at due times."""
    try:
        return evaluating.run_now(rule, by)
    except Exception as error:
        if evaluating.is_passing(error):
            raise
        log.exception("alarm_rule_not_evaluated", rule=rule.pk)
        now = timezone.now()
        failed = RuleRun(
            rule=rule, due_at=now, by=by, looked_at=now, result=Result.FAILED, reason=reasons.UNEXPECTED
        )  # fmt: skip
        failed.save()
        return failed


def duplicate(rule: AlarmRule, owner: User) -> AlarmRule:
    """Return a copy that belongs to a person; it is paused until it is resumed. Raises NoRoom."""
    copy = paused_copy(rule, owner, NOT_COPIED)
    add(copy, list(rule.webhooks.all()))
    return copy


def hand_over(rule: AlarmRule, to: User) -> None:
    """Give a rule to another person, with whose rights it looks from now on; raise CannotOwn."""
    if not to.is_overseer:
        raise CannotOwn(_("%(person)s is neither a supervisor nor an administrator.") % {"person": to})
    rule.owner = to
    if rule.paused_because == PausedBecause.LEFT:
        rule.paused_because = PausedBecause.NO
    keep(rule)


def delete(rule: AlarmRule) -> None:
    """Delete a rule so that it can be brought back."""
    rule.deleted_at = timezone.now()
    rule.set_due()
    store(rule, frozenset({"deleted_at", "next_run", "changed_at"}), AuditedAction.DELETED)


def restore(rule: AlarmRule) -> None:
    """Bring a deleted rule back; it looks at what has arrived meanwhile, too. Raises NoRoom."""
    if rule.owner is None:
        bring_back(rule)
        return
    with room_kept(rule.owner):
        bring_back(rule)


def bring_back(rule: AlarmRule) -> None:
    """Store that a rule is not deleted any more."""
    rule.deleted_at = None
    rule.set_due()
    store(rule, frozenset({"deleted_at", "next_run", "paused_because", "changed_at"}), AuditedAction.ADDED)
