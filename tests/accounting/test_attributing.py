"""Calls belong to who held the line at the moment, and count in all units that the person had then."""

from datetime import datetime, timedelta

import pytest

from accounting.models import CostCentre, Department, Extension, LineAssignment, Office, User
from accounting.services.attributing import NOBODY, Owner, load_directory
from tests import factories as make

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def ana() -> User:
    return make.person(extension="2001")


@pytest.fixture
def sales() -> Department:
    return make.department("Sales")


@pytest.fixture
def centre() -> CostCentre:
    return make.cost_centre()


@pytest.fixture
def office() -> Office:
    return make.office()


def owner(moment: datetime = make.NOON) -> Owner:
    """Return the owner of a call of extension 2001."""
    line = Extension.objects.get(number="2001")
    return load_directory().owner(line.phone_system_id, line.number, int(moment.timestamp()))


def test_a_second_membership_completes_the_first(ana: User, sales: Department, centre: CostCentre) -> None:
    make.membership(ana, department=sales)
    make.membership(ana, cost_centre=centre)
    assert owner() == Owner(ana.pk, sales.pk, centre.pk, None)


def test_of_two_departments_the_later_entry_wins_and_the_rest_stays(
    ana: User, sales: Department, centre: CostCentre
) -> None:
    make.membership(ana, department=sales, cost_centre=centre)
    field = make.department("Field sales")
    make.membership(ana, department=field)
    assert owner() == Owner(ana.pk, field.pk, centre.pk, None)


def test_a_unit_changes_in_the_middle_of_another(ana: User, sales: Department, office: Office) -> None:
    logistics = make.department("Logistics")
    make.membership(ana, office=office)
    make.membership(ana, department=sales, valid_to=make.NOON)
    make.membership(ana, department=logistics, valid_from=make.NOON)
    assert owner(make.NOON - timedelta(seconds=1)) == Owner(ana.pk, sales.pk, None, office.pk)
    assert owner(make.NOON) == Owner(ana.pk, logistics.pk, None, office.pk)


def test_between_memberships_a_person_has_no_unit(ana: User, sales: Department) -> None:
    make.membership(ana, department=sales, valid_to=make.NOON - DAY)
    make.membership(ana, department=sales, valid_from=make.NOON + DAY)
    assert owner(make.NOON - 2 * DAY).department_id == owner(make.NOON + DAY).department_id == sales.pk
    assert owner() == Owner(ana.pk, None, None, None)


def test_the_next_holder_brings_own_units_only(ana: User, sales: Department, centre: CostCentre) -> None:
    ben = make.person()
    make.membership(ana, department=sales)
    make.membership(ben, cost_centre=centre)
    LineAssignment.objects.filter(user=ana).update(valid_to=make.NOON - DAY)
    line = Extension.objects.get(number="2001")
    LineAssignment.objects.create(extension=line, user=ben, valid_from=make.NOON)
    assert owner(make.NOON - 2 * DAY) == Owner(ana.pk, sales.pk, None, None)
    assert owner(make.NOON - DAY / 2) == NOBODY
    assert owner() == Owner(ben.pk, None, centre.pk, None)


def test_where_two_hold_a_line_the_later_entry_takes_it_whole(ana: User, sales: Department) -> None:
    ben = make.person()
    make.membership(ana, department=sales)
    LineAssignment.objects.create(extension=Extension.objects.get(number="2001"), user=ben)
    assert owner() == Owner(ben.pk, None, None, None)
