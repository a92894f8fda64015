"""Gateways at their limit, exact to the second (EX-4, EX-7)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounting.models import CallRecord, User
from alarms.kinds import KINDS, reasons
from alarms.models import Result
from alarms.services.behind import calls_address, calls_of
from tests import factories as make
from tests.alarms.rules import look, parameters, raised, rule

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


@pytest.fixture
def admin() -> User:
    """Return somebody who sees all calls."""
    return make.administrator()


def taken(begin: datetime, end: datetime, gateway: int) -> CallRecord:
    """Make a call that takes a channel."""
    return make.record(started_at=begin, ended_at=end, gateway_id=gateway, carries_trunk=True)


def test_calls_that_touch_are_not_at_the_same_time(admin: User) -> None:
    gateway = make.gateway(channels=4)
    one = rule("gateway_limit", admin, percent=50)
    taken(NOON, NOON + MINUTE, gateway.pk), taken(NOON + MINUTE, NOON + 3 * MINUTE, gateway.pk)
    assert look(one).raised == 0
    taken(NOON + 3 * MINUTE - SECOND, NOON + 4 * MINUTE, gateway.pk)
    (alarm,) = raised(one)
    assert (alarm.gateway_id, alarm.happened_at) == (gateway.pk, NOON)
    assert datetime.fromisoformat(alarm.facts["reached"]) == NOON + 3 * MINUTE - SECOND
    assert KINDS["gateway_limit"].sentence(alarm) == "2 calls at the same time on 4 channels"
    taken(NOON, NOON + 5 * MINUTE, gateway.pk)
    assert look(one).raised == 0


def test_each_hour_of_a_long_load_or_once_a_day(admin: User) -> None:
    gateway, other = make.gateway(channels=1), make.gateway("GW-2")
    hourly, daily = rule("gateway_limit", admin), rule("gateway_limit", admin, within="day")
    taken(NOON - 30 * MINUTE, NOON + 90 * MINUTE, gateway.pk)
    taken(NOON, NOON + MINUTE, other.pk)
    assert [alarm.happened_at for alarm in raised(hourly)] == [
        NOON - 60 * MINUTE, NOON, NOON + 60 * MINUTE,
    ]  # fmt: skip
    assert len(raised(daily)) == 1


def test_the_page_shows_the_calls_of_that_gateway_and_time(client: Client, admin: User) -> None:
    gateway, other = make.gateway(channels=1), make.gateway("GW-2")
    hourly, daily = rule("gateway_limit", admin), rule("gateway_limit", admin, within="day")
    call = taken(NOON + 10 * MINUTE, NOON + 11 * MINUTE, gateway.pk)
    taken(NOON + 80 * MINUTE, NOON + 81 * MINUTE, gateway.pk), taken(NOON, NOON + MINUTE, other.pk)
    client.force_login(admin)
    first, second = raised(hourly)
    page, report = client.get(f"/alarms/{first.pk}/").text, calls_address(first)
    assert reverse("call", args=[call.pk]) in page
    assert f'href="{report.replace("&", "&amp;")}"' in page
    assert reverse("call", args=[call.pk]) in client.get(report).text
    assert [calls_of(one, admin).count() for one in (first, second, *raised(daily))] == [1, 1, 2]
    assert reverse("call", args=[call.pk]) not in client.get(calls_address(second)).text


def test_administrators_only_and_gateways_that_are_there(admin: User) -> None:
    gateway = make.gateway(channels=1)
    one = rule("gateway_limit", admin, gateways=[gateway.pk])
    form = KINDS["gateway_limit"].form(owner=admin)
    assert "cannot be watched" not in form.fields["gateways"].help_text
    make.gateway("GW-2")
    form = KINDS["gateway_limit"].form(owner=admin)
    assert "1 gateway has no number of channels" in form.fields["gateways"].help_text
    gateway.channels = None
    gateway.save()
    make.record()
    assert look(one).reason == reasons.WRONG_PARAMETERS
    sales = make.department()
    boss = make.supervisor(of=sales)
    make.record(department_id=sales.pk)
    two = rule("gateway_limit", boss)
    make.record(department_id=sales.pk)
    run = look(two)
    assert (run.result, run.reason) == (Result.FAILED, reasons.NO_RIGHTS)
    assert parameters("gateway_limit", admin)["percent"] == 90


def test_it_is_offered_to_administrators_only(client: Client, admin: User) -> None:
    kinds, new = reverse("add_alarm_rule"), reverse("add_alarm_rule_of", args=["gateway_limit"])
    client.force_login(admin)
    assert new in client.get(kinds).text
    assert client.get(new).status_code == 200
    client.force_login(make.supervisor(of=make.department()))
    assert new not in client.get(kinds).text
    assert client.get(new).status_code == 403
