"""The outbox of webhooks: messages are posted in the transaction that causes them, and delivered afterwards."""

import uuid
from datetime import timedelta
from urllib.parse import urlsplit

from celery import current_app
from django.db import transaction
from django.utils import timezone

from accounting.models import User
from accounting.models.outgoing import UNSENT
from alarms.models import Webhook, WebhookMessage
from alarms.services.story import Story
from alarms.services.webhook_bodies import BODIES

TASK = "alarms.tasks.deliver_webhooks"
KEPT = timedelta(days=90)


def post_to(webhook: Webhook, story: Story, cause: str) -> None:
    """Put a message before a webhook, within the caller's transaction; the same story is posted once."""
    identity, now = uuid.uuid4(), timezone.now()
    WebhookMessage.objects.get_or_create(
        webhook=webhook, key=story.key,
        defaults={
            "uuid": identity, "cause": cause, "sender": story.owner, "next_attempt_at": now,
            "body": BODIES[webhook.kind](story, str(identity)),
        },
    )  # fmt: skip
    transaction.on_commit(nudge, robust=True)


def nudge() -> None:
    """Ask for delivery now; the timetable would do it a little later."""
    current_app.send_task(TASK, expires=60)


def masked(address: str) -> str:
    """Return an address as lists may show it: what follows the host lets anybody post there."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    return f"{parts.scheme}://{host}{port}/…" if host else ""


def forget(person: User) -> None:
    """Delete what was posted with the rights of a person."""
    WebhookMessage.objects.filter(sender=person).delete()


def clear_away() -> None:
    """Delete messages that nobody needs any more; what still waits is kept."""
    old = WebhookMessage.objects.filter(created_at__lt=timezone.now() - KEPT)
    old.exclude(state__in=UNSENT).delete()
