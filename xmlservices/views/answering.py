"""Every page of a phone: read, answered in the reader's language, and never an error that a phone cannot show."""

from collections.abc import Callable
from functools import wraps

import structlog
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.http import http_date
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from accounting.models import User
from accounting.services.zones import zone_of
from xmlservices.asking import Asked
from xmlservices.documents import Document, Input, StatusFile, Text, Writing, written

log = structlog.get_logger(__name__)
PAST = 60
"""Seconds by which a page is older than now: phones do not come back to it."""
Page = Callable[[Asked], "Document | StatusFile"]


class Refused(Exception):  # noqa: N818  (an answer, no fault)
    """Nothing can be done; the text says why."""


def page(answer: Page) -> Callable[[HttpRequest], HttpResponse]:
    """Turn a function from what is asked to a document into a view; no session, no cookie, no token against forgery.

    Phones keep none of these. What changes something is protected by a PIN and by a token that is taken once.
    """

    @csrf_exempt
    @wraps(answer)
    def view(request: HttpRequest) -> HttpResponse:
        asked = Asked.by(request)
        with translation.override(asked.language(None)):
            return answered(answer, asked)

    return view


def answered(answer: Page, asked: Asked) -> HttpResponse:
    """Return a page, or one that says what is wrong; the log gets no part of the query."""
    try:
        return response(fit(answer(asked), asked), asked.writing)
    except Refused as refused:
        fault = str(refused)
    except DisallowedHost:
        log.warning("phone_asks_unknown_host", host=asked.request.META.get("HTTP_HOST", "")[:80])
        fault = _("The portal is not known by this address. Its administrator must allow the host.")
    except Exception:
        log.exception("phone_page_failed", path=asked.request.path)
        fault = _("This cannot be answered now. Try again in a minute.")
    return response(Text(title(), text=fault), asked.writing)


def title() -> str:
    """Return what stands above pages without a better title."""
    return _("Phone services")


def fit(document: Document | StatusFile, asked: Asked) -> Document | StatusFile:
    """Return the document, or what a phone can show instead."""
    if isinstance(document, Input) and "Input" not in asked.shows:
        return Text(title(), text=_("This phone cannot ask for a PIN. Use the portal, under My phone."))
    return document


def response(document: Document | StatusFile, writing: Writing) -> HttpResponse:
    """Return a document with few headers: some phones stumble over others."""
    content = written(document, writing)
    answer = HttpResponse(content, content_type=f"text/xml; charset={writing.charset}")
    answer["Content-Length"] = str(len(content))
    if not document.keep:
        answer["Expires"] = http_date(timezone.now().timestamp() - PAST)
    return answer


class reading:  # noqa: N801  (a with block)
    """Speak to one person: their language and their time zone within a with block."""

    def __init__(self, asked: Asked, person: User | None) -> None:
        self.language = translation.override(asked.language(person))
        self.zone = timezone.override(zone_of(person))

    def __enter__(self) -> None:
        self.language.__enter__()
        self.zone.__enter__()

    def __exit__(self, *details: object) -> None:
        self.zone.__exit__(*details)  # type: ignore[arg-type]
        self.language.__exit__(*details)  # type: ignore[arg-type]
