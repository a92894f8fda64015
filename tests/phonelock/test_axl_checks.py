"""The checks of AXL and of registrations, at a cluster that answers as UCM does."""

from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from accounting.models import Device, LineAssignment, User
from phonelock.engines.base import EngineFault
from phonelock.models import EngineTurn, LockSetUp
from phonelock.services.registrations import MOST_A_MINUTE, addresses_of
from phonelock.simulator.server import Ucm
from tests.phonelock.clusters import line, running, set_up

pytestmark = pytest.mark.django_db
PHONE = "SEP001122334455"


@pytest.fixture
def ucm(tmp_path: Path, db: None) -> Iterator[Ucm]:
    with running(tmp_path / "ucm") as (found, port):
        set_up(found, port, push=True)
        yield found


def test_each_step_says_what_it_found(ucm: Ucm, admin: User, client: Client) -> None:
    desk = line(ucm, "211", phones=(PHONE,))
    LineAssignment.objects.create(extension=desk, user=admin)
    Device.objects.create(phone_system=desk.phone_system, name=PHONE, number="211")
    client.force_login(admin)
    entered = LockSetUp.objects.get()
    page = reverse("lock_checks", args=[entered.phone_system_id])

    def told() -> str:
        return unescape(strip_tags(client.post(page).content.decode()))

    everything = told()
    assert "speaks AXL 14.0" in everything
    assert "CSS_Locked exists" in everything
    assert "Line 211 (PT_Internal) can be read: CSS_Long_Distance" in everything
    assert f"{PHONE} is at 127.0.0.1" in everything
    LockSetUp.objects.update(axl_schema="9.0")
    assert "(599)" in told()
    LockSetUp.objects.update(axl_schema="12.5", locked_css="CSS_Lokced", route_partition="PT_Other")
    everything = told()
    assert "no calling search space CSS_Lokced" in everything
    assert "does not know line 211 (PT_Other)" in everything


def test_registrations_are_asked_for_once_and_never_too_often(ucm: Ucm) -> None:
    entered = LockSetUp.objects.select_related("phone_system").get()
    line(ucm, "211", phones=(PHONE, "SEP000000000002"))
    ucm.cluster.content.phones["SEP000000000002"].registered = False
    names = [PHONE, "SEP000000000002", "SEP000000000003"]
    known = addresses_of(entered, names)
    assert set(known) == {PHONE, "SEP000000000002"}
    assert (known[PHONE].address, known[PHONE].web_server, known[PHONE].load) == ("127.0.0.1", True, "sip88xx.14-2-1")
    assert (known["SEP000000000002"].address, known["SEP000000000002"].registered) == ("", False)
    addresses_of(entered, names)
    assert len(ucm.ris.asked) == 1, "remembered"
    addresses_of(entered, [f"SEP1{number:011}" for number in range(1200)])
    assert len(ucm.ris.asked) == 3, "a thousand at a time"
    for number in range(MOST_A_MINUTE - 3):
        addresses_of(entered, [f"SEP2{number:011}"])
    with pytest.raises(EngineFault) as refused:
        addresses_of(entered, ["SEP300000000000"])
    assert 50 < (refused.value.wait or 0) <= 60
    assert len(ucm.ris.asked) == MOST_A_MINUTE
    EngineTurn.objects.update(asked=[])
    ucm.troubles.plan("rate", "selectCmDevice")
    with pytest.raises(EngineFault):
        addresses_of(entered, ["SEP300000000000"])
    asked = len(ucm.ris.asked)
    with pytest.raises(EngineFault):
        addresses_of(entered, ["SEP300000000000"])
    assert len(ucm.ris.asked) == asked, "left alone for a minute after a rate fault"
