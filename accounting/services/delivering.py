"""Delivers the outbox: each mail once in effect, again later when the mail server does not take it now.

A deliverer claims mails for some minutes; when it is killed, the claim runs out and another one takes over. One case is
left in which a mail is sent twice: the server has taken it, and the process ends before it can write that down. Both
copies have the same Message-ID then, by which mail systems recognise them as one.

While the server itself is away, its password wrong or the sender refused, mails wait for days and lose no attempt; what
a server says about one mail counts: 5xx is final, 4xx is tried again after the DELAYS.
"""

import smtplib
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass, replace

import structlog
from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounting.models import AuditedAction, MailFault, MailPurpose, MailServer, MailState, OutgoingMail, User
from accounting.services import claims
from accounting.services.auditing import record
from accounting.services.claims import DELAYS, PATIENCE, begin, store
from accounting.services.envelopes import FilesGoneError, UnfitSenderError, envelope_of
from accounting.services.mailing import RecipientRefusedError, check_addresses
from accounting.services.outbox import Letter, nudge, one_line, post

log = structlog.get_logger(__name__)
BATCH, MOST_AT_ONCE = 5, 200
LONGEST_RUN = 20.0
"""Seconds after which a deliverer makes room for other work and asks for another one."""
SERVER_FAULTS = (MailFault.UNREACHABLE, MailFault.SIGN_IN, MailFault.SENDER)
SIGN_IN_ERRORS = (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError, ssl.SSLError)
SIGN_IN_CODES = frozenset({530, 534, 535, 538})
CLOSING, FINAL, TOO_LARGE = 421, 500, 552
LONGEST_ANSWER = 300


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a mail was not delivered."""

    fault: MailFault
    answer: str = ""
    final: bool = False
    server_away: bool = False
    """Whether it would be the same for every mail."""
    cut_off: bool = False
    """Whether the connection is lost."""


def deliver_due(limit: int = MOST_AT_ONCE) -> int:
    """Send what is due, at most `limit` mails; return how many the server has taken."""
    free_lost()
    smtp, sent, tried = get_connection(), 0, 0
    end = time.monotonic() + LONGEST_RUN
    try:
        while tried < limit and time.monotonic() < end and (mails := claim(min(BATCH, limit - tried))):
            delivered, on = deliver(smtp, mails, connected=tried > 0)
            tried += len(mails)
            sent += delivered
            if not on:
                return sent
    finally:
        hang_up(smtp)
    if tried >= limit or time.monotonic() >= end:
        nudge()
    return sent


def is_under_way() -> bool:
    """Whether somebody delivers just now."""
    return claims.is_under_way(OutgoingMail.objects.all())


def claim(count: int) -> list[OutgoingMail]:
    """Take some mails that are due; whoever else delivers takes others."""
    return list(claims.claim(OutgoingMail.objects.all(), count).select_related("letter__sender"))


def free_lost() -> None:
    """Let mails wait again whose deliverer was killed; give up those that have ended several."""
    lost = claims.lost(OutgoingMail.objects.all())
    for mail in lost.filter(attempts__gt=len(DELAYS)).select_related("letter__sender"):
        settle(mail, Verdict(MailFault.INTERRUPTED, final=True))
    claims.free(lost)


def deliver(smtp: BaseEmailBackend, mails: list[OutgoingMail], *, connected: bool) -> tuple[int, bool]:
    """Send claimed mails; return how many went, and whether the server takes more now. If not, the rest waits."""
    sent = 0
    for position, mail in enumerate(mails):
        verdict = None if connected else opening(smtp)
        if verdict is None and not begin(mail):
            continue
        verdict = verdict or attempt(smtp, mail)
        if verdict is not None and verdict.server_away:
            put_off(mails[position:], verdict)
            return sent, False
        settle(mail, verdict)
        sent += verdict is None
        connected = verdict is None or not verdict.cut_off
    if sent:
        # The server is back: what has waited for it need not wait longer.
        waiting = OutgoingMail.objects.filter(state=MailState.WAITING, fault__in=SERVER_FAULTS)
        waiting.update(next_attempt_at=timezone.now())
    return sent, True


def opening(smtp: BaseEmailBackend) -> Verdict | None:
    """Connect to the server, anew after a lost connection; return why that is not possible."""
    hang_up(smtp)
    try:
        smtp.open()
    except (OSError, ValueError) as error:  # smtplib's errors are OSErrors; ValueError: a host that cannot exist
        log.warning("mail_server_away", reason=repr(error))
        refused = isinstance(error, SIGN_IN_ERRORS)
        return Verdict(MailFault.SIGN_IN if refused else MailFault.UNREACHABLE, answer_in(error), server_away=True)
    return None


def hang_up(smtp: BaseEmailBackend) -> None:
    """End the connection, if there is one."""
    with suppress(OSError):
        smtp.close()


def attempt(smtp: BaseEmailBackend, mail: OutgoingMail) -> Verdict | None:
    """Hand a mail to the server; return why it was not taken, None when it was."""
    server = MailServer.current()
    try:
        check_addresses([mail.recipient], server)
        smtp.send_messages([envelope_of(mail, server)])
    except (OSError, ValueError, FilesGoneError, UnfitSenderError) as error:
        verdict = verdict_on(error)
        log.warning("mail_not_taken", mail=mail.pk, fault=verdict.fault.value, reason=repr(error)[:500])
        return verdict
    except Exception:
        # A fault of the product: the other mails must not wait for it, and a corrected version may send this one.
        log.exception("mail_not_sent", mail=mail.pk)
        return Verdict(MailFault.UNFIT)
    return None


def verdict_on(error: OSError | ValueError | FilesGoneError | UnfitSenderError) -> Verdict:
    """Return what an error says about a mail and about the server."""
    match error:
        case RecipientRefusedError():
            return Verdict(MailFault.DOMAIN, final=True)
        case FilesGoneError():
            return Verdict(MailFault.FILES, str(error), final=True)
        case UnfitSenderError():
            return Verdict(MailFault.SENDER, str(error)[:LONGEST_ANSWER], server_away=True)
        case smtplib.SMTPRecipientsRefused():
            code, said = next(iter(error.recipients.values()))
            return verdict_by_code(code, text_of(said), MailFault.RECIPIENT)
        case smtplib.SMTPSenderRefused() if error.smtp_code != TOO_LARGE:
            return verdict_by_code(error.smtp_code, text_of(error.smtp_error), MailFault.SENDER)
        case smtplib.SMTPResponseException():
            return verdict_by_code(error.smtp_code, text_of(error.smtp_error), MailFault.CONTENT)
        case OSError():
            return Verdict(MailFault.POSTPONED, answer_in(error), cut_off=True)
    return Verdict(MailFault.UNFIT, answer_in(error), final=True)


def verdict_by_code(code: int, said: str, fault: MailFault) -> Verdict:
    """Return what an answer of the server means: 4xx is for now, 5xx for ever, some concern more than this mail."""
    answer = f"{code} {said}"[:LONGEST_ANSWER]
    if code in SIGN_IN_CODES:
        return Verdict(MailFault.SIGN_IN, answer, server_away=True)
    if code < FINAL:
        return Verdict(MailFault.POSTPONED, answer, cut_off=code == CLOSING)
    if fault == MailFault.SENDER:
        return Verdict(fault, answer, server_away=True)
    return Verdict(fault, answer, final=True)


def answer_in(error: Exception) -> str:
    """Return the server's or the system's own words in an error."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {text_of(error.smtp_error)}"[:LONGEST_ANSWER]
    return str(error)[:LONGEST_ANSWER]


def text_of(said: bytes | str) -> str:
    """Return an answer of the server as text on one line."""
    return one_line(said.decode("utf-8", "replace") if isinstance(said, bytes) else said).replace("\x00", "")


def settle(mail: OutgoingMail, verdict: Verdict | None) -> None:
    """Store how an attempt ended, unless another deliverer has taken the mail over."""
    now = timezone.now()
    if verdict is None:
        store(mail, state=MailState.SENT, ended_at=now, fault=MailFault.NONE, answer="")
    elif verdict.final:
        give_up(mail, verdict)
    elif mail.attempts >= len(DELAYS):
        give_up(mail, replace(verdict, fault=MailFault.EXPIRED))
    else:
        moment = now + DELAYS[mail.attempts]
        store(mail, state=MailState.WAITING, next_attempt_at=moment, fault=verdict.fault, answer=verdict.answer)


def put_off(mails: list[OutgoingMail], verdict: Verdict) -> None:
    """Let mails wait for a server that is away: first a minute, later longer; give up after PATIENCE."""
    now = timezone.now()
    for mail in mails:
        age = now - mail.created_at
        if age > PATIENCE:
            give_up(mail, verdict)
            continue
        moment = now + claims.wait_of(age)
        store(
            mail, state=MailState.WAITING, next_attempt_at=moment, attempts=mail.attempts,
            fault=verdict.fault, answer=verdict.answer,
        )  # fmt: skip


def give_up(mail: OutgoingMail, verdict: Verdict) -> None:
    """Mark a mail as not sent; enter that into the audit log and tell the person on whose behalf it was sent."""
    with transaction.atomic():
        ended = {"state": MailState.FAILED, "ended_at": timezone.now()}
        if not store(mail, fault=verdict.fault, answer=verdict.answer, **ended):
            return
        record(
            AuditedAction.REFUSED, "mail", mail.letter.subject, subject_id=mail.pk,
            recipients=mail.recipient, reason=str(verdict.fault.label), answer=verdict.answer,
        )  # fmt: skip
        sender = mail.letter.sender
        if sender is not None and sender.email and sender.is_active and mail.letter.purpose != MailPurpose.NOTICE:
            tell_sender(mail, verdict, sender)


def tell_sender(mail: OutgoingMail, verdict: Verdict, sender: User) -> None:
    """Post a notice that a mail was not delivered."""
    language = sender.language or settings.LANGUAGE_CODE
    with translation.override(language):
        facts = {"subject": mail.letter.subject, "address": mail.recipient, "reason": verdict.fault.label}
        text = _("Your mail “%(subject)s” to %(address)s could not be delivered.\n\nReason: %(reason)s") % facts
        notice = Letter(
            key=f"undelivered:{mail.pk}:{mail.created_at:%Y%m%d%H%M%S}",
            purpose=MailPurpose.NOTICE,
            subject=_("Not delivered: %(subject)s") % facts,
            text=f"{text}\n{verdict.answer}".strip() + "\n",
            language=language,
        )
        with suppress(RecipientRefusedError):
            post(notice, [sender.email])
