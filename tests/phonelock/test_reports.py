"""The reports of lock events and refused calls: scope, masks, charts and exports."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounting.models import CallType, Department, MaskingRule, Office, Role, User
from phonelock.models import LockEvent, Reason, RefusedCall, Through
from phonelock.services.locking import Actor, lines_of, lock, release
from phonelock.services.pins import reset_pin
from tests import factories as make

pytestmark = pytest.mark.django_db


def client_of(user: User) -> Client:
    """Return a signed-in browser."""
    client = Client()
    client.force_login(user)
    return client


def report(reader: User, slug: str, **query: str) -> str:
    return client_of(reader).get(reverse("report", args=[slug]), query).content.decode()


@pytest.fixture
def eva(sales: Department) -> User:
    eva = make.person("eva", extension="211", last_name="Wolf")
    make.membership(eva, department=sales)
    return eva


def test_lock_events_are_those_of_the_people_in_scope(eva: User, ben: User, cleo: User, admin: User) -> None:
    lines = lines_of([eva.pk])
    lock(lines, Reason.ADMINISTRATION, Actor(Through.PORTAL, admin), note="Lost badge")
    release(lines, Reason.ADMINISTRATION, Actor(Through.PORTAL, admin))
    reset_pin(eva, Actor(Through.PORTAL, ben))
    for reader in (eva, ben, admin):
        page = report(reader, "lock-events")
        assert all(text in page for text in ("Locked by the administration", "Lost badge", "PIN reset", "Wolf"))
    assert "Wolf" not in report(cleo, "lock-events")
    LockEvent.objects.update(at=timezone.now() - timedelta(days=60))
    assert "Lost badge" not in report(admin, "lock-events")
    assert "Lost badge" in report(admin, "lock-events", period="all")


def test_refused_calls_are_masked_and_drawn(
    eva: User, ben: User, cleo: User, sales: Department, tmp_path: Path
) -> None:
    office = Office.objects.create(name="Berlin", country="DE", private_prefix="8")
    make.masking_rule(digits=3)
    make.masking_rule(Role.USER, 4, call_type=CallType.MOBILE)
    for day, called in ((16, "+49301234567"), (17, "+49301234567"), (17, "80301112223")):
        RefusedCall.objects.create(
            at=datetime(2026, 11, day, 23, 30, tzinfo=UTC), phone_system=make.phone_system(), number="211",
            called=called, user_id=eva.pk, department_id=sales.pk, office_id=office.pk, reasons=["budget"],
        )  # fmt: skip
    page = report(ben, "refused-calls", period="all")
    assert "+49 30 1234***" in page
    assert "Budget used up" in page
    assert "1234567" not in page
    assert "1112223" not in page  # dialled privately: nobody else's business
    assert "+49 30 1234567" in report(eva, "refused-calls", period="all")  # the own calls are not masked
    assert "1112223" in report(eva, "refused-calls", period="all").replace(" ", "")
    MaskingRule.objects.filter(role=Role.USER).update(own_calls=True)
    assert "+49 30 123****" in report(eva, "refused-calls", period="all")
    assert "Wolf: 3" in page
    assert "18 Nov 2026: 2" in page  # 23:30 UTC is the next day in Berlin
    assert "Budget used up" not in report(cleo, "refused-calls", period="all")
    path = tmp_path / "refused.csv"
    call_command("run_report", "refused-calls", user="ben", query="?period=all", format="csv", output=path)
    content = path.read_text("utf-8-sig")
    assert content.count("Wolf") == 3
    assert "1234567" not in content


def test_reports_of_locks_are_narrowed_by_people_and_units_and_refuse_the_rest(eva: User, admin: User) -> None:
    make.person("finn", extension="212", last_name="Finn")
    for name in ("eva", "finn"):
        lock(lines_of([User.objects.get(username=name).pk]), Reason.ADMINISTRATION, Actor(Through.PORTAL, admin))
    page = report(admin, "lock-events", person="eva")
    assert "Wolf" in page
    assert "Finn" not in page.partition("<tbody")[2].partition("</tbody")[0]
    desk = client_of(admin)
    for slug, query in (
        ("lock-events", {"call_type": "mobile"}),
        ("refused-calls", {"where": "talk.ge(20)"}),
        ("budgets", {"gateway": "id:1"}),
        ("collection-log", {"person": "eva"}),
    ):
        refused = desk.get(reverse("report", args=[slug]), query)
        assert refused.status_code == 400
    assert (
        "cannot be narrowed by “Talk time”"
        in desk.get(reverse("report", args=["refused-calls"]), {"where": "talk.ge(20)"}).content.decode()
    )


def test_lock_events_are_narrowed_by_what_happened_and_put_in_order_of_time(eva: User, admin: User) -> None:
    finn = make.person("finn", extension="212", last_name="Abel")
    actor = Actor(Through.PORTAL, admin)
    for person in (eva, finn):
        lock(lines_of([person.pk]), Reason.ADMINISTRATION, actor)
    release(lines_of([eva.pk]), Reason.ADMINISTRATION, actor)
    reset_pin(finn, actor)
    for query, names in (
        ({}, "Abel Abel Wolf Wolf"),
        ({"sort": "time"}, "Wolf Abel Wolf Abel"),
        ({"sort": "-time"}, "Abel Wolf Abel Wolf"),
        ({"event": "locked"}, "Abel Wolf"),
        ({"event": "released,pin_reset"}, "Abel Wolf"),
        ({"where": "event.is(released)"}, "Wolf"),
        ({"event": "locked", "person": "finn"}, "Abel"),
    ):
        assert " ".join(re.findall("Abel|Wolf", rows_of(report(admin, "lock-events", **query)))) == names
    form = report(admin, "lock-events", options="open", sort="-time")
    assert '<option value="-time" selected>Newest first</option>' in form
    assert "PIN changed" in form
    assert 'name="group"' not in form


def rows_of(page: str) -> str:
    """Return the body of a page's table."""
    return page.partition("<tbody")[2].partition("</tbody")[0]


def test_lock_events_are_no_filter_of_calls(admin: User) -> None:
    for slug, query in (("calls", {"event": "locked"}), ("by-day", {"where": "event.is(locked)"})):
        refused = client_of(admin).get(reverse("report", args=[slug]), query)
        assert refused.status_code == 400
        assert "cannot be narrowed by “What happened”" in refused.content.decode()
    assert 'name="event"' not in report(admin, "calls", options="open")
