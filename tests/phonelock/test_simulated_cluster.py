"""The demo's UCM: takes the place of the phone system, asks the portal about calls, and is told what to do."""

import json
import urllib.request
from pathlib import Path

from pytest_django.live_server_helper import LiveServer

from accounting.models import Extension
from phonelock.models import EngineKind, LockSetUp, Reason, Through
from phonelock.services.demo_cluster import join_demo
from phonelock.services.locking import Actor, lock
from phonelock.services.telling import tell_due
from phonelock.simulator.server import Ucm, listening
from tests import factories as make

SOMEBODY = Actor(Through.PORTAL)


def passes(control: int, calling: str, partition: str = "") -> bool:
    """Place a call to the outside; return whether it passes."""
    order = json.dumps({"calling": calling, "called": "00301234567", "partition": partition}).encode()
    with urllib.request.urlopen(f"http://127.0.0.1:{control}/call", order, timeout=10) as answer:
        return bool(json.load(answer)["passes"])


def test_calls_from_locked_lines_do_not_pass(call_control: None, live_server: LiveServer, tmp_path: Path) -> None:
    asks, told = make.phone_system(), make.phone_system("cucm-b")
    LockSetUp.objects.create(phone_system=asks, engine=EngineKind.CALL_CONTROL, call_control_key="key")
    LockSetUp.objects.create(
        phone_system=told, engine=EngineKind.AXL, route_partition="PT_Internal", locked_css="CSS_Locked"
    )
    lines = [Extension.objects.create(phone_system=system, number=number) for system, number in
             ((asks, "4001"), (asks, "4002"), (told, "5001"), (told, "5002"))]  # fmt: skip
    ucm = Ucm(tmp_path)
    with listening(ucm) as (port, control):
        join_demo(ucm, port, live_server.url)
        assert all(passes(control, line.number) for line in lines[:2])
        lock([lines[0].pk, lines[2].pk], Reason.SELF, SOMEBODY)
        tell_due()
        assert [passes(control, number) for number in ("4001", "4002")] == [False, True]
        assert [passes(control, number, "PT_Internal") for number in ("5001", "5002")] == [False, True]
        ucm.call_control.look()
        assert ucm.state()["portal_alive"]
        ucm.call_control.profile.address = "http://127.0.0.1:9/nowhere/"
        assert passes(control, "4001"), "without an answer the profile decides"
        ucm.call_control.profile.on_failure = "block"
        assert not passes(control, "4001")
