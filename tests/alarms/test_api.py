"""Alarms in the programming interface: whose, with the calls behind them, and acknowledged once."""

from typing import Any

import pytest

from accounting.models import AuditEntry, Purpose, Scope, User
from alarms.models import Alarm
from alarms.services import rules as looked_after
from tests import factories as make
from tests.alarms.test_pages import abroad, raised, rule
from tests.programs import Program

pytestmark = pytest.mark.django_db
ALARMS, RULES = "/api/v1/alarms", "/api/v1/alarm-rules"


def reader(user: User) -> Program:
    return Program(user, Scope.READ_ALARMS, Scope.MANAGE_ALARMS, Scope.READ_REPORTS)


@pytest.fixture
def boss() -> User:
    """Make the supervisor of Sales."""
    return make.supervisor(of=make.department("Sales"), email="boss@example.com")


def test_supervisors_read_their_own_alarms_administrators_all_and_people_none(boss: User, admin: User) -> None:
    own, other = raised(boss), raised(admin)
    listed = {who: [one["id"] for one in reader(who).get(ALARMS).json()["alarms"]] for who in (boss, admin)}
    assert listed == {boss: [own.pk], admin: [other.pk, own.pk]}
    assert reader(boss).get(f"{ALARMS}/{other.pk}").status_code == 404
    assert reader(boss).ask("POST", f"{ALARMS}/{other.pk}/acknowledge", {}).status_code == 404
    assert [one["id"] for one in reader(boss).get(RULES).json()["rules"]] == [own.rule_id]
    for path in (ALARMS, f"{ALARMS}/{own.pk}", RULES):
        assert reader(make.person()).get(path).json()["code"] == "role"
    looked_after.delete(own.rule)
    assert reader(boss).get(ALARMS).json()["alarms"] == reader(boss).get(RULES).json()["rules"] == []
    assert reader(boss).get(f"{ALARMS}/{own.pk}").status_code == 404


def test_an_alarm_tells_its_calls_within_scope_and_masks(boss: User) -> None:
    make.masking_rule(digits=3)
    alarm = raised(boss)
    told = reader(boss).get(f"{ALARMS}/{alarm.pk}").json()
    assert told["what"]
    assert told["rule"] == {"id": alarm.rule_id, "name": "Abroad", "kind": "international"}
    (call,) = told["records"]
    assert (call["other_number"], told["more"], told["calls"]) == ("+442071234***", False, 1)
    assert "4567" not in reader(boss).get(f"{ALARMS}/{alarm.pk}").content.decode()
    behind = reader(boss).get(told["calls_url"]).json()["rows"]
    assert behind[0]["call_url"].endswith(f"/{call['id']}")
    make.CallRecord.objects.update(department_id=None)
    assert reader(boss).get(f"{ALARMS}/{alarm.pk}").json()["records"] == []
    boss.supervisions.update(department=make.department("Logistics"))
    told = reader(boss).get(f"{ALARMS}/{alarm.pk}").json()
    assert (told["who"], told["calls_url"]) == ("Outside of what you may see", None)


def test_whom_a_private_call_reached_stays_hidden(boss: User, admin: User) -> None:
    alarm = raised(admin)
    make.CallRecord.objects.update(purpose=Purpose.DIALLED, user_id=boss.pk)
    (call,) = reader(admin).get(f"{ALARMS}/{alarm.pk}").json()["records"]
    assert (call["hidden"], call["other_number"]) == ("all", "")


def test_acknowledging_is_done_once_noted_and_audited(boss: User) -> None:
    alarm, program = raised(boss), reader(boss)
    path, key = f"{ALARMS}/{alarm.pk}/acknowledge", {"Idempotency-Key": "k1"}
    first = program.ask("POST", path, {"note": " Called   back "}, **key)
    told = first.json()
    assert (told["applied"], told["note"], told["acknowledged_by"]) == (True, "Called back", str(boss))
    assert program.ask("POST", path, {"note": " Called   back "}, **key).json() == told
    again = program.ask("POST", path, {"note": "Mine"}).json()
    assert (again["applied"], again["note"]) == (False, "Called back")
    assert program.ask("POST", path, {"note": "Mine"}, **key).json()["code"] == "key"
    entry = AuditEntry.objects.get(subject_type="alarm")
    assert entry.actor.startswith(str(boss))
    assert program.get(ALARMS).json()["alarms"] == []
    assert len(program.get(f"{ALARMS}?show=acknowledged").json()["alarms"]) == 1
    wrong = program.ask("POST", path, {"note": "x" * 301, "by": "me"})
    assert {one["field"] for one in wrong.json()["problems"]} == {"note", "by"}


def test_pages_hold_every_alarm_once_at_the_same_cost(boss: User, django_assert_max_num_queries: Any) -> None:
    first = raised(boss)
    Alarm.objects.bulk_create(
        [
            Alarm(
                rule=first.rule, run=first.run, version=1, key=f"k{number}", raised_at=first.raised_at,
                happened_at=first.happened_at, extension=str(4000 + number),
                department_id=make.department(f"D{number}").pk,
            )
            for number in range(24)
        ]
    )  # fmt: skip
    program = reader(boss)
    pages = program.pages(f"{ALARMS}?limit=10", "alarms")
    assert [len(page) for page in pages] == [10, 10, 5]
    assert len({one["id"] for page in pages for one in page}) == 25
    with django_assert_max_num_queries(22):
        program.get(f"{ALARMS}?limit=500")


def test_rules_are_told_in_words_page_by_page(boss: User) -> None:
    made = [rule(boss, name=f"R{number}", recipients=["a@example.com"]) for number in range(3)]
    looked_after.pause(made[1])
    pages = reader(boss).pages(f"{RULES}?limit=2", "rules")
    told = [one for page in pages for one in page]
    assert [(one["id"], one["state"]) for one in told] == [
        (made[0].pk, "active"), (made[1].pk, "asked"), (made[2].pk, "active"),
    ]  # fmt: skip
    assert told[0]["when"].startswith("Every 15 minutes")
    assert told[0]["owner"]["username"] == boss.username


def test_wrong_filters_are_told(boss: User) -> None:
    abroad()
    wrong = reader(boss).wrong(f"{ALARMS}?kind=none&rule=4711&who=x")
    assert set(wrong) == {"kind", "rule"}
    assert set(reader(boss).wrong(f"{ALARMS}?show=some&limit=501&cursor=%00")) == {"show", "limit", "cursor"}
