"""The demo organisation's rows: offices, units, people, lines, phone systems, gateways, carriers and prices."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import make_password
from django.db import transaction

from accounting.demo.numbers import UNRATED_PREFIX
from accounting.demo.organisation import COMPANY, FIRST_SYSTEM, DemoPerson, Organisation
from accounting.demo.price_lists import DemoTariff, price_lists
from accounting.models import (
    Carrier,
    CostCentre,
    Department,
    Extension,
    Gateway,
    GatewayCarrier,
    LineAssignment,
    MaskingRule,
    Membership,
    NumberRule,
    Office,
    PhoneSystem,
    PublicHoliday,
    Rate,
    Role,
    Supervision,
    Tariff,
    TariffBand,
    User,
)
from accounting.signals import reference_changed

MAIL_DOMAIN = "halden.example"
SUPERVISED = "Customer Service"


def is_in_database() -> bool:
    """Return whether the organisation has been created before."""
    return PhoneSystem.objects.filter(name=FIRST_SYSTEM).exists() and User.objects.filter(username="anna").exists()


@transaction.atomic
def create_organisation(organisation: Organisation, password: str) -> None:
    """Create everything but the calls; only the demo accounts can sign in, with this password."""
    offices = _create_offices(organisation)
    people = _create_people(organisation, password)
    _create_memberships(organisation, people, offices, *_create_units(organisation, people))
    systems = _create_systems(organisation, offices)
    _create_lines(organisation, people, systems)
    carriers = {tariff.carrier: Carrier(name=tariff.carrier) for tariff in price_lists(organisation.turning_day)}
    Carrier.objects.bulk_create(carriers.values())
    _create_gateways(organisation, systems, offices, carriers)
    for tariff in price_lists(organisation.turning_day):
        _create_tariff(tariff, carriers[tariff.carrier])
    _create_rules(organisation)
    reference_changed()


def _create_offices(organisation: Organisation) -> list[Office]:
    offices = Office.objects.bulk_create(
        Office(
            name=plan.name, country=plan.country, subdivision=plan.subdivision, area_code=plan.area_code,
            time_zone=plan.time_zone, access_code=plan.access_code, extension_digits=organisation.extension_digits,
            private_prefix=plan.private_prefix,
        )
        for plan in organisation.offices
    )  # fmt: skip
    PublicHoliday.objects.bulk_create(
        PublicHoliday(office=offices[0], day=date(year, 12, 24), name="Company holiday")
        for year in range(organisation.start.year, organisation.start.year + 2)
    )
    return offices


def _create_people(organisation: Organisation, password: str) -> dict[str, User]:
    signing_in = make_password(password)
    unusable = make_password(None)
    leaver = organisation.moved_extension[0]
    users = User.objects.bulk_create(
        User(
            username=person.username, first_name=person.first_name, last_name=person.last_name, role=person.role,
            email=f"{person.username}@{MAIL_DOMAIN}", password=signing_in if person.signs_in else unusable,
            is_staff=person.role == Role.ADMINISTRATOR, is_active=person.username != leaver,
        )
        for person in organisation.people
    )  # fmt: skip
    return {user.username: user for user in users}


def _create_units(
    organisation: Organisation, people: dict[str, User]
) -> tuple[dict[str, Department], dict[str, CostCentre]]:
    departments: dict[str, Department] = {}
    for name, parent in organisation.departments:
        departments[name] = Department.objects.create(name=name, parent=departments.get(parent))
    centres = CostCentre.objects.bulk_create(
        CostCentre(code=code, name=name) for code, name in organisation.cost_centres
    )
    Supervision.objects.bulk_create(
        Supervision(supervisor=people[person.username], department=departments[SUPERVISED])
        for person in organisation.people
        if person.role == Role.SUPERVISOR
    )
    return departments, {centre.code: centre for centre in centres}


def _create_memberships(
    organisation: Organisation,
    people: dict[str, User],
    offices: list[Office],
    departments: dict[str, Department],
    centres: dict[str, CostCentre],
) -> None:
    mover, former = organisation.moved_department
    rows: list[Membership] = []
    for person in organisation.people:
        now = Membership(
            user=people[person.username], department=departments[person.department],
            cost_centre=centres[person.cost_centre], office=offices[person.office],
        )  # fmt: skip
        if person.username == mover:
            now.valid_from = _turning_moment(organisation, person)
            rows.append(
                Membership(
                    user=now.user, department=departments[former], cost_centre=now.cost_centre, office=now.office,
                    valid_to=now.valid_from,
                )
            )  # fmt: skip
        rows.append(now)
    Membership.objects.bulk_create(rows)


def _turning_moment(organisation: Organisation, person: DemoPerson) -> datetime:
    zone = ZoneInfo(organisation.offices[person.office].time_zone)
    return datetime.combine(organisation.turning_day, time(), zone)


def _create_systems(organisation: Organisation, offices: list[Office]) -> dict[str, PhoneSystem]:
    homes = {plan.system: office for plan, office in reversed(list(zip(organisation.offices, offices, strict=True)))}
    return {
        name: PhoneSystem.objects.create(name=name, kind="cucm", office=homes[name], quiet_minutes=60)
        for name in organisation.systems
    }


def _create_lines(organisation: Organisation, people: dict[str, User], systems: dict[str, PhoneSystem]) -> None:
    numbers = {person.extension: organisation.offices[person.office].system for person in organisation.people}
    extensions = {
        extension.number: extension
        for extension in Extension.objects.bulk_create(
            Extension(phone_system=systems[system], number=number) for number, system in numbers.items()
        )
    }
    leaver, newcomer = organisation.moved_extension
    rows: list[LineAssignment] = []
    for person in organisation.people:
        row = LineAssignment(extension=extensions[person.extension], user=people[person.username])
        if person.username == leaver:
            row.valid_to = _turning_moment(organisation, person)
        elif person.username == newcomer:
            row.valid_from = _turning_moment(organisation, person)
        rows.append(row)
    LineAssignment.objects.bulk_create(rows)


def _create_gateways(
    organisation: Organisation,
    systems: dict[str, PhoneSystem],
    offices: list[Office],
    carriers: dict[str, Carrier],
) -> None:
    unserved, gap_from, gap_to = organisation.carrier_gap
    contracts: list[GatewayCarrier] = []
    for plan in organisation.gateways:
        gateway = Gateway.objects.create(
            phone_system=systems[plan.system], device_name=plan.device_name, name=plan.name,
            office=offices[plan.office],
            network=Gateway.Network.INTERNAL if plan.leads_to else Gateway.Network.PUBLIC, channels=plan.channels,
        )  # fmt: skip
        if plan.device_name == unserved:
            carrier = carriers[plan.carrier]
            contracts.append(GatewayCarrier(gateway=gateway, carrier=carrier, valid_to=gap_from))
            contracts.append(GatewayCarrier(gateway=gateway, carrier=carrier, valid_from=gap_to))
        elif plan.carrier:
            contracts.append(GatewayCarrier(gateway=gateway, carrier=carriers[plan.carrier]))
    GatewayCarrier.objects.bulk_create(contracts)


def _create_tariff(plan: DemoTariff, carrier: Carrier) -> None:
    tariff = Tariff.objects.create(
        carrier=carrier, name=plan.name, currency=plan.currency, valid_from=plan.valid_from, valid_to=plan.valid_to,
        band_rule=plan.band_rule,
    )  # fmt: skip
    bands = {
        band.name: TariffBand.objects.create(
            tariff=tariff, name=band.name, days=band.days, start=band.start, end=band.end
        )
        for band in plan.bands
    }
    Rate.objects.bulk_create(
        Rate(
            tariff=tariff, prefix=rate.prefix, destination=rate.destination, call_type=rate.call_type,
            band=bands[rate.band] if rate.band else None, price_per_minute=rate.price,
            connection_fee=plan.connection_fee if rate.price else 0,
            first_increment=plan.first_increment, increment=plan.increment,
        )
        for rate in plan.rates
    )  # fmt: skip


def _create_rules(organisation: Organisation) -> None:
    """Create the dial plan that all offices share, and who sees which digits."""
    digits = organisation.extension_digits
    rules = [
        NumberRule(
            kind=NumberRule.Kind.EXTENSION, first=plan.first_digit + "0" * (digits - 1),
            last=plan.first_digit + "9" * (digits - 1), destination=f"{COMPANY} {plan.name}",
        )
        for plan in organisation.offices
    ]  # fmt: skip
    rules += [
        NumberRule(kind=NumberRule.Kind.VOICEMAIL, first=organisation.voicemail_pilot(system), destination="Voicemail")
        for system in organisation.systems
    ]
    rules.append(
        NumberRule(kind=NumberRule.Kind.OVERRIDE, first=f"+{UNRATED_PREFIX}", destination="Satellite telephones")
    )
    NumberRule.objects.bulk_create(rules)
    MaskingRule.objects.bulk_create(MaskingRule(role=role, digits=3) for role in (Role.USER, Role.SUPERVISOR))
