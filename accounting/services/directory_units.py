"""Departments, cost centres and offices as the directory names them."""

from collections import Counter
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounting.models import CostCentre, Department
from accounting.sheets.units import CostCentres, Departments, Offices, folded, path_names, path_text

LONGEST_CODE = 20


@dataclass(slots=True)
class NamedUnits:
    """Finds units by the directory's names, remembers those to be added, and counts those that are unknown."""

    departments: Departments
    cost_centres: CostCentres
    offices: Offices
    create: bool
    found: dict[tuple[str, str], str] = field(default_factory=dict)
    new_departments: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
    """Paths to be added, as compared and as written."""
    new_cost_centres: dict[str, str] = field(default_factory=dict)
    unknown: Counter[tuple[str, str]] = field(default_factory=Counter)
    by_name: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for pk, names in self.departments.paths.items():
            self.by_name.setdefault(names[-1].casefold(), []).append(self.departments.texts[pk])

    def text(self, column: str, name: str) -> str:
        """Return how a sheet writes a unit that the directory names, '' when there is none and none is added."""
        if not name:
            return ""
        key = (column, name.casefold())
        if key not in self.found:
            self.found[key] = getattr(self, column)(name)
        if not self.found[key]:
            self.unknown[column, name] += 1
        return self.found[key]

    def department(self, name: str) -> str:
        """Return a department's path: by the path, else the only one of that name, else a new one."""
        try:
            names = path_names(name)
        except ValidationError:
            return ""
        known = self.departments.ids.get(folded(names))
        if known is not None:
            return self.departments.texts[known]
        same = self.by_name.get(name.casefold(), [])
        if len(same) == 1:
            return same[0]
        if not self.create or same:
            return ""
        return path_text(self.new_departments.setdefault(folded(names), names))

    def cost_centre(self, code: str) -> str:
        """Return a cost centre's code."""
        known = self.cost_centres.ids.get(code.casefold())
        if known is not None:
            return self.cost_centres.texts[known]
        if not self.create or len(code) > LONGEST_CODE:
            return ""
        return self.new_cost_centres.setdefault(code.casefold(), code)

    def office(self, name: str) -> str:
        """Return an office's name; offices decide how numbers are read and are never added here."""
        known = self.offices.ids.get(name.casefold())
        return self.offices.texts[known] if known is not None else ""

    def notes(self) -> list[str]:
        """Return what will be added, and what is not known."""
        told = [_("New department: %(name)s") % {"name": path_text(names)} for names in self.new_departments.values()]
        told += [_("New cost centre: %(name)s") % {"name": code} for code in self.new_cost_centres.values()]
        words = {
            "department": _("There is no department “%(name)s”, or there are several (entries: %(count)s)."),
            "cost_centre": _("There is no cost centre with the code “%(name)s” (entries: %(count)s)."),
            "office": _("There is no office “%(name)s” (entries: %(count)s)."),
        }
        return told + [
            words[column] % {"name": name, "count": count} for (column, name), count in sorted(self.unknown.items())
        ]

    def add(self, used: set[tuple[str, str]]) -> None:
        """Store the new units that changes use (by column and text), parents first."""
        for names in sorted(self.new_departments.values(), key=len):
            if ("department", path_text(names)) in used:
                self.add_path(names)
        codes = [code for code in self.new_cost_centres.values() if ("cost_centre", code) in used]
        for row in CostCentre.objects.bulk_create(CostCentre(code=code, name=code) for code in codes):
            self.cost_centres.texts[row.pk], self.cost_centres.ids[row.code.casefold()] = row.code, row.pk

    def add_path(self, names: tuple[str, ...]) -> None:
        """Store a department and those above it that are missing."""
        parent: int | None = None
        for depth in range(1, len(names) + 1):
            path = names[:depth]
            pk = self.departments.ids.get(folded(path))
            if pk is None:
                pk = Department.objects.create(name=path[-1], parent_id=parent).pk
                self.departments.ids[folded(path)] = pk
                self.departments.paths[pk], self.departments.texts[pk] = path, path_text(path)
            parent = pk
