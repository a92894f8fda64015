"""Reports in the programming interface: the same figures as exports, page by page, within the person's scope."""

import io
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounting.models import AuditedAction, AuditEntry, Direction, Role, Scope, User
from accounting.services.columns import reading
from reports.catalogue import REPORTS
from reports.exports import FORMATS
from reports.exports.asking import read_asked
from reports.exports.preparing import export
from reports.models import SavedReport
from tests import factories as make
from tests.programs import Program

pytestmark = pytest.mark.django_db
CALLS = "/api/v1/reports/calls?period=all"
BY_PERSON = "/api/v1/reports/cost-by-person"
WHOLE = f"{BY_PERSON}?period=all&talk.ge=1"  # calls without totals of days


def reader(user: User) -> Program:
    return Program(user, Scope.READ_REPORTS, Scope.READ_CALLS)


@pytest.fixture
def calls(ana: User, cleo: User, sales: Any) -> None:
    for number, person in (("211", ana), ("213", cleo)):
        line = make.Extension.objects.create(phone_system=make.phone_system(), number=number)
        make.LineAssignment.objects.create(user=person, extension=line)
    for number in range(3):
        make.record(ana, department_id=sales.pk, started_at=make.NOON + timedelta(minutes=number), cost=Decimal("0.5"))
    make.record(cleo, started_at=make.NOON, cost=Decimal("0.25"))
    make.record(cleo, started_at=make.NOON, cost=Decimal(2), currency="USD")


@pytest.mark.usefixtures("calls")
def test_the_rows_are_those_of_the_export(admin: User) -> None:
    for slug, query in (("cost-by-person", "period=all"), ("calls", "period=all"), ("by-call-type", "period=all")):
        told = reader(admin).get(f"/api/v1/reports/{slug}?{query}").json()
        out, asked = io.BytesIO(), read_asked(slug, f"{query}&zone={told['time_zone']}", admin)
        export(asked.report, asked.question, asked.asker, FORMATS["json"], out)
        exported = json.loads(out.getvalue())
        links = ("calls_url", "call_url")
        plain = [{name: cell for name, cell in row.items() if name not in links} for row in told["rows"]]
        assert plain == exported["rows"]
        assert [told[name] for name in ("report", "columns", "levels", "counting")] == [
            exported[name] for name in ("report", "columns", "levels", "counting")
        ]


@pytest.mark.usefixtures("calls")
def test_each_figure_leads_to_its_calls_and_costs_stay_apart(admin: User) -> None:
    program = reader(admin)
    told = program.get(WHOLE).json()
    assert told["total"]["cost"] == {"EUR": "1.750000", "USD": "2.000000"}
    assert told["period"] == {"first": None, "last": None}
    for row in (*told["rows"], told["total"]):
        behind = program.get(f"{row['calls_url']}&limit=5000").json()["rows"]
        assert len(behind) == row["calls"]
    call = program.get(program.get(CALLS).json()["rows"][0]["call_url"]).json()
    assert call["extension"] == "211"


@pytest.mark.usefixtures("calls")
def test_each_role_has_the_figures_of_its_scope(ana: User, ben: User, cleo: User, admin: User) -> None:
    counted = {user: reader(user).get(WHOLE).json()["total"] for user in (ana, ben, cleo, admin)}
    assert {user: total["calls"] for user, total in counted.items()} == {ana: 3, ben: 3, cleo: 2, admin: 5}


def test_numbers_are_masked_as_on_the_page(ben: User, sales: Any) -> None:
    make.masking_rule(digits=3)
    make.record(department_id=sales.pk)
    told = reader(ben).get(CALLS).content.decode()
    assert "+49 30 1234***" in told
    assert "4567" not in told
    assert reader(ben).get(f"{CALLS}&number=%2B49301234567").json()["rows"] == []


def test_reading_others_numbers_in_full_is_recorded_once_a_day(client: Client, admin: User, ana: User) -> None:
    make.record(ana)
    make.record()
    views = AuditEntry.objects.filter(action=AuditedAction.VIEWED)
    reader(admin).get(CALLS)
    make.masking_rule(Role.USER, digits=3)
    reader(admin).get(f"{CALLS}&columns=time,talk")
    reader(ana).get(CALLS)
    assert not views.exists()
    for _time in range(2):
        reader(admin).get(CALLS)
    assert [(one.actor_id, one.subject_type, one.address) for one in views] == [(admin.pk, "calls", "127.0.0.1")]
    client.force_login(make.administrator("other"))
    client.get("/reports/calls/?period=all")
    assert views.all().count() == 2, "on the page, too"


def test_pages_hold_every_row_once(admin: User) -> None:
    made = [make.record(started_at=make.NOON + timedelta(seconds=number // 3)) for number in range(10)]
    program = reader(admin)
    pages = program.pages(f"{CALLS}&limit=4", "rows")
    assert [len(page) for page in pages] == [4, 4, 2]
    urls = [row["call_url"].rpartition("/")[2] for page in pages for row in page]
    assert urls == [str(one.pk) for one in reversed(made)]
    longest = program.pages(f"{CALLS}&limit=4&sort=-talk", "rows")
    assert len({row["call_url"] for page in longest for row in page}) == 10
    for number in range(7):
        make.record(make.person(f"p{number}", extension=str(4000 + number)), direction=Direction.OUTGOING)
    whole = program.get(WHOLE).json()
    groups = program.pages(f"{WHOLE}&limit=3", "rows")
    assert [row for page in groups for row in page] == whole["rows"]
    assert len(groups) == 3


def test_what_is_asked_wrongly_is_told(admin: User, ana: User) -> None:
    program = reader(admin)
    wrong = program.wrong(f"{BY_PERSON}?period=whenever&group=shoes&shoe=1&limit=2")
    assert wrong["period"] == "“whenever” is no period."
    assert wrong[""] == "“shoe” is no filter or setting of a report."
    assert "group" in wrong
    assert set(program.wrong(f"{BY_PERSON}?after=1&size=50&page=2")) == {"after", "size", "page"}
    assert set(program.wrong(f"{BY_PERSON}?limit=5001")) == set(program.wrong(f"{BY_PERSON}?limit=x")) == {"limit"}
    assert set(program.wrong(f"{BY_PERSON}?cursor=x")) == set(program.wrong(f"{CALLS}&cursor=3")) == {"cursor"}
    assert set(program.wrong(f"{BY_PERSON}?limit=3&limit=4")) == {"limit"}
    assert program.get("/api/v1/reports/shoes").status_code == 404
    closed = next(slug for slug, report in REPORTS.items() if not report.permission(ana))
    assert reader(ana).get(f"/api/v1/reports/{closed}").status_code == 404


def test_the_catalogue_lists_what_the_person_may_run(ana: User, ben: User, admin: User) -> None:
    shared = SavedReport.objects.create(owner=ben, slug="calls", name="Of Ben", query="period=all")
    own = SavedReport.objects.create(owner=ana, slug="calls", name="Own", query="period=all")
    told = reader(ana).get("/api/v1/reports").json()
    assert [one["slug"] for one in told["reports"]] == [
        slug for slug, report in REPORTS.items() if report.permission(ana)
    ]
    assert [(one["id"], one["own"]) for one in told["saved"]] == [(own.pk, True)]
    assert len(reader(admin).get("/api/v1/reports").json()["reports"]) == len(REPORTS)
    assert reader(ana).get(f"/api/v1/saved-reports/{shared.pk}").status_code == 404
    shared.department = ana.memberships.get().department
    shared.save()
    listed = reader(ana).get("/api/v1/reports").json()["saved"]
    assert {one["id"]: one["own"] for one in listed} == {own.pk: True, shared.pk: False}


@pytest.mark.usefixtures("calls")
def test_saved_reports_run_as_saved_and_as_changed(ana: User) -> None:
    kept = SavedReport.objects.create(
        owner=ana, slug="calls", name="November", query="period=custom&from=2026-11-01&to=2026-11-30&columns=time,talk"
    )
    path, program = f"/api/v1/saved-reports/{kept.pk}", reader(ana)
    told = program.get(path).json()
    assert (told["report"], len(told["rows"])) == ("November", 3)
    assert told["period"] == {"first": "2026-11-01", "last": "2026-11-30"}
    assert [column["name"] for column in told["columns"]] == ["time", "talk"]
    assert program.get(f"{path}?from=2026-11-19").json()["rows"] == []
    SavedReport.objects.filter(pk=kept.pk).update(query="period=nonsense")
    assert "period" in program.wrong(path)
    SavedReport.objects.filter(pk=kept.pk).update(deleted_at=timezone.now())
    assert program.get(path).status_code == 404


def test_a_report_that_takes_too_long_ends_as_its_page(admin: User, monkeypatch: Any) -> None:
    def never(*_args: object, **_kwargs: object) -> None:
        raise reading.TooLongError

    monkeypatch.setattr("reports.api.run_report", never)
    answer = reader(admin).get(WHOLE)
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "too_long", "60")
    assert "30 seconds" in answer.json()["message"]


def test_the_role_is_asked_at_every_request(ben: User, sales: Any) -> None:
    make.record(department_id=sales.pk)
    program = reader(ben)
    assert program.get(WHOLE).json()["total"]["calls"] == 1
    ben.role = Role.USER
    ben.save()
    assert program.get(WHOLE).json()["total"] is None
