"""What the two ends of a call are: extension, trunk, voicemail or conference, by configuration first, then by shape."""

import re
from dataclasses import dataclass, field
from enum import Enum

from accounting.services.classifying import NumberPlan

PHONE = re.compile(r"^(SEP|ATA|AN|VGC?)[0-9A-F]{10,15}$", re.IGNORECASE)
SOFT_PHONE = re.compile(r"^(SEP|CSF|BOT|TCT|TAB|ATA|CIPC|UPC|CTIRD|RDP|UDP|SPARK|WBX|ECP)", re.IGNORECASE)
TRUNK = re.compile(r"^\d{1,3}(\.\d{1,3}){3}$|^(?!AALN/)[A-Z0-9-]+/.*@|^(BRI|S\d+)/", re.IGNORECASE)
"""An analogue port (AALN/...) is a telephone or a line: the record's partitions tell."""
VOICEMAIL_PORT = re.compile(r"^CiscoUM|-VI\d+$", re.IGNORECASE)
BRIDGE = re.compile(r"^[bc]00\d+$")
TRUNK_PROTOCOLS = frozenset({1, 2, 4})
"""SIP, H.323 and Q.931 beside a device name that is no phone's: a trunk (0 phone, 3 CTI)."""


class End(Enum):
    """What stands at one end of a call detail record."""

    # Two hashes for each record: that of Enum runs Python code.
    __hash__ = object.__hash__

    EXTENSION = "extension"
    TRUNK = "trunk"
    VOICEMAIL = "voicemail"
    BRIDGE = "bridge"


@dataclass(slots=True)
class KnownGateway:
    """A gateway: its id, its office and what lies behind it; one that was only found in calls decides nothing."""

    id: int
    office_id: int | None
    network: str
    entered: bool


@dataclass(slots=True)
class Topology:
    """The devices and numbers of one phone system."""

    office_id: int | None
    plan: NumberPlan
    gateways: dict[str, KnownGateway]
    devices: dict[str, dict[str, int]]
    """The extensions seen on each phone, and since when (epoch seconds, 0: ever)."""
    waiting: dict[str, set[str]]
    """Hunt pilots under which calls of a phone stand until its extension is known."""
    extensions: set[str]
    """Extensions that somebody entered; found ones do not count, so that the order of files changes nothing."""
    seen: set[str]
    """Every extension in the list, also those found in calls."""
    newest_device: int = 0
    ends: dict[tuple[str, int], End | None] = field(default_factory=dict)

    def end(self, device: str, protocol: int, number: str, *, own_line: bool) -> End:
        """Return what stands at a device with a number.

        The device decides; without one that tells, `own_line` (the record shows a line of this system) or the number.
        """
        if number[1:3] == "00" and BRIDGE.match(number):
            return End.BRIDGE
        try:
            known = self.ends[device, protocol]
        except KeyError:
            known = self.ends[device, protocol] = self.end_of_device(device, protocol)
        if known:
            return known
        return End.EXTENSION if own_line or self.is_own(number) else End.TRUNK

    def is_voicemail(self, number: str) -> bool:
        """Return whether the site's rules name a number as voicemail."""
        return self.plan.is_voicemail(self.office_id, number)

    def end_of_device(self, device: str, protocol: int) -> End | None:
        """Return what a device is by set-up, name or protocol; None when only the number can tell."""
        gateway = self.gateways.get(device)
        if gateway and gateway.entered:
            return End.VOICEMAIL if gateway.network == "voicemail" else End.TRUNK
        if VOICEMAIL_PORT.search(device):
            return End.VOICEMAIL
        if PHONE.match(device):
            return End.EXTENSION
        if SOFT_PHONE.match(device):
            # A trunk may be called like one (SPARK-SBC): beside a trunk's protocol the record's partitions tell.
            return None if protocol in TRUNK_PROTOCOLS else End.EXTENSION
        if TRUNK.match(device) or (device and protocol in TRUNK_PROTOCOLS):
            return End.TRUNK
        return None

    def is_own(self, number: str) -> bool:
        """Return whether a number is an own extension: known, or by the site's rules."""
        return number in self.extensions or self.plan.is_extension(self.office_id, number)

    def is_bridge(self, number: str) -> bool:
        """Return whether a number is the name of a conference bridge."""
        return number[1:3] == "00" and BRIDGE.match(number) is not None

    def is_internal_trunk(self, device: str) -> bool:
        """Return whether a trunk leads to another phone system of the organisation."""
        gateway = self.gateways.get(device)
        return gateway is not None and gateway.network == "internal"

    def number_of_device(self, device: str, moment: int) -> str:
        """Return the extension that a phone had at a moment: the last one before, else the first; '' for none.

        What is remembered is when each extension was first seen on it, so the order of files changes nothing.
        """
        numbers = self.devices.get(device)
        if not numbers:
            return ""
        before = [(seen, number) for number, seen in numbers.items() if seen <= moment]
        return max(before)[1] if before else min((seen, number) for number, seen in numbers.items())[1]

    def see_device(self, device: str, number: str, seen: int) -> None:
        """Remember that an extension was seen on a phone; calls of this phone wait no longer."""
        numbers = self.devices.setdefault(device, {})
        numbers[number] = min(seen, numbers.get(number, seen))
        self.waiting.pop(device, None)


def is_phone_name(device: str) -> bool:
    """Return whether a device is called like a phone, hard or soft."""
    return PHONE.match(device) is not None or SOFT_PHONE.match(device) is not None
