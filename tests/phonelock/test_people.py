"""Users: who sees and locks whose lines, the administration's lock, new PINs, and many lines at once."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounting.models import AuditEntry, Department, Extension, Job, LineAssignment, Membership, Office, User
from accounting.services import jobs
from phonelock.models import LineState, Lock, LockEvent, Pin, Reason, RefusedCall, Through
from phonelock.services import many, pins
from phonelock.services.locking import Actor, lines_of, lock
from phonelock.views import people
from tests import factories as make

pytestmark = pytest.mark.django_db


def client_of(user: User) -> Client:
    """Return a signed-in browser."""
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture(autouse=True)
def lines(ana: User, cleo: User, ben: User) -> dict[str, int]:
    """Ana and cleo hold a line, and ben, who leads ana, too."""
    make.lock_set_up(make.phone_system())
    found = {}
    for user, number in ((ana, "2001"), (cleo, "3001"), (ben, "2002")):
        line = Extension.objects.create(phone_system=make.phone_system(), number=number)
        LineAssignment.objects.create(extension=line, user=user)
        found[user.username] = line.pk
    return found


def listed(reader: User, **query: Any) -> list[str]:
    page = client_of(reader).get(reverse("lock_users"), query)
    assert page.status_code == 200
    return [row["person"].username for row in page.context["rows"]]


def tick(reader: User, line: int, *, locked: bool) -> str:
    """Use the check box, and return the list that follows."""
    answer = client_of(reader).post(
        reverse("lock_for_administration", args=[line]), {"locked": str(int(locked)), "back": "state="}, follow=True
    )
    return answer.content.decode() if answer.status_code == 200 else str(answer.status_code)


def test_supervisors_see_their_people_and_administrators_everybody(
    ana: User, ben: User, cleo: User, admin: User
) -> None:
    assert listed(ben) == ["ana"]
    assert set(listed(admin)) == {"ana", "ben", "cleo", "admin"}
    assert client_of(ana).get(reverse("lock_users")).status_code == 403


def test_the_list_is_narrowed_by_name_number_state_and_units(
    ana: User, admin: User, cleo: User, lines: dict[str, int]
) -> None:
    lock([lines["ana"]], Reason.BUDGET, Actor(Through.BUDGET))
    LineState.objects.filter(extension=lines["ana"]).update(due_at=timezone.now())
    office = Office.objects.create(name="Dubai", country="AE")
    Membership.objects.create(user=cleo, office=office)
    sales = Department.objects.get(name="Sales")
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({"search": "ruiz"}, ["ana"]), ({"search": "300"}, ["cleo"]), ({"search": "9"}, []),
        ({"state": "locked"}, ["ana"]),
        ({"state": "budget"}, ["ana"]), ({"state": "self"}, []), ({"state": "open"}, ["ben", "cleo"]),
        ({"state": "waiting"}, ["ana"]), ({"department": sales.pk}, ["ana"]), ({"office": office.pk}, ["cleo"]),
        ({"state": "nonsense"}, []), ({"office": "x"}, []),
    ]  # fmt: skip
    for query, expected in cases:
        assert listed(admin, **query) == expected, query


def test_the_check_box_sets_and_lifts_the_administrations_lock_only(
    ana: User, ben: User, admin: User, lines: dict[str, int]
) -> None:
    line = lines["ana"]
    lock([line], Reason.SELF, Actor(Through.PORTAL, ana))
    assert "lock on 2001 is set" in tick(ben, line, locked=True)
    tick(ben, line, locked=True)
    assert set(Lock.objects.values_list("reason", flat=True)) == {Reason.SELF, Reason.ADMINISTRATION}
    assert LockEvent.objects.filter(reason=Reason.ADMINISTRATION).count() == 1
    assert "The line stays locked: By the person." in tick(ben, line, locked=False)
    tick(admin, line, locked=True)
    page = tick(ben, line, locked=False)
    assert "Set by an administrator, who alone lifts it." in page
    assert Lock.objects.filter(reason=Reason.ADMINISTRATION).exists()
    tick(admin, line, locked=False)
    assert Lock.objects.get().reason == Reason.SELF


def test_supervisors_do_not_reach_other_lines_nor_their_own(
    ben: User, ana: User, cleo: User, lines: dict[str, int]
) -> None:
    assert tick(ben, lines["cleo"], locked=True) == "404"
    assert tick(ben, lines["ben"], locked=True) == "404"
    Membership.objects.create(user=ben, department=Department.objects.get(name="Sales"))
    assert "somebody else decides" in tick(ben, lines["ben"], locked=True)
    client_of(ben).post(reverse("lock_many"), {})
    assert list(Lock.objects.values_list("extension", flat=True)) == [lines["ana"]]
    assert client_of(ben).get(reverse("lock_line", args=[lines["cleo"]])).status_code == 404
    assert client_of(ben).post(reverse("reset_pin", args=[cleo.pk])).status_code == 404
    assert client_of(ana).post(reverse("reset_pin", args=[ana.pk])).status_code == 403


def test_a_line_has_its_history_and_its_refused_calls(ana: User, ben: User, lines: dict[str, int]) -> None:
    line, client = lines["ana"], client_of(ben)
    answer = client.post(
        reverse("lock_for_administration", args=[line]),
        {"locked": "1", "back": "line", "end": "moment", "moment": "2001-01-01T00:00"}, follow=True,
    )  # fmt: skip
    assert "must lie in the future" in answer.content.decode()
    assert 'value="2001-01-01T00:00"' in answer.content.decode()
    assert client.get(reverse("lock_for_administration", args=[line])).status_code == 302
    client.post(reverse("lock_for_administration", args=[line]), {"locked": "1", "back": "line", "note": "Theft"})
    page = client.get(reverse("lock_line", args=[line])).content.decode()
    assert page.count("Theft") == 2
    sales = Department.objects.get(name="Sales")
    RefusedCall.objects.create(
        phone_system=make.phone_system(), extension_id=line, number="2001", called="+49301234567", user_id=ana.pk,
        department_id=sales.pk, reasons=["admin"],
    )  # fmt: skip
    make.masking_rule(digits=3)
    page = client.get(reverse("lock_line_refused", args=[line])).content.decode()
    assert "+49 30 1234***" in page
    assert "1234567" not in page


def test_a_new_pin_is_told_once_and_kept_by_no_cache(ana: User, ben: User) -> None:
    answer = client_of(ben).post(reverse("reset_pin", args=[ana.pk]))
    pin = answer.context["pin"]
    assert pin in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert Pin.objects.get(user=ana).is_temporary
    assert pins.check_pin(ana, pin, Actor(Through.PHONE, ana)).right
    assert not AuditEntry.objects.filter(details__icontains=pin).exists()
    again = client_of(ben).get(reverse("reset_pin", args=[ana.pk]))
    assert (again.status_code, LockEvent.objects.count()) == (302, 1)


def test_many_lines_are_locked_after_a_question_that_counts_and_names_them(
    ana: User, cleo: User, admin: User, lines: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(admin)
    monkeypatch.setattr(people, "FIRST", 2)
    question = client.get(reverse("lock_many"))
    assert "Lock 3 lines" in question.content.decode()
    assert [(line.number, holder.username) for line, holder in question.context["first"]] == [
        ("2001", "ana"), ("2002", "ben"),
    ]  # fmt: skip
    assert "and 1 more line" in question.content.decode()
    until = timezone.localtime() + timedelta(days=1)
    typed = {"end": "moment", "moment": until.strftime("%Y-%m-%dT%H:%M"), "note": "Holidays"}
    for _click in range(2):
        client.post(reverse("lock_many"), typed)
    assert Lock.objects.filter(reason=Reason.ADMINISTRATION, note="Holidays").exclude(until=None).count() == 3
    assert LockEvent.objects.count() == 3
    entry = AuditEntry.objects.filter(subject_type=many.SUBJECT).order_by("pk").first()
    assert entry
    assert entry.details == {"rows": 3, "filters": "everybody"}
    page = client.post(f"{reverse('unlock_many')}?search=ruiz", {}, follow=True).content.decode()
    assert "lock of 1 line is lifted" in page
    assert set(Lock.objects.values_list("extension", flat=True)) == {lines["cleo"], lines["ben"]}


def test_more_lines_than_a_request_can_change_are_a_job(
    ana: User, admin: User, lines: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many, "AT_ONCE", 2)
    monkeypatch.setattr(many, "STEP", 2)
    client = client_of(admin)
    client.post(reverse("lock_many"), {"note": "Move"})
    job = Job.objects.get()
    assert not Lock.objects.exists()
    jobs.run(job.pk)
    assert Lock.objects.filter(note="Move", by_administrator=True).count() == 3
    page = client.get(reverse("job", args=[job.pk]), follow=True).content.decode()
    assert "3 lines are now locked by the administration." in page


def test_another_order_for_many_lines_is_not_lost_silently(
    ana: User, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many, "AT_ONCE", 0)
    lock(lines_of([ana.pk]), Reason.ADMINISTRATION, Actor(Through.PORTAL, admin))
    client = client_of(admin)
    for _click in range(2):
        assert "Nothing was changed" not in client.post(reverse("lock_many"), {}, follow=True).content.decode()
    assert "Nothing was changed" in client.post(reverse("unlock_many"), {}, follow=True).content.decode()
    jobs.run(Job.objects.get().pk)
    assert Lock.objects.count() == 3


def test_the_list_asks_as_much_for_many_people_as_for_few(admin: User, sales: Department) -> None:
    client = client_of(admin)

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get(reverse("lock_users"))
        return len(asked)

    before = queries()
    for number in range(20):
        lock(lines_of([make.person(extension=f"5{number:03}").pk]), Reason.TIMETABLE, Actor(Through.TIMETABLE))
    assert queries() == before
