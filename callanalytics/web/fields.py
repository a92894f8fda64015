"""Fields of forms that pages of several apps have."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

LONGEST_ID = 18
"""Digits; what is longer fits into no column of the database, and asking for it is an error."""


class RowsField(forms.ModelMultipleChoiceField[Any]):
    """Several rows to choose from; ids that no row can have are refused as unknown ones are."""

    def clean(self, value: Any) -> Any:
        """Return the chosen rows; raises ValidationError."""
        for key in value if isinstance(value, list | tuple) else ():
            if len(str(key)) > LONGEST_ID:
                shown = f"{str(key)[:LONGEST_ID]}…"
                raise ValidationError(self.error_messages["invalid_choice"], "invalid_choice", {"value": shown})
        return super().clean(value)
