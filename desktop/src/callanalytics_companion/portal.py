"""Talks to the portal: over verified TLS, without following redirections, which could carry the token elsewhere."""

import json
import ssl
import urllib.error
import urllib.request
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Any

from callanalytics_companion import __version__
from callanalytics_companion.outbox import Wish

LONGEST_ANSWER = 1_000_000


class Unreachable(Exception):  # noqa: N818  (a state of the network, no fault)
    """The portal cannot answer now; `retry_after` are the seconds that it asks for."""

    def __init__(self, why: str, retry_after: float = 0) -> None:
        super().__init__(why)
        self.retry_after = retry_after


class Refused(Exception):  # noqa: N818  (an answer)
    """The portal has answered, and does not want to."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class NoRedirection(urllib.request.HTTPRedirectHandler):
    """Takes a redirection for an answer."""

    def redirect_request(self, *_request: Any, **_facts: Any) -> None:
        """Follow nothing."""


class Portal:
    """One portal, as seen by the owner of one token."""

    def __init__(self, address: str, token: str, ca_file: str = "", timeout: float = 10) -> None:
        self.address = address
        self.token = token
        self.timeout = timeout
        context = ssl.create_default_context()
        if ca_file:
            context.load_verify_locations(ca_file)
        self.opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), NoRedirection())

    def status(self) -> dict[str, Any]:
        """Return the person's own extensions and their locks."""
        return self._ask("GET", {})

    def say(self, wish: Wish, timeout: float | None = None) -> bool:
        """Tell a wish; return False when the portal knows something newer. Saying it again does no harm."""
        sent = {"locked": wish.locked, "at": wish.at.isoformat(), "sent_at": datetime.now(UTC).isoformat()}
        return bool(self._ask("PUT", sent, timeout).get("applied", True))

    def _ask(self, method: str, body: dict[str, Any], timeout: float | None = None) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310  (the configuration has checked the address)
            f"{self.address}/api/v1/locks/me",
            data=json.dumps(body).encode() if body else None,
            method=method,
            headers={
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
                "Accept": "application/json",
                "User-Agent": f"callanalytics-companion/{__version__}",
            },
        )
        try:
            with self.opener.open(request, timeout=timeout or self.timeout) as answer:
                told = json.loads(answer.read(LONGEST_ANSWER))
        except urllib.error.HTTPError as error:
            with error:
                raise refusal_of(error) from None
        except (OSError, HTTPException, ValueError) as error:
            raise Unreachable(str(getattr(error, "reason", error)) or type(error).__name__) from error
        if not isinstance(told, dict):
            raise Unreachable("the answer is not the portal's")
        return told


def refusal_of(error: urllib.error.HTTPError) -> Exception:
    """Return what an answer other than 200 means."""
    if error.code == 429 or error.code >= 500:
        after = error.headers.get("Retry-After", "")
        return Unreachable(f"status {error.code}", float(after) if after.isdigit() else 0)
    try:
        why = json.loads(error.read(LONGEST_ANSWER))["message"]
    except (OSError, ValueError, KeyError, TypeError):
        why = f"status {error.code}"
    return Refused(error.code, str(why))
