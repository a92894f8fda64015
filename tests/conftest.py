"""Fixtures for every test: the standing people, inbox folders, and the real servers."""

import string
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.middleware import csrf
from django.utils import translation
from hypothesis import settings as hypothesis_settings

from accounting.models import Department, MailServer, Membership, Role, Supervision, User
from accounting.services.arrivals import forget_arrivals
from accounting.services.reference import forget_reference
from tests import factories, servers

PASSWORD = "a-long-local-password"
# Examples are judged by what they find, not by how busy the machine is.
hypothesis_settings.register_profile("house", deadline=None)
hypothesis_settings.load_profile("house")
# A test at another moment keeps the zone of the process, as Django sets it: under UTC a moment without zone that is
# taken for local time would be right by chance.
time_machine.HAVE_TZSET = False


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Begin and end each test in the default language."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def tokens_without_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the tokens of forms of letters alone: a number that a page must not show would be in them by chance."""
    monkeypatch.setattr(csrf, "CSRF_ALLOWED_CHARS", string.ascii_letters)


@pytest.fixture(autouse=True)
def numbers_from_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count made rows anew in each test: their moments must not depend on how many tests were before it."""
    monkeypatch.setattr(factories, "_numbers", count(1))


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    """Begin each test with an empty cache: a rolled-back test leaves the same ids behind."""
    cache.clear()
    forget_arrivals()
    forget_reference()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Let the database empty the audit log after tests with transactions of their own: on SQLite that is deleting."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DROP TRIGGER audit_not_deleted")
        else:
            cursor.execute("ALTER TABLE accounting_auditentry DISABLE TRIGGER audit_not_emptied")


def person(username: str, first_name: str, last_name: str, role: Role = Role.USER, **fields: Any) -> User:
    """Create one of the standing people, with a local password."""
    return User.objects.create_user(
        username, f"{username}@example.com", PASSWORD, first_name=first_name, last_name=last_name, role=role, **fields
    )


@pytest.fixture
def sales(db: None) -> Department:
    """The department of ana, which ben supervises."""
    return Department.objects.create(name="Sales")


@pytest.fixture
def ana(sales: Department) -> User:
    """A user of the sales department."""
    user = person("ana", "Ana", "Ruiz")
    Membership.objects.create(user=user, department=sales)
    return user


@pytest.fixture
def ben(sales: Department) -> User:
    """The supervisor of the sales department."""
    user = person("ben", "Ben", "Adler", Role.SUPERVISOR)
    Supervision.objects.create(supervisor=user, department=sales)
    return user


@pytest.fixture
def cleo(db: None) -> User:
    """A user of another department: an outsider to ana and ben."""
    user = person("cleo", "Cleo", "Haddad")
    Membership.objects.create(user=user, department=Department.objects.create(name="Logistics"))
    return user


@pytest.fixture
def admin(db: None) -> User:
    """An administrator."""
    return person("admin", "Ada", "Novak", Role.ADMINISTRATOR)


@pytest.fixture
def inbox(tmp_path: Path, settings: Any) -> Path:
    """An empty inbox; archive and set-aside folder stand beside it."""
    settings.INBOX_DIR = tmp_path / "inbox"
    settings.ARCHIVE_DIR = tmp_path / "archive"
    settings.SET_ASIDE_DIR = tmp_path / "set_aside"
    settings.INBOX_DIR.mkdir()
    return tmp_path / "inbox"


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The address of a real Redis."""
    with servers.redis() as url:
        yield url


@pytest.fixture(scope="session")
def directory_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Directory]:
    """A real LDAP server with two people, dora and emil."""
    with servers.directory(tmp_path_factory.mktemp("directory")) as directory:
        directory.add_person("dora", "Dora", "Klein")
        directory.add_person("emil", "Émil", "Żak")
        yield directory


@pytest.fixture
def directory(directory_server: servers.Directory) -> Iterator[servers.Directory]:
    """The directory, running again after each test."""
    yield directory_server
    directory_server.start()


@pytest.fixture
def mail_sink(settings: Any) -> Iterator[servers.MailSink]:
    """A real SMTP server to which the portal's mail goes."""
    with servers.mail_sink() as sink:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = sink.host, sink.port
        yield sink


@pytest.fixture
def mail_to_anybody(db: None) -> None:
    """An administrator has opened the portal's mail to every address."""
    MailServer(every_address=True).save()
