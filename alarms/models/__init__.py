"""Alarm rules, their runs, what they have raised, and how it is told."""

from alarms.models.raised import Alarm, AlarmedCall, Told
from alarms.models.rules import AlarmRule, PausedBecause, Result, RuleRun
from alarms.models.webhooks import Webhook, WebhookFault, WebhookKind, WebhookMessage

__all__ = [
    "Alarm",
    "AlarmRule",
    "AlarmedCall",
    "PausedBecause",
    "Result",
    "RuleRun",
    "Told",
    "Webhook",
    "WebhookFault",
    "WebhookKind",
    "WebhookMessage",
]
