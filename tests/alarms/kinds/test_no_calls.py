"""No calls during business hours, told from a collection that is broken (ALM-6)."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from accounting.models import ImportFile, PhoneSystem, User
from alarms.kinds import KINDS
from alarms.services.trying import try_out
from tests import factories as make
from tests.alarms.rules import errors, look, raised, rule
from tests.alarms.test_trying import DAILY

pytestmark = pytest.mark.django_db
OPENS = datetime(2026, 11, 18, 7, 0, tzinfo=UTC)
"""08:00 in Berlin, a Wednesday."""
MINUTE = timedelta(minutes=1)


@pytest.fixture
def system() -> PhoneSystem:
    """Return a phone system whose files may come half an hour late."""
    return make.phone_system(quiet_minutes=30)


@pytest.fixture
def admin() -> User:
    """Return somebody who sees all calls."""
    return make.administrator()


def file_at(moment: datetime) -> None:
    """Let a file have arrived."""
    ImportFile.objects.filter(pk=make.import_file().pk).update(imported_at=moment)


def test_each_quiet_time_once_when_its_files_should_have_come(admin: User, system: PhoneSystem) -> None:
    with time_machine.travel(OPENS - 60 * MINUTE, tick=False) as clock:
        one = rule("no_calls", admin, minutes=60)
        file_at(OPENS + 11 * MINUTE)
        make.record(started_at=OPENS + 10 * MINUTE)
        clock.move_to(OPENS + 99 * MINUTE)
        assert look(one).raised == 0
        clock.move_to(OPENS + 100 * MINUTE)
        (alarm,) = raised(one)
        assert (alarm.happened_at, alarm.until) == (OPENS + 10 * MINUTE, OPENS + 70 * MINUTE)
        assert KINDS["no_calls"].sentence(alarm) == "No calls for 60 minutes of business hours"
        clock.move_to(OPENS + 130 * MINUTE)
        assert look(one).raised == 0
        make.record(started_at=OPENS + 131 * MINUTE)
        file_at(OPENS + 132 * MINUTE)
        clock.move_to(OPENS + 240 * MINUTE)
        (alarm,) = raised(one)
        assert alarm.happened_at == OPENS + 131 * MINUTE


def test_calls_in_time_evenings_and_weekends_are_no_quiet_times(admin: User, system: PhoneSystem) -> None:
    with time_machine.travel(OPENS, tick=False) as clock:
        one = rule("no_calls", admin, minutes=60)
        file_at(OPENS)
        for place in range(11):
            make.record(started_at=OPENS + place * 59 * MINUTE)
        clock.move_to(OPENS + timedelta(hours=20))
        file_at(OPENS + timedelta(hours=20))
        assert look(one).raised == 0


def test_a_broken_collection_is_told_as_such(admin: User, system: PhoneSystem) -> None:
    with time_machine.travel(OPENS, tick=False) as clock:
        one = rule("no_calls", admin, minutes=60)
        file_at(OPENS + 30 * MINUTE)
        make.record(started_at=OPENS + 29 * MINUTE)
        clock.move_to(OPENS + 151 * MINUTE)
        (alarm,) = raised(one)
        assert alarm.facts["cause"] == "collection"
        assert alarm.phone_system_id == system.pk
        assert "collection is disturbed" in KINDS["no_calls"].sentence(alarm)
        clock.move_to(OPENS + 200 * MINUTE)
        assert look(one).raised == 0


def test_one_of_two_phone_systems_is_broken(admin: User, system: PhoneSystem) -> None:
    with time_machine.travel(OPENS, tick=False) as clock:
        other = make.phone_system("cucm-b", quiet_minutes=30)
        both, alone = rule("no_calls", admin, minutes=60), rule("no_calls", admin, minutes=60, phone_system=other.pk)
        for place in range(6):
            make.record(started_at=OPENS + place * 30 * MINUTE)
        clock.move_to(OPENS + 170 * MINUTE)
        file_at(OPENS + 169 * MINUTE)
        for one in (both, alone):
            (alarm,) = raised(one)
            assert (alarm.facts["cause"], alarm.phone_system_id) == ("collection", other.pk)


def test_a_night_without_files_is_no_broken_collection(admin: User, system: PhoneSystem) -> None:
    with time_machine.travel(OPENS - timedelta(hours=10), tick=False) as clock:
        one = rule("no_calls", admin, minutes=60)
        file_at(OPENS - timedelta(hours=12))
        clock.move_to(OPENS + 10 * MINUTE)
        assert look(one).raised == 0


def test_the_hours_of_an_office(admin: User, system: PhoneSystem) -> None:
    dubai = make.office("Dubai", country="AE", time_zone="Asia/Dubai", area_code="4")
    with time_machine.travel(datetime(2026, 11, 18, 3, 0, tzinfo=UTC), tick=False) as clock:
        one = rule("no_calls", admin, minutes=60, office=dubai.pk)
        file_at(OPENS - timedelta(hours=2))
        clock.move_to(datetime(2026, 11, 18, 5, 30, tzinfo=UTC))
        (alarm,) = raised(one)
        assert alarm.happened_at == datetime(2026, 11, 18, 4, 0, tzinfo=UTC)
        assert alarm.office_id == dubai.pk


def test_a_trial_finds_the_quiet_times_of_the_last_days(admin: User, system: PhoneSystem) -> None:
    now = OPENS + timedelta(hours=1)
    with time_machine.travel(now, tick=False):
        file_at(now)
        for day in range(1, 40):
            for place in range(22):
                at = OPENS - timedelta(days=day) + place * 30 * MINUTE
                if not (day == 5 and 4 <= place < 8):
                    make.record(started_at=at)
        one = rule("no_calls", admin, minutes=90)
        found = try_out(KINDS["no_calls"], one.parameters, admin, DAILY, now)
        assert [(finding.happened_at, finding.facts["minutes"]) for finding in found.findings] == [
            (OPENS - timedelta(days=5) + 90 * MINUTE, 150)
        ]


def test_the_form_refuses_nonsense(admin: User) -> None:
    assert {"minutes", "hours"} <= errors("no_calls", admin, minutes=0).keys()
    assert "phone_system" in errors("no_calls", admin, phone_system=999)
