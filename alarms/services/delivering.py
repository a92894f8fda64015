"""Delivers messages to webhooks: each once in effect, again later when the receiver does not take it now.

As with mails, a deliverer claims messages for some minutes, and another one takes over when it is killed. A message
that was sent without an answer may come twice; it has the same identity then. While an address cannot be reached, its
messages wait for days and lose no attempt; what a receiver answers counts.
"""

import time
from contextlib import suppress
from dataclasses import replace

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounting.models import AuditedAction, MailPurpose, MailState, User
from accounting.services import claims
from accounting.services.auditing import record
from accounting.services.claims import DELAYS, PATIENCE, begin, store
from accounting.services.mailing import RecipientRefusedError
from accounting.services.outbox import Letter, post
from alarms.models import WebhookFault, WebhookMessage
from alarms.services.calling import Outcome, call
from alarms.services.webhooks import nudge

log = structlog.get_logger(__name__)
BATCH, MOST_AT_ONCE = 5, 200
LONGEST_RUN = 20.0
"""Seconds after which a deliverer makes room for other work and asks for another one."""
FAULTS_OF_ADDRESSES = (WebhookFault.UNREACHABLE, WebhookFault.CERTIFICATE)


def deliver_due(limit: int = MOST_AT_ONCE) -> int:
    """Send what is due, at most `limit` messages; return how many were taken."""
    free_lost()
    away: dict[int, Outcome] = {}
    taken, tried, end = 0, 0, time.monotonic() + LONGEST_RUN
    while tried < limit and time.monotonic() < end and (messages := claim(min(BATCH, limit - tried))):
        tried += len(messages)
        taken += sum(deliver(message, away) for message in messages)
    if tried >= limit or time.monotonic() >= end:
        nudge()
    return taken


def is_under_way() -> bool:
    """Whether somebody delivers just now."""
    return claims.is_under_way(WebhookMessage.objects.all())


def claim(count: int) -> list[WebhookMessage]:
    """Take some messages that are due; whoever else delivers takes others."""
    return list(claims.claim(WebhookMessage.objects.all(), count).select_related("webhook", "sender"))


def free_lost() -> None:
    """Let messages wait again whose deliverer was killed; give up those that have ended several."""
    lost = claims.lost(WebhookMessage.objects.all())
    for message in lost.filter(attempts__gt=len(DELAYS)).select_related("webhook", "sender"):
        give_up(message, Outcome(WebhookFault.INTERRUPTED, final=True))
    claims.free(lost)


def deliver(message: WebhookMessage, away: dict[int, Outcome]) -> bool:
    """Send a claimed message, unless its webhook is known not to take any now; return whether it was taken."""
    known = away.get(message.webhook_id)
    if known is not None:
        put_off(message, known)
        return False
    if not begin(message):
        return False
    outcome = attempt(message)
    if outcome.away or outcome.until:
        away[message.webhook_id] = outcome
    if outcome.away:
        put_off(message, outcome)
    else:
        settle(message, outcome)
    if outcome.taken:
        # The address is back: what has waited for it need not wait longer.
        waiting = message.webhook.messages.filter(state=MailState.WAITING, fault__in=FAULTS_OF_ADDRESSES)
        waiting.update(next_attempt_at=timezone.now())
    return outcome.taken


def attempt(message: WebhookMessage) -> Outcome:
    """Post a message; return what came of it."""
    if not message.webhook.active:
        return Outcome(WebhookFault.SWITCHED_OFF, final=True)
    outcome = call(message.webhook, str(message.uuid), message.body)
    if not outcome.taken:
        log.warning("webhook_not_taken", message=message.pk, fault=outcome.fault.value, reason=outcome.answer)
    return outcome


def settle(message: WebhookMessage, outcome: Outcome) -> None:
    """Store how an attempt ended, unless another deliverer has taken the message over."""
    now = timezone.now()
    if outcome.taken:
        # What stood in it names people, and nobody needs it any more.
        store(message, state=MailState.SENT, ended_at=now, fault=WebhookFault.NONE, answer=outcome.answer, body={})
    elif outcome.final:
        give_up(message, outcome)
    elif message.attempts >= len(DELAYS):
        give_up(message, replace(outcome, fault=WebhookFault.EXPIRED))
    else:
        moment = max(now + DELAYS[message.attempts], outcome.until or now)
        store(message, state=MailState.WAITING, next_attempt_at=moment, fault=outcome.fault, answer=outcome.answer)


def put_off(message: WebhookMessage, outcome: Outcome) -> None:
    """Let a message wait for an address that takes none now, without counting an attempt; give up after PATIENCE."""
    now = timezone.now()
    age = now - message.created_at
    if age > PATIENCE:
        give_up(message, outcome)
        return
    store(
        message, state=MailState.WAITING, next_attempt_at=outcome.until or now + claims.wait_of(age),
        attempts=message.attempts, fault=outcome.fault, answer=outcome.answer,
    )  # fmt: skip


def give_up(message: WebhookMessage, outcome: Outcome) -> None:
    """Mark a message as not sent; enter that into the audit log and tell the person on whose behalf it was posted."""
    with transaction.atomic():
        ended = {"state": MailState.FAILED, "ended_at": timezone.now()}
        if not store(message, fault=outcome.fault, answer=outcome.answer, **ended):
            return
        record(
            AuditedAction.REFUSED, "webhook_message", message.webhook.name, subject_id=message.pk,
            reason=str(outcome.fault.label), answer=outcome.answer,
        )  # fmt: skip
        if message.sender is not None and message.sender.email and message.sender.is_active:
            tell_sender(message, outcome, message.sender)


def tell_sender(message: WebhookMessage, outcome: Outcome, sender: User) -> None:
    """Post a notice that a message was not delivered."""
    language = sender.language or settings.LANGUAGE_CODE
    with translation.override(language):
        facts = {"webhook": message.webhook.name, "reason": outcome.fault.label}
        text = _("An alarm could not be posted to the webhook “%(webhook)s”.\n\nReason: %(reason)s") % facts
        hint = _("The alarm itself is in the portal.")
        notice = Letter(
            key=f"unposted:{message.pk}:{message.created_at:%Y%m%d%H%M%S}",
            purpose=MailPurpose.NOTICE,
            subject=_("Not posted: alarm to %(webhook)s") % facts,
            text="\n\n".join([f"{text}\n{outcome.answer}".strip(), hint]) + "\n",
            language=language,
        )
        with suppress(RecipientRefusedError):
            post(notice, [sender.email])
