"""Sheets: what is exported comes back unchanged, damage is told and changes nothing, the past stays."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounting.models import (
    AuditEntry,
    Extension,
    LineAssignment,
    Membership,
    Office,
    ReferenceRevision,
    Supervision,
    User,
)
from accounting.services import sheets
from accounting.sheets import SHEETS
from accounting.sheets.base import Plan, Scope, Sheet
from callanalytics.lib import spreadsheets
from tests import factories

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)


def exported(kind: str, form: str = spreadsheets.CSV) -> bytes:
    sheet = SHEETS[kind]()
    names = [column.name for column in sheet.shown()]
    return spreadsheets.written(form, kind, names, ([row.get(n, "") for n in names] for row in sheet.rows.values()))


def planned(kind: str, text: str | bytes, *, moment: datetime | None = None, **options: Any) -> tuple[Sheet, Plan]:
    content = text.encode() if isinstance(text, str) else text
    sheet = SHEETS[kind](Scope(moment=moment) if moment else None)
    return sheet, sheets.plan(sheet, sheets.rows_of(sheet, spreadsheets.read(content)), **options)


def applied(kind: str, text: str | bytes, **options: Any) -> Plan:
    sheet, plan = planned(kind, text, **options)
    assert not plan.errors
    sheets.apply(sheet, plan, source="file.csv")
    return plan


@pytest.fixture
def company(ana: User, ben: User, admin: User, cleo: User) -> None:
    """People, units, lines and supervision of every sort."""
    inside = factories.department("Inside / Outside", factories.department("Sales"))
    berlin = factories.office("Berlin")
    centre = factories.cost_centre("0042", "=Sales, 'special'")
    factories.person("dora", extension="0815", first_name="-Dora", employee_number="+49", language="de")
    factories.person("emil", is_active=False, left_at=NOON - timedelta(days=3))
    dora = User.objects.get(username="dora")
    factories.membership(dora, department=inside, cost_centre=centre, office=berlin)
    line = LineAssignment.objects.get(user=dora)
    line.valid_from = datetime(2026, 1, 31, 9, 30, 15, 123, tzinfo=UTC)
    line.save()
    Extension.objects.create(phone_system=factories.phone_system(), number="0999", note="@fax", ignored=True)
    Supervision.objects.create(supervisor=ben, office=berlin)
    Supervision.objects.create(supervisor=ben, cost_centre=centre)


@pytest.mark.parametrize("kind", list(SHEETS))
@pytest.mark.parametrize("form", [spreadsheets.CSV, spreadsheets.XLSX])
@pytest.mark.parametrize("systems", [1, 2])
def test_what_is_exported_comes_back_unchanged(kind: str, form: str, systems: int, company: None) -> None:
    if systems == 2:
        factories.phone_system("cucm-b")
    _, plan = planned(kind, exported(kind, form), remove_missing=True)
    assert plan.errors == []
    assert plan.changes == []
    assert plan.unchanged == len(SHEETS[kind]().rows) > 0


def test_a_first_set_up_in_four_files(admin: User) -> None:
    factories.phone_system()
    applied("offices", "Name;country;time_zone;area_code\nBerlin;de;Europe/Berlin;030\n")
    applied("departments", "name,part of\nInside,Sales / Region\nRegion,Sales\nSales,\n")
    applied("cost_centres", "Code\tName\n0042\tSales\n")
    applied(
        "people",
        "user name;First Name;department;cost centre;office;extensions\n"
        "ana;Ana;sales / region / inside;0042;berlin;0815, 0816\n",
    )
    ana = User.objects.get(username="ana")
    assert (ana.first_name, ana.role, ana.origin, ana.is_active) == ("Ana", "user", "file", True)
    assert not ana.has_usable_password()
    member = Membership.objects.get(user=ana)
    assert member.department is not None
    assert member.department.name == "Inside"
    assert (member.valid_from, member.valid_to) == (None, None)
    assert sorted(ana.lines.values_list("extension__number", "valid_from")) == [("0815", None), ("0816", None)]
    assert Office.objects.get().area_code == "030"
    assert AuditEntry.objects.filter(action="imported").count() == 4
    assert not AuditEntry.objects.filter(action="added", subject_type="membership").exists()


def test_a_person_who_moves_keeps_the_past(ana: User, admin: User) -> None:
    factories.department("Logistics")
    factories.person("ben", extension="0815")
    revision = ReferenceRevision.objects.get(pk=1).number
    applied("people", "user_name,department,extensions\nANA,Logistics,0815\n", moment=NOON)
    assert list(ana.memberships.order_by("pk").values_list("department__name", "valid_from", "valid_to")) == [
        ("Sales", None, NOON),
        ("Logistics", NOON, None),
    ]
    lines = LineAssignment.objects.order_by("pk").values_list("user__username", "valid_from", "valid_to")
    assert list(lines) == [("ben", None, NOON), ("ana", NOON, None)]
    assert ReferenceRevision.objects.get(pk=1).number == revision + 1


def test_who_leaves_is_kept_for_the_past_and_closed_for_the_future(ana: User, admin: User) -> None:
    factories.person("dora", extension="0815")
    applied("people", "user_name,active,left_on\nana,no,\ndora,,2026-11-01\n", moment=NOON)
    ana.refresh_from_db()
    assert (ana.is_active, ana.left_at) == (False, NOON)
    assert ana.memberships.get().valid_to == NOON
    dora = User.objects.get(username="dora")
    assert (dora.is_active, dora.left_at) == (False, datetime(2026, 11, 1, tzinfo=timezone.get_current_timezone()))
    assert dora.lines.get().valid_to == dora.left_at


def test_the_last_administrator_stays(admin: User, ana: User) -> None:
    for text in (
        "user_name,active\nadmin,no\n",
        "user_name,role\nadmin,user\n",
        "user_name,left_on\nadmin,2027-05-01\n",
    ):
        _, plan = planned("people", text)
        assert [error.message for error in plan.errors] == ["This would leave the portal without an administrator."]
        assert plan.changes == []
    _, plan = planned("people", "user_name\nana\n", remove_missing=True)
    assert plan.changes == []
    assert "administrator" in plan.notes[0]
