"""Everything that calls are attributed, classified and priced by, read once and kept until it changes."""

from dataclasses import dataclass

from accounting.models import Device, Extension, Gateway, PhoneSystem, ReferenceRevision
from accounting.services.attributing import Directory, load_directory
from accounting.services.classifying import NumberPlan, load_number_plan
from accounting.services.rating import PriceBook, load_price_book
from accounting.services.topology import KnownGateway, Topology


@dataclass(slots=True)
class Reference:
    """One revision of people, lines, rules and prices."""

    revision: int
    directory: Directory
    plan: NumberPlan
    book: PriceBook
    topologies: dict[int, Topology]

    def topology(self, phone_system: PhoneSystem) -> Topology:
        """Return the devices and numbers of a phone system."""
        if phone_system.pk not in self.topologies:
            self.topologies[phone_system.pk] = load_topology(phone_system, self.plan)
        return self.topologies[phone_system.pk]


_kept: list[Reference] = []


def current_reference() -> Reference:
    """Return the reference of the database's revision; one small query when nothing has changed."""
    revision = ReferenceRevision.objects.filter(pk=1).values_list("number", flat=True).first() or 0
    if not _kept or _kept[0].revision != revision:
        _kept[:] = [Reference(revision, load_directory(), load_number_plan(), load_price_book(), {})]
    return _kept[0]


def forget_reference() -> None:
    """Forget what was read, for instance after a rollback that undid discovered gateways."""
    _kept.clear()


def load_topology(phone_system: PhoneSystem, plan: NumberPlan) -> Topology:
    """Read gateways, phones and extensions of a phone system."""
    gateways = Gateway.objects.filter(phone_system=phone_system)
    extensions = Extension.objects.filter(phone_system=phone_system)
    return Topology(
        office_id=phone_system.office_id,
        plan=plan,
        gateways={gateway.device_name: known_gateway(gateway) for gateway in gateways},
        devices={},
        waiting={},
        extensions=set(extensions.filter(found_in_calls=False).values_list("number", flat=True)),
        seen=set(extensions.values_list("number", flat=True)),
    )


def known_gateway(gateway: Gateway) -> KnownGateway:
    """Return a gateway as calls need it; one that was found in calls counts as entered once somebody completed it."""
    completed = gateway.name or gateway.office_id or gateway.network != Gateway.Network.PUBLIC
    return KnownGateway(
        gateway.pk, gateway.office_id, gateway.network, entered=bool(not gateway.found_in_calls or completed)
    )


def refresh_devices(topology: Topology, phone_system: PhoneSystem) -> None:
    """Read the phones that another worker has entered since the last look; the caller holds the phone system's lock."""
    rows = Device.objects.filter(phone_system=phone_system, pk__gt=topology.newest_device).order_by("pk")
    for pk, name, number, first_seen, pilot in rows.values_list("pk", "name", "number", "first_seen", "pilot"):
        topology.newest_device = pk
        if number:
            topology.see_device(name, number, int(first_seen.timestamp()) if first_seen else 0)
        elif name not in topology.devices:
            topology.waiting.setdefault(name, set()).add(pilot)
