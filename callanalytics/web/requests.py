"""The request of a signed-in person, as views receive it, where it comes from, and what it asks for."""

from collections.abc import Container
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, TypeVar

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django_htmx.middleware import HtmxDetails

if TYPE_CHECKING:
    from accounting.models import User

Row = TypeVar("Row", bound=Model)
HIGHEST_ID = 2**63 - 1
"""The database's limit of a row's number."""


class AuthenticatedRequest(HttpRequest):
    """A request behind login_required."""

    user: "User"
    htmx: HtmxDetails


def client_address(request: HttpRequest) -> str:
    """Return the reader's address: of the connection or, behind PROXY_COUNT proxies, as the outermost one saw it.

    Entries further left in X-Forwarded-For come from the reader, who could write anything there.
    """
    address: str = request.META.get("REMOTE_ADDR", "")
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
    if 0 < settings.PROXY_COUNT <= len(hops):
        try:
            address = str(ip_address(hops[-settings.PROXY_COUNT]))
        except ValueError:
            return address
    return address


def way_back(request: HttpRequest, otherwise: str, key: str = "back") -> str:
    """Return the page that a form names as the one it came from, another one when that is no page of the portal."""
    typed = request.POST.get(key, "")
    here = url_has_allowed_host_and_scheme(typed, {request.get_host()}, require_https=request.is_secure())
    return typed if here and typed.startswith("/") else otherwise


def read_id(text: str) -> int:
    """Return a row's number from an address or a form, 0 when it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= HIGHEST_ID else 0


def one_of(rows: QuerySet[Row], pk: int, missing: str = "") -> Row:
    """Return the row that an address names; 404 with what is said of others, also for numbers that no row can have."""
    try:
        return rows.get(pk=pk)
    except (ObjectDoesNotExist, OverflowError) as error:
        raise Http404(missing) from error


def chosen_ids(request: HttpRequest, name: str) -> list[int]:
    """Return the numbers of the rows that were ticked in a list; what is no number is left out."""
    return [row for text in request.POST.getlist(name) if (row := read_id(text))]


def problem_of(request: HttpRequest, keys: set[str], shown: Container[str]) -> str:
    """Return what is wrong with the address of a list that knows some keys and ways to narrow it, '' if nothing is."""
    unknown = sorted(set(request.GET) - keys)
    if unknown:
        return _("“%(key)s” is not a setting of this page.") % {"key": unknown[0][:40]}
    if request.GET.get("show", "all") not in shown:
        return _("“%(value)s” is nothing that this list shows.") % {"value": request.GET["show"][:40]}
    if "\0" in request.GET.get("search", ""):
        return _("The search holds a character that no name has.")
    return ""


def number_of(request: HttpRequest) -> int:
    """Return the page of a list that is asked for, from 1; 404 for anything else."""
    text = request.GET.get("page", "1")
    if not (text.isascii() and text.isdigit() and 0 < int(text[:6]) < 100_000):
        raise Http404
    return int(text)


def newest_of(request: HttpRequest, rows: QuerySet[Row], size: int) -> tuple[list[Row], dict[str, Any]]:
    """Return so many rows, newest first, below the one in the address, and what components/older.html shows."""
    below = read_id(request.GET.get("below", str(HIGHEST_ID)))
    found = list(rows.filter(pk__lt=below).order_by("-pk")[: size + 1])
    older = str(found[size - 1].pk) if len(found) > size else ""
    return found[:size], {"older": older, "is_first": "below" not in request.GET}


def page_of(request: HttpRequest, rows: QuerySet[Any], size: int) -> tuple[list[Any], dict[str, Any]]:
    """Return the rows of the page that is asked for, and what components/pages.html shows; nothing is counted."""
    page = number_of(request)
    found = list(rows[(page - 1) * size : page * size + 1])
    return found[:size], {"page": page, "more": len(found) > size}
