"""The phone that asks: its name, what it can show, in which charset and language; read from its request."""

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from accounting.models import User
from callanalytics.web.requests import client_address
from phonelock.services.phone_models import PhoneModel
from xmlservices.documents import LATIN, UTF_8, Writing

DEVICE_NAME = re.compile(r"[\w.-]{1,64}", re.ASCII)
OBJECT = re.compile(r"x-CiscoIPPhone/(\w+|\*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of a phone."""

    request: HttpRequest
    device_name: str
    model: PhoneModel
    shows: frozenset[str]
    """Kinds of documents, for instance Menu and Directory."""
    writing: Writing

    @classmethod
    def by(cls, request: HttpRequest) -> "Asked":
        """Return what a request tells of its phone; nothing in it is proof of anything."""
        named = request.GET.get("d") or request.GET.get("name") or ""
        model = PhoneModel(request.headers.get("X-CiscoIPPhoneModelName", "").strip()[:40])
        device_name = named.strip() if DEVICE_NAME.fullmatch(named.strip()) else ""
        return cls(request, device_name, model, shown_by(request, model), Writing(charset_of(request)))

    @property
    def typed(self) -> QueryDict:
        """What somebody typed, in the address or in the body."""
        return self.request.POST if self.request.method == "POST" else self.request.GET

    @property
    def source(self) -> str | None:
        """The address from which the phone asks."""
        return client_address(self.request) or None

    def address(self, name: str, base: str = "", **values: object) -> str:
        """Return the address of a page for this phone, below `base` or as the phone has asked."""
        query = urlencode({key: value for key, value in values.items() if value not in (None, "")})
        start = base.rstrip("/") or f"{self.request.scheme}://{self.request.get_host()}"
        return f"{start}{reverse(name)}{'?' if query else ''}{query}"

    def language(self, reader: User | None) -> str:
        """Return a page's language: the reader's, else the phone's; English where the charset lacks its letters."""
        chosen = (reader.language if reader else "") or language_of(self.request)
        return "en" if chosen == "ar" and self.writing.charset == LATIN else chosen


def shown_by(request: HttpRequest, model: PhoneModel) -> frozenset[str]:
    """Return the kinds of documents that a phone names, else those that its model is known for."""
    named = frozenset(OBJECT.findall(request.headers.get("Accept", "")))
    return named if named and "*" not in named else model.shows


def charset_of(request: HttpRequest) -> str:
    """Return UTF-8 when the phone takes it or does not say; older phones name others only."""
    wanted = request.headers.get("Accept-Charset", "").lower()
    if not wanted:
        return UTF_8
    offers = [part.partition(";") for part in wanted.replace(" ", "").split(",")]
    names = {name for name, _mark, quality in offers if not re.fullmatch(r"q=0(\.0*)?", quality)}
    return UTF_8 if names & {"utf-8", "utf8", "*"} else LATIN


def language_of(request: HttpRequest) -> str:
    """Return the first of the phone's languages that the product speaks; written en-US, en_US or en."""
    known = dict(settings.LANGUAGES)
    for part in request.headers.get("Accept-Language", "").split(","):
        language = re.split(r"[-_;]", part.strip().lower())[0]
        if language in known:
            return language
    return settings.LANGUAGE_CODE
