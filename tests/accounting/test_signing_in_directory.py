"""Sign-in with the organisation's directory: a real LDAP server, well, ill and away."""

import os
import runpy
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ldap
import pytest
import structlog
from axes.models import AccessAttempt
from django.test import Client

from accounting.models import ReferenceRevision, Role, User
from accounting.services.signing_in import DirectoryBackend
from callanalytics import settings as product_settings
from tests.accounting.test_signing_in import WRONG, is_signed_in, sign_in
from tests.conftest import PASSWORD
from tests.servers import ActiveDirectory, Directory, free_port

DIRECTORY_PASSWORD = "directory-pass"
AWAY = "The directory is not reachable just now; local accounts can still sign in."
GROUP = "cn=Telephony,ou=People,dc=example,dc=com"
EMILS = "cn=Emils,ou=People,dc=example,dc=com"

pytestmark = pytest.mark.django_db
Portal = Callable[..., None]


@pytest.fixture
def portal(directory: Directory, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Portal]:
    """Set the portal up for the directory through the environment, as an administrator does; takes more variables."""

    def set_up(**variables: str) -> None:
        environment = {
            "LDAP_SERVER_URI": directory.uri,
            "LDAP_BIND_DN": directory.bind_dn,
            "LDAP_BIND_PASSWORD": directory.password,
            "LDAP_USER_BASE": directory.people_base,
        }
        for name, value in (environment | variables).items():
            monkeypatch.setenv(name, value)
        read = runpy.run_path(str(product_settings.__file__))
        for name in read:
            if name.startswith(("AUTH_LDAP_", "LDAP_", "AUTHENTICATION_")):
                setattr(settings, name, read[name])

    DirectoryBackend.silent_until = 0.0
    set_up()
    yield set_up
    DirectoryBackend.silent_until = 0.0


@pytest.fixture
def black_hole() -> Iterator[str]:
    """Host and port of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield f"127.0.0.1:{silent.getsockname()[1]}"


@pytest.fixture
def ldaps(tmp_path: Path) -> Iterator[Directory]:
    """A second directory, which also listens with TLS from the first byte; `uri` names both doors."""
    server = ActiveDirectory(tmp_path)
    server.ldap_uri += f" ldaps://127.0.0.1:{free_port()}/"
    server.start()
    found = Directory(server)
    found.add(server.suffix, objectClass=["dcObject", "organization"], dc=["example"], o=["Example"])
    found.add(found.people_base, objectClass=["organizationalUnit"], ou=["People"])
    found.add_person("dora", "Dora", "Klein")
    yield found
    server.stop()


@pytest.fixture(scope="module")
def colleagues(directory_server: Directory) -> Directory:
    """The directory with a disabled account, a long name, and dora in one group."""
    directory_server.add_person("fred", "Fred", "Gone")
    change(directory_server, f"cn=Fred Gone,{directory_server.people_base}", "userAccountControl", "514")
    directory_server.add_person("gina", "G" * 200, "Long")
    dora = f"cn=Dora Klein,{directory_server.people_base}"
    directory_server.add(GROUP, objectClass=["groupOfNames"], member=[dora])
    directory_server.add(EMILS, objectClass=["groupOfNames"], member=[dora.replace("Dora Klein", "Émil Żak")])
    return directory_server


def change(directory: Directory, dn: str, attribute: str, value: str) -> None:
    """Set one attribute of an entry."""
    connection = ldap.initialize(directory.uri)
    connection.simple_bind_s(directory.bind_dn, directory.password)
    connection.modify_s(dn, [(ldap.MOD_REPLACE, attribute, [value.encode()])])
    connection.unbind_s()


def errors(answer: Any) -> list[str]:
    """The messages above the form."""
    return list(answer.context["form"].non_field_errors())


def assert_away(answer: Any) -> None:
    """The page tells of the outage, and the throttle has counted nothing."""
    assert answer.status_code == 200
    assert [message.partition(" For a local")[0] for message in errors(answer)] == [AWAY]
    assert not AccessAttempt.objects.exists()


def test_a_person_of_the_directory_comes_in_and_is_known(client: Client, portal: Portal) -> None:
    assert sign_in(client, "dora", DIRECTORY_PASSWORD).status_code == 302
    dora = client.get("/").context["user"]
    assert (dora.username, dora.first_name, dora.last_name, dora.email, dora.role) == (
        "dora", "Dora", "Klein", "dora@example.com", Role.USER,
    )  # fmt: skip
    assert not dora.has_usable_password()


@pytest.mark.parametrize("stored", ["emil", "Emil"])
@pytest.mark.parametrize("typed", ["emil", "EMIL", " Emil "])
def test_every_spelling_is_one_person(client: Client, portal: Portal, stored: str, typed: str) -> None:
    User.objects.create(username=stored, password="!", first_name="Old")
    assert sign_in(client, typed, DIRECTORY_PASSWORD).status_code == 302
    assert [(user.username, user.first_name) for user in User.objects.all()] == [(stored, "Émil")]


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("dora", "wrong"),
        ("dora", DIRECTORY_PASSWORD.upper()),
        ("nobody", DIRECTORY_PASSWORD),
        ("*", DIRECTORY_PASSWORD),
        ("d*", DIRECTORY_PASSWORD),
        ("a)(uid=*", DIRECTORY_PASSWORD),
        ("dora)(objectClass=*", DIRECTORY_PASSWORD),
        ("dora\\", DIRECTORY_PASSWORD),
        ("cn=Dora Klein,ou=People,dc=example,dc=com", DIRECTORY_PASSWORD),
        ("fred", DIRECTORY_PASSWORD),
    ],
)
def test_wrong_unknown_injected_and_disabled_get_the_same_answer(
    client: Client, portal: Portal, colleagues: Directory, username: str, password: str
) -> None:
    answer = sign_in(client, username, password)
    assert (answer.status_code, errors(answer)) == (200, [WRONG])
    assert AccessAttempt.objects.get().failures_since_start == 1
    assert not User.objects.exists()


@pytest.mark.parametrize("password", ["", " "])
def test_an_empty_password_opens_nothing(client: Client, portal: Portal, password: str) -> None:
    assert sign_in(client, "dora", password).status_code == 200
    assert not is_signed_in(client)


def test_an_account_disabled_in_the_portal_is_refused(client: Client, portal: Portal) -> None:
    User.objects.create(username="dora", is_active=False, first_name="Before")
    assert errors(sign_in(client, "dora", DIRECTORY_PASSWORD)) == [WRONG]
    assert User.objects.get().first_name == "Before"


def test_the_session_of_a_directory_account_ends_when_it_is_disabled(client: Client, portal: Portal) -> None:
    sign_in(client, "dora", DIRECTORY_PASSWORD)
    assert is_signed_in(client)
    User.objects.update(is_active=False)
    assert not is_signed_in(client)


def test_an_unchanged_person_is_not_written_again(client: Client, portal: Portal) -> None:
    sign_in(client, "dora", DIRECTORY_PASSWORD)
    before = ReferenceRevision.objects.get().number
    sign_in(Client(), "dora", DIRECTORY_PASSWORD)
    assert ReferenceRevision.objects.get().number == before


def test_too_long_names_are_cut_to_their_columns(client: Client, portal: Portal, colleagues: Directory) -> None:
    assert sign_in(client, "gina", DIRECTORY_PASSWORD).status_code == 302
    assert User.objects.get().first_name == "G" * 150


def test_the_lock_holds_against_the_right_password_too(client: Client, portal: Portal) -> None:
    for _ in range(8):
        sign_in(client, "dora", "wrong")
    assert sign_in(client, "dora", DIRECTORY_PASSWORD).status_code == 429


@pytest.mark.parametrize(
    ("administrators", "supervisors", "before", "after"),
    [
        (GROUP, "", Role.USER, Role.ADMINISTRATOR),
        (GROUP.upper(), GROUP, Role.USER, Role.ADMINISTRATOR),
        ("", GROUP, Role.USER, Role.SUPERVISOR),
        ("", GROUP, Role.ADMINISTRATOR, Role.ADMINISTRATOR),
        ("", "", Role.SUPERVISOR, Role.SUPERVISOR),
        (EMILS, "", Role.ADMINISTRATOR, Role.USER),
        (EMILS, "", Role.SUPERVISOR, Role.SUPERVISOR),
        (EMILS, GROUP, Role.ADMINISTRATOR, Role.SUPERVISOR),
        ("cn=Missing,dc=example,dc=com", "", Role.ADMINISTRATOR, Role.USER),
        ("not a name", "", Role.USER, Role.USER),
    ],
)
def test_groups_give_and_take_the_roles_that_they_are_set_for(
    client: Client,
    portal: Portal,
    colleagues: Directory,
    administrators: str,
    supervisors: str,
    before: Role,
    after: Role,
) -> None:
    User.objects.create(username="dora", role=before)
    portal(LDAP_ADMINISTRATORS_GROUP=administrators, LDAP_SUPERVISORS_GROUP=supervisors)
    assert sign_in(client, "dora", DIRECTORY_PASSWORD).status_code == 302
    dora = User.objects.get()
    assert (dora.role, dora.is_staff) == (after, after == Role.ADMINISTRATOR)


def test_a_superuser_stays_one_whatever_the_groups_say(client: Client, portal: Portal) -> None:
    User.objects.create_superuser("dora", password=PASSWORD, role=Role.ADMINISTRATOR)
    portal(LDAP_ADMINISTRATORS_GROUP=EMILS, LDAP_SUPERVISORS_GROUP=EMILS)
    assert sign_in(client, "dora", DIRECTORY_PASSWORD).status_code == 302
    dora = User.objects.get()
    assert (dora.is_superuser, dora.is_staff, dora.role) == (True, True, Role.ADMINISTRATOR)


def test_an_outage_is_told_and_never_counted(client: Client, portal: Portal, directory: Directory) -> None:
    directory.stop()
    for _ in range(10):
        assert_away(sign_in(client, "dora", DIRECTORY_PASSWORD))
    directory.start()
    DirectoryBackend.silent_until = 0.0
    assert sign_in(client, "dora", DIRECTORY_PASSWORD).status_code == 302


def test_open_sessions_outlive_an_outage(client: Client, portal: Portal, directory: Directory) -> None:
    sign_in(client, "dora", DIRECTORY_PASSWORD)
    directory.stop()
    assert is_signed_in(client)


@pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
@pytest.mark.parametrize("start_tls", ["0", "1"])
def test_a_silent_directory_is_told_within_five_seconds(
    client: Client, portal: Portal, black_hole: str, scheme: str, start_tls: str
) -> None:
    portal(LDAP_SERVER_URI=f"{scheme}://{black_hole}", LDAP_START_TLS=start_tls, LDAP_TIMEOUT="1")
    start = time.monotonic()
    assert_away(sign_in(client, "dora", DIRECTORY_PASSWORD))
    assert time.monotonic() - start < 2


def test_the_standard_time_out_keeps_the_answer_under_five_seconds(
    client: Client, portal: Portal, black_hole: str
) -> None:
    portal(LDAP_SERVER_URI=f"ldap://{black_hole}")
    start = time.monotonic()
    assert_away(sign_in(client, "dora", DIRECTORY_PASSWORD))
    assert time.monotonic() - start < 5


def test_after_a_silence_nobody_waits_again_for_some_seconds(client: Client, portal: Portal, black_hole: str) -> None:
    portal(LDAP_SERVER_URI=f"ldap://{black_hole}", LDAP_TIMEOUT="1")
    sign_in(client, "dora", DIRECTORY_PASSWORD)
    start = time.monotonic()
    assert_away(sign_in(client, "emil", DIRECTORY_PASSWORD))
    assert time.monotonic() - start < 0.5


def test_local_accounts_do_not_wait_for_a_silent_directory(
    client: Client, portal: Portal, black_hole: str, admin: User
) -> None:
    portal(LDAP_SERVER_URI=f"ldap://{black_hole}")
    start = time.monotonic()
    assert sign_in(client, "admin").status_code == 302
    assert time.monotonic() - start < 1


def test_guessing_a_local_password_during_an_outage_is_throttled(
    client: Client, portal: Portal, directory: Directory, admin: User
) -> None:
    directory.stop()
    assert errors(sign_in(client, "admin", "wrong"))[0].startswith(AWAY)
    for _ in range(7):
        answer = sign_in(client, "Admin", "wrong")
    assert answer.status_code == 429
    assert sign_in(client, "admin").status_code == 429


def test_the_next_server_is_asked_when_the_first_is_away(client: Client, portal: Portal, directory: Directory) -> None:
    portal(LDAP_SERVER_URI=f"ldap://127.0.0.1:{free_port()} {directory.uri}")
    assert sign_in(client, "dora", DIRECTORY_PASSWORD).status_code == 302


def test_the_bind_password_may_come_from_a_file(
    client: Client, portal: Portal, directory: Directory, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text(f"{directory.password}\n", encoding="utf-8")
    portal(LDAP_BIND_PASSWORD="stale", LDAP_BIND_PASSWORD_FILE=str(tmp_path / "password"))
    assert sign_in(client, "dora", DIRECTORY_PASSWORD).status_code == 302


@pytest.mark.parametrize(
    "variables",
    [
        {"LDAP_BIND_PASSWORD": "stale-bind-password"},
        {"LDAP_USER_BASE": "ou=Nowhere,dc=example,dc=com"},
        {"LDAP_USER_FILTER": "(sAMAccountName=%(user)s"},
        {"LDAP_START_TLS": "1"},
        {"LDAP_START_TLS": "1", "LDAP_CA_FILE": "/nonexistent.pem"},
    ],
)
def test_mistakes_in_the_settings_are_logged_as_such(client: Client, portal: Portal, variables: dict[str, str]) -> None:
    portal(**variables)
    with structlog.testing.capture_logs() as lines:
        assert_away(sign_in(client, "dora", DIRECTORY_PASSWORD))
    assert [line["event"] for line in lines] == ["directory_misconfigured", "sign_in_directory_unavailable"]
    assert "stale-bind-password" not in str(lines)
    assert DIRECTORY_PASSWORD not in str(lines)


def test_an_outage_is_logged_as_such(client: Client, portal: Portal, directory: Directory) -> None:
    directory.stop()
    with structlog.testing.capture_logs() as lines:
        sign_in(client, "dora", DIRECTORY_PASSWORD)
    assert [line["event"] for line in lines] == ["directory_unreachable", "sign_in_directory_unavailable"]


def test_start_tls_with_the_right_authority(client: Client, portal: Portal, directory: Directory) -> None:
    portal(LDAP_START_TLS="1", LDAP_CA_FILE=directory.server.cafile)
    assert sign_in(client, "dora", DIRECTORY_PASSWORD).status_code == 302


def test_ldaps_takes_only_a_trusted_certificate(client: Client, portal: Portal, ldaps: Directory) -> None:
    portal(LDAP_SERVER_URI=ldaps.uri.split()[1], LDAP_CA_FILE=ldaps.server.cafile)
    assert sign_in(client, "dora", DIRECTORY_PASSWORD).status_code == 302
    portal(LDAP_SERVER_URI=ldaps.uri.split()[1], LDAP_CA_FILE=ldaps.server.clientcert)
    with structlog.testing.capture_logs() as lines:
        assert_away(sign_in(Client(), "dora", DIRECTORY_PASSWORD))
    assert (lines[0]["event"], lines[0]["setting"]) == ("directory_misconfigured", "LDAP_CA_FILE")


def test_without_a_directory_its_library_is_not_loaded() -> None:
    program = "import sys, django; django.setup(); import callanalytics.urls; sys.exit('ldap' in sys.modules)"
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "callanalytics.settings"}
    assert subprocess.run([sys.executable, "-c", program], env=environment, check=False).returncode == 0
