"""What Phone Lock holds about people: exported, erased, forgotten with age; and the demo."""

import io
import zipfile
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounting.models import Department, Job, PhoneSystem, User
from accounting.services import jobs
from phonelock.models import (
    Happened,
    Lock,
    LockEvent,
    LockSetUp,
    Pin,
    Reason,
    RefusedCall,
    Through,
    Timetable,
    TimetableExemption,
)
from phonelock.services import pins
from phonelock.services.demo import PIN, set_demo_locks
from phonelock.services.erasing import forget_old
from phonelock.services.locking import Actor, lines_of, lock
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(admin: User) -> Client:
    """The browser of an administrator."""
    client = Client()
    client.force_login(admin)
    return client


@pytest.fixture
def eva(admin: User, sales: Department) -> User:
    """Eva has locked her line and another one, has a PIN, an exemption and a refused call."""
    eva = make.person("eva", extension="211", first_name="Eva", last_name="Wolf")
    other = make.person("fay", extension="212")
    pins.set_pin(eva, "4711", Actor(Through.PORTAL, eva))
    lock(lines_of([eva.pk]), Reason.SELF, Actor(Through.PORTAL, eva))
    lock(lines_of([eva.pk]), Reason.ADMINISTRATION, Actor(Through.PORTAL, admin), note="Lost badge")
    lock(lines_of([other.pk]), Reason.ADMINISTRATION, Actor(Through.PORTAL, eva))
    TimetableExemption.objects.create(timetable=Timetable.objects.create(name="Night", department=sales), person=eva)
    RefusedCall.objects.create(
        phone_system=make.phone_system(), number="211", called="+49301234567", user_id=eva.pk, department_id=sales.pk,
        reasons=["self"], device_name="SEP001",
    )  # fmt: skip
    return eva


def work() -> Job:
    """Do the latest job."""
    job = Job.objects.latest("pk")
    jobs.run(job.pk)
    return Job.objects.get(pk=job.pk)


def test_the_export_holds_locks_history_and_refused_calls_but_no_pin(desk: Client, eva: User) -> None:
    desk.post(reverse("export_person", args=[eva.pk]))
    answer = desk.post(reverse("download_export", args=[work().pk]))
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]
    assert "Lost badge" in archive.read("locks.csv").decode()
    assert len(archive.read("history_of_locks.csv").decode().splitlines()) == 1 + 4
    assert "+49301234567" in archive.read("refused_calls.csv").decode()
    assert Pin.objects.get().hashed not in archive.read("pin.csv").decode()


def test_an_erased_person_is_in_no_lock_and_no_history(desk: Client, eva: User) -> None:
    desk.post(reverse("erase_person", args=[eva.pk]), {"username": "eva"})
    assert work().state == "done"
    neutral = f"erased-{eva.pk}"
    assert sorted(Lock.objects.values_list("number", "reason", "by")) == [
        ("211", Reason.ADMINISTRATION, "Ada Novak"), ("212", Reason.ADMINISTRATION, neutral),
    ]  # fmt: skip
    assert not LockEvent.objects.filter(person=eva).exists()
    assert not LockEvent.objects.filter(by__contains="Wolf").exists()
    assert not Pin.objects.exists()
    assert not TimetableExemption.objects.exists()
    call = RefusedCall.objects.get()
    assert (call.user_id, call.number, call.called, call.device_name, bool(call.department_id)) == (
        None,
        "",
        "",
        "",
        True,
    )


def test_history_goes_with_the_calls_of_its_phone_system(eva: User) -> None:
    old = timezone.now() - timedelta(days=40)
    LockEvent.objects.filter(number="211").update(at=old)
    RefusedCall.objects.update(at=old)
    forget_old()
    assert RefusedCall.objects.exists()
    PhoneSystem.objects.update(keep_days=30)
    forget_old()
    assert not RefusedCall.objects.exists()
    assert set(LockEvent.objects.exclude(number="").values_list("number", flat=True)) == {"212"}


def test_history_of_pins_goes_with_the_longest_term(eva: User) -> None:
    LockEvent.objects.update(at=timezone.now() - timedelta(days=40))
    other = make.phone_system("other")
    PhoneSystem.objects.exclude(pk=other.pk).update(keep_days=30)
    for term, kept in ((None, True), (50, True), (35, False)):
        PhoneSystem.objects.filter(pk=other.pk).update(keep_days=term)
        forget_old()
        assert LockEvent.objects.filter(kind=Happened.PIN_SET).exists() == kept


def test_the_demo_shows_every_reason_once(admin: User) -> None:
    office = make.office()
    for name in ("anna", "sami"):
        make.membership(make.person(name, extension=f"9{len(name)}{name[0] > 'b':d}"), office=office)
    for number in range(80):
        make.membership(make.person(extension=f"6{number:03}"), office=office)
    for _time in range(2):
        set_demo_locks()
    assert LockSetUp.objects.count() == 1
    assert {Reason.SELF, Reason.ADMINISTRATION} <= set(Lock.objects.values_list("reason", flat=True))
    assert Timetable.objects.count() == 1
    assert LockEvent.objects.count() > 100
    assert pins.check_pin(User.objects.get(username="anna"), PIN, Actor(Through.PHONE)).right
