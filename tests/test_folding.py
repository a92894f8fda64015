"""Names are found without their capitals and accents, wherever the product searches, on both databases."""

import pytest
from django.test import Client

from accounting.models import AuditedAction, AuditEntry, Department, Role, User
from accounting.services.auditing import record
from budget.models import Budget
from tests.conftest import PASSWORD, person

pytestmark = pytest.mark.django_db
NAMES = (
    ("MÜLLER", "müller", "muller", "Mül"),
    ("Groß", "GROSS", "gross", "groß"),
    ("ÉLODIE", "élodie", "Elodie", "elo"),
    ("Łukasz Żak", "łukasz", "LUKASZ", "lu"),
    ("Søren", "SØREN", "soren", "sø"),
    ("Ærø", "ærø", "AERO", "ae"),
    ("ΝΙΚΟΣ", "νικος", "ΝΙΚΟς", "νικ"),
    ("Иванов", "ИВАНОВ", "иванов", "иВ"),
    ("مُحَمَّد", "محمد", "مُحَمَّد", "محم"),
    ("100 % Café_1", "100 % cafe_1", "100 % CAFÉ_", "100 %"),
)


@pytest.mark.parametrize(("name", "typed"), [(name, typed) for name, *ways in NAMES for typed in ways])
def test_a_name_is_found_however_it_is_typed(name: str, typed: str) -> None:
    User.objects.create(username="x", last_name=name)
    User.objects.create(username="y", last_name="Nobody")
    assert [user.username for user in User.objects.filter(last_name__icontains=typed)] == ["x"]
    assert [user.username for user in User.objects.filter(last_name__istartswith=typed)] == ["x"]


@pytest.mark.parametrize("typed", ["%", "_", "\\", "％", "mull_r", "m%r"])
def test_signs_of_patterns_stand_for_themselves(typed: str) -> None:
    User.objects.create(username="x", last_name="Müller")
    assert not User.objects.filter(last_name__icontains=typed)


def test_pages_find_people_and_budgets(admin: User) -> None:
    elodie = person("élodie.müller", "ÉLODIE", "MÜLLER")
    Budget.objects.create(name="BÜRO ŁÓDŹ", person=elodie, amount=1, currency="EUR", valid_from="2026-01-01")
    Department.objects.create(name="ÖFFENTLICHKEIT")
    desk = Client()
    desk.force_login(admin)
    for address in (
        "/calls/people/?person=muller",
        "/setup/accounting/user/?q=müller",
        "/setup/organisation/privacy/?person=élo",
        "/budgets/rules/?search=muller",
    ):
        assert "MÜLLER" in desk.get(address).content.decode(), address
    assert "BÜRO ŁÓDŹ" in desk.get("/budgets/rules/?search=buro lodz").content.decode()
    assert "ÖFFENTLICHKEIT" in desk.get("/setup/accounting/department/?q=öff").content.decode()


def test_the_audit_log_is_searched_so_too(admin: User) -> None:
    record(AuditedAction.CHANGED, "user", "x", changes={"last_name": ["", "Żółć MÜLLER"]})
    desk = Client()
    desk.force_login(admin)
    assert AuditEntry.objects.filter(changes__icontains="zolc müller").count() == 1
    assert "Żółć" in desk.get("/setup/system/audit/?words=żółć+muller").content.decode()


def test_user_names_are_the_same_in_any_case_but_not_without_accents() -> None:
    person("Jürgen", "Jürgen", "Adler", Role.USER)
    for typed, seen in (("jurgen", 200), ("JÜRGEN", 302)):
        assert Client().post("/sign-in/", {"username": typed, "password": PASSWORD}).status_code == seen
