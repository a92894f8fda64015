"""Whose phone it is: device name, its lines, and who holds them. A name is no proof; the PIN is."""

from dataclasses import dataclass

from accounting.models import Device, Extension, PhoneSystem, User
from phonelock.models import LockSetUp
from phonelock.services.locking import holders_of


@dataclass(frozen=True, slots=True)
class PhoneLine:
    """One line of a phone with its holder."""

    extension: Extension
    holder: User | None
    set_up: LockSetUp
    """How the phone system is spoken to; an unsaved one with the defaults where nobody has set it up."""

    @property
    def base(self) -> str:
        """Under which address phones of this phone system reach the portal; '' for as they have asked."""
        return self.set_up.phone_address


def lines_on(device_name: str) -> list[PhoneLine]:
    """Return the lines seen on a phone, by number; [] for a phone that nobody has seen or entered."""
    systems = list(PhoneSystem.objects.values_list("pk", flat=True))  # the index of phones begins with it
    seen = Device.objects.filter(phone_system__in=systems, name=device_name).exclude(number="").order_by("number")
    wanted = set(seen.values_list("phone_system_id", "number"))
    numbers = {number for _system, number in wanted}
    rows = Extension.objects.filter(number__in=numbers, phone_system__in={system for system, _ in wanted})
    return lines_for([row for row in rows.order_by("number") if (row.phone_system_id, row.number) in wanted])


def lines_for(extensions: list[Extension]) -> list[PhoneLine]:
    """Return these lines with holders and set-ups; people who have left hold nothing."""
    holders = holders_of(row.pk for row in extensions)
    people = User.objects.filter(is_active=True).in_bulk(set(holders.values()))
    set_ups = LockSetUp.objects.in_bulk({row.phone_system_id for row in extensions}, field_name="phone_system_id")
    return [
        PhoneLine(
            row,
            people.get(holders.get(row.pk, 0)),
            set_ups.get(row.phone_system_id) or LockSetUp(phone_system_id=row.phone_system_id),
        )
        for row in extensions
    ]
