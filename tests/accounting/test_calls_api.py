"""Calls in the programming interface: whose, with which digits, page by page."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounting.models import AuditEntry, CallType, Direction, Kind, Outcome, Purpose, Scope, User
from tests import factories as make
from tests.programs import Program

pytestmark = pytest.mark.django_db
CALLS = "/api/v1/calls"
ALL = f"{CALLS}?period=all"


def reader(user: User) -> Program:
    return Program(user, Scope.READ_CALLS)


def ids(program: Program, path: str = ALL) -> set[int]:
    return {one["id"] for one in program.get(path).json()["calls"]}


def test_each_role_reads_the_calls_of_its_scope(ana: User, ben: User, cleo: User, admin: User, sales: Any) -> None:
    for number, person in (("211", ana), ("212", ben), ("213", cleo)):
        make.LineAssignment.objects.create(
            user=person, extension=make.Extension.objects.create(phone_system=make.phone_system(), number=number)
        )
    hers, his, other = make.record(ana, department_id=sales.pk), make.record(ben), make.record(cleo)
    assert ids(reader(ana)) == {hers.pk}
    assert ids(reader(ben)) == {hers.pk, his.pk}
    assert ids(reader(admin)) == {hers.pk, his.pk, other.pk}
    assert reader(ben).get(f"{CALLS}/{hers.pk}").status_code == 200
    assert reader(ana).get(f"{CALLS}/{his.pk}").status_code == 404
    assert reader(ben).get(f"{CALLS}/{other.pk}").status_code == 404


def test_a_call_is_told_exactly(admin: User) -> None:
    dora = make.person("dora", first_name="Dora", last_name="Klein", extension="211")
    gateway, office = make.gateway(name="Trunk 1"), make.office()
    call = make.record(
        dora, started_at=make.NOON, cost=Decimal("0.123456"), gateway_id=gateway.pk, office_id=office.pk, mos=431
    )
    told = reader(admin).get(f"{CALLS}/{call.pk}").json()
    assert told["parts"][0] == {name: told[name] for name in told["parts"][0]}
    assert told["started_at"] == "2026-11-18T12:00:00Z"
    assert told["person"] == {"username": "dora", "name": "Dora Klein"}
    assert (told["cost"], told["currency"], told["pricing"]) == ("0.123456", "EUR", "priced")
    assert (told["direction"], told["kind"], told["outcome"]) == ("outgoing", "public", "answered")
    assert (told["other_number"], told["hidden"]) == ("+49301234567", "none")
    assert (told["gateway"], told["office"]) == (
        {"id": gateway.pk, "name": "Trunk 1"}, {"id": office.pk, "name": "Berlin"},
    )  # fmt: skip
    assert told["quality"]["mos"] == "4.31"
    unpriced = make.record(dora, pricing=make.Pricing.NO_TARIFF, cost=None, currency="")
    told = reader(admin).get(f"{CALLS}/{unpriced.pk}").json()
    assert (told["cost"], told["currency"], told["pricing"]) == (None, None, "no_tariff")


def test_hidden_digits_are_neither_told_nor_found(ben: User, sales: Any) -> None:
    make.masking_rule(digits=3)
    call = make.record(department_id=sales.pk)
    make.leg(call)
    program = reader(ben)
    (told,) = program.get(ALL).json()["calls"]
    assert (told["other_number"], told["hidden"]) == ("+49301234***", "digits")
    whole = program.get(f"{CALLS}/{call.pk}").content.decode()
    assert "567" not in whole.replace(str(call.pk), "")
    assert ids(program, f"{ALL}&number=%2B49301234567") == set()
    assert ids(program, f"{ALL}&number=%2B49301234&match=begins") == {call.pk}
    assert ids(program, f"{ALL}&number={told['other_key']}") == {call.pk}
    assert "number" in program.wrong(f"{ALL}&number=%2B49301234***")


def test_keys_of_hidden_numbers_open_nothing_for_others(ben: User, admin: User, sales: Any) -> None:
    make.masking_rule(digits=3)
    make.record(department_id=sales.pk)
    (told,) = reader(ben).get(ALL).json()["calls"]
    assert "number" in reader(admin).wrong(f"{ALL}&number={told['other_key']}")


def test_nobody_else_reads_whom_a_private_call_reached(ana: User, ben: User, admin: User, sales: Any) -> None:
    make.LineAssignment.objects.create(
        user=ana, extension=make.Extension.objects.create(phone_system=make.phone_system(), number="211")
    )
    call = make.record(
        ana, purpose=Purpose.DIALLED, department_id=sales.pk, country="DE", destination="Berlin",
        dialled_number="0301234567",
    )  # fmt: skip
    make.leg(call)
    for other in (ben, admin):
        (told,) = reader(other).get(ALL).json()["calls"]
        assert (told["other_number"], told["country"], told["destination"], told["hidden"]) == ("", "", "", "all")
        assert told["private"] is True
        assert "1234567" not in reader(other).get(f"{CALLS}/{call.pk}").content.decode()
        assert ids(reader(other), f"{ALL}&number=%2B49301234567") == set()
    (own,) = reader(ana).get(ALL).json()["calls"]
    assert (own["other_number"], own["destination"]) == ("+49301234567", "Berlin")


def test_every_filter_narrows(admin: User) -> None:
    dora = make.person("dora", extension="211")
    trunk, office, centre, sales = make.gateway(), make.office(), make.cost_centre(), make.department()
    wanted = make.record(
        dora, direction=Direction.INCOMING, call_type=CallType.MOBILE, gateway_id=trunk.pk, office_id=office.pk,
        cost_centre_id=centre.pk, department_id=sales.pk, talk_seconds=600, started_at=make.NOON,
        purpose=Purpose.MARKED, other_number="+491701234567",
    )  # fmt: skip
    make.record(kind=Kind.INTERNAL, outcome=Outcome.MISSED, started_at=make.NOON - timedelta(days=40))
    program = reader(admin)
    for narrowed in (
        "direction=incoming", "call_type=mobile", f"gateway={trunk.pk}", f"office={office.pk}", "kind=public",
        f"cost_centre={centre.pk}", f"department={sales.pk}", "min_duration=600", "person=dora", "extension=211",
        "outcome=answered", "price=priced", "purpose=private",
    ):  # fmt: skip
        assert ids(program, f"{ALL}&{narrowed}") == {wanted.pk}, narrowed
    assert ids(program, f"{CALLS}?from=2026-11-18&to=2026-11-18") == {wanted.pk}
    assert program.get(f"{CALLS}?from=2026-11-18").json()["period"] == {"first": "2026-11-18", "last": None}


def test_pages_hold_every_call_once_also_when_calls_arrive(admin: User) -> None:
    made = [make.record(started_at=make.NOON + timedelta(seconds=number // 3)) for number in range(11)]
    program = reader(admin)
    pages = program.pages(f"{ALL}&limit=4", "calls")
    assert [len(page) for page in pages] == [4, 4, 3]
    assert [one["id"] for page in pages for one in page] == [one.pk for one in reversed(made)]
    oldest = program.pages(f"{ALL}&limit=4&sort=oldest", "calls")
    assert [one["id"] for page in oldest for one in page] == [one.pk for one in made]
    first = program.get(f"{ALL}&limit=4").json()
    make.record(started_at=make.NOON + timedelta(hours=1))
    rest = program.get(f"{ALL}&limit=500&cursor={first['next']}").json()["calls"]
    assert [one["id"] for one in rest] == [one.pk for one in reversed(made)][4:]


def test_wrong_values_are_told_one_by_one(ana: User, admin: User) -> None:
    wrong = reader(admin).wrong(f"{CALLS}?direction=up&limit=501&from=yesterday&gateway=x&mine=2")
    assert wrong == {
        "direction": "This is none of the values that are known.",
        "limit": "This number is too large.",
        "from": "This must be a day, for instance 2026-11-22.",
        "gateway": "This must be a whole number.",
        "mine": "This must be true or false.",
    }
    assert set(reader(admin).wrong(f"{CALLS}?department=4711&person=nobody")) == {"department", "person"}
    assert "from" in reader(admin).wrong(f"{CALLS}?from=2026-11-02&to=2026-11-01")
    assert set(reader(ana).wrong(f"{CALLS}?person=ben&office=1")) == {"person", "office"}
    assert set(reader(admin).wrong(f"{CALLS}?cursor=here")) == {"cursor"}


def test_a_page_costs_the_same_however_long(admin: User, django_assert_max_num_queries: Any) -> None:
    program = reader(admin)
    office = make.office()
    for number in range(40):
        person = make.person(f"p{number}", extension=str(4000 + number))
        make.record(person, office_id=office.pk, department_id=make.department(f"D{number}").pk)
    with django_assert_max_num_queries(14):
        assert len(program.get(f"{ALL}&limit=500").json()["calls"]) == 40


def test_reading_numbers_in_full_that_lower_roles_do_not_is_audited(admin: User) -> None:
    make.masking_rule(digits=3)
    make.record(make.person("dora", extension="211"))
    reader(admin).get(ALL)
    entry = AuditEntry.objects.get(subject_type="calls")
    assert entry.actor.startswith("Ada Novak")
