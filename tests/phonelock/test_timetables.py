"""Timetables lock to the minute, by each office's clock and calendar, and their pages."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounting.models import AuditEntry, Department, Extension, LineAssignment, Membership, Office, PublicHoliday, User
from accounting.services.business_hours import site_of
from phonelock.models import Holidays, Lock, LockEvent, Reason, Through, Timetable, TimetableExemption
from phonelock.services.locking import Actor, lines_of, lock
from phonelock.services.ruling import follow_rules
from phonelock.services.timetables import Span, span_at
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def berlin() -> Office:
    return make.office(business_hours="08:00-18:00")


@pytest.fixture
def eva(berlin: Office) -> User:
    """Eva works in Berlin and holds the line 211."""
    eva = make.person("eva", extension="211")
    make.membership(eva, office=berlin, department=make.department())
    return eva


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def locked_at(moment: datetime) -> set[str]:
    """Return the numbers that are locked after a round at a moment."""
    with time_machine.travel(moment, tick=False):
        follow_rules()
        return set(Lock.objects.in_force().values_list("number", flat=True))


def span(timetable: Timetable, office: Office | None, moment: str) -> tuple[bool, str]:
    found = span_at([timetable], site_of(office), utc(moment))
    return found.locked, f"{found.until:%m-%d %H:%M}" if found.until else ""


def test_lines_are_locked_and_released_at_the_minute(eva: User, berlin: Office) -> None:
    Timetable.objects.create(name="Night", office=berlin)
    assert locked_at(utc("2026-11-18T16:59:59")) == set()  # Wednesday, 17:59:59 in Berlin
    assert locked_at(utc("2026-11-18T17:00")) == {"211"}
    held = Lock.objects.get()
    assert (held.reason, held.until) == (Reason.TIMETABLE, utc("2026-11-19T07:00"))
    assert locked_at(utc("2026-11-19T06:59:59")) == {"211"}
    assert locked_at(utc("2026-11-19T07:00")) == set()
    assert locked_at(utc("2026-11-20T17:00")) == {"211"}
    assert Lock.objects.get().until == utc("2026-11-23T07:00")  # the whole weekend
    kinds = list(LockEvent.objects.order_by("pk").values_list("kind", "through"))
    assert kinds == [("locked", "timetable"), ("released", "timetable"), ("locked", "timetable")]


def test_hours_after_midnight_belong_to_the_day_on_which_they_begin(berlin: Office) -> None:
    night = Timetable(office=berlin, outside_business_hours=False, hours="12:00-13:00, 22:00-06:00", weekdays=[5])
    assert span(night, berlin, "2026-11-20T20:59") == (False, "11-20 21:00")
    assert span(night, berlin, "2026-11-20T21:00") == (True, "11-21 05:00")
    assert span(night, berlin, "2026-11-21T04:59") == (True, "11-21 05:00")
    assert span(night, berlin, "2026-11-21T05:00") == (False, "11-27 11:00")
    always = Timetable(office=berlin, outside_business_hours=False, hours="00:00-24:00")
    assert span(always, berlin, "2026-11-20T20:59") == (True, "")
    twice = Timetable(office=berlin, outside_business_hours=False, hours="05:00-07:00")
    until = span_at([night, twice], site_of(berlin), utc("2026-11-20T23:00"))
    assert until == Span(locked=True, until=utc("2026-11-21T06:00"))


def test_skipped_and_repeated_hours(berlin: Office) -> None:
    rule = Timetable(office=berlin, outside_business_hours=False, hours="01:00-02:30")
    # On 29 March 02:00 is 03:00: the lock ends when the hour is skipped.
    assert span(rule, berlin, "2026-03-29T00:30") == (True, "03-29 01:00")
    assert span(rule, berlin, "2026-03-29T01:00") == (False, "03-29 23:00")
    # On 25 October 02:00 to 03:00 comes twice: it ends the first time, and does not come back.
    assert span(rule, berlin, "2026-10-25T00:29") == (True, "10-25 00:30")
    assert span(rule, berlin, "2026-10-25T01:10") == (False, "10-26 00:00")
    begin = Timetable(office=berlin, outside_business_hours=False, hours="02:15-04:00")
    assert span(begin, berlin, "2026-03-29T00:59") == (False, "03-29 01:00")
    assert span(begin, berlin, "2026-10-25T00:15") == (True, "10-25 03:00")


@pytest.mark.parametrize(
    ("holidays", "expected"),
    [
        (Holidays.LOCKED, [(True, "12-28 07:00"), (True, "12-28 07:00")]),
        (Holidays.ORDINARY, [(False, "12-25 17:00"), (True, "12-28 07:00")]),
        (Holidays.OPEN, [(False, "12-26 23:00"), (False, "12-26 23:00")]),
    ],
)
def test_public_holidays(berlin: Office, holidays: str, expected: list[Any]) -> None:
    rule = Timetable(office=berlin, holidays=holidays)  # Christmas 2026 is a Friday, the next day a holiday, too
    assert [span(rule, berlin, moment) for moment in ("2026-12-25T11:00", "2026-12-25T20:00")] == expected


def test_holidays_entered_by_hand_and_weekends_of_other_countries(berlin: Office) -> None:
    PublicHoliday.objects.create(office=berlin, day="2026-11-18", is_holiday=True)
    PublicHoliday.objects.create(office=berlin, day="2026-12-25", is_holiday=False)
    rule = Timetable(office=berlin)
    assert span(rule, berlin, "2026-11-18T11:00") == (True, "11-19 07:00")
    assert span(rule, berlin, "2026-12-25T11:00")[0] is False
    riyadh = make.office("Riyadh", country="SA", time_zone="Asia/Riyadh")
    assert span(Timetable(office=riyadh), riyadh, "2026-11-20T09:00")[0] is True  # Friday
    assert span(Timetable(office=riyadh), riyadh, "2026-11-22T09:00")[0] is False  # Sunday
    assert span(rule, None, "2026-11-22T09:00")[0] is True  # Sunday without an office


def test_departments_lock_all_below_by_each_persons_office(eva: User) -> None:
    dubai = make.office("Dubai", country="AE", time_zone="Asia/Dubai")
    desk = make.department("Desk", parent=make.department())
    omar = make.person("omar", extension="311")
    make.membership(omar, office=dubai, department=desk)
    make.membership(make.person("fay", extension="411"), department=make.department("Other"))
    Timetable.objects.create(name="Night", department=make.department())
    assert locked_at(utc("2026-11-18T06:00")) == {"211"}  # 07:00 in Berlin, 10:00 in Dubai
    assert locked_at(utc("2026-11-18T14:30")) == {"311"}  # 15:30 in Berlin, 18:30 in Dubai
    Membership.objects.filter(user=omar).update(department=make.department("Other"))
    assert locked_at(utc("2026-11-18T14:31")) == set()


def test_exemptions_and_the_lines_that_exempt_people_share(eva: User, berlin: Office) -> None:
    night = Timetable.objects.create(name="Night", office=berlin)
    watch = make.person("watch", extension="212")
    make.membership(watch, office=berlin)
    TimetableExemption.objects.create(timetable=night, person=watch)
    assert locked_at(utc("2026-11-18T20:00")) == {"211"}
    LineAssignment.objects.create(extension=Extension.objects.get(number="211"), user=watch)
    assert locked_at(utc("2026-11-18T20:01")) == set()
    Timetable.objects.create(name="Late", office=berlin, outside_business_hours=False, hours="21:00-22:00")
    assert locked_at(utc("2026-11-18T20:02")) == {"211", "212"}


def test_a_timetable_that_is_paused_or_deleted_releases_its_own_reason_only(eva: User, berlin: Office) -> None:
    night = Timetable.objects.create(name="Night", office=berlin)
    lock(lines_of([eva.pk]), Reason.SELF, Actor(Through.PORTAL, eva))
    locked_at(utc("2026-11-18T20:00"))
    assert Lock.objects.count() == 2
    client = client_of(make.administrator())
    client.post(reverse("pause_timetable", args=[night.pk]))
    locked_at(utc("2026-11-18T20:01"))
    assert Lock.objects.get().reason == Reason.SELF
    client.post(reverse("resume_timetable", args=[night.pk]))
    locked_at(utc("2026-11-18T20:02"))
    assert Lock.objects.count() == 2
    client.post(reverse("delete_timetable", args=[night.pk]))
    locked_at(utc("2026-11-18T20:03"))
    assert Lock.objects.get().reason == Reason.SELF
    assert AuditEntry.objects.filter(subject_type="timetable", action="deleted", subject="Night").exists()


def client_of(user: User) -> Client:
    """Return a signed-in browser."""
    client = Client()
    client.force_login(user)
    return client


def typed(**others: Any) -> dict[str, Any]:
    """Return what the form of a timetable sends."""
    return {
        "name": "Night", "unit": "department", "when": "own", "hours": "19:00-07:00", "weekdays": ["1", "5"],
        "holidays": "ordinary", "exempt": "",
    } | others  # fmt: skip


def test_the_form_previews_stores_and_changes(eva: User, admin: User) -> None:
    client, address = client_of(admin), reverse("add_timetable")
    assert client_of(eva).get(reverse("lock_timetables")).status_code == 403
    sales = Department.objects.get(name="Sales")
    watch = make.person("watch", extension="212")
    make.membership(watch, department=sales)
    with time_machine.travel(utc("2026-11-20T20:00"), tick=False):
        values = typed(department=sales.pk, exempt="watch")
        page = client.post(address, values | {"preview": "1"}).content.decode()
        assert "1 line would be locked now" in page
        assert "The next change is on" in page
        assert not Timetable.objects.exists()
        client.post(address, values)
        stored = Timetable.objects.get()
        assert (stored.department, stored.office, stored.weekdays) == (sales, None, [1, 5])
        assert [one.person for one in stored.exemptions.all()] == [watch]
        page = client.get(reverse("lock_timetables")).content.decode()
        assert "1 line locked now" in page
        assert "Friday: <bdi>19:00–24:00</bdi>" in page
        office = Office.objects.get()
        client.post(
            reverse("edit_timetable", args=[stored.pk]), typed(unit="office", office=office.pk, when="business")
        )
        stored.refresh_from_db()
        assert (stored.department, stored.office, stored.hours, stored.weekdays) == (None, office, "", [])
        assert not stored.exemptions.exists()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"hours": "19-7"}, "are no hours"),
        ({"hours": ""}, "Enter the hours"),
        ({"unit": "office"}, "Choose the office."),
        ({"department": ""}, "Choose the department."),
        ({"exempt": "nobody"}, "Nobody is called"),
        ({"name": ""}, "This field is required."),
        ({"weekdays": ["9"]}, "Select a valid choice"),
    ],
)
def test_bad_input_is_told_and_nothing_is_stored(eva: User, admin: User, wrong: dict[str, Any], said: str) -> None:
    values = typed(department=Department.objects.get(name="Sales").pk) | wrong
    assert said in client_of(admin).post(reverse("add_timetable"), values).content.decode()
    assert not Timetable.objects.exists()


def test_a_person_without_an_office_has_the_clock_of_the_organisation(settings: Any) -> None:
    settings.TIME_ZONE = "Asia/Dubai"
    make.membership(make.person(extension="511"), department=make.department())
    Timetable.objects.create(name="Night", department=make.department())
    assert locked_at(utc("2026-11-18T14:00") - timedelta(seconds=1)) == set()
    assert locked_at(utc("2026-11-18T14:00")) == {"511"}
