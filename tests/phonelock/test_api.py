"""The programming interface of locks: as programs use it, with tokens, within the scope of their person."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounting.models import AuditEntry, Department, Extension, LineAssignment, Role, Scope, TokenClient, User
from accounting.services import jobs
from phonelock.models import Lock, LockEvent, Reason, Through
from phonelock.services import by_program
from phonelock.services.locking import Actor, lines_of, lock, release
from phonelock.services.many import SUBJECT
from tests import factories as make
from tests.programs import Program

pytestmark = pytest.mark.django_db
ME, ALL = "/api/v1/locks/me", "/api/v1/locks"


def held_line(number: str, holder: User) -> Extension:
    line = Extension.objects.create(phone_system=make.phone_system(), number=number)
    LineAssignment.objects.create(extension=line, user=holder)
    return line


@pytest.fixture
def line(ana: User) -> Extension:
    line = held_line("211", holder=ana)
    make.lock_set_up(line.phone_system)
    return line


@pytest.fixture
def desktop(ana: User, line: Extension) -> Program:
    return Program(ana, Scope.OWN_LOCKS, client=TokenClient.DESKTOP)


@pytest.fixture
def chief(ben: User) -> Program:
    return Program(ben, Scope.OWN_LOCKS, Scope.MANAGE_LOCKS)


def said(moment: datetime) -> str:
    return moment.isoformat()


def test_the_own_lock_goes_on_and_off_and_others_stay(desktop: Program, line: Extension, admin: User) -> None:
    lock([line.pk], Reason.ADMINISTRATION, Actor(Through.PORTAL, admin))
    assert desktop.get(ME).json()["locked"] is False
    told = desktop.put(ME, {"locked": True}).json()
    assert (told["locked"], told["applied"], told["lines"][0]["status"]) == (True, True, "locked")
    assert [one["reason"] for one in told["lines"][0]["reasons"]] == ["self", "admin"]
    told = desktop.put(ME, {"locked": False}).json()
    assert told["locked"] is False
    assert told["lines"][0]["locked"] is True
    assert Lock.objects.get().reason == Reason.ADMINISTRATION
    events = LockEvent.objects.filter(reason=Reason.SELF).values_list("through", "by")
    assert list(events) == [(Through.DESKTOP, "Ana Ruiz")] * 2


def test_saying_the_same_again_changes_nothing(desktop: Program) -> None:
    for _time in range(3):
        assert desktop.put(ME, {"locked": True}).json()["applied"] is True
    assert LockEvent.objects.count() == 1


def test_events_that_come_late_are_ignored(desktop: Program, ana: User, line: Extension) -> None:
    now = timezone.now()
    assert desktop.put(ME, {"locked": True, "at": said(now - timedelta(minutes=5))}).json()["applied"]
    late = desktop.put(ME, {"locked": False, "at": said(now - timedelta(minutes=6))}).json()
    assert (late["applied"], late["locked"]) == (False, True)
    release([line.pk], Reason.SELF, Actor(Through.PHONE, ana))
    later = desktop.put(ME, {"locked": True, "at": said(now - timedelta(minutes=4))}).json()
    assert (later["applied"], later["locked"]) == (False, False)
    assert desktop.put(ME, {"locked": True}).json()["applied"] is True


def test_a_clock_that_is_wrong_does_no_harm(desktop: Program, ana: User, line: Extension) -> None:
    lock([line.pk], Reason.SELF, Actor(Through.PHONE, ana))
    LockEvent.objects.update(at=timezone.now() - timedelta(minutes=1))
    slow = timezone.now() - timedelta(days=400)
    told = desktop.put(ME, {"locked": False, "at": said(slow), "sent_at": said(slow + timedelta(seconds=2))}).json()
    assert (told["applied"], told["locked"]) == (True, False)
    fast = timezone.now() + timedelta(days=400)
    assert desktop.put(ME, {"locked": True, "at": said(fast)}).json()["applied"] is True
    assert desktop.put(ME, {"locked": False}).json()["applied"] is True


def test_a_repeated_request_is_answered_and_not_done_again(desktop: Program, ana: User, line: Extension) -> None:
    key = {"Idempotency-Key": "a1"}
    first = desktop.put(ME, {"locked": True}, **key)
    release([line.pk], Reason.SELF, Actor(Through.PHONE, ana))
    again = desktop.put(ME, {"locked": True}, **key)
    assert (again.status_code, again.json()) == (200, first.json())
    assert not Lock.objects.exists()
    assert desktop.put(ME, {"locked": False}, **key).json()["code"] == "key"
    assert desktop.put(ME, {"locked": True}, **{"Idempotency-Key": "x" * 65}).status_code == 422


def test_who_has_no_valid_token_gets_401_and_a_narrow_one_403(desktop: Program, client: Client) -> None:
    stranger = client.get(ME)
    assert (stranger.status_code, stranger["WWW-Authenticate"]) == (401, 'Bearer realm="Call Analytics"')
    assert client.put(ME, {"locked": True}, "application/json").status_code == 401
    assert client.get(ME, headers={"Authorization": "Bearer ca_nothing"}).status_code == 401
    assert client.get(ME, headers={"Authorization": "Basic YTpi"}).status_code == 401
    refused = desktop.get(ALL)
    assert (refused.status_code, refused.json()["code"]) == (403, "scope")
    assert desktop.put(ALL, {"locked": True, "everybody": True}).status_code == 403


def test_a_session_opens_the_interface_with_the_csrf_token_only(ana: User, line: Extension) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ana)
    assert browser.get(ME).status_code == 200
    assert browser.put(ME, {"locked": True}, "application/json").json()["code"] == "csrf"
    browser.get(reverse("profile"))
    token = {"X-CSRFToken": browser.cookies["csrftoken"].value}
    assert browser.put(ME, {"locked": True}, "application/json", headers=token).json()["locked"] is True
    dead = {"Authorization": "Bearer ca_dead", **token}
    assert browser.put(ME, {"locked": True}, "application/json", headers=dead).status_code == 401


def test_supervisors_see_their_people_and_nobody_else(
    chief: Program, ana: User, ben: User, cleo: User, line: Extension, sales: Department
) -> None:
    own, foreign = held_line("300", holder=ben), held_line("400", holder=cleo)
    lock([line.pk], Reason.SELF, Actor(Through.PORTAL, ana))

    def numbers(**filters: object) -> list[str]:
        query = "&".join(f"{name}={value}" for name, value in filters.items())
        return [one["number"] for one in chief.get(f"{ALL}?{query}").json()["lines"]]

    assert numbers() == ["211", "300"]
    assert numbers(state="locked") == numbers(department=sales.pk) == numbers(search="ana+ruiz") == ["211"]
    assert numbers(state="unlocked") == numbers(search="30") == ["300"]
    first = chief.get(f"{ALL}?limit=1").json()
    assert first["lines"][0]["person"] == {"username": "ana", "name": "Ana Ruiz"}
    assert numbers(after=first["next"]) == ["300"]
    assert chief.get(f"{ALL}/{line.pk}/events").json()["events"][0]["kind"] == "locked"
    assert chief.get(f"{ALL}/{own.pk}/events").json()["events"] == []
    assert chief.get(f"{ALL}/{foreign.pk}/events").status_code == 404
    assert chief.get(f"{ALL}?department=4711").json()["problems"][0]["field"] == "department"


def test_several_units_narrow_each_other_whichever_memberships_name_them(
    admin: User, ana: User, cleo: User, line: Extension, sales: Department
) -> None:
    held_line("400", holder=cleo)
    office = make.office()
    for person in (ana, cleo):
        make.membership(person, office=office)
    chief = Program(admin, Scope.MANAGE_LOCKS)
    assert len(chief.get(f"{ALL}?office={office.pk}").json()["lines"]) == 2
    [found] = chief.get(f"{ALL}?office={office.pk}&department={sales.pk}").json()["lines"]
    assert found["number"] == "211"


def test_the_history_of_a_line_does_not_tell_of_other_holders(desktop: Program, cleo: User, line: Extension) -> None:
    lock([line.pk], Reason.SELF, Actor(Through.PORTAL))
    LineAssignment.objects.update(user=cleo)
    lock([line.pk], Reason.BUDGET, Actor(Through.BUDGET))
    told = Program(cleo, Scope.OWN_LOCKS).get(f"{ALL}/{line.pk}/events").json()["events"]
    assert [one["reason"] for one in told] == ["budget"]


def test_many_lines_are_locked_by_unit_within_the_scope(
    chief: Program, admin: User, cleo: User, line: Extension, sales: Department
) -> None:
    foreign = held_line("400", holder=cleo)
    wish = {"locked": True, "department": sales.pk, "note": "Audit"}
    dry = chief.put(ALL, {**wish, "dry_run": True}).json()
    assert dry == {"lines": 1, "changed": 1, "passed_over": 0, "dry_run": True, "job": None}
    assert not Lock.objects.exists()
    assert chief.put(ALL, wish).json()["changed"] == 1
    assert chief.put(ALL, wish).json()["changed"] == 0
    only = Lock.objects.get()
    assert (only.extension_id, only.reason, only.note) == (line.pk, Reason.ADMINISTRATION, "Audit")
    assert LockEvent.objects.get().through == Through.API
    strange = chief.put(ALL, {"locked": True, "extensions": [line.pk, foreign.pk]})
    assert str(foreign.pk) in strange.json()["problems"][0]["message"]
    assert chief.put(ALL, {"locked": True}).status_code == 422
    all_of_all = Program(admin, Scope.MANAGE_LOCKS).put(ALL, {"locked": True, "everybody": True}).json()
    assert (all_of_all["lines"], all_of_all["changed"]) == (2, 1)
    freed = chief.put(ALL, {"locked": False, "everybody": True}).json()
    assert freed == {"lines": 1, "changed": 0, "passed_over": 1, "dry_run": False, "job": None}


def test_people_without_a_role_lock_nobody_elses_lines(ana: User, line: Extension) -> None:
    refused = Program(ana, Scope.MANAGE_LOCKS).put(ALL, {"locked": True, "extensions": [line.pk]})
    assert (refused.status_code, refused.json()["code"]) == (403, "role")


def test_errors_are_told_in_the_language_of_the_program(desktop: Program) -> None:
    wrong = desktop.put(ME, {"locked": "perhaps", "lokced": 1, "at": "yesterday"})
    assert wrong.status_code == 422
    assert {one["field"]: one["message"] for one in wrong.json()["problems"]} == {
        "locked": "This must be true or false.",
        "lokced": "There is no value of this name.",
        "at": "This must be a time with its zone, for instance 2026-11-22T09:30:00Z.",
    }
    assert desktop.get(ME, **{"Accept-Language": "de"})["Content-Language"] == "de"
    assert desktop.put(ME, "{").json()["code"] == "unreadable"
    assert desktop.get("/api/v1/nothing").json()["code"] == "not_found"


def test_a_token_that_asks_too_often_waits(desktop: Program, settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = 3
    cache.clear()
    statuses = [desktop.get(ME).status_code for _time in range(8)]
    assert 429 in statuses
    late = desktop.get(ME)
    if late.status_code == 429:  # else a new minute has begun
        assert 1 <= int(late["Retry-After"]) <= 60


def test_people_without_an_extension_are_told_so(cleo: User) -> None:
    refused = Program(cleo, Scope.OWN_LOCKS).put(ME, {"locked": True})
    assert (refused.status_code, refused.json()["code"]) == (409, "no_extension")


def test_a_page_of_lines_costs_the_same_however_long(
    chief: Program, sales: Department, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        holder = make.person(f"p{number}", last_name=f"P{number}")
        make.membership(holder, department=sales)
        held_line(str(5000 + number), holder=holder)
    with django_assert_max_num_queries(14):
        assert len(chief.get(ALL).json()["lines"]) == 30


def test_role_is_asked_at_every_request(chief: Program, ben: User, line: Extension) -> None:
    ben.role = Role.USER
    ben.save()
    assert chief.get(ALL).json()["lines"] == []
    assert chief.put(ALL, {"locked": True, "extensions": [line.pk]}).status_code == 403
    assert lines_of([ben.pk]) == set()


def test_work_on_many_lines_is_audited_in_the_name_of_the_person(chief: Program, line: Extension) -> None:
    chief.put(ALL, {"locked": True, "extensions": [line.pk]})
    entry = AuditEntry.objects.get(subject_type=SUBJECT)
    assert entry.actor.startswith("Ben Adler")
    assert entry.details == {"rows": 1, "filters": f"extensions: [{line.pk}]"}


def test_supervisors_do_not_lock_their_own_lines_for_the_administration(
    chief: Program, ben: User, sales: Department
) -> None:
    make.membership(ben, department=sales)
    own = held_line("300", holder=ben)
    assert chief.put(ALL, {"locked": True, "extensions": [own.pk]}).status_code == 422


def test_more_lines_than_a_request_waits_for_are_a_job(chief: Program, line: Extension, monkeypatch: Any) -> None:
    monkeypatch.setattr(by_program, "AT_ONCE", 0)
    until = timezone.now() + timedelta(hours=1)
    told = chief.put(ALL, {"locked": True, "everybody": True, "until": said(until), "note": "Move"}).json()
    assert (told["lines"], told["changed"]) == (1, 0)
    assert not Lock.objects.exists()
    jobs.run(told["job"])
    held = Lock.objects.get()
    assert (held.extension_id, held.until, held.note, held.by) == (line.pk, until, "Move", "Ben Adler")
    assert LockEvent.objects.get().through == Through.API
    assert AuditEntry.objects.get(subject_type=SUBJECT).details == {"rows": 1, "filters": "everybody: True"}
