"""The collection status: administrators only, lights, counts, reasons, and the missing unanswered calls."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounting.models import FileState, ImportFile, RejectedRow, Role, User
from tests import factories as make

URL = reverse("status")
PARAMETER = "CdrLogCallsWithZeroDurationFlag"


@pytest.fixture
def ada(client: Client, db: None) -> User:
    ada = make.administrator()
    client.force_login(ada)
    return ada


def arrived(minutes_ago: int, **fields: object) -> ImportFile:
    """Make a file that arrived so many minutes ago."""
    file = make.import_file(**fields)
    ImportFile.objects.filter(pk=file.pk).update(imported_at=timezone.now() - timedelta(minutes=minutes_ago))
    return file


def content(client: Client) -> str:
    return str(client.get(URL).content.decode()).partition('id="help"')[0]


@pytest.mark.parametrize("role", [Role.USER, Role.SUPERVISOR])
def test_only_administrators_may_look(client: Client, db: None, role: str) -> None:
    client.force_login(make.person(role=role))
    assert client.get(URL).status_code == 403


@pytest.mark.parametrize(
    ("minutes", "light"), [(5, "light-green"), (61, "light-yellow"), (241, "light-red"), (None, "light-red")]
)
def test_the_light_follows_the_age_of_the_last_file(client: Client, ada: User, minutes: int | None, light: str) -> None:
    make.phone_system()
    if minutes is not None:
        arrived(minutes)
    assert light in content(client)


def test_a_system_that_is_switched_off_is_neither_green_nor_red(client: Client, ada: User) -> None:
    make.phone_system(enabled=False)
    assert "Switched off" in content(client)


def test_counts_of_a_day_and_of_a_month_stand_side_by_side(client: Client, ada: User) -> None:
    arrived(5, records=1200, duplicates=7, rejected=0)
    arrived(60 * 24 * 3, records=300, duplicates=2, rejected=4)
    arrived(60 * 24 * 40, records=5000)
    page = content(client)
    assert '<td class="end">1,193</td><td class="end">7</td><td class="end">0</td>' in page
    assert '<td class="end">1,487</td><td class="end">9</td><td class="end">4</td>' in page


def test_what_could_not_be_taken_is_listed_with_its_reason(client: Client, ada: User) -> None:
    aside = arrived(5, name="photo.jpg", state=FileState.SET_ASIDE, reason_code="not_cdr", records=0)
    row = RejectedRow(
        file=arrived(5, rejected=1), line=1217, reason_code="number", reason="dateTimeConnect", content="<b>"
    )
    row.save()
    page = content(client)
    for words in (
        aside.name,
        "does not name the columns",
        row.file.name,
        "line 1,217",
        "must be a number",
        "&lt;b&gt;",
    ):
        assert words in page
    assert "light-yellow" in page


@pytest.mark.parametrize(("records", "unanswered", "told"), [(200, 0, True), (200, 1, False), (199, 0, False)])
def test_a_system_without_unanswered_calls_names_the_parameter(
    client: Client, ada: User, records: int, unanswered: int, told: bool
) -> None:
    arrived(5, records=records, unanswered=unanswered)
    assert (PARAMETER in content(client)) is told


def test_without_a_phone_system_the_page_says_what_to_do(client: Client, ada: User) -> None:
    assert "No phone system yet" in content(client)


def test_the_number_of_queries_does_not_grow(client: Client, ada: User, django_assert_max_num_queries: object) -> None:
    for number in range(6):
        system = make.phone_system(f"cucm-{number}")
        file = make.import_file(phone_system=system, state=FileState.SET_ASIDE)
        RejectedRow.objects.create(file=file, line=1, content="x")
    with django_assert_max_num_queries(14):  # type: ignore[operator]
        client.get(URL)
