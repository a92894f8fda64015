"""The demo's UCM: gives the simulated cluster the lines and phones of the demo, and the demo its address."""

from accounting.models import Device, Extension
from phonelock.models import EngineKind, LockSetUp
from phonelock.services.turns import resume
from phonelock.simulator.call_control import Profile
from phonelock.simulator.cluster import Css, Line, Phone
from phonelock.simulator.phones import address_for
from phonelock.simulator.server import PASSWORD, USERNAME, Ucm

PARTITION, OWN_CSS, LOCKED_CSS = "PT_Internal", "CSS_International", "CSS_Locked"


def join_demo(ucm: Ucm, port: int, portal: str) -> None:
    """Let the simulated cluster be the phone system of every set-up that has no real one.

    `portal` is the address at which it asks about calls. Phone systems with another AXL user are left alone.
    """
    for set_up in LockSetUp.objects.select_related("phone_system"):
        system = set_up.phone_system
        if set_up.engine == EngineKind.CALL_CONTROL and not system.address:
            ucm.call_control.profile = Profile(f"{portal.rstrip('/')}/ecc/{set_up.call_control_key}/")
        if set_up.engine != EngineKind.AXL or (system.address and system.axl_username != USERNAME):
            continue
        fill(ucm, set_up)
        system.address, system.certificate = f"localhost:{port}", ucm.chain.read_text(encoding="utf-8")
        system.axl_username, system.axl_password = USERNAME, PASSWORD
        system.save(update_fields=["address", "certificate", "axl_username", "axl_password"])
        resume(system.pk)


def fill(ucm: Ucm, set_up: LockSetUp) -> None:
    """Add what the cluster does not hold yet: calling search spaces, the lines, and each line on its phone."""
    phones: dict[str, str] = {}
    devices = Device.objects.filter(phone_system=set_up.phone_system_id, name__startswith="SEP").exclude(number="")
    for name, number in devices.values_list("name", "number"):
        phones.setdefault(number, name)
    numbers = Extension.objects.filter(phone_system=set_up.phone_system_id).values_list("number", flat=True)
    with ucm.cluster.changing() as content:
        content.css.setdefault(OWN_CSS, Css("{5D0C1E5A-0000-4000-8000-000000000001}"))
        content.css.setdefault(set_up.locked_css or LOCKED_CSS, Css("{5D0C1E5A-0000-4000-8000-000000000002}", True))
        for number in numbers:
            pattern = number.replace("+", "\\+")
            key = f"{set_up.route_partition}/{pattern}"
            if key not in content.lines:
                content.lines[key] = Line(OWN_CSS, OWN_CSS)
                if number in phones:
                    place = {"index": "1", "label": "", "display": number, "e164Mask": ""}
                    place |= {"pattern": pattern, "routePartitionName": set_up.route_partition}
                    phone = Phone([place | {"maxNumCalls": "4", "busyTrigger": "2"}], address_for(phones[number]))
                    content.phones[phones[number]] = phone
