"""Cost centres as a sheet."""

from django.utils.translation import gettext_lazy as _

from accounting.models import CostCentre, UnitKind
from accounting.sheets.base import Column, text_up_to
from accounting.sheets.flat import FlatSheet


class CostCentres(FlatSheet):
    """Cost centres: code and name."""

    kind = "cost_centres"
    label = _("Cost centres")
    description = _("Code and name of the units to which costs are charged.")
    icon = "landmark"
    model = CostCentre
    unit_kind = UnitKind.COST_CENTRE
    key_columns = ("code",)
    missing_text = _("Remove cost centres that are not in the file, unless something refers to them")
    page = "admin:accounting_costcentre_changelist"
    columns = (
        Column("code", _("code"), required=True, example="4711", read=text_up_to(20)),
        Column("name", _("name"), required=True, example="Sales Berlin", read=text_up_to(80)),
    )
