"""Sheets: what is exported comes back unchanged, damage is told and changes nothing, the past stays."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounting.models import (
    AuditEntry,
    CostCentre,
    Department,
    Extension,
    LineAssignment,
    Membership,
    Office,
    ReferenceRevision,
    Supervision,
    User,
)
from accounting.services import sheets
from accounting.services.leaving import close_leavers
from accounting.sheets import SHEETS
from accounting.sheets.base import CellErrors, ChangeKind, Plan, Scope, Sheet
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


@pytest.mark.parametrize("kind", [kind for kind, sheet in SHEETS.items() if not sheet.of_tariff])
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
    assert not AuditEntry.objects.filter(action="added", subject_type="membership", whole_id=None).exists()


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


def test_a_dated_change_is_made_once(ana: User, admin: User) -> None:
    factories.department("Logistics")
    text = "user_name,department,changes_from\nana,Logistics,2026-12-01\n"
    assert len(applied("people", text, moment=NOON).changes) == 1
    assert applied("people", text, moment=NOON).changes == []
    first, second = ana.memberships.order_by("pk")
    assert first.valid_to == second.valid_from == datetime(2026, 12, 1, tzinfo=timezone.get_current_timezone())


def test_who_leaves_later_is_closed_on_that_day(ana: User, admin: User) -> None:
    applied("people", "user_name,left_on\nana,2027-01-31\nadmin,\n")
    ana.refresh_from_db()
    assert ana.is_active
    assert ana.memberships.get().valid_to == ana.left_at
    assert close_leavers() == 0
    User.objects.update(left_at=timezone.now() - timedelta(minutes=1))
    assert close_leavers() == 1
    assert list(User.objects.filter(is_active=True).values_list("username", flat=True)) == ["admin"]


def test_who_comes_back_begins_anew(ana: User, admin: User) -> None:
    applied("people", "user_name,active\nana,no\n", moment=NOON)
    later = NOON + timedelta(days=30)
    plan = applied("people", "user_name,active,left_on,department\nana,yes,,Sales\n", moment=later)
    assert plan.changes[0].before.keys() == {"active", "left_on", "department"}
    ana.refresh_from_db()
    assert (ana.is_active, ana.left_at) == (True, None)
    spells = list(ana.memberships.order_by("pk").values_list("valid_from", "valid_to"))
    assert spells == [(None, NOON), (later, None)]


def test_people_whom_the_file_lacks_are_closed_not_deleted(ana: User, cleo: User, admin: User) -> None:
    plan = applied("people", "user_name\nana\n", remove_missing=True)
    assert [change.key for change in plan.changes] == ["cleo"]
    cleo.refresh_from_db()
    assert not cleo.is_active
    assert cleo.memberships.get().valid_to == cleo.left_at


def test_an_unreadable_line_removes_nobody(ana: User, cleo: User, admin: User) -> None:
    _, plan = planned("people", "user_name,last_name\nana,\n,Haddad\n", remove_missing=True)
    assert plan.changes == [] or all(change.kind != "removed" for change in plan.changes)
    assert "Nothing is removed" in plan.notes[0]


def test_an_extension_passes_on_and_the_former_holder_keeps_the_past(ana: User) -> None:
    factories.person("ben", extension="0815")
    text = "number,holder,held_from\n0815,ana,\n0816,ana,2026-01-01\n0817,,\n"
    applied("extensions", text, moment=NOON)
    held = LineAssignment.objects.order_by("extension__number", "pk")
    assert list(held.values_list("extension__number", "user__username", "valid_from", "valid_to")) == [
        ("0815", "ben", None, NOON),
        ("0815", "ana", NOON, None),
        ("0816", "ana", datetime(2026, 1, 1, tzinfo=timezone.get_current_timezone()), None),
    ]
    _, plan = planned("extensions", "number,holder,held_until\n0817,,2026-05-05\n0815,nobody,\n")
    assert [error.column for error in plan.errors] == ["holder", "holder"]


def test_units_in_use_are_kept(company: None) -> None:
    factories.department("Empty")
    factories.cost_centre("7777")
    sheet, plan = planned("departments", "name,part_of\nLogistics,\n", remove_missing=True)
    assert [sheet.title(change.values) for change in plan.changes] == ["Empty"]
    assert any("Sales / Inside // Outside" in note for note in plan.notes)
    sheets.apply(sheet, plan)
    assert set(Department.objects.values_list("name", flat=True)) == {"Sales", "Inside / Outside", "Logistics"}
    applied("cost_centres", "code,name\n1,One\n", remove_missing=True)
    assert set(CostCentre.objects.values_list("code", flat=True)) == {"0042", "1"}


def test_a_department_below_a_wrong_one_is_wrong(db: None) -> None:
    text = f"name,part_of\n{'x' * 81},\nb,{'x' * 81}\nLeaf,Middle\nMiddle,Nowhere\n"
    _, plan = planned("departments", text)
    assert plan.changes == []
    assert {error.line for error in plan.errors} == {2, 3, 4, 5}


def test_supervision_is_added_and_removed(ben: User, company: None) -> None:
    text = "supervisor,department,cost_centre\nben,Sales / Inside // Outside,\nana,,0042\nben,Sales,0042\n"
    sheet, plan = planned("supervision", text, remove_missing=True)
    assert [(error.line, error.message) for error in plan.errors] == [
        (4, "Name one unit: a department, a cost centre or an office.")
    ]
    assert "role of a supervisor" in plan.changes[1].notes[0]
    sheets.apply(sheet, plan, despite_errors=True)
    assert Supervision.objects.filter(department__name="Inside / Outside", supervisor=ben).exists()


def test_a_plan_with_errors_is_not_applied_by_itself(db: None) -> None:
    sheet, plan = planned("cost_centres", "code,name\n1,One\n2,\n")
    with pytest.raises(CellErrors):
        sheets.apply(sheet, plan)
    assert not CostCentre.objects.exists()


def test_a_stored_plan_is_read_page_by_page(db: None) -> None:
    factories.cost_centre("1", "One")
    factories.cost_centre("x", "Ex")
    rows = "".join(f"{number},Name\n" for number in range(1, 1301))
    _, plan = planned("cost_centres", f"code,name\n{rows}", remove_missing=True)
    stored = sheets.packed(plan)
    assert sheets.digest(sheets.unpacked(stored)) == sheets.digest(plan)
    for kind, first in (("removed", "x"), ("changed", "1"), ("added", "2")):
        part, total = sheets.excerpt(stored, slice(0, 50), ChangeKind(kind))
        assert part.changes[0].key == first
        assert total == sum(change.kind == kind for change in plan.changes)
    part, total = sheets.excerpt(stored, slice(480, 530))
    assert [change.key for change in part.changes] == [str(number) for number in range(480, 530)]
    assert total == 1301
