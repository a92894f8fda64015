"""What a batch of call records shows of its phone system: whose phone is whose since when, gateways and extensions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from accounting.models import CallRecord, Device, Extension, Gateway, PhoneSystem
from accounting.services.parting import Part, destination, is_recording, origin
from accounting.services.reference import known_gateway, refresh_devices
from accounting.services.topology import End, Topology, is_phone_name
from accounting.sources.base import Leg
from accounting.sources.cucm import LATEST


@dataclass(slots=True)
class Discovery:
    """Enters what nobody has entered; the caller holds the phone system's lock."""

    phone_system: PhoneSystem
    topology: Topology
    new_extensions: dict[str, int] = field(default_factory=dict)
    """Extensions seen for the first time, and when (epoch seconds)."""
    new_waiting: set[tuple[str, str]] = field(default_factory=set)
    """Phones whose extension is not known, with the hunt pilots under which their calls stand."""

    def look(self, legs: list[Leg]) -> set[int]:
        """Remember which extension is on which phone, and gateways that nobody has entered.

        Returns the numbers of stored calls that can now be told better.
        """
        devices, gateways, ends = self.topology.devices, self.topology.gateways, self.topology.ends
        phone = End.EXTENSION
        seen: dict[tuple[str, str], int] = {}
        trunks: set[str] = set()
        for leg in legs:
            orig, dest = leg.orig_device, leg.dest_device
            if orig not in gateways:
                known = devices.get(orig)
                if (not known or leg.originated < known.get(leg.calling[:50], LATEST)) and self.shows_phone(leg):
                    line = (orig, leg.calling[:50])
                    seen[line] = min(leg.originated, seen.get(line, LATEST))
                elif ends.get((orig, leg.incoming_protocol)) is not phone and self.is_new_trunk(orig, origin, leg):
                    trunks.add(orig)
            if (
                dest not in gateways
                and ends.get((dest, leg.outgoing_protocol)) is not phone
                and self.is_new_trunk(dest, destination, leg)
            ):
                trunks.add(dest)
        self.enter_gateways(trunks)
        return self.enter_devices(seen) if seen else set()

    def is_new_trunk(self, device: str, side: Callable[[Leg, Topology], End], leg: Leg) -> bool:
        """Return whether a device that is no known gateway is a trunk on its side of a record."""
        return device != "" and side(leg, self.topology) is End.TRUNK

    def shows_phone(self, leg: Leg) -> bool:
        """Return whether a record shows an extension on a phone."""
        return (
            leg.calling != ""
            and is_phone_name(leg.orig_device)
            and not is_recording(leg)
            and origin(leg, self.topology) is End.EXTENSION
        )

    def enter_devices(self, seen: Mapping[tuple[str, str], int]) -> set[int]:
        """Enter since when extensions are on phones; returns stored calls of hunt groups that now have another member.

        Rows are replaced, not changed: other workers look for new ones only.
        """
        system, topology = self.phone_system, self.topology
        names = {name for name, _ in seen}
        waited = {name: topology.waiting[name] for name in names & topology.waiting.keys()}
        old = Device.objects.filter(phone_system=system, name__in=names).values_list("pk", "name", "number")
        replaced = [pk for pk, name, number in old if not number or (name, number) in seen]
        Device.objects.filter(pk__in=replaced).delete()
        rows = [
            Device(phone_system=system, name=name, number=number, first_seen=datetime.fromtimestamp(moment, UTC))
            for (name, number), moment in seen.items()
        ]
        Device.objects.bulk_create(rows, batch_size=1000)
        refresh_devices(topology, system)
        standing = {name: topology.devices[name].keys() | waited.get(name, set()) for name in names}
        return self.misplaced_calls({name: numbers for name, numbers in standing.items() if len(numbers) > 1})

    def misplaced_calls(self, standing: Mapping[str, set[str]]) -> set[int]:
        """Return stored calls that stand under one of these numbers of a phone but belong to another extension."""
        if not standing:
            return set()
        records = CallRecord.objects.filter(
            phone_system_id=self.phone_system.pk, extension__in=set().union(*standing.values()), device__in=standing
        ).exclude(hunt_pilot="")
        columns = records.values_list("call_id", "extension", "device", "started_at")
        return {
            call_id
            for call_id, extension, device, started in columns
            if extension != self.topology.number_of_device(device, int(started.timestamp()))
        }

    def enter_gateways(self, names: set[str]) -> None:
        """Enter gateways found in calls, to be completed by an administrator."""
        if not names:
            return
        system = self.phone_system
        rows = [Gateway(phone_system=system, device_name=name, found_in_calls=True) for name in sorted(names)]
        Gateway.objects.bulk_create(rows, ignore_conflicts=True)
        for gateway in Gateway.objects.filter(phone_system=system, device_name__in=names):
            self.topology.gateways[gateway.device_name] = known_gateway(gateway)

    def notice(self, part: Part) -> None:
        """Remember an extension that is seen for the first time (CDR-6), and a phone whose extension nobody knows yet.

        Calls of such a phone stand under the hunt pilot until somebody has called from it.
        """
        extension = part.extension
        if extension not in self.topology.seen and extension and not part.stand_in:
            self.topology.seen.add(extension)
            self.new_extensions[extension] = part.started
        if part.hunt_pilot and extension == part.hunt_pilot and is_phone_name(part.device):
            self.new_waiting.add((part.device, part.hunt_pilot))

    def write(self) -> None:
        """Enter the extensions and phones that were noticed."""
        system, topology = self.phone_system, self.topology
        waiting = [
            Device(phone_system=system, name=name, pilot=pilot)
            for name, pilot in sorted(self.new_waiting)
            if name not in topology.devices and pilot not in topology.waiting.get(name, ())
        ]
        Device.objects.bulk_create(waiting, ignore_conflicts=True, batch_size=1000)
        extensions = [
            Extension(
                phone_system=system, number=number, found_in_calls=True,
                first_seen=datetime.fromtimestamp(started, UTC),
            )
            for number, started in self.new_extensions.items()
        ]  # fmt: skip
        Extension.objects.bulk_create(extensions, ignore_conflicts=True, batch_size=1000)
