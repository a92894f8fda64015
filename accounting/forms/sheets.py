"""The form with which people upload a sheet."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounting.sheets.base import Sheet
from callanalytics.lib.spreadsheets import MOST_BYTES


class SheetForm(forms.Form):
    """A file, and whether what it lacks is removed."""

    file = forms.FileField(
        label=_("File"),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.xlsx", "class": "form-control"}),
    )
    remove_missing = forms.BooleanField(
        required=False, widget=forms.CheckboxInput(attrs={"class": "form-check-input"})
    )  # fmt: skip

    effective_on = forms.DateField(
        label=_("Prices change on"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("The old rates end and the new ones begin on this day. Empty: prices are corrected as a whole."),
    )  # fmt: skip

    def __init__(self, sheet: type[Sheet], *args: Any) -> None:
        super().__init__(*args)
        self.fields["remove_missing"].label = str(sheet.missing_text)
        if not sheet.of_tariff:
            del self.fields["effective_on"]

    def clean_file(self) -> Any:
        """Refuse what is too large to be read."""
        file = self.cleaned_data["file"]
        if (file.size or 0) > MOST_BYTES:
            raise ValidationError(
                _("The file is larger than %(limit)s MB. Split it."), params={"limit": MOST_BYTES // 1024 // 1024}
            )
        return file
