"""The demo organisation as plain data made from a seed: offices, units, people, lines, phone systems and gateways."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from accounting.demo.names import FAMILY, GIVEN, NEIGHBOURS

COMPANY = "Halden Instruments"
FIRST_SYSTEM = "ucm-europe"
SIP, H323, ISDN = 1, 2, 4
"""Protocols at a trunk, with the numbers that UCM uses."""


@dataclass(frozen=True, slots=True)
class DemoOffice:
    """A site with its dial plan."""

    name: str
    country: str
    subdivision: str
    area_code: str
    time_zone: str
    access_code: str
    dial_code: str
    direct_lines: str
    """What stands before an extension in its public number, in E.164 without +."""
    share: float
    """Part of the people who work here."""
    first_digit: str
    system: str
    node: int
    subnet: str
    private_prefix: str = ""
    """What people dial in place of the outside line when they pay a call themselves."""

    def special(self, digits: int, suffix: str) -> str:
        """Return an own number of this office that ends in `suffix`, in an extension length of `digits`."""
        return self.first_digit + "9" * (digits - 1 - len(suffix)) + suffix


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """A person with units, extension and phones; `role` is user, supervisor or administrator."""

    first_name: str
    last_name: str
    username: str
    office: int
    department: str
    cost_centre: str
    extension: str
    mac: str
    soft_phone: bool
    role: str = "user"
    signs_in: bool = False

    @property
    def desk_phone(self) -> str:
        """The device name of the phone on the desk."""
        return f"SEP{self.mac}"


@dataclass(frozen=True, slots=True)
class DemoGateway:
    """A trunk or gateway of a phone system."""

    system: str
    device_name: str
    name: str
    office: int
    carrier: str
    protocol: int
    channels: int
    ip: str
    leads_to: str = ""
    """The phone system behind an inter-cluster trunk; empty for the public network."""


@dataclass(frozen=True, slots=True)
class HuntGroup:
    """A hunt pilot with the extensions that answer for it."""

    name: str
    office: int
    pilot: str
    members: tuple[str, ...]
    partition_id: str


@dataclass(frozen=True, slots=True)
class Organisation:
    """Everything about the demo organisation that both its database rows and its calls are made from."""

    seed: int
    start: date
    turning_day: date
    extension_digits: int
    offices: tuple[DemoOffice, ...]
    departments: tuple[tuple[str, str], ...]
    """(name, name of the parent or empty)."""
    cost_centres: tuple[tuple[str, str], ...]
    people: tuple[DemoPerson, ...]
    gateways: tuple[DemoGateway, ...]
    hunt_groups: tuple[HuntGroup, ...]
    unowned_extensions: tuple[tuple[int, str], ...]
    """(office, extension) of lines with calls and without a person."""
    moved_department: tuple[str, str]
    """(user name, department before the turning day)."""
    moved_extension: tuple[str, str]
    """(user name of the holder before the turning day, user name of the holder since): both have the same extension."""
    carrier_gap: tuple[str, date, date] = field(default=("", date.min, date.min))
    """(gateway without a carrier, from, to)."""

    @property
    def systems(self) -> tuple[str, ...]:
        """The phone systems, in the order of their first office."""
        return tuple(dict.fromkeys(office.system for office in self.offices))

    def voicemail_pilot(self, system: str) -> str:
        """Return the voicemail number of a phone system."""
        return next(o.special(self.extension_digits, "99") for o in self.offices if o.system == system)


OFFICES = (
    DemoOffice(
        "Berlin", "DE", "BE", "30", "Europe/Berlin", "0", "49", "493023125", 0.44, "2", "ucm-europe", 1, "10.10", "8"
    ),
    DemoOffice(
        "London", "GB", "ENG", "20", "Europe/London", "9", "44", "44207946", 0.32, "3", "ucm-europe", 2, "10.20"
    ),
    DemoOffice("Dubai", "AE", "", "4", "Asia/Dubai", "9", "971", "9714555", 0.24, "4", "ucm-gulf", 1, "10.30"),
)

DEPARTMENTS = (
    ("Commercial", ""),
    ("Sales", "Commercial"),
    ("Marketing", "Commercial"),
    ("Customer Service", "Commercial"),
    ("Operations", ""),
    ("Production", "Operations"),
    ("Logistics", "Operations"),
    ("Purchasing", "Operations"),
    ("Corporate", ""),
    ("Finance", "Corporate"),
    ("Human Resources", "Corporate"),
    ("IT", "Corporate"),
)

COST_CENTRES = (
    ("1000", "Management"),
    ("2100", "Sales Germany"),
    ("2200", "Sales United Kingdom"),
    ("2300", "Sales Gulf"),
    ("3000", "Customer Service"),
    ("4000", "Operations"),
    ("5000", "Finance and Human Resources"),
    ("6000", "IT"),
)

_DEPARTMENT_WEIGHTS = {
    "Sales": 22,
    "Customer Service": 20,
    "Production": 14,
    "Logistics": 12,
    "IT": 8,
    "Finance": 7,
    "Purchasing": 6,
    "Marketing": 6,
    "Human Resources": 4,
    "Commercial": 1,
    "Operations": 1,
    "Corporate": 1,
}

GATEWAYS = (
    DemoGateway("ucm-europe", "SIP-TRUNK-BERLIN-1", "Berlin SIP trunk 1", 0, "Rheintel", SIP, 60, "10.10.0.11"),
    DemoGateway("ucm-europe", "SIP-TRUNK-BERLIN-2", "Berlin SIP trunk 2", 0, "Rheintel", SIP, 30, "10.10.0.12"),
    DemoGateway("ucm-europe", "S0/SU0/DS1-0@gw-london", "London ISDN", 1, "Albion Telecom", ISDN, 30, "10.20.0.11"),
    DemoGateway("ucm-europe", "SIP-TRUNK-LONDON", "London SIP trunk", 1, "Albion Telecom", SIP, 40, "10.20.0.12"),
    DemoGateway("ucm-gulf", "10.30.0.11", "Dubai H.323 gateway", 2, "Gulf Connect", H323, 30, "10.30.0.11"),
    DemoGateway("ucm-europe", "ICT-GULF", "Trunk to Dubai", 0, "", SIP, 30, "10.30.0.5", "ucm-gulf"),
    DemoGateway("ucm-gulf", "ICT-EUROPE", "Trunk to Berlin", 2, "", SIP, 30, "10.10.0.5", "ucm-europe"),
)


def build_organisation(
    people: int = 250, seed: int = 1, start: date = date(2025, 1, 1), days: int = 365
) -> Organisation:
    """Return the organisation with this many people (20 to 40,000) for a time of `days` days from `start`.

    ValueError for a number of people outside that range.
    """
    if not 20 <= people <= 40_000:
        raise ValueError("the demo organisation has 20 to 40,000 people")
    rng = random.Random(f"organisation {seed}")
    digits = 4 if people <= 1_500 else 5 if people <= 15_000 else 6
    staff = _special_people(list(_people(rng, people, digits)))
    turning_day = start + timedelta(days=days // 2)
    newcomer = staff[-1]
    return Organisation(
        seed=seed,
        start=start,
        turning_day=turning_day,
        extension_digits=digits,
        offices=OFFICES,
        departments=DEPARTMENTS,
        cost_centres=COST_CENTRES,
        people=tuple(staff),
        gateways=GATEWAYS,
        hunt_groups=tuple(_hunt_groups(rng, staff, digits)),
        unowned_extensions=tuple(
            (office, OFFICES[office].special(digits, suffix))
            for office, suffix in ((0, "71"), (0, "72"), (1, "71"), (1, "73"), (2, "71"))
        ),
        moved_department=(
            staff[len(staff) // 2].username,
            "Marketing" if staff[len(staff) // 2].department != "Marketing" else "Sales",
        ),
        moved_extension=(staff[-2].username, newcomer.username),
        carrier_gap=(
            "SIP-TRUNK-BERLIN-2",
            turning_day + timedelta(days=days // 10),
            turning_day + timedelta(days=days // 10 + max(1, days // 17)),
        ),
    )


def _people(rng: random.Random, count: int, digits: int) -> Iterator[DemoPerson]:
    taken: dict[str, int] = {}
    names, weights = list(_DEPARTMENT_WEIGHTS), list(_DEPARTMENT_WEIGHTS.values())
    for office, number in _places(count):
        country = OFFICES[office].country
        origin = country if rng.random() < 0.86 else rng.choice(NEIGHBOURS[country])
        first, last = rng.choice(GIVEN[origin]), rng.choice(FAMILY[origin])
        department = rng.choices(names, weights)[0]
        yield DemoPerson(
            first_name=first,
            last_name=last,
            username=_username(f"{first[0]}.{last}".lower(), taken),
            office=office,
            department=department,
            cost_centre=_cost_centre(department, office),
            extension=f"{OFFICES[office].first_digit}{100 + number:0{digits - 1}d}",
            mac=f"0{rng.getrandbits(44):011X}",
            soft_phone=rng.random() < 0.3,
        )


def _places(count: int) -> Iterator[tuple[int, int]]:
    """Yield (office, running number in the office) of each person."""
    last = 0
    for index, office in enumerate(OFFICES):
        here = count - last if index == len(OFFICES) - 1 else round(count * office.share)
        yield from ((index, number) for number in range(here))
        last += here


def _username(wanted: str, taken: dict[str, int]) -> str:
    taken[wanted] = taken.get(wanted, 0) + 1
    return wanted if taken[wanted] == 1 else f"{wanted}{taken[wanted]}"


def _cost_centre(department: str, office: int) -> str:
    if department in ("Sales", "Marketing"):
        return ("2100", "2200", "2300")[office]
    if department in ("Production", "Logistics", "Purchasing"):
        return "4000"
    return {"Customer Service": "3000", "Finance": "5000", "Human Resources": "5000", "IT": "6000"}.get(
        department, "1000"
    )


def _special_people(staff: list[DemoPerson]) -> list[DemoPerson]:
    """Return the people with the three who sign in and with a newcomer who takes over a line of Dubai."""
    first = {
        office: next(i for i, person in enumerate(staff) if person.office == office) for office in range(len(OFFICES))
    }
    staff[first[0]] = _renamed(staff[first[0]], "Anna", "Schneider", "anna", "Sales", "user")
    staff[first[2]] = _renamed(staff[first[2]], "Sami", "Haddad", "sami", "Customer Service", "supervisor")
    staff[first[1]] = _renamed(staff[first[1]], "Claire", "Bennett", "admin", "IT", "administrator")
    leaver, newcomer = staff[-2], staff[-1]
    staff[-1] = DemoPerson(
        newcomer.first_name,
        newcomer.last_name,
        newcomer.username,
        leaver.office,
        leaver.department,
        leaver.cost_centre,
        leaver.extension,
        leaver.mac,
        leaver.soft_phone,
    )
    return staff


def _renamed(person: DemoPerson, first: str, last: str, username: str, department: str, role: str) -> DemoPerson:
    return DemoPerson(
        first,
        last,
        username,
        person.office,
        department,
        _cost_centre(department, person.office),
        person.extension,
        person.mac,
        True,
        role,
        True,
    )


def _hunt_groups(rng: random.Random, staff: list[DemoPerson], digits: int) -> Iterator[HuntGroup]:
    for office, plan in enumerate(OFFICES):
        for name, department, suffix in (("Service desk", "Customer Service", "10"), ("Sales", "Sales", "20")):
            team = [p.extension for p in staff if p.office == office and p.department == department]
            members = team[:12] or [p.extension for p in staff if p.office == office][:3]
            partition = f"{rng.getrandbits(128):032x}"
            yield HuntGroup(
                f"{name} {plan.name}", office, plan.special(digits, suffix), tuple(members), as_uuid(partition)
            )


def as_uuid(digits: str) -> str:
    """Return 32 hexadecimal digits in the form of a random UUID (version 4)."""
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
