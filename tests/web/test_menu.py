"""Main menu, set-up and error pages: what each role finds there."""

import re
from html import unescape

import pytest
from axes.models import AccessAttempt
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounting.models import Role, User
from callanalytics.navigation import OVERVIEW, SET_UP_SECTIONS
from tests import factories as make

MENU = reverse("menu")


@pytest.fixture
def ana(client: Client, db: None) -> User:
    ana = make.person("ana", first_name="Ana")
    client.force_login(ana)
    return ana


def tiles(page: str) -> list[str]:
    return [part.partition("<")[0] for part in page.split('class="tile-name">')[1:]]


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (Role.USER, ["Call Analytics", "Budget Control", "Phone Lock"]),
        (Role.SUPERVISOR, ["Call Analytics", "Budget Control", "Alarms", "Phone Lock"]),
        (
            Role.ADMINISTRATOR,
            ["Call Analytics", "Budget Control", "Alarms", "Phone Lock", "Collection status", "Set-up"],
        ),
    ],
)
def test_the_menu_shows_what_the_person_may_use(client: Client, db: None, role: str, expected: list[str]) -> None:
    client.force_login(make.person(role=role))
    assert tiles(client.get(MENU).content.decode()) == expected


def test_every_tile_and_menu_item_opens(client: Client, db: None) -> None:
    client.force_login(make.administrator())
    for name in ("menu", "home", "calls", "status", "profile", "help", "admin:index"):
        assert client.get(reverse(name)).status_code == 200


def test_the_set_up_is_for_administrators(client: Client, ana: User) -> None:
    sales = make.department()
    for person in (ana, make.supervisor(of=sales)):
        client.force_login(person)
        for name in ("admin:index", "admin:accounting_user_changelist"):
            response = client.get(reverse(name))
            assert response.status_code == 403
            assert "You may not open this page" in response.content.decode()
    client.force_login(make.administrator())
    page = client.get(reverse("admin:index")).content.decode()
    for words in ("People", "Tariffs", "Masking rules", "Collected files", "Failed sign-ins"):
        assert words in page
    for package_word in ("Axes", "Groups"):
        assert package_word not in page


def test_every_table_of_the_set_up_opens(client: Client, db: None) -> None:
    from django.contrib import admin  # noqa: PLC0415

    make.rate()
    make.import_file()
    make.masking_rule()
    client.force_login(make.administrator(extension="2001"))
    for model in admin.site._registry:
        if model._meta.app_label == "accounting":
            name = f"admin:accounting_{model._meta.model_name}"
            answer = client.get(f"{reverse(name + '_changelist')}?q=1", follow=True)
            assert answer.status_code == 200
            assert 'class="bar-menu"' in answer.content.decode()
            row = model._default_manager.first()
            if row:
                assert client.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200


def trail(page: str) -> list[str]:
    nav = page.split('<ol class="crumbs">')[1].split("</ol>", maxsplit=1)[0]
    return [unescape(step) for step in re.findall(r"<(?:a [^>]*|bdi)>(?:<bdi>)?([^<]+)<", nav)]


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_page_of_the_set_up_bears_the_name_of_its_menu_entry(client: Client, db: None, language: str) -> None:
    client.force_login(make.administrator(language=language))
    with translation.override(language):
        for section in SET_UP_SECTIONS:
            assert trail(client.get(reverse(section.url_name)).content.decode()) == [
                str(OVERVIEW.label),
                str(section.label),
            ]
            for entry in section.pages:
                page = client.get(reverse(entry.url_name), follow=True).content.decode()
                heading = unescape(re.sub(r"<[^>]+>", "", page.split("<h1>")[1].split("</h1>")[0]))
                assert heading == str(entry.label)
                assert trail(page) == [str(OVERVIEW.label), str(section.label), str(entry.label)]


def test_empty_tables_say_what_to_do_next(client: Client, db: None) -> None:
    client.force_login(make.administrator())
    page = client.get(reverse("admin:accounting_phonesystem_changelist")).content.decode()
    assert "Begin here: each phone system gets an inbox folder" in page
    assert page.count(reverse("admin:accounting_phonesystem_add")) == 2
    files = client.get(reverse("admin:accounting_importfile_changelist")).content.decode()
    assert "as soon as a phone system delivers" in files


def test_pages_below_a_table_lead_back_to_it(client: Client, db: None) -> None:
    ana = make.person("ana", first_name="Ana", last_name="Ruiz")
    client.force_login(make.administrator())
    for page in ("change", "history", "delete"):
        steps = trail(client.get(reverse(f"admin:accounting_user_{page}", args=[ana.pk])).content.decode())
        assert steps[:3] == ["Set-up", "Organisation", "People"]
    tariff = make.rate().tariff
    steps = trail(client.get(reverse("admin:accounting_tariff_change", args=[tariff.pk])).content.decode())
    assert steps[:3] == ["Set-up", "Prices", "Tariffs"]


def test_lines_are_ended_not_deleted(client: Client, db: None) -> None:
    ana = make.person("ana", extension="2001")
    client.force_login(make.administrator())
    page = client.get(reverse("admin:accounting_user_change", args=[ana.pk])).content.decode()
    assert "End it by its date; calls keep their person." in page
    assert "lines-0-id" in page
    assert "lines-0-DELETE" not in page


@pytest.mark.parametrize(
    "name",
    ["menu", "home", "home_live", "calls", "call_totals", "suggested_people", "status", "profile", "help"],
)
def test_strangers_are_sent_to_the_sign_in(client: Client, db: None, name: str) -> None:
    assert client.get(reverse(name)).headers["Location"] == f"{reverse('sign_in')}?next={reverse(name)}"


def test_strangers_come_back_to_the_set_up_after_the_sign_in(client: Client, db: None) -> None:
    page = reverse("admin:accounting_user_changelist")
    last = client.get(page, follow=True).redirect_chain[-1][0]
    assert last == f"{reverse('sign_in')}?next={page}"


def test_a_form_of_an_ended_session_says_so(db: None) -> None:
    response = Client(enforce_csrf_checks=True).post(reverse("sign_in"), {"username": "ana", "password": "x"})
    assert response.status_code == 403
    assert "This page is out of date" in response.content.decode()


@pytest.mark.parametrize("name", ["menu", "home", "home_live", "calls", "profile"])
def test_no_page_stays_behind_in_the_browser(client: Client, ana: User, name: str) -> None:
    assert "no-store" in client.get(reverse(name)).headers["Cache-Control"]


def test_help_speaks_to_the_readers_role(client: Client, ana: User) -> None:
    assert 'id="status"' not in client.get(reverse("help")).content.decode()
    client.force_login(make.administrator())
    assert 'id="status"' in client.get(reverse("help")).content.decode()


def test_a_missing_page_says_so(client: Client, ana: User) -> None:
    response = client.get("/nothing/")
    assert response.status_code == 404
    assert "Nothing is here" in response.content.decode()


def test_a_failing_page_says_so(client: Client, ana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("reports.views.home.home_calls", fail)
    client.raise_request_exception = False
    response = client.get(reverse("home"))
    assert response.status_code == 500
    assert "Something went wrong" in response.content.decode()


def test_an_administrator_lifts_the_lock_after_wrong_passwords(client: Client, db: None) -> None:
    for _ in range(8):
        locked = client.post(reverse("sign_in"), {"username": "ana", "password": "wrong"})
    assert locked.status_code == 429
    client.force_login(make.administrator())
    attempt = AccessAttempt.objects.get()
    client.post(reverse("admin:axes_accessattempt_delete", args=[attempt.pk]), {"post": "yes"})
    client.logout()
    assert client.post(reverse("sign_in"), {"username": "ana", "password": "wrong"}).status_code == 200


def test_forms_below_a_report_lead_back_to_the_list_and_name_it_in_their_title(client: Client, db: None) -> None:
    client.force_login(make.administrator())
    for page, title in (("save", "Save as my report"), ("mail", "Send mail"), ("schedule", "Schedule a report")):
        answer = client.get(f"/reports/by-day/{page}/").content.decode()
        assert trail(answer)[:2] == ["Reports", "By day"]
        assert f"<title>{title}: By day · Call Analytics</title>" in answer
    alarm = client.get("/alarms/rules/add/spend/").content.decode()
    assert trail(alarm) == ["Scheduled alarms", "Set up an alarm", "Spending"]


def test_settings_of_which_there_is_one_bear_their_own_name_in_the_title(client: Client, db: None) -> None:
    client.force_login(make.administrator())
    page = client.get(reverse("admin:accounting_mailserver_changelist"), follow=True).content.decode()
    assert "<title>Mail server · Call Analytics</title>" in page
