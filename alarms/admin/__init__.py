"""The tables of alarms in the set-up."""

from alarms.admin import webhooks

__all__ = ["webhooks"]
