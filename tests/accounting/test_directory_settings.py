"""Settings of the directory: mistakes refused, secrets kept, a try that stores nothing, sign-in at once."""

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounting.models import AuditEntry, User
from accounting.models import Directory as Settings
from accounting.services.signing_in import DirectoryBackend
from tests import factories
from tests.accounting.test_signing_in import WRONG, sign_in
from tests.accounting.test_signing_in_directory import AWAY, DIRECTORY_PASSWORD, errors
from tests.servers import Directory, free_port

pytestmark = pytest.mark.django_db
SECRET = "bind-secret-of-the-test"


@pytest.fixture(autouse=True)
def no_pause() -> None:
    DirectoryBackend.silent_until = 0.0


@pytest.fixture
def office_worker(client: Client, admin: User) -> Client:
    """An administrator at the pages of the set-up."""
    client.force_login(admin)
    return client


def values(directory: Directory, **others: Any) -> dict[str, Any]:
    """What the form sends."""
    usual = {
        "server_uri": directory.uri, "bind_dn": directory.bind_dn, "bind_password": directory.password,
        "user_base": directory.people_base, "timeout": "2", "enabled": "on",
        "login_filter": "(sAMAccountName=%(user)s)",
        "people_filter": "(objectClass=user)", "page_size": "500", "username_attribute": "sAMAccountName",
        "key_attribute": "entryUUID", "first_name_attribute": "givenName", "last_name_attribute": "sn",
        "email_attribute": "mail", "leavers": "close", "most_leavers": "10", "interval": "0", "at": "04:00",
    }  # fmt: skip
    return {name: value for name, value in (usual | others).items() if value is not None}


def save(client: Client, directory: Directory, **others: Any) -> Any:
    return client.post(reverse("directory_settings"), values(directory, **others))


def test_entered_settings_open_the_door_at_once(office_worker: Client, directory: Directory) -> None:
    reader = Client()
    assert errors(sign_in(reader, "dora", DIRECTORY_PASSWORD)) == [WRONG]
    assert save(office_worker, directory).status_code == 302
    assert sign_in(reader, "dora", DIRECTORY_PASSWORD).status_code == 302
    dora = User.objects.get(username="dora")
    assert (dora.first_name, dora.origin, len(dora.directory_key or "")) == ("Dora", "directory", 32)
    save(office_worker, directory, enabled=None)
    assert errors(sign_in(Client(), "dora", DIRECTORY_PASSWORD)) == [WRONG]


def test_a_renamed_person_comes_in_as_the_same_one(office_worker: Client, directory: Directory) -> None:
    save(office_worker, directory)
    sign_in(Client(), "dora", DIRECTORY_PASSWORD)
    User.objects.filter(username="dora").update(username="before.the.wedding")
    assert sign_in(Client(), "dora", DIRECTORY_PASSWORD).status_code == 302
    assert not User.objects.filter(username="dora").exists()


def test_groups_of_the_set_up_give_roles(office_worker: Client, directory: Directory) -> None:
    chiefs = "cn=Chiefs,ou=People,dc=example,dc=com"
    directory.add(chiefs, objectClass=["groupOfNames"], member=[f"cn=Dora Klein,{directory.people_base}"])
    save(office_worker, directory, administrators_group=chiefs)
    sign_in(Client(), "dora", DIRECTORY_PASSWORD)
    assert User.objects.get(username="dora").is_administrator


@pytest.mark.parametrize(
    "others",
    [
        {"server_uri": f"ldap://127.0.0.1:{free_port()}"},
        {"bind_password": "wrong"},
        {"start_tls": "on"},
        {"user_base": "ou=Nowhere,dc=example,dc=com"},
    ],
)
def test_an_outage_or_mistake_is_told_apart_from_a_wrong_password(
    office_worker: Client, directory: Directory, others: dict[str, str]
) -> None:
    save(office_worker, directory, **others)
    assert errors(sign_in(Client(), "dora", DIRECTORY_PASSWORD))[0].startswith(AWAY)


def test_the_authority_of_the_set_up_is_trusted(office_worker: Client, directory: Directory) -> None:
    authority = Path(directory.server.cafile).read_text(encoding="utf-8")
    save(office_worker, directory, start_tls="on", ca_certificate=authority)
    assert sign_in(Client(), "dora", DIRECTORY_PASSWORD).status_code == 302


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("server_uri", "dc1.example.com"),
        ("server_uri", "http://dc1.example.com"),
        ("server_uri", "ldaps://dc1.example.com:port"),
        ("server_uri", ""),
        ("user_base", ""),
        ("ca_certificate", "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----"),
        ("login_filter", "(sAMAccountName=user)"),
        ("login_filter", "(sAMAccountName=%(user)s"),
        ("login_filter", "(sAMAccountName=%(user)s%s)"),
        ("people_filter", "objectClass=user"),
        ("people_filter", "(a=b)(c=d)"),
        ("key_attribute", "objectGUID)(uid=*"),
        ("timeout", "0"),
        ("timeout", "600"),
        ("page_size", "0"),
        ("most_leavers", "101"),
        ("extension_digits", "0"),
    ],
)
def test_mistakes_are_refused_at_their_field(
    office_worker: Client, directory: Directory, field: str, value: str
) -> None:
    answer = save(office_worker, directory, **{field: value})
    assert list(answer.context["form"].errors) == [field]
    assert not Settings.objects.exists()


@pytest.mark.parametrize(
    ("server", "start_tls", "warned"),
    [
        ("ldap://dc1.example.com", False, True),
        ("ldap://dc1.example.com", True, False),
        ("ldaps://dc1.ex.com", False, False),
    ],
)
def test_clear_text_is_warned_of_before_anybody_signs_in(
    office_worker: Client, server: str, start_tls: bool, warned: bool
) -> None:
    Settings(server_uri=server, start_tls=start_tls, enabled=False).save()
    page = office_worker.get(reverse("directory")).content.decode()
    assert ("Passwords go to the directory unencrypted" in page) is warned


def test_start_tls_and_extensions_need_what_belongs_to_them(office_worker: Client, directory: Directory) -> None:
    answer = save(office_worker, directory, server_uri="ldaps://dc1.example.com", start_tls="on")
    assert list(answer.context["form"].errors) == ["start_tls"]
    answer = save(office_worker, directory, extension_attribute="telephoneNumber")
    assert list(answer.context["form"].errors) == ["phone_system"]
    only = factories.phone_system()
    assert save(office_worker, directory, extension_attribute="telephoneNumber").status_code == 302
    assert Settings.current().phone_system == only


def test_the_password_is_kept_encrypted_and_shown_nowhere(office_worker: Client, directory: Directory) -> None:
    save(office_worker, directory, bind_password=SECRET)
    assert save(office_worker, directory, bind_password="", timeout="3").status_code == 302
    assert Settings.current().bind_password == SECRET
    with connection.cursor() as cursor:
        cursor.execute("SELECT bind_password FROM accounting_directory")
        assert SECRET not in cursor.fetchone()[0]
    pages = [office_worker.get(reverse(name)).content.decode() for name in ("directory", "directory_settings")]
    entries = str(list(AuditEntry.objects.values()))
    assert SECRET not in "".join(pages) + entries
    assert "bind_password" in entries


def test_the_stored_password_goes_to_no_other_server(office_worker: Client, directory: Directory) -> None:
    save(office_worker, directory, bind_password=SECRET)
    for action in ({}, {"try": "1"}):
        answer = save(office_worker, directory, bind_password="", server_uri="ldap://127.0.0.1:1", **action)
        assert list(answer.context["form"].errors) == ["bind_password"]


def test_trying_the_mapping_shows_people_and_stores_nothing(office_worker: Client, directory: Directory) -> None:
    answer = save(office_worker, directory, last_name_attribute="sAMAccountName", **{"try": "1"})
    assert "Dora dora" in answer.content.decode()
    assert not Settings.objects.exists()
    assert not User.objects.filter(username="dora").exists()
    answer = save(office_worker, directory, bind_password="wrong", **{"try": "1"})
    assert "refuses the account" in answer.content.decode()


@pytest.mark.parametrize("address", ["directory", "directory_settings"])
def test_only_administrators_see_the_pages(client: Client, ana: User, address: str) -> None:
    client.force_login(ana)
    assert client.get(reverse(address)).status_code == 403
    for action in ("test_directory", "synchronise_directory"):
        assert client.post(reverse(action)).status_code == 403
