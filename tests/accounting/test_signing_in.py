"""Local sign-in, the throttle, and sessions."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import structlog
import time_machine
from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounting.models import Role, User
from callanalytics.web.requests import client_address
from tests.conftest import PASSWORD, person

DOOR = "/sign-in/"
WRONG = "The user name or the password is not right."


def sign_in(client: Client, username: str, password: str = PASSWORD, **extra: Any) -> Any:
    """Fill in the form at the door."""
    return client.post(DOOR, {"username": username, "password": password}, **extra)


def is_signed_in(client: Client) -> bool:
    """Whether this browser is inside: the door sends it on."""
    return client.get(DOOR).status_code == 302


def guess(client: Client, times: int, username: str = "ana", **extra: Any) -> Any:
    """Give a wrong password so many times; return the last answer."""
    for _ in range(times):
        answer = sign_in(client, username, "wrong", **extra)
    return answer


def test_a_local_account_opens_the_menu(client: Client, ana: User) -> None:
    answer = sign_in(client, "ana")
    assert (answer.status_code, answer.url) == (302, "/")
    assert client.get("/").context["user"] == ana


@pytest.mark.parametrize("stored", ["ana", "Ana"])
@pytest.mark.parametrize("typed", ["ana", "ANA", " Ana "])
def test_the_case_of_a_user_name_does_not_matter(client: Client, db: None, stored: str, typed: str) -> None:
    person(stored, "Ana", "Ruiz")
    assert sign_in(client, typed).status_code == 302


def test_of_two_spellings_each_opens_with_its_own_password(client: Client, ana: User) -> None:
    other = person("ANA", "Ana", "Other")
    other.set_password("another-password")
    other.save()
    sign_in(client, "ana")
    assert client.get("/").context["user"] == ana


@pytest.mark.parametrize(
    ("username", "password"),
    [("ana", "wrong"), ("nobody", PASSWORD), ("*", PASSWORD), ("a)(uid=*", PASSWORD), ("ana", PASSWORD.upper())],
)
def test_unknown_names_and_wrong_passwords_get_the_same_answer(
    client: Client, ana: User, username: str, password: str
) -> None:
    answer = sign_in(client, username, password)
    assert answer.status_code == 200
    assert answer.context["form"].non_field_errors() == [WRONG]
    assert not is_signed_in(client)


@pytest.mark.parametrize(("username", "password"), [("", PASSWORD), ("ana", ""), ("ana\0", PASSWORD), ("a" * 151, "x")])
def test_incomplete_or_impossible_input_is_not_counted(client: Client, ana: User, username: str, password: str) -> None:
    assert sign_in(client, username, password).status_code == 200
    assert not AccessAttempt.objects.exists()


def test_a_disabled_account_gets_the_same_answer(client: Client, ana: User) -> None:
    User.objects.update(is_active=False)
    assert sign_in(client, "ana").context["form"].non_field_errors() == [WRONG]


def test_the_session_of_an_account_ends_when_it_is_disabled(client: Client, ana: User) -> None:
    sign_in(client, "ana")
    assert is_signed_in(client)
    User.objects.update(is_active=False)
    assert not is_signed_in(client)


def test_sessions_end_when_the_password_changes(client: Client, ana: User) -> None:
    sign_in(client, "ana")
    ana.set_password("a-new-local-password")
    ana.save()
    assert not is_signed_in(client)


def test_signing_in_changes_the_session_key(client: Client, ana: User) -> None:
    client.session["planted"] = True
    session = client.session
    session.save()
    before = session.session_key
    sign_in(client, "ana")
    assert client.session.session_key != before
    assert not Session.objects.filter(session_key=before).exists()


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [
        ("/setup/", "/setup/"),
        ("http://testserver/setup/", "http://testserver/setup/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("http://testserver@evil.example/", "/"),
        ("", "/"),
    ],
)
def test_the_next_page_is_on_this_portal(client: Client, ana: User, wanted: str, reached: str) -> None:
    answer = client.post(DOOR, {"username": "ana", "password": PASSWORD, "next": wanted})
    assert (answer.status_code, answer.url) == (302, reached)


def test_signed_in_people_go_to_the_menu_not_to_the_page_that_sent_them(client: Client, ana: User) -> None:
    client.force_login(ana)
    answer = client.get(DOOR, {"next": "/setup/"})
    assert (answer.status_code, answer.url) == (302, "/")


def test_signing_out_takes_a_post(client: Client, ana: User) -> None:
    client.force_login(ana)
    assert client.get("/sign-out/").status_code == 405
    assert is_signed_in(client)
    answer = client.post("/sign-out/")
    assert (answer.status_code, answer.url) == (302, DOOR)
    assert not is_signed_in(client)


def test_the_form_tells_password_stores_and_keyboards_what_it_wants(client: Client, db: None) -> None:
    page = client.get(DOOR)
    assert "no-store" in page["Cache-Control"]
    form = page.context["form"]
    assert 'autocomplete="username"' in str(form["username"])
    assert 'autocapitalize="none"' in str(form["username"])
    assert 'autocomplete="current-password"' in str(form["password"])


def test_the_form_is_protected_against_foreign_sites(ana: User) -> None:
    assert sign_in(Client(enforce_csrf_checks=True), "ana").status_code == 403


def test_the_language_is_the_browsers_and_then_the_persons_own(client: Client, ana: User) -> None:
    User.objects.update(language="ar")
    assert client.get(DOOR, headers={"Accept-Language": "pl,en;q=0.5"})["Content-Language"] == "pl"
    sign_in(client, "ana", headers={"Accept-Language": "pl"})
    assert client.get("/", headers={"Accept-Language": "pl"})["Content-Language"] == "ar"


def test_the_eighth_wrong_password_locks_this_name_at_this_address(client: Client, ana: User, ben: User) -> None:
    assert guess(client, 7).status_code == 200
    locked = guess(client, 1)
    assert locked.status_code == 429
    assert locked.context["minutes"] == 15
    assert 880 < int(locked["Retry-After"]) <= 900
    assert sign_in(client, "ana").status_code == 429
    assert sign_in(client, "ANA").status_code == 429
    assert sign_in(Client(), "ben").status_code == 302
    assert sign_in(Client(REMOTE_ADDR="192.0.2.7"), "ana").status_code == 302


def test_other_browsers_at_the_address_share_the_count(client: Client, ana: User) -> None:
    for number in range(7):
        guess(Client(), 1, headers={"User-Agent": f"browser {number}"})
    assert guess(client, 1).status_code == 429


def test_guessing_many_names_locks_the_address(client: Client, ana: User) -> None:
    for number in range(49):
        assert guess(Client(), 1, f"name{number}").status_code == 200
    assert guess(client, 1, "one more").status_code == 429
    assert sign_in(client, "ana").status_code == 429
    assert sign_in(Client(REMOTE_ADDR="192.0.2.7"), "ana").status_code == 302
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert sign_in(client, "ana").status_code == 302


def test_the_page_of_a_lock_stays_in_no_cache(client: Client, ana: User) -> None:
    assert guess(client, 8)["Cache-Control"] == "no-store"


def test_tries_during_the_lock_do_not_prolong_it(client: Client, ana: User) -> None:
    start = timezone.now()
    guess(client, 8)
    with time_machine.travel(start + timedelta(minutes=10)):
        still = sign_in(client, "ana")
    assert (still.status_code, still.context["minutes"]) == (429, 6)
    with time_machine.travel(start + timedelta(minutes=16)):
        assert sign_in(client, "ana").status_code == 302


def test_success_forgets_the_wrong_passwords(client: Client, db: None) -> None:
    person("Ana", "Ana", "Ruiz")
    guess(client, 7)
    assert sign_in(client, "ana").status_code == 302
    assert not AccessAttempt.objects.exists()
    assert guess(Client(), 7).status_code == 200


def test_the_throttle_keeps_no_password_and_no_token(client: Client, ana: User) -> None:
    client.post(DOOR, {"username": "ana", "password": "s3cret-guess", "csrfmiddlewaretoken": "t0ken"})
    kept = str(AccessAttempt.objects.values().get())
    assert "s3cret-guess" not in kept
    assert "t0ken" not in kept


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "198.51.100.9", "127.0.0.1"),
        (1, "198.51.100.9", "198.51.100.9"),
        (1, "203.0.113.5, 198.51.100.9", "198.51.100.9"),
        (2, "203.0.113.5, 198.51.100.9, 10.0.0.1", "198.51.100.9"),
        (2, "198.51.100.9", "127.0.0.1"),
        (1, "2001:DB8::1", "2001:db8::1"),
        (1, "unknown", "127.0.0.1"),
        (1, None, "127.0.0.1"),
    ],
)
def test_the_address_is_the_one_that_the_outermost_proxy_saw(
    rf: Any, settings: Any, proxies: int, forwarded: str | None, address: str
) -> None:
    settings.PROXY_COUNT = proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    assert client_address(rf.get("/", headers=headers)) == address


def test_behind_a_proxy_each_reader_has_an_own_count(client: Client, ana: User, settings: Any) -> None:
    settings.PROXY_COUNT = 1
    guess(client, 8, headers={"X-Forwarded-For": "203.0.113.5, 198.51.100.9"})
    assert sign_in(client, "ana", headers={"X-Forwarded-For": "203.0.113.5"}).status_code == 302


@pytest.mark.parametrize(
    ("act", "event"),
    [
        (lambda client: sign_in(client, "ana"), "signed_in"),
        (lambda client: guess(client, 1), "sign_in_failed"),
        (lambda client: guess(client, 8), "sign_in_locked"),
        (lambda client: (sign_in(client, "ana"), client.post("/sign-out/")), "signed_out"),
    ],
)
def test_the_log_tells_who_and_from_where(client: Client, ana: User, act: Callable[[Client], Any], event: str) -> None:
    with structlog.testing.capture_logs() as lines:
        act(client)
    assert lines[-1] | {"event": event, "username": "ana", "address": "127.0.0.1"} == lines[-1]


def test_no_log_line_has_the_password_or_a_forged_line(client: Client, ana: User, caplog: Any) -> None:
    caplog.set_level("DEBUG")
    sign_in(client, "ana\nsigned_in username=admin", "s3cret-guess")
    sign_in(client, "ana")
    assert "ana?signed_in username=admin" in caplog.text
    assert "s3cret-guess" not in caplog.text
    assert PASSWORD not in caplog.text


def test_the_set_up_uses_the_same_door(client: Client, ana: User) -> None:
    User.objects.update(role=Role.ADMINISTRATOR, is_staff=True)
    answer = client.get("/setup/", follow=True)
    assert answer.redirect_chain[-1][0].startswith(DOOR)
    answer = client.post(answer.request["PATH_INFO"] + "?next=/setup/", {"username": "ana", "password": PASSWORD})
    assert (answer.status_code, answer.url) == (302, "/setup/")
