"""What the list of rules tells of each: how the last check went, and how many alarms are open."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.cache import cache
from django.db.models import Count, F, OuterRef, Q, Subquery
from django.utils import timezone

from accounting.models import User
from accounting.services.recurrence_words import when_of
from alarms.kinds import KINDS, reasons
from alarms.models import Alarm, AlarmRule, PausedBecause, Result, RuleRun
from alarms.querysets import AlarmRuleQuerySet
from alarms.services.rules import settings_of
from alarms.services.telling import told_in_words

MOST_COUNTED = 100
"""Open alarms that the home page counts; of more it says that there are more."""
KEPT_SECONDS = 30
ICONS = {
    Result.FIRED: "bell-ring", Result.QUIET: "circle-check", Result.NO_DATA: "circle-dashed", Result.FAILED: "circle-x",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Checked:
    """A check in words."""

    run: RuleRun
    icon: str
    why: str
    """Why it could not be done, or why there was nothing."""
    told: list[str]
    """Who was told of it, and who not."""


@dataclass(frozen=True, slots=True)
class Row:
    """A rule in the list, in words."""

    rule: AlarmRule
    kind: str
    icon: str
    settings: list[str]
    when: str
    last: Checked | None
    open: int
    recipients: int
    """Addresses and webhooks."""
    is_muted: bool


def checked(run: RuleRun) -> Checked:
    """Return a check in words."""
    return Checked(run, ICONS[Result(run.result)], str(reasons.TEXTS.get(run.reason, "")), told_in_words(run))


def in_order(found: AlarmRuleQuerySet) -> AlarmRuleQuerySet:
    """Order what needs attention first, then by name; each with the id of its last check."""
    newest = RuleRun.objects.filter(rule=OuterRef("pk")).order_by("-due_at", "-pk").values("pk")[:1]
    waits = Q(paused_because__in=(PausedBecause.BROKEN, PausedBecause.LEFT)) | Q(failures__gt=0)
    return found.annotate(last_id=Subquery(newest), attention=waits).order_by("-attention", F("name"), "pk")


def rows_of(found: Sequence[AlarmRule]) -> list[Row]:
    """Return the rows of a list that in_order() has prepared; four queries."""
    keys = [one.pk for one in found]
    last = RuleRun.objects.in_bulk([one.last_id for one in found if one.last_id])  # type: ignore[attr-defined]
    alarms = Alarm.objects.open().filter(rule__in=keys).order_by().values_list("rule").annotate(Count("pk"))
    webhooks = AlarmRule.webhooks.through.objects.filter(alarmrule__in=keys).values_list("alarmrule")
    open_, posted = dict(alarms), dict(webhooks.annotate(Count("pk")))
    return [row_of(one, last.get(one.last_id), open_.get(one.pk, 0), posted.get(one.pk, 0)) for one in found]  # type: ignore[attr-defined]


def row_of(rule: AlarmRule, last: RuleRun | None, open_: int, webhooks: int) -> Row:
    """Return one rule in words."""
    kind = KINDS.get(rule.kind)
    return Row(
        rule, str(kind.label) if kind else str(reasons.TEXTS[reasons.KIND_GONE]),
        kind.icon if kind else "circle-question-mark", settings_of(rule), when_of(rule),
        checked(last) if last else None, open_, len(rule.recipients) + webhooks, is_muted(rule),
    )  # fmt: skip


def is_muted(rule: AlarmRule) -> bool:
    """Return whether a rule tells nobody now."""
    return rule.muted_until is not None and rule.muted_until > timezone.now()


def open_alarms(reader: User) -> int:
    """Return how many open alarms somebody has, at most MOST_COUNTED; of some seconds ago."""
    key = f"open_alarms:{reader.pk}"
    found: int | None = cache.get(key)
    if found is None:
        seen = Alarm.objects.visible_to(reader).open().filter(rule__deleted_at=None).order_by()
        found = seen[:MOST_COUNTED].count()
        cache.set(key, found, KEPT_SECONDS)
    return found


def count_anew(reader: User) -> None:
    """Let the home page of somebody who has just acknowledged alarms count at once."""
    cache.delete(f"open_alarms:{reader.pk}")
