"""Gadgets: a door and cookies of their own, framed by whom the administrator names, ended at once."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounting.models import AuditEntry, CallRecord, Direction, GadgetRules, GadgetSignIn, Outcome, User
from accounting.services import erasing
from accounting.tasks import keep_terms
from tests import factories as make
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db
CALLS = "/gadgets/calls/"


@pytest.fixture
def rules() -> GadgetRules:
    """Gadgets that can be opened inside one page."""
    rules = GadgetRules(enabled=True, session_days=20, origins="https://*.webex.com")
    rules.save()
    return rules


def enter(client: Client, person: User, **query: str) -> None:
    """Sign in through the door of gadgets."""
    answer = client.post("/gadgets/sign-in/", {"username": person.username, "password": PASSWORD}, query_params=query)
    assert answer.status_code == 302


def test_gadgets_are_off_until_an_administrator_switches_them_on(client: Client, ana: User) -> None:
    assert client.get(CALLS).status_code == 404
    assert client.get("/gadgets/sign-in/").status_code == 404


def test_only_gadgets_may_be_framed_and_only_by_pages_that_are_named(client: Client, rules: GadgetRules) -> None:
    door, portal = client.get("/gadgets/sign-in/"), client.get("/sign-in/")
    assert "frame-ancestors https://*.webex.com;" in door["Content-Security-Policy"] + ";"
    assert "X-Frame-Options" not in door
    assert portal["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in portal["Content-Security-Policy"]
    rules.origins = ""
    rules.save()
    assert "frame-ancestors 'none'" in client.get("/gadgets/sign-in/")["Content-Security-Policy"]


def test_a_sign_in_has_a_cookie_of_its_own_that_lasts(
    client: Client, rules: GadgetRules, ana: User, settings: pytest.FixtureRequest
) -> None:
    settings.SESSION_COOKIE_SECURE = True  # type: ignore[attr-defined]
    enter(client, ana)
    cookie = client.cookies["gadget"]
    assert "session" not in client.cookies
    assert (cookie["path"], cookie["max-age"], cookie["samesite"]) == ("/gadgets/", 20 * 86400, "None")
    for attribute in ("Secure", "HttpOnly", "Partitioned"):
        assert attribute in cookie.OutputString().split("; ")
    assert client.get(CALLS).status_code == 200


def test_neither_session_opens_what_the_other_does(client: Client, rules: GadgetRules, ana: User) -> None:
    enter(client, ana)
    assert client.get("/calls/home/").status_code == 302
    other = Client()
    other.cookies["session"] = client.cookies["gadget"].value
    assert other.get("/calls/home/").status_code == 302
    portal = Client()
    portal.force_login(ana)
    assert portal.get(CALLS).status_code == 302
    portal.cookies["gadget"] = portal.cookies["session"].value
    assert portal.get(CALLS).status_code == 302
    assert portal.get("/calls/home/").status_code == 200


def test_the_door_leads_back_to_the_gadget_and_never_to_the_portal(
    client: Client, rules: GadgetRules, ana: User
) -> None:
    answer = client.get("/gadgets/budget/?theme=dark")
    assert answer["Location"] == "/gadgets/sign-in/?theme=dark&next=/gadgets/budget/%3Ftheme%3Ddark"
    typed = {"username": "ana", "password": PASSWORD}
    assert client.post(answer["Location"], typed)["Location"] == "/gadgets/budget/?theme=dark"
    assert Client().post("/gadgets/sign-in/?next=/setup/", typed)["Location"] == CALLS


def test_posts_need_the_token_of_the_gadget(rules: GadgetRules, ana: User) -> None:
    client = Client(enforce_csrf_checks=True)
    typed = {"username": "ana", "password": PASSWORD}
    assert client.post("/gadgets/sign-in/", typed).status_code == 403
    token = str(client.get("/gadgets/sign-in/").context["csrf_token"])
    assert client.post("/gadgets/sign-in/", typed | {"csrfmiddlewaretoken": token}).status_code == 302
    assert client.post("/gadgets/sign-out/").status_code == 403


def test_a_browser_that_sends_no_cookies_is_told_so(rules: GadgetRules, ana: User) -> None:
    typed = {"username": "ana", "password": PASSWORD, "next": "/gadgets/budget/"}
    refused = Client(enforce_csrf_checks=True).post("/gadgets/sign-in/", typed)
    assert (refused.status_code, refused.context["page"]) == (403, "/gadgets/budget/")
    assert "Your browser sends no cookies here" in refused.content.decode()
    assert "another gadget" not in refused.content.decode()


def test_wrong_passwords_are_throttled(client: Client, rules: GadgetRules, ana: User, settings: object) -> None:
    settings.AXES_FAILURE_LIMIT = 2  # type: ignore[attr-defined]
    wrong = {"username": "ana", "password": "wrong"}
    answers = [client.post("/gadgets/sign-in/", wrong).status_code for _time in range(3)]
    assert answers[-1] == 429


def test_an_administrator_ends_sign_ins_one_by_one_and_all(
    client: Client, rules: GadgetRules, ana: User, ben: User, admin: User
) -> None:
    other, office = Client(), Client()
    enter(client, ana)
    enter(other, ben)
    office.force_login(admin)
    assert "Ana Ruiz" in office.get("/setup/system/gadgets/").content.decode()
    office.post(f"/setup/system/gadgets/{GadgetSignIn.objects.get(user=ana).pk}/end/")
    assert (client.get(CALLS).status_code, other.get(CALLS).status_code) == (302, 200)
    office.post("/setup/system/gadgets/end/")
    assert other.get(CALLS).status_code == 302
    other.force_login(ben)
    assert other.get("/setup/system/gadgets/").status_code == 403


def test_a_stolen_cookie_that_was_ended_stays_dead_when_its_person_signs_in_again(
    client: Client, rules: GadgetRules, ana: User
) -> None:
    enter(client, ana)
    thief = Client()
    thief.cookies["gadget"] = client.cookies["gadget"].value
    assert thief.get(CALLS).status_code == 200
    GadgetSignIn.objects.update(revoked_at=timezone.now())
    enter(client, ana)
    assert (client.get(CALLS).status_code, thief.get(CALLS).status_code) == (200, 302)


def test_an_administrator_finds_whose_sign_ins_they_are_and_where(client: Client, ana: User, admin: User) -> None:
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/128.0 Safari/537.36 Jabber/15.0"
    GadgetSignIn.objects.create(user=ana, program=agent)
    GadgetSignIn.objects.create(user=make.person("zoe"), program="Something/1")
    client.force_login(admin)
    page = client.get("/setup/system/gadgets/").content.decode()
    assert "Jabber, Windows" in page
    assert "Something/1" in page
    found = client.get("/setup/system/gadgets/", {"person": "ruiz"}).content.decode()
    assert "Jabber, Windows" in found
    assert "Something/1" not in found
    assert "Nobody of this name" in client.get("/setup/system/gadgets/", {"person": "xx\0yy"}).content.decode()


def test_a_shorter_term_holds_for_present_sign_ins(client: Client, rules: GadgetRules, ana: User) -> None:
    enter(client, ana)
    GadgetSignIn.objects.update(created_at=timezone.now() - timedelta(days=5))
    assert client.get(CALLS).status_code == 200
    rules.session_days = 4
    rules.save()
    assert client.get(CALLS).status_code == 302


def test_signing_out_ends_the_gadget_alone(client: Client, rules: GadgetRules, ana: User) -> None:
    client.force_login(ana)
    enter(client, ana)
    assert client.post("/gadgets/sign-out/")["Location"] == "/gadgets/sign-in/"
    assert client.get(CALLS).status_code == 302
    assert client.get("/calls/home/").status_code == 200
    assert not GadgetSignIn.objects.exists()


def test_the_rules_are_checked_and_audited(client: Client, admin: User) -> None:
    client.force_login(admin)
    page = "/setup/system/gadgets/"
    typed = {"enabled": "on", "session_days": "30", "origins": "https://a.example; script-src *"}
    assert "is no origin" in client.post(page, typed).content.decode()
    long = " ".join(f"https://{number}.example" for number in range(200))
    assert "2,000 characters at most" in client.post(page, typed | {"origins": long}).content.decode()
    assert client.post(page, typed | {"session_days": "0", "origins": ""}).status_code == 200
    assert not GadgetRules.objects.exists()
    client.post(page, typed | {"origins": "https://A.example:8443\nhttps://*.webex.com"})
    assert GadgetRules.current().origins == "https://a.example:8443 https://*.webex.com"
    assert AuditEntry.objects.filter(subject_type="gadgetrules").exists()


def test_call_analytics_shows_the_own_calls_and_says_when_nothing_is_new(client: Client, rules: GadgetRules) -> None:
    ana = make.person(extension="2001", username="ana", first_name="Ana", last_name="Ruiz")
    ana.set_password(PASSWORD)
    ana.save()
    now = timezone.now()
    make.record(ana, started_at=now, other_number="+4930111111")
    make.record(ana, started_at=now, other_number="+4930222222", direction=Direction.INCOMING, outcome=Outcome.MISSED)
    make.record(make.person(extension="2002"), started_at=now, other_number="+4930333333")
    enter(client, ana)
    every = client.get(CALLS)
    content = every.content.decode().replace(" ", "")
    assert [number in content for number in ("111111", "222222", "333333")] == [True, True, False]
    assert every.context["fragment"].count("data-record") == 2
    assert client.get(CALLS, {"calls": "missed"}).context["fragment"].count("data-record") == 1
    tag = f'"{every.context["etag"]}"'
    assert client.get("/gadgets/calls/live/", headers={"If-None-Match": tag}).status_code == 304
    assert "No outgoing calls" in client.get(CALLS, {"period": "yesterday"}).content.decode()


def test_calls_of_others_are_no_news_and_a_corrected_call_is(client: Client, rules: GadgetRules) -> None:
    ana, other = make.person("ana", extension="2001"), make.person(extension="2002")
    ana.set_password(PASSWORD)
    ana.save()
    record = make.record(ana, started_at=timezone.now(), other_number="+4930111111")
    enter(client, ana)
    tag = client.get("/gadgets/calls/live/")["ETag"]
    make.record(other, started_at=timezone.now())
    answer = client.get("/gadgets/calls/live/", headers={"If-None-Match": tag})
    assert answer.status_code == 304
    assert answer["ETag"] != tag
    CallRecord.objects.filter(pk=record.pk).update(talk_seconds=99, batch_id=make.batch().pk)
    assert client.get("/gadgets/calls/live/", headers={"If-None-Match": answer["ETag"]}).status_code == 200


def test_what_an_ended_sign_in_asked_for_leads_back_to_its_gadget_with_a_word_why(
    client: Client, rules: GadgetRules, ana: User
) -> None:
    enter(client, ana)
    GadgetSignIn.objects.update(revoked_at=timezone.now())
    answer = client.post("/gadgets/lock/7/lock/?theme=dark")
    door = client.get(answer["Location"])
    assert "nothing was changed" in door.content.decode()
    assert 'data-theme="dark"' in door.content.decode()
    typed = {"username": "ana", "password": PASSWORD, "next": door.context["next"]}
    assert client.post(answer["Location"], typed)["Location"] == "/gadgets/lock/?theme=dark"
    GadgetSignIn.objects.update(revoked_at=timezone.now())
    asked = client.get("/gadgets/calls/live/?period=7d", headers={"HX-Request": "true"})
    door = client.get(asked["HX-Redirect"])
    assert "Your sign-in in gadgets has ended." in door.content.decode()
    assert door.context["next"] == "/gadgets/calls/?period=7d"


def test_signing_out_and_in_again_shows_the_same_gadget(client: Client, rules: GadgetRules, ana: User) -> None:
    enter(client, ana)
    client.get("/gadgets/budget/?theme=light")
    left = client.post("/gadgets/sign-out/?theme=light", {"next": "/gadgets/budget/?theme=light"})
    assert left["Location"] == "/gadgets/sign-in/?theme=light&next=/gadgets/budget/%3Ftheme%3Dlight"
    assert "has ended" not in client.get(left["Location"]).content.decode()
    enter(client, ana)
    assert client.post("/gadgets/sign-out/", {"next": "https://a.example/"})["Location"] == "/gadgets/sign-in/"


def test_a_form_of_before_the_sign_in_in_another_gadget_leads_to_the_gadget(rules: GadgetRules, ana: User) -> None:
    client = Client(enforce_csrf_checks=True)
    typed = {"username": "ana", "password": PASSWORD, "next": "/gadgets/budget/"}
    token = str(client.get("/gadgets/sign-in/").context["csrf_token"])
    client.post("/gadgets/sign-in/", typed | {"csrfmiddlewaretoken": token})
    assert client.post("/gadgets/sign-in/", typed | {"csrfmiddlewaretoken": token})["Location"] == "/gadgets/budget/"
    old = client.post("/gadgets/lock/7/lock/", {"csrfmiddlewaretoken": token})
    assert (old.status_code, old.context["page"]) == (403, "/gadgets/lock/")
    assert "Nothing was changed" in old.content.decode()


def test_sign_ins_that_open_nothing_any_more_are_cleared_away(
    client: Client, rules: GadgetRules, ana: User, ben: User, cleo: User
) -> None:
    now = timezone.now()
    kept = GadgetSignIn.objects.create(user=ana, created_at=now - timedelta(days=19))
    GadgetSignIn.objects.create(user=ana, created_at=now - timedelta(days=21))
    GadgetSignIn.objects.create(user=ben, revoked_at=now)
    GadgetSignIn.objects.create(user=cleo)
    User.objects.filter(pk=cleo.pk).update(is_active=False)
    keep_terms()
    assert list(GadgetSignIn.objects.all()) == [kept]


def test_a_changed_password_ends_the_sign_in(client: Client, rules: GadgetRules, ana: User) -> None:
    enter(client, ana)
    ana.set_password("another one")
    ana.save()
    assert client.get(CALLS).status_code == 302
    assert not GadgetSignIn.objects.exists()


def test_the_lock_out_of_the_door_fits_a_gadget_and_leads_back(
    client: Client, rules: GadgetRules, ana: User, settings: object
) -> None:
    settings.AXES_FAILURE_LIMIT = 1  # type: ignore[attr-defined]
    there = "/gadgets/sign-in/?theme=dark&next=/gadgets/lock/"
    page = client.post(there, {"username": "ana", "password": "wrong"}).content.decode()
    assert 'class="gadget' in page
    assert 'data-theme="dark"' in page
    assert there.replace("&", "&amp;") in page


def test_gadgets_explain_themselves(client: Client, rules: GadgetRules, ana: User, admin: User) -> None:
    enter(client, ana)
    words = "The sign-in lasts until you sign out"
    for page in (CALLS, "/gadgets/budget/", "/gadgets/lock/"):
        assert words in client.get(page).content.decode()
    office = Client()
    office.force_login(admin)
    for page in ("/help/", "/setup/system/gadgets/"):
        assert words in office.get(page).content.decode()


def test_erased_people_leave_no_sign_in(client: Client, rules: GadgetRules, cleo: User) -> None:
    enter(client, cleo)
    erasing.close_account(cleo, erasing.Erased())
    assert not GadgetSignIn.objects.exists()
