"""Posts one message to a webhook and says what came of it; nothing is followed, nothing long is read.

A receiver that knows the secret can check each message as https://www.standardwebhooks.com describes it: HMAC-SHA256
over identity, time stamp and body.
"""

import base64
import binascii
import hashlib
import hmac
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpx
from django.utils import timezone

from accounting.services.outbox import one_line
from alarms.models import Webhook, WebhookFault
from alarms.services.webhook_bodies import Body, as_bytes

TIMEOUT = httpx.Timeout(10.0, connect=5.0)
"""Seconds for each step."""
LONGEST_READING = 10.0
"""Seconds in which an answer is read."""
LONGEST_ANSWER, MOST_READ = 300, 2048
LATER = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
LONGEST_DELAY = timedelta(days=1)
"""The longest time for which a receiver may put off."""
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
KEY_PREFIX = "whsec_"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What has become of a message."""

    fault: WebhookFault = WebhookFault.NONE
    answer: str = ""
    final: bool = False
    away: bool = False
    """Whether it would be the same for every message to this address."""
    until: datetime | None = None
    """Before when the receiver does not want to be asked again."""

    @property
    def taken(self) -> bool:
        """Whether the receiver has the message."""
        return self.fault == WebhookFault.NONE


def call(webhook: Webhook, identity: str, body: Body) -> Outcome:
    """Post a body to a webhook; `identity` is the same each time the same message is sent."""
    if not webhook.address:
        return Outcome(WebhookFault.UNREACHABLE, away=True)
    content = as_bytes(body)
    try:
        with (
            httpx.Client(verify=context_of(webhook), timeout=TIMEOUT, follow_redirects=False) as client,
            client.stream(
                "POST", webhook.address, content=content, headers=headers(webhook, identity, content)
            ) as said,
        ):
            return outcome_of(said, text_of(said))
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        return outcome_of_error(error)


def context_of(webhook: Webhook) -> ssl.SSLContext:
    """Return how the certificate of the address is checked: by the system's authorities, or not at all."""
    context = ssl.create_default_context()
    if not webhook.verify_tls:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def headers(webhook: Webhook, identity: str, content: bytes) -> dict[str, str]:
    """Return the headers of a message, signed where a secret is entered."""
    stamp = str(int(time.time()))
    found = {
        "Content-Type": "application/json; charset=utf-8", "User-Agent": "CallAnalytics", "Accept-Encoding": "identity",
        "Webhook-Id": identity, "Webhook-Timestamp": stamp,
    }  # fmt: skip
    if webhook.secret:
        found["Webhook-Signature"] = f"v1,{signature(webhook.secret, identity, stamp, content)}"
    return found


def signature(secret: str, identity: str, stamp: str, content: bytes) -> str:
    """Return the signature of a message in Base64."""
    signed = f"{identity}.{stamp}.".encode() + content
    return base64.b64encode(hmac.new(key_in(secret), signed, hashlib.sha256).digest()).decode()


def key_in(secret: str) -> bytes:
    """Return the key that a secret stands for: Base64 behind whsec_, any other text as it is."""
    if secret.startswith(KEY_PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(KEY_PREFIX), validate=True)
        except binascii.Error:
            pass
    return secret.encode()


def text_of(said: httpx.Response) -> str:
    """Return the beginning of an answer, on one line."""
    text = b"".join(read(said)).decode("utf-8", "replace").replace("\x00", "")
    reason = f"{said.status_code} {said.reason_phrase}".strip()
    return one_line(f"{reason} {text}")[:LONGEST_ANSWER]


def read(said: httpx.Response) -> Iterator[bytes]:
    """Yield the beginning of an answer; whoever sends it in drops is not listened to for long."""
    end, size = time.monotonic() + LONGEST_READING, 0
    try:
        for piece in said.iter_raw():
            yield piece[: MOST_READ - size]
            size += len(piece)
            if size >= MOST_READ or time.monotonic() > end:
                return
    except httpx.HTTPError:
        # The status has come, and it decides.
        return


def outcome_of(said: httpx.Response, text: str) -> Outcome:
    """Return what a status means; redirects are refused, since messages go where an administrator has entered."""
    status = said.status_code
    if said.is_success:
        return Outcome(answer=text)
    if status in LATER or said.is_server_error:
        return Outcome(WebhookFault.POSTPONED, text, until=until_in(said.headers.get("Retry-After", "")))
    return Outcome(WebhookFault.GONE if status in GONE else WebhookFault.REFUSED, text, final=True)


def until_in(header: str) -> datetime | None:
    """Return the moment in a Retry-After: seconds or a date, a day from now at the latest; None without one."""
    now = timezone.now()
    try:
        if header.strip().isdecimal():
            moment = now + min(timedelta(seconds=int(header[:12])), LONGEST_DELAY)
        else:
            moment = parsedate_to_datetime(header)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        return None
    return min(moment, now + LONGEST_DELAY) if moment > now else None


def outcome_of_error(error: Exception) -> Outcome:
    """Return what it means that there was no answer: the address was not reached, or it was silent then."""
    text = one_line(str(error) or type(error).__name__)[:LONGEST_ANSWER]
    if is_certificate(error):
        return Outcome(WebhookFault.CERTIFICATE, text, away=True)
    if isinstance(error, NOT_SENT) or not isinstance(error, httpx.HTTPError):
        return Outcome(WebhookFault.UNREACHABLE, text, away=True)
    # It may have taken the message: that is tried a few times only, not for days.
    return Outcome(WebhookFault.UNREACHABLE, text)


def is_certificate(error: BaseException | None) -> bool:
    """Whether an error is about a certificate, or has come from one that is."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
