"""Local accounts: people found by name in any case of letters, and their own passwords."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from accounting.models import User


def person_named(username: str) -> User | None:
    """Return the person of this user name, in any case of letters; the exact name wins."""
    same = User.objects.filter(username__iexact=username)
    return same.filter(username=username).first() or same.first()


class LocalBackend(ModelBackend):
    """Signs in with a local password; user names are the same in any case, as in the directory."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        """Return the person whose active local account has this password; takes as long for an unknown name."""
        person = person_named(username) if username else None
        found = super().authenticate(request, person.username if person else username, password, **kwargs)
        return found if isinstance(found, User) else None
