"""The Budget Control gadget: what is left, and the calls that count."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.test import Client

from accounting.models import Extension, GadgetRules, Kind, LineAssignment, User
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
