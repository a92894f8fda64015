"""Who was told of an alarm, and what became of the messages."""

from dataclasses import dataclass

from django.db.models import Max

from accounting.models import MailState, OutgoingMail
from alarms.models import Alarm, WebhookMessage


@dataclass(frozen=True, slots=True)
class Message:
    """A mail or a message to a webhook."""

    name: str
    """The address, or the name of the webhook."""
    state: MailState


def messages_of(alarm: Alarm) -> list[Message]:
    """Return the messages that told an alarm, as long as they are kept; three queries.

    Alarms of a rule are told together: at one time, in messages that the last of them names.
    """
    if alarm.told_at is None:
        return []
    last = Alarm.objects.filter(rule=alarm.rule_id, told_at=alarm.told_at).aggregate(last=Max("pk"))["last"]
    key = f"alarm:{alarm.rule_id}:{last}"
    mails = OutgoingMail.objects.filter(letter__key=key).order_by("recipient").values_list("recipient", "state")
    posted = WebhookMessage.objects.filter(key=key).order_by("webhook__name").values_list("webhook__name", "state")
    return [Message(name, MailState(state)) for name, state in [*mails, *posted]]
