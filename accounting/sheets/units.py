"""Units as sheets name them: departments by path, cost centres by code, offices by name."""

import re
from collections.abc import Iterable, Mapping, Sequence

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounting.models import CostCentre, Department, Office

SEPARATOR = " / "
SLASHES = re.compile(r"(?<=\s)/+(?=\s)")


def path_text(names: Iterable[str]) -> str:
    """Return a department's path, "Sales / Inside"; a name's own slash between blanks is written twice."""
    return SEPARATOR.join(SLASHES.sub(lambda found: found[0] + "/", name) for name in names)


def path_names(text: str) -> tuple[str, ...]:
    """Return the names of a path; raise ValidationError for an empty or overlong one."""
    parts = [part.strip() for part in re.split(r"\s+/\s+", f" {text} ")]
    names = tuple(SLASHES.sub(lambda found: found[0][1:], part) for part in parts)
    if not all(names):
        raise ValidationError(_("“%(value)s” is not a path; write it like Sales / Inside."), params={"value": text})
    if any(len(name) > 80 for name in names):
        raise ValidationError(_("A department's name has at most 80 characters."))
    return names


def folded(names: Sequence[str]) -> tuple[str, ...]:
    """Return names as they are compared."""
    return tuple(name.casefold() for name in names)


class Departments:
    """The tree of departments, read once."""

    def __init__(self) -> None:
        rows = {pk: (name, parent) for pk, name, parent in Department.objects.values_list("pk", "name", "parent_id")}
        self.paths = {pk: names_to(pk, rows) for pk in rows}
        self.ids = {folded(names): pk for pk, names in self.paths.items()}
        self.texts = {pk: path_text(names) for pk, names in self.paths.items()}

    def read(self, text: str) -> str:
        """Return the canonical path of a known department; raise ValidationError."""
        pk = self.ids.get(folded(path_names(text)))
        if pk is None:
            raise ValidationError(_("There is no department “%(value)s”."), params={"value": text})
        return self.texts[pk]

    def id_of(self, text: str) -> int | None:
        """Return the department of a canonical path."""
        return self.ids[folded(path_names(text))] if text else None


def names_to(pk: int, rows: Mapping[int, tuple[str, int | None]]) -> tuple[str, ...]:
    """Return the names from the top of the tree to a department."""
    names: list[str] = []
    here: int | None = pk
    while here is not None and len(names) <= len(rows):
        name, here = rows[here]
        names.append(name)
    return tuple(reversed(names))


class CostCentres:
    """Cost centres by code, read once."""

    def __init__(self) -> None:
        rows = list(CostCentre.objects.values_list("pk", "code"))
        self.texts = dict(rows)
        self.ids = {code.casefold(): pk for pk, code in rows}

    def read(self, text: str) -> str:
        """Return the code of a known cost centre; raise ValidationError."""
        pk = self.ids.get(text.casefold())
        if pk is None:
            raise ValidationError(_("There is no cost centre with the code “%(value)s”."), params={"value": text})
        return self.texts[pk]

    def id_of(self, text: str) -> int | None:
        """Return the cost centre of a code."""
        return self.ids[text.casefold()] if text else None


class Offices:
    """Offices by name, read once."""

    def __init__(self) -> None:
        rows = list(Office.objects.values_list("pk", "name"))
        self.texts = dict(rows)
        self.ids = {name.casefold(): pk for pk, name in rows}

    def read(self, text: str) -> str:
        """Return the name of a known office; raise ValidationError."""
        pk = self.ids.get(text.casefold())
        if pk is None:
            raise ValidationError(_("There is no office “%(value)s”."), params={"value": text})
        return self.texts[pk]

    def id_of(self, text: str) -> int | None:
        """Return the office of a name."""
        return self.ids[text.casefold()] if text else None
