"""The form of a new rate, as the workbench of unpriced calls offers it."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounting.models import Rate

DIGITS = re.compile(r"[0-9*#]*")


class DraftRateForm(forms.ModelForm[Rate]):
    """A rate in one of the tariffs behind a gateway."""

    class Meta:
        model = Rate
        fields = (
            "tariff", "prefix", "destination", "price_per_minute", "connection_fee", "first_increment", "increment",
            "minimum", "valid_from",
        )  # fmt: skip
        widgets = {"valid_from": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})}
        help_texts = {"valid_from": gettext_lazy("Empty: as long as the tariff.")}

    def __init__(self, *args: Any, tariffs: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tariff"].queryset = tariffs  # type: ignore[attr-defined]
        self.fields["tariff"].empty_label = None  # type: ignore[attr-defined]
        for name in ("price_per_minute", "connection_fee", "minimum"):
            self.fields[name].min_value = 0  # type: ignore[attr-defined]

    def clean_prefix(self) -> str:
        """Return the prefix without the + that people write."""
        prefix: str = self.cleaned_data["prefix"].replace(" ", "").removeprefix("+")
        if not DIGITS.fullmatch(prefix):
            raise forms.ValidationError(_("A prefix has digits only."))
        return prefix

    def clean(self) -> dict[str, Any]:
        """Refuse amounts below zero: a call never earns money."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name in ("price_per_minute", "connection_fee", "minimum"):
            if (cleaned.get(name) or 0) < 0:
                self.add_error(name, _("An amount cannot be below zero."))
        return cleaned
