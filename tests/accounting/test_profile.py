"""Language and time zone: chosen on the profile page or in the bar, kept, and used on every page."""

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounting.models import ReferenceRevision, User
from tests import factories as make


@pytest.fixture
def ana(client: Client, db: None) -> User:
    ana = make.person("ana", extension="2001")
    client.force_login(ana)
    return ana


def test_the_choice_is_kept_and_used(client: Client, ana: User) -> None:
    client.post(reverse("profile"), {"language": "de", "time_zone": "Asia/Dubai"})
    ana.refresh_from_db()
    assert (ana.language, ana.time_zone) == ("de", "Asia/Dubai")
    page = client.get(reverse("home")).content.decode()
    assert '<html lang="de" dir="ltr"' in page
    assert "Asia/Dubai" in page
    assert "UTC+04:00" in page


def test_times_are_those_of_the_persons_office_until_another_zone_is_chosen(client: Client, ana: User) -> None:
    def zone() -> str:
        return client.get(reverse("home")).content.decode().partition('class="zone"')[2].partition("</footer>")[0]

    dubai = make.office("Dubai", country="AE", time_zone="Asia/Dubai")
    make.membership(ana, office=make.office("Berlin"), valid_to=timezone.now())
    make.membership(ana, office=dubai, valid_from=timezone.now())
    client.force_login(ana)
    assert "Asia/Dubai" in zone()
    page = client.get(reverse("profile")).content.decode()
    assert "You see times in the zone of your office, Dubai." in page
    assert "The zone of your office Dubai, Asia/Dubai" in page
    client.post(reverse("profile"), {"language": "", "time_zone": "Europe/Warsaw"})
    assert "Europe/Warsaw" in zone()
    assert "You have chosen the zone" in client.get(reverse("profile")).content.decode()
    dubai.time_zone = "Asia/Muscat"
    dubai.save()
    client.post(reverse("profile"), {"language": "", "time_zone": ""})
    assert "Asia/Muscat" in zone()


def test_people_without_an_office_see_the_organisations_zone(client: Client, ana: User) -> None:
    assert settings.TIME_ZONE in client.get(reverse("home")).content.decode()
    assert "you belong to no office" in client.get(reverse("profile")).content.decode().replace("\n", " ")


def test_the_zone_of_the_office_costs_no_query(client: Client, ana: User) -> None:
    make.membership(ana, office=make.office("Dubai", time_zone="Asia/Dubai"))
    client.force_login(ana)
    with CaptureQueriesContext(connection) as queries:
        assert "Asia/Dubai" in client.get(reverse("menu")).content.decode()
    assert not any("office" in query["sql"] for query in queries)


@pytest.mark.parametrize("wrong", [{"language": "xx"}, {"time_zone": "Mars/Base"}])
def test_what_does_not_exist_is_refused(client: Client, ana: User, wrong: dict[str, str]) -> None:
    response = client.post(reverse("profile"), wrong)
    assert response.status_code == 200
    assert "is-invalid" in response.content.decode()


def test_how_one_reads_is_no_change_of_reference(client: Client, ana: User) -> None:
    before = ReferenceRevision.objects.get().number
    client.post(reverse("profile"), {"language": "fr", "time_zone": ""})
    client.post(reverse("set_language"), {"language": "it", "next": "/"})
    assert ReferenceRevision.objects.get().number == before


def test_the_bar_switches_the_language_and_stays_on_the_page(client: Client, ana: User) -> None:
    response = client.post(reverse("set_language"), {"language": "ar", "next": "/calls/?period=7d"})
    assert response.headers["Location"] == "/calls/?period=7d"
    page = client.get("/calls/?period=7d").content.decode()
    assert '<html lang="ar" dir="rtl"' in page
    assert "bootstrap.rtl.min.css" in page


def test_strangers_switch_the_language_of_the_sign_in_page(client: Client, db: None) -> None:
    client.post(reverse("set_language"), {"language": "pl", "next": "/sign-in/"})
    assert '<html lang="pl"' in client.get(reverse("sign_in")).content.decode()


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_no_other_site_is_opened(client: Client, db: None, target: str) -> None:
    assert client.post(reverse("set_language"), {"language": "de", "next": target}).headers["Location"] == "/"


def test_an_unknown_language_is_refused(client: Client, db: None) -> None:
    assert client.post(reverse("set_language"), {"language": "tlh"}).status_code == 400


def test_the_profile_shows_lines_and_units(client: Client, ana: User) -> None:
    make.membership(ana, department=make.department("Sales"), office=make.office("Berlin"))
    page = client.get(reverse("profile")).content.decode()
    for words in ("2001", "Sales", "Berlin"):
        assert words in page
