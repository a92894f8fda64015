"""The Budget Control gadget: what is left, and the calls that count."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounting.models import CallRecord, Extension, GadgetRules, Kind, LineAssignment, User
from budget.models import Budget, BudgetPeriod
from budget.services.following import follow
from tests import factories as make
from tests.budget.world import arrive, budget
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)


def test_the_gadget_shows_what_is_left_and_the_calls_of_the_period(client: Client, ana: User) -> None:
    with time_machine.travel(NOW, tick=False):
        GadgetRules(enabled=True).save()
        extension = Extension.objects.create(phone_system=make.phone_system(), number="2001")
        LineAssignment.objects.create(extension=extension, user=ana)
        budget(person=ana, name="Ana's calls")
        arrive(ana, NOW, cost=Decimal("0.5"))
        arrive(ana, NOW - timedelta(days=30), cost=Decimal("0.4"))
        arrive(ana, NOW, cost=None, currency="", kind=Kind.INTERNAL)
        follow()
        client.post("/gadgets/sign-in/", {"username": "ana", "password": PASSWORD})
        page = client.get("/gadgets/budget/")
        assert "€1.50" in page.content.decode()
        assert page.context["fragment"].count("data-record") == 1
        tag = f'"{page.context["etag"]}"'
        assert client.get("/gadgets/budget/live/", headers={"If-None-Match": tag}).status_code == 304
        arrive(ana, NOW, cost=Decimal("0.2"))
        follow()
        assert "€1.30" in client.get("/gadgets/budget/live/", headers={"If-None-Match": tag}).content.decode()


def test_an_unchanged_gadget_reads_no_calls_and_every_change_of_the_budget_is_news(client: Client, ana: User) -> None:
    with time_machine.travel(NOW, tick=False):
        GadgetRules(enabled=True).save()
        LineAssignment.objects.create(
            extension=Extension.objects.create(phone_system=make.phone_system(), number="2001"), user=ana
        )
        other = make.person(extension="2002")
        rule = budget(person=ana, name="Calls")
        arrive(ana, NOW, cost=Decimal("0.5"))
        follow()
        client.post("/gadgets/sign-in/", {"username": "ana", "password": PASSWORD})

        def asked(tag: str) -> tuple[int, str, str]:
            """Return status, new tag and the statements of a question."""
            with CaptureQueriesContext(connection) as queries:
                answer = client.get("/gadgets/budget/live/", headers={"If-None-Match": tag})
            return answer.status_code, answer["ETag"], " ".join(query["sql"] for query in queries)

        _status, tag, _read = asked("")
        status, tag, read = asked(tag)
        assert status == 304
        assert CallRecord._meta.db_table not in read
        arrive(other, NOW, cost=Decimal("0.1"))
        status, tag, _read = asked(tag)
        assert status == 304, "a call of somebody else is no news"
        for change in ({"name": "Telephone"}, {"count_private": True}, {"active": False}):
            Budget.objects.filter(pk=rule.pk).update(**change)
            status, tag, _read = asked(tag)
            assert status == 200, change
        BudgetPeriod.objects.update(topped_up=1_000_000)
        assert asked(tag)[0] == 200
