"""Extensions as sheets name them: the number, with the phone system in front where there are several."""

import re
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounting.models import Extension, PhoneSystem

BATCH = 1000
Number = tuple[int, str]
"""Phone system and number."""


class Numbers:
    """All extensions, read once."""

    def __init__(self) -> None:
        self.systems = dict(PhoneSystem.objects.values_list("pk", "name"))
        self.system_ids = {name.casefold(): pk for pk, name in self.systems.items()}
        self.ids: dict[Number, int] = {}
        self.of: dict[int, Number] = {}
        for pk, system, number in Extension.objects.values_list("pk", "phone_system_id", "number"):
            self.ids[system, number] = pk
            self.of[pk] = (system, number)

    def system(self, text: str) -> int:
        """Return the phone system of a name, for '' the only one; raise ValidationError."""
        if not text and len(self.systems) == 1:
            return next(iter(self.systems))
        if not text:
            raise ValidationError(_("There are several phone systems; say which, for instance cucm-a/4711."))
        if text.casefold() not in self.system_ids:
            raise ValidationError(_("There is no phone system “%(value)s”."), params={"value": text})
        return self.system_ids[text.casefold()]

    def read_system(self, text: str) -> str:
        """Return the name of a known phone system; raise ValidationError."""
        return self.systems[self.system(text)]

    def parsed(self, text: str, system: str = "") -> list[Number]:
        """Return the extensions that a cell lists; `system` is that of numbers without one; raise ValidationError."""
        found = []
        for part in filter(None, re.split(r"[,;\s]+", text)):
            before, slash, rest = part.partition("/")
            named = slash and rest and before.casefold() in self.system_ids
            found.append((self.system(before if named else system), checked(rest if named else part)))
        return list(dict.fromkeys(found))

    def text(self, numbers: Iterable[Number]) -> str:
        """Return extensions in canonical form."""
        several = len(self.systems) > 1
        return ", ".join(
            f"{self.systems[system]}/{number}" if several else number
            for system, number in sorted(numbers, key=lambda one: (self.systems[one[0]], len(one[1]), one[1]))
        )

    def enter(self, numbers: Iterable[Number]) -> None:
        """Add the extensions that are not there yet."""
        new = [number for number in dict.fromkeys(numbers) if number not in self.ids]
        rows = [Extension(phone_system_id=system, number=number) for system, number in new]
        Extension.objects.bulk_create(rows, batch_size=BATCH)
        for row in rows:
            self.ids[row.phone_system_id, row.number] = row.pk
            self.of[row.pk] = (row.phone_system_id, row.number)


def checked(number: str) -> str:
    """Return an extension's number; raise ValidationError."""
    if len(number) > 50 or not number.isprintable():
        raise ValidationError(_("“%(value)s” is not an extension."), params={"value": number[:60]})
    return number
