"""Why a row of the set-up cannot be deleted: calls keep plain ids, so what they name must stay."""

from collections.abc import Callable
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounting.models import (
    CostCentre,
    Department,
    Extension,
    ExtensionDay,
    Gateway,
    ImportFile,
    Membership,
    Office,
    PhoneSystem,
    Supervision,
    UnitHalfHour,
    UnitKind,
    User,
)

UNIT_KINDS: dict[type[Model], tuple[UnitKind, str]] = {
    Department: (UnitKind.DEPARTMENT, "department"),
    CostCentre: (UnitKind.COST_CENTRE, "cost_centre"),
    Office: (UnitKind.OFFICE, "office"),
}


def reasons_to_keep(row: Model) -> list[str]:
    """Return why a row must stay, in words; nothing when it may go. No query reads calls one by one."""
    judge = JUDGES.get(type(row))
    return [f"{row}: {reason}" for reason in judge(row)] if judge else []


def of_unit(unit: Any) -> list[str]:
    """Return what still needs a department, a cost centre or an office."""
    kind, link = UNIT_KINDS[type(unit)]
    reasons = called(kind, unit.pk)
    members = Membership.objects.filter(**{link: unit}).count()
    if members:
        text = ngettext("%(count)s membership names it", "%(count)s memberships name it", members)
        reasons.append(text % {"count": members})
    supervisors = Supervision.objects.filter(**{link: unit}).count()
    if supervisors:
        text = ngettext("%(count)s person supervises it", "%(count)s people supervise it", supervisors)
        reasons.append(text % {"count": supervisors})
    return reasons


def of_gateway(gateway: Gateway) -> list[str]:
    """Return what still needs a gateway."""
    return called(UnitKind.GATEWAY, gateway.pk)


def called(kind: UnitKind, pk: int) -> list[str]:
    """Return whether calls name a unit: their totals are asked, which have an index by unit."""
    named = UnitHalfHour.objects.filter(unit_kind=kind, unit_id=pk).exists()
    return [_("calls were made there and keep its name")] if named else []


def of_person(person: User) -> list[str]:
    """Return what still needs a person."""
    if person.lines.exists():
        return [_("people who have held an extension are closed, not deleted: calls keep their person")]
    return []


def of_extension(extension: Extension) -> list[str]:
    """Return what still needs an extension."""
    totals = ExtensionDay.objects.filter(extension=extension.number, phone_system_id=extension.phone_system_id)
    if extension.assignments.exists():
        return [_("people hold it or have held it")]
    return [_("calls were made there and keep its name")] if totals.exists() else []


def of_phone_system(system: PhoneSystem) -> list[str]:
    """Return what still needs a phone system."""
    if ImportFile.objects.filter(phone_system=system).exists():
        return [_("it has delivered call records; switch its collection off instead")]
    return []


JUDGES: dict[type[Model], Callable[[Any], list[str]]] = {
    Department: of_unit,
    CostCentre: of_unit,
    Office: of_unit,
    Gateway: of_gateway,
    User: of_person,
    Extension: of_extension,
    PhoneSystem: of_phone_system,
}
