"""Tells recipients what a rule has raised: by mail and to webhooks, held back in quiet hours and while muted."""

from alarms.models import AlarmRule, RuleRun


def tell_run(rule: AlarmRule, run: RuleRun) -> None:
    """Post what the rule has raised and not told yet, in the caller's transaction and the active language."""


def tell_failure(rule: AlarmRule, run: RuleRun) -> None:
    """Tell the owner that the rule could not look several times in a row."""
