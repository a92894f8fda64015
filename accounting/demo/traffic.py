"""Who telephones with whom: people, their favourite numbers, and the phones, trunks, ports and bridges of a call."""

import random
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple, TypeVar
from zlib import crc32

from accounting.demo.call_book import CallBook, Side
from accounting.demo.numbers import (
    INTERNATIONAL,
    LOCAL,
    MOBILE,
    NATIONAL,
    PublicNumber,
    public_numbers,
)
from accounting.demo.organisation import H323, ISDN, SIP, DemoGateway, Organisation

SPLIT = {"origCause_value": 393216, "destCause_value": 393216}
BUSY, NO_ANSWER = 17, 19
ROUTE_PATTERN, HUNT_PILOT, VOICEMAIL_PORT, CONFERENCE = 5, 7, 8, 1
INTERNAL_PARTITION, INTERSITE_PARTITION = "Internal", "Intersite"
HUNT_PARTITION, VOICEMAIL_PARTITION = "Hunt", "Voicemail"
_CATEGORIES = {
    "DE": ((LOCAL, NATIONAL, MOBILE, INTERNATIONAL), (28, 30, 28, 14)),
    "GB": ((LOCAL, NATIONAL, MOBILE, INTERNATIONAL), (26, 28, 31, 15)),
    "AE": ((LOCAL, NATIONAL, MOBILE, INTERNATIONAL), (26, 14, 42, 18)),
}
_FAVOURITES, _POPULAR = 30, 40
PRIVATE_ONE_IN = 24


Choice = TypeVar("Choice")


class Line(NamedTuple):
    """An extension with its phone and the person signed in there."""

    position: int
    office: int
    extension: str
    user: str
    mac: str
    soft_phone: bool


class Traffic(CallBook):
    """Makes calls one after another; everything follows from the organisation, the seed and the start."""

    def __init__(self, organisation: Organisation, seed: int, start: int, *, quality: bool = True) -> None:
        """`start` in epoch seconds sets the first call and leg numbers; `quality` asks for CMRs as well."""
        super().__init__(random.Random(f"traffic {seed}"), organisation.systems, start, quality=quality)
        self.organisation = organisation
        self._lines = _lines(organisation)
        self._by_extension = [{line.extension: line for line in lines} for lines in self._lines]
        self._unowned = [
            Line(-i, office, number, "", f"0A{i:010X}", False)
            for i, (office, number) in enumerate(organisation.unowned_extensions)
        ]
        self._gateways = [
            [g for g in organisation.gateways if g.office == o and not g.leads_to]
            for o in range(len(organisation.offices))
        ]
        systems = [plan.system for plan in organisation.offices]
        self._same_system = [[o for o, other in enumerate(systems) if other == system] for system in systems]
        self._trunks = {gateway: _trunk(gateway) for gateway in organisation.gateways}
        self._talk = [min(10_800, max(2, round(self.rng.lognormvariate(4.55, 1.05)))) for _ in range(8192)]
        self._zipf = _zipf(self.rng, _FAVOURITES), _zipf(self.rng, _POPULAR)

    # ---- who and what ------------------------------------------------------------------------------------------------

    def begin_day(self, day: date) -> None:
        """Move the line that changes hands on the turning day to its new holder."""
        leaver, newcomer = self.organisation.moved_extension
        if day >= self.organisation.turning_day:
            for lines in self._lines:
                lines[:] = [line._replace(user=newcomer) if line.user == leaver else line for line in lines]
            self._by_extension = [{line.extension: line for line in lines} for lines in self._lines]

    def line(self, office: int) -> Line:
        """Return the line of somebody of this office who telephones now; some do much more than others."""
        lines = self._lines[office]
        return lines[int(len(lines) * self.rng.random() ** 1.5)]

    def line_of(self, office: int, extension: str) -> Line:
        """Return the line of this office with this extension."""
        return self._by_extension[office][extension]

    def colleague(self, line: Line) -> Line:
        """Return the line of somebody else of the same phone system, mostly of the same office."""
        office = line.office if self.rng.random() < 0.7 else self.pick(self._same_system[line.office])
        lines = self._lines[office]
        known = self.rng.random() < 0.8
        other = lines[self._favourite(line, 7919) % len(lines)] if known else self.pick(lines)
        return other if other.extension != line.extension else lines[(other.position + 1) % len(lines)]

    def unowned_line(self, office: int) -> Line:
        """Return an extension of this office that belongs to nobody."""
        return self.rng.choice([line for line in self._unowned if line.office == office])

    def number(self, line: Line, category: str = "") -> PublicNumber:
        """Return a public number for this line: a favourite, one that the whole company knows, or a stranger's."""
        if not category:
            names, weights = _CATEGORIES[self.organisation.offices[line.office].country]
            category = self.rng.choices(names, weights)[0]
        pool = public_numbers(line.office)[category]
        kind = self.rng.random()
        if kind < 0.55:
            return pool[self._favourite(line, 104_729) % len(pool)]
        if kind < 0.7:
            return pool[self.pick(self._zipf[1]) % len(pool)]
        return self.pick(pool)

    def _favourite(self, line: Line, step: int) -> int:
        return (line.position * 2_654_435_761 + (self.pick(self._zipf[0]) + 1) * step) >> 3

    def talk(self, factor: float = 1.0) -> int:
        """Return a talk time in seconds (log-normal, mean about 160 s) times a factor."""
        return max(1, int(self.pick(self._talk) * factor))

    def ring(self) -> int:
        """Return the seconds until somebody answers."""
        return 2 + int(17 * self.rng.random())

    def pick(self, choices: Sequence[Choice]) -> Choice:
        """Return one of the choices; quicker than random.choice."""
        return choices[int(len(choices) * self.rng.random())]

    # ---- sides -------------------------------------------------------------------------------------------------------

    def phone(self, line: Line) -> Side:
        """Return the desk phone, or now and then the soft phone, of a line."""
        plan = self.organisation.offices[line.office]
        soft = line.soft_phone and self.rng.random() < 0.4
        device = f"CSF{line.user.replace('.', '').upper()}" if soft else f"SEP{line.mac}"
        ip = f"{plan.subnet}.{16 + line.position // 250 % 200 + (100 if soft else 0) % 40}.{line.position % 250 + 2}"
        return Side(
            plan.system,
            plan.node,
            line.extension,
            INTERNAL_PARTITION,
            device,
            line.user,
            ip,
            line.mac,
            pattern=line.extension,
        )

    def gateway(self, office: int) -> DemoGateway:
        """Return the gateway that the next public call of an office takes."""
        gateways = self._gateways[office]
        return gateways[0] if self.rng.random() < 0.65 else gateways[-1]

    def trunk_out(self, line: Line, number: PublicNumber) -> Side:
        """Return the far side of a call that leaves to a public number."""
        plan = self.organisation.offices[line.office]
        gateway = self.gateway(line.office)
        if is_family(line, number) and plan.private_prefix and number.dialled.startswith(plan.access_code):
            dialled = plan.private_prefix + number.dialled.removeprefix(plan.access_code)
            number = number._replace(dialled=dialled, pattern=f"{plan.private_prefix}.!")
        return self._trunks[gateway]._replace(
            node=plan.node,
            number=number.dialled,
            partition=f"PSTN-{plan.country}",
            usage=ROUTE_PATTERN,
            pattern=number.pattern,
            span=self._span(gateway),
            outpulsed=number.outpulsed.get(gateway.protocol, ""),
            outpulsed_calling=f"{'+' if gateway.protocol == SIP else ''}{plan.direct_lines}{line.extension[-4:]}",
        )

    def trunk_in(self, office: int, shown: str) -> Side:
        """Return the near side of a call that enters and shows this caller's number (empty: withheld)."""
        gateway = self.gateway(office)
        node = self.organisation.offices[office].node
        return self._trunks[gateway]._replace(node=node, number=shown, span=self._span(gateway))

    def _span(self, gateway: DemoGateway) -> int:
        """Return the B channel of an ISDN call, a leg identifier with H.323, else 0."""
        if gateway.protocol == ISDN:
            return 1 + int(gateway.channels * self.rng.random())
        return self.last_leg(gateway.system) if gateway.protocol == H323 else 0

    def intercluster(self, system: str, number: str, *, entering: bool) -> Side:
        """Return the trunk between the clusters as `system` sees it."""
        gateway = next(g for g in self.organisation.gateways if g.system == system and g.leads_to)
        side = self._trunks[gateway]._replace(node=self.organisation.offices[gateway.office].node)
        pattern = "" if entering else f"{number[0]}{'X' * (len(number) - 1)}"
        return side._replace(
            number=number, partition="" if entering else INTERSITE_PARTITION, usage=ROUTE_PATTERN, pattern=pattern
        )

    def voicemail(self, system: str) -> Side:
        """Return a voicemail port behind the pilot of a phone system."""
        pilot = self.organisation.voicemail_pilot(system)
        port = self.rng.randrange(1, 25)
        subnet = next(o.subnet for o in self.organisation.offices if o.system == system)
        return Side(
            system,
            1,
            pilot,
            VOICEMAIL_PARTITION,
            f"CiscoUM1-VI{port}",
            ip=f"{subnet}.0.40",
            usage=VOICEMAIL_PORT,
            pattern=pilot,
        )

    def bridge(self, side: Side) -> Side:
        """Return a conference bridge on the same node."""
        number = f"b{side.node:03d}{self.rng.randrange(10**6):06d}001"
        subnet = next(o.subnet for o in self.organisation.offices if o.system == side.system)
        return Side(
            side.system,
            side.node,
            number,
            "",
            f"CFB_{side.node}",
            ip=f"{subnet}.0.30",
            usage=CONFERENCE,
            pattern=number,
        )


def is_family(line: Line, number: PublicNumber) -> bool:
    """Return whether a public number is one that the person of a line calls privately, always the same few ones."""
    return number.e164.startswith("+") and crc32(f"{line.extension} {number.e164}".encode()) % PRIVATE_ONE_IN == 0


def _trunk(gateway: DemoGateway) -> Side:
    """Return what all calls by a gateway have in common."""
    return Side(
        gateway.system, 1, "", "", gateway.device_name, ip=gateway.ip, mac="000000000000", protocol=gateway.protocol
    )


def _zipf(rng: random.Random, count: int) -> list[int]:
    """Return 4,096 ranks below `count`, the n-th as often as 1/n."""
    return rng.choices(range(count), [1 / (rank + 1) for rank in range(count)], k=4096)


def _lines(organisation: Organisation) -> list[list[Line]]:
    """Return the lines of each office; a line that changes hands appears once, with its first holder."""
    lines: list[list[Line]] = [[] for _ in organisation.offices]
    for person in organisation.people:
        if person.username != organisation.moved_extension[1]:
            here = lines[person.office]
            here.append(
                Line(len(here), person.office, person.extension, person.username, person.mac, person.soft_phone)
            )
    return lines
