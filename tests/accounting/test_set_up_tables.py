"""The tables of the set-up: secrets, histories, what may be deleted, actions for many rows, and what forms refuse."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounting.models import (
    AuditEntry,
    Department,
    Extension,
    Gateway,
    MailServer,
    Office,
    PhoneSystem,
    PublicHoliday,
    Supervision,
    UnitHalfHour,
    UnitKind,
    User,
)
from tests import factories as make


@pytest.fixture(autouse=True)
def ada(client: Client, db: None) -> User:
    ada = make.administrator()
    client.force_login(ada)
    return ada


def address(page: str, model: str, *args: object) -> str:
    return reverse(f"admin:accounting_{model}_{page}", args=args)


def filled_in(client: Client, url: str) -> dict[str, Any]:
    """Return what a browser would send back of a form that nobody has touched."""
    context = client.get(url).context
    values: dict[str, Any] = {}
    forms = [context["adminform"].form]
    for formset in context["inline_admin_formsets"]:
        forms += [formset.formset.management_form, *formset.formset.forms]
    for form in forms:
        for bound in form:
            value = bound.value()
            parts = bound.field.widget.decompress(value) if hasattr(bound.field.widget, "decompress") else None
            for number, part in enumerate(parts or ()):
                values[f"{bound.html_name}_{number}"] = "" if part is None else part
            if parts is None and value is not None and value is not False:
                values[bound.html_name] = value
    return values


def test_people_are_listed_with_their_units_and_lines_in_a_fixed_number_of_queries(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    sales = make.department("Sales")
    inside = Department.objects.create(name="Inside", parent=sales)
    for number in range(12):
        make.membership(make.person(f"p{number:02}", extension=f"20{number:02}"), department=inside)
    make.person("loner")
    with django_assert_max_num_queries(14):
        page = client.get(address("changelist", "user")).content.decode()
    assert "Inside" in page
    assert "2007" in page
    found = client.get(address("changelist", "user"), {"department": sales.pk}).content.decode()
    assert "p03" in found
    assert "loner" not in found
    assert "loner" in client.get(address("changelist", "user"), {"department": "none"}).content.decode()
    assert "p03" in client.get(address("changelist", "user"), {"q": "Inside"}).content.decode()
    assert client.get(address("changelist", "user"), {"department": "x" * 30}).status_code == 200


def test_a_persons_page_says_whether_there_is_a_password_and_no_more(client: Client) -> None:
    ana = make.person("ana")
    assert "Not set." in client.get(address("change", "user", ana.pk)).content.decode()
    ana.set_password("a long and local word")
    ana.save()
    page = client.get(address("change", "user", ana.pk)).content.decode()
    assert "Set another password" in page
    assert reverse("admin:auth_user_password_change", args=[ana.pk]) in page
    assert "argon2" not in page.lower()
    assert "md5" not in page.lower()
    User.objects.filter(pk=ana.pk).update(password="!", origin=User.Origin.DIRECTORY)
    assert "Kept by the directory." in client.get(address("change", "user", ana.pk)).content.decode()


def errors_of(answer: Any) -> str:
    context = answer.context
    inlines = [formset.formset for formset in context["inline_admin_formsets"]]
    found = [context["adminform"].form.errors, *(one.errors + one.non_form_errors() for one in inlines)]
    return str(found)


def test_a_secret_is_kept_replaced_and_removed_but_never_shown(client: Client) -> None:
    MailServer(host="mail.example.com", password="s3cret-word").save()
    url = address("change", "mailserver", 1)
    page = client.get(url).content.decode()
    assert "s3cret-word" not in page
    assert "Unchanged when left empty" in page
    form = filled_in(client, url)
    client.post(url, form | {"port": "587"})
    assert (MailServer.current().port, MailServer.current().password) == (587, "s3cret-word")
    client.post(url, form | {"password_0": " new word"})
    assert MailServer.current().password == " new word"
    refused = client.post(url, form | {"password_0": "typed-in-vain", "port": "x"})
    assert "typed-in-vain" not in refused.content.decode()
    client.post(url, form | {"password_1": "on"})
    assert MailServer.current().password == ""
    changes = [entry.changes.get("password") for entry in AuditEntry.objects.filter(subject_type="mailserver")]
    assert "s3cret" not in str(changes)
    assert ["•••", ""] in changes


def test_the_list_of_a_single_row_is_its_form(client: Client) -> None:
    assert client.get(address("changelist", "mailserver"))["Location"] == address("change", "mailserver", 1)
    assert client.get(address("change", "mailserver", 1)).status_code == 200
    assert client.get(address("add", "mailserver")).status_code == 403


def test_the_history_tells_what_changed_in_words(client: Client) -> None:
    system = make.phone_system("cucm-a")
    url = address("change", "phonesystem", system.pk)
    form = filled_in(client, url)
    form.pop("enabled")
    client.post(url, form | {"quiet_minutes": "15", "axl_password_0": "s3cret"})
    page = client.get(address("history", "phonesystem", system.pk)).content.decode()
    for words in ("Quiet after", "60", "15", "Collect", ">yes<", ">no<", "admin"):
        assert words in page
    assert "s3cret" not in page
    assert "True" not in page.partition("<tbody>")[2]


def test_the_history_of_a_person_tells_of_lines_and_choices_too(client: Client) -> None:
    ana = make.person("ana", extension="2001")
    ana.role = "supervisor"
    ana.save()
    page = client.get(address("history", "user", ana.pk)).content.decode()
    assert "Supervisor" in page
    assert "2001" in page


@pytest.mark.parametrize("many", [False, True])
def test_what_calls_name_stays(client: Client, many: bool) -> None:
    sales, empty = make.department("Sales"), make.department("Empty")
    UnitHalfHour.objects.create(
        slot=make.NOON, unit_kind=UnitKind.DEPARTMENT, unit_id=sales.pk, direction=2, kind=1, outcome=1, call_type=1,
        calls=1, talk_seconds=1, ring_seconds=1, cost=0, unpriced=0,
    )  # fmt: skip
    make.membership(make.person(), department=sales)
    if many:
        marked = {"action": "delete_selected", "_selected_action": [sales.pk, empty.pk]}
        page = client.post(address("changelist", "department"), marked).content.decode()
        client.post(address("changelist", "department"), marked | {"post": "yes"})
    else:
        page = client.get(address("delete", "department", sales.pk)).content.decode()
        client.post(address("delete", "department", sales.pk), {"post": "yes"})
    assert "calls were made there" in page
    assert "1 membership names it" in page
    assert Department.objects.count() == 2
    client.post(address("delete", "department", empty.pk), {"post": "yes"})
    assert list(Department.objects.all()) == [sales]


def test_people_and_extensions_with_a_past_are_not_deleted(client: Client) -> None:
    ana = make.person("ana", extension="2001")
    extension = Extension.objects.get()
    system = make.import_file().phone_system
    for model, pk in (("user", ana.pk), ("extension", extension.pk), ("phonesystem", system.pk)):
        client.post(address("delete", model, pk), {"post": "yes"})
    assert (User.objects.filter(pk=ana.pk).count(), Extension.objects.count(), PhoneSystem.objects.count()) == (1, 1, 1)
    assert "delete_selected" not in client.get(address("changelist", "user")).content.decode()


def test_people_are_closed_after_a_page_that_names_the_numbers(client: Client, ada: User) -> None:
    ana, ben = make.person("ana", extension="2001"), make.person("ben", extension="2002")
    marked = {"action": "close", "_selected_action": [ana.pk, ben.pk, ada.pk]}
    page = client.post(address("changelist", "user"), marked).content.decode()
    assert "2 people can no longer sign in." in page
    assert "2 extensions lose their holder now." in page
    assert User.objects.filter(is_active=True).count() == 3
    client.post(address("changelist", "user"), marked | {"confirmed": "1"})
    assert list(User.objects.filter(is_active=True)) == [ada]
    assert ana.lines.get().valid_to <= timezone.now()
    assert User.objects.get(pk=ana.pk).left_at
    assert AuditEntry.objects.filter(subject_type="user", subject_id=str(ana.pk), action="changed").count() == 1
    client.post(address("changelist", "user"), {"action": "open", "_selected_action": [ana.pk]})
    assert User.objects.get(pk=ana.pk).is_active


def test_many_gateways_get_one_office(client: Client) -> None:
    berlin = make.office()
    gateways = [make.gateway(f"GW-{number}") for number in range(3)]
    marked = {"action": "set_office", "_selected_action": [one.pk for one in gateways[:2]]}
    assert "For 2 rows" in client.post(address("changelist", "gateway"), marked).content.decode()
    assert (
        "This field is required"
        in client.post(address("changelist", "gateway"), marked | {"confirmed": "1"}).content.decode()
    )
    client.post(address("changelist", "gateway"), marked | {"confirmed": "1", "value": berlin.pk})
    assert Gateway.objects.filter(office=berlin).count() == 2


def test_extensions_of_no_person_are_marked(client: Client) -> None:
    door = make.phone_system().extensions.create(number="99", found_in_calls=True)
    client.post(address("changelist", "extension"), {"action": "ignore", "_selected_action": [door.pk]})
    assert Extension.objects.get().ignored


def test_countries_and_zones_come_from_lists_in_the_readers_language(client: Client, ada: User) -> None:
    User.objects.update(language="de")
    url = address("add", "office")
    assert "Deutschland (DE)" in client.get(url).content.decode()
    form = filled_in(client, url) | {"name": "Wien", "country": "ZZ", "time_zone": "Mars/Olympus"}
    answer = client.post(url, form)
    assert {"country", "time_zone"} <= set(answer.context["adminform"].form.errors)
    client.post(url, form | {"country": "AT", "time_zone": "Europe/Vienna"})
    assert Office.objects.get().country == "AT"


@pytest.mark.parametrize("code", ["030", "+30", "3o"])
def test_a_new_office_has_the_portals_zone_and_a_plain_area_code(client: Client, settings: Any, code: str) -> None:
    address = reverse("admin:accounting_office_add")
    form = client.get(address).context["adminform"].form
    assert form["time_zone"].value() == settings.TIME_ZONE
    values = {
        "name": "Berlin", "country": "DE", "time_zone": "Europe/Berlin", "extension_digits": "6",
        "business_hours": "08:00-18:00",
    }  # fmt: skip
    refused = client.post(address, {**values, "area_code": code})
    assert list(refused.context["adminform"].form.errors) == ["area_code"]
    assert client.post(address, {**values, "area_code": "30"}).status_code == 302


def test_rows_of_a_person_are_refused_when_they_make_no_sense(client: Client) -> None:
    ana = make.person("ana", extension="2001")
    url = address("change", "user", ana.pk)
    form = filled_in(client, url)
    now = timezone.localtime()
    turned = {
        "lines-0-valid_from_0": f"{now:%Y-%m-%d}", "lines-0-valid_from_1": "12:00",
        "lines-0-valid_to_0": f"{now - timedelta(days=1):%Y-%m-%d}", "lines-0-valid_to_1": "12:00",
    }  # fmt: skip
    assert "The end must come after the beginning." in errors_of(client.post(url, form | turned))
    nothing = {"memberships-TOTAL_FORMS": "1", "memberships-0-valid_from_0": "2026-01-01",
               "memberships-0-valid_from_1": "00:00"}  # fmt: skip
    assert "Choose a department" in errors_of(client.post(url, form | nothing))
    two = {"supervisions-TOTAL_FORMS": "1", "supervisions-0-department": make.department().pk,
           "supervisions-0-office": make.office().pk}  # fmt: skip
    assert "Choose exactly one" in errors_of(client.post(url, form | two))
    assert not Supervision.objects.exists()
    two.pop("supervisions-0-office")
    answer = client.post(url, form | two)
    assert answer.status_code == 302, errors_of(answer)
    assert Supervision.objects.get().supervisor == ana


def test_a_local_password_is_set_and_removed(client: Client) -> None:
    ana = make.person("ana")
    url = reverse("admin:auth_user_password_change", args=[ana.pk])
    word = "a long local password"
    client.post(url, {"usable_password": "true", "password1": word, "password2": word, "set-password": "1"})
    assert User.objects.get(pk=ana.pk).check_password(word)
    client.post(url, {"usable_password": "false", "unset-password": "1"})
    assert not User.objects.get(pk=ana.pk).has_usable_password()


@pytest.mark.parametrize("query", ["q=an", "role__exact=user", "extension=no", "is_active__exact=1&q=zz"])
def test_people_are_searched_and_filtered(client: Client, query: str) -> None:
    make.person("ana", extension="2001")
    page = client.get(f"{address('changelist', 'user')}?{query}").content.decode()
    assert 'class="chips' in page
    assert ("Nothing meets this search" in page) == ("zz" in query)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("host", "smtp://mail.example.com"),
        ("host", "a..b"),
        ("port", "70000"),
        ("allowed_domains", "ana@example.com x"),
        ("most_recipients", "0"),
        ("most_recipients", "501"),
        ("shortest_interval", "1441"),
        ("most_schedules", "1001"),
    ],
)
def test_a_mail_server_that_cannot_exist_is_refused(client: Client, field: str, value: str) -> None:
    url = address("change", "mailserver", 1)
    assert field in client.post(url, filled_in(client, url) | {field: value}).context["adminform"].form.errors
    assert not MailServer.objects.exists()


def test_mail_goes_to_named_domains_or_to_every_address(client: Client) -> None:
    url = address("change", "mailserver", 1)
    values = filled_in(client, url) | {"allowed_domains": "example.com", "every_address": "on"}
    assert "every_address" in client.post(url, values).context["adminform"].form.errors
    client.post(url, values | {"allowed_domains": ""})
    assert MailServer.objects.get().every_address


def test_a_certificate_must_be_one(client: Client) -> None:
    url = address("add", "phonesystem")
    values = filled_in(client, url) | {"name": "cluster", "certificate": "-----BEGIN nothing-----"}
    assert "is not PEM text" in errors_of(client.post(url, values))


def test_the_heading_of_a_holiday_has_the_readers_date(client: Client) -> None:
    day = PublicHoliday.objects.create(office=make.office(), day="2026-12-27", name="Inventory")
    User.objects.update(language="de")
    for name in ("change", "history"):
        page = client.get(reverse(f"admin:accounting_publicholiday_{name}", args=[day.pk])).content.decode()
        assert "27.12.2026 Inventory</bdi>" in page
