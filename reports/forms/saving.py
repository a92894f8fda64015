"""How a saved report is named, grouped and shared."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounting.models import User
from reports.models import SavedReport
from reports.services.saving import KINDS, Sharing, sharing_of, units_to_share_with

KIND_LABELS = {"department": _("Departments"), "cost_centre": _("Cost centres"), "office": _("Offices")}


class SavedReportForm(forms.Form):
    """Name, description, group and sharing of a report of one's own."""

    name = forms.CharField(label=_("Name"), max_length=80)
    description = forms.CharField(label=_("Description"), max_length=300, required=False)
    group = forms.CharField(
        label=_("Report group"), max_length=60, required=False,
        help_text=_("Reports of the same group stand together, for instance Monthly closing."),
    )  # fmt: skip
    shared_with = forms.ChoiceField(
        label=_("Shared with"), required=False,
        help_text=_("Everyone in the unit can run the report and sees what their own role allows, nothing else."),
        error_messages={"invalid_choice": _("You can share with units that you belong to or supervise.")},
    )  # fmt: skip

    def __init__(self, *args: Any, owner: User, saved: SavedReport | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sharing = sharing_of(saved) if saved else Sharing()
        choices: list[Any] = [("", _("nobody"))]
        for kind, units in units_to_share_with(owner).items():
            rows = {unit.pk: str(unit) for unit in units}
            if saved and self.sharing.kind == kind:
                # What is shared stays so until its owner changes it, also when the owner has left the unit.
                rows.setdefault(self.sharing.unit_id, str(saved.unit))
            if rows:
                choices.append((KIND_LABELS[kind], [(f"{kind}:{pk}", name) for pk, name in rows.items()]))
        shared = self.fields["shared_with"]
        assert isinstance(shared, forms.ChoiceField)
        shared.choices = choices
        self.groups = sorted(
            set(SavedReport.objects.kept().owned_by(owner).exclude(group="").values_list("group", flat=True))
        )
        self.fields["group"].widget.attrs["list"] = "report-groups"

    def chosen(self) -> Sharing:
        """Return with which unit the report is to be shared."""
        kind, _mark, pk = self.cleaned_data["shared_with"].partition(":")
        return Sharing(kind, int(pk)) if kind in KINDS else Sharing()


def initial_of(saved: SavedReport) -> dict[str, str]:
    """Return what the form shows of a saved report."""
    sharing = sharing_of(saved)
    shared = f"{sharing.kind}:{sharing.unit_id}" if sharing.kind else ""
    return {"name": saved.name, "description": saved.description, "group": saved.group, "shared_with": shared}
