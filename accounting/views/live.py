"""Parts of pages that update themselves: as long as nothing new has come, a question costs next to nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import get_language

from accounting.services.arrivals import arrival_mark, concerns, latest_imports, reference_of
from callanalytics.lib.fingerprints import fingerprint
from callanalytics.web.requests import AuthenticatedRequest


@dataclass(frozen=True, slots=True)
class Found:
    """What a live part shows of calls, before it is drawn."""

    mark: str
    """Differs whenever one of the calls or sums that it shows differs."""
    draw: Callable[[], str]


Find = Callable[[], Found]
PARTS = 3
"""Of a tag: everything but the calls, what has arrived, and the calls that are shown."""


def view_mark(request: AuthenticatedRequest, *seen: Any) -> str:
    """Return a text that differs with reader, language, zone, day and what else is given: everything but the calls."""
    zone = timezone.get_current_timezone_name()
    return fingerprint(request.user.pk, get_language(), zone, timezone.localdate(), *seen)


def first_part(view: str, arrival: str, find: Find) -> tuple[str, str]:
    """Return the drawn part and its tag, for the page that holds it; the arrival mark is read before."""
    found = find()
    return found.draw(), f"{view}-{arrival}-{found.mark}"


def news(request: AuthenticatedRequest, view: str, find: Find) -> HttpResponse:
    """Return the part anew, or 304: after one small query when nothing has come that concerns the own calls."""
    known, arrival = known_tag(request).split("-"), arrival_mark()
    if known[:2] == [view, arrival]:
        latest_imports(arrival)  # kept for the questions after the next arrival
        return tagged(HttpResponse(status=HTTPStatus.NOT_MODIFIED), "-".join(known))
    if len(known) == PARTS and known[0] == view and not concerns(request.user.pk, known[1], arrival):
        return tagged(HttpResponse(status=HTTPStatus.NOT_MODIFIED), f"{view}-{arrival}-{known[2]}")
    found = find()
    now = [view, arrival, found.mark]
    is_same = len(known) == PARTS and same_but_arrival(known, now)
    return tagged(
        HttpResponse(status=HTTPStatus.NOT_MODIFIED) if is_same else HttpResponse(found.draw()), "-".join(now)
    )


def unless_known(request: AuthenticatedRequest, tag: str, draw: Callable[[], str]) -> HttpResponse:
    """Return a part that shows no calls anew, or 304 to those who have the state that the tag names."""
    is_known = known_tag(request) == tag
    return tagged(HttpResponse(status=HTTPStatus.NOT_MODIFIED) if is_known else HttpResponse(draw()), tag)


def same_but_arrival(known: list[str], now: list[str]) -> bool:
    """Return whether two tags differ in newly arrived calls only: same reader, same reference, same content."""
    return reference_of(known[1]) == reference_of(now[1]) and (known[0], known[2]) == (now[0], now[2])


def known_tag(request: AuthenticatedRequest) -> str:
    """Return the tag of what the page shows, '' when it names none."""
    return request.headers.get("If-None-Match", "").removeprefix("W/").strip('"')


def tagged(response: HttpResponse, tag: str) -> HttpResponse:
    """Return an answer with its tag, which no cache keeps."""
    response["ETag"] = f'"{tag}"'
    response["Cache-Control"] = "private, no-store"
    return response
