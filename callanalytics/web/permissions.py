"""Who may open a page: named conditions for the menu, and the decorator that enforces them."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase


class Reader(Protocol):
    """What navigation needs to know of a signed-in person."""

    @property
    def is_administrator(self) -> bool:
        """Whether this person sees all calls and every setting."""

    @property
    def is_overseer(self) -> bool:
        """Whether this person sees calls of others: supervisors and administrators."""


Permission = Callable[[Reader], bool]
View = Callable[..., HttpResponseBase]


def everyone(reader: Reader) -> bool:
    """Every signed-in person."""
    return True


def administrators(reader: Reader) -> bool:
    """Administrators only."""
    return reader.is_administrator


def overseers(reader: Reader) -> bool:
    """Supervisors and administrators."""
    return reader.is_overseer


def in_demo(reader: Reader) -> bool:
    """Every signed-in person, where the demo's simulated phones run."""
    return bool(settings.DEMO_PHONES)


def require(permission: Permission) -> Callable[[View], View]:
    """Return a decorator that asks strangers to sign in and answers 403 to people without this permission."""

    def decorate(view: View) -> View:
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not permission(request.user):  # type: ignore[arg-type]
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate
