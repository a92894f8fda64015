"""System checks of a portal's set-up: what is wrong, with a hint what to do; part of `manage.py check`."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

LOOPBACK = {None, "localhost", "127.0.0.1", "::1"}


@register("callanalytics")
def folders(**kwargs: Any) -> Sequence[CheckMessage]:
    """The portal must be able to write where call files come and go."""
    messages: list[CheckMessage] = []
    for name in ("DATA_DIR", "INBOX_DIR", "ARCHIVE_DIR", "SET_ASIDE_DIR"):
        folder = Path(getattr(settings, name))
        existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
        if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
            messages.append(
                Error(
                    f"{name} ({folder}) cannot be written.",
                    hint=f"Give the account that runs the portal the right to write to {existing}, or set {name}.",
                    id="callanalytics.E001",
                )
            )
    return messages


@register("callanalytics")
def redis_databases(**kwargs: Any) -> Sequence[CheckMessage]:
    """Clearing a cache empties its Redis database: the queue must not live in the same one."""
    cache = settings.CACHES["default"].get("LOCATION")
    if not settings.REDIS_URL or cache is None or place(settings.REDIS_URL) != place(str(cache)):
        return []
    return [
        Error(
            "The cache and the queue share one Redis database; clearing the cache would lose queued work.",
            hint="Let CACHE_URL name another database number than REDIS_URL, for instance .../1.",
            id="callanalytics.E002",
        )
    ]


def place(url: str) -> tuple[str | None, int, str]:
    """Return host, port and database number of a Redis address."""
    parts = urlsplit(url)
    return parts.hostname, parts.port or 6379, parts.path.strip("/") or "0"


@register(Tags.security)
def directory_search(**kwargs: Any) -> Sequence[CheckMessage]:
    """A directory without a place to search finds nobody."""
    if not settings.LDAP_SERVER_URI or settings.LDAP_USER_BASE:
        return []
    return [
        Error(
            "LDAP_SERVER_URI is set, but LDAP_USER_BASE is not: nobody could sign in by the directory.",
            hint="Set LDAP_USER_BASE to the branch that holds the people, for instance ou=People,dc=example,dc=com.",
            id="callanalytics.E003",
        )
    ]


@register(Tags.security)
def directory_encryption(**kwargs: Any) -> Sequence[CheckMessage]:
    """Passwords must not travel to the directory in clear text."""
    servers = [urlsplit(uri) for uri in settings.LDAP_SERVER_URI.split()]
    open_ones = [server for server in servers if server.scheme == "ldap" and server.hostname not in LOOPBACK]
    if not open_ones or settings.LDAP_START_TLS:
        return []
    return [
        Warning(
            "Passwords go to the directory unencrypted.",
            hint="Use ldaps:// in LDAP_SERVER_URI, or set LDAP_START_TLS=1.",
            id="callanalytics.W001",
        )
    ]


@register(Tags.security, deploy=True)
def embedded_in_production(**kwargs: Any) -> Sequence[CheckMessage]:
    """The embedded default serves one machine and a trial."""
    if settings.REDIS_URL and settings.DATABASES["default"]["ENGINE"].endswith("postgresql"):
        return []
    return [
        Warning(
            "The embedded database or queue is in use: one machine, one worker.",
            hint="For production set DATABASE_URL (PostgreSQL) and REDIS_URL.",
            id="callanalytics.W002",
        )
    ]


@register(Tags.translation)
def compiled_catalogues(**kwargs: Any) -> Sequence[CheckMessage]:
    """A catalogue that is not compiled leaves its language in English."""
    catalogues = [path for folder in settings.LOCALE_PATHS for path in Path(folder).glob("*/LC_MESSAGES/*.po")]
    missing = sorted(path.parts[-3] for path in catalogues if not path.with_suffix(".mo").exists())
    if not missing:
        return []
    return [
        Warning(
            f"These languages have no compiled catalogue: {', '.join(missing)}.",
            hint="Run `make install` or `manage.py compilemessages`.",
            id="callanalytics.W003",
        )
    ]
