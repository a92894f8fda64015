"""The field of those who get a mail."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _

from accounting.services.recipients import read_recipients


class RecipientsField(forms.CharField):
    """Addresses and names of people, with commas between them; stored as a list of addresses."""

    widget = forms.Textarea(attrs={"rows": 2, "autocomplete": "off", "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        """Return the text of a stored list."""
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        """Return the addresses, each once; refuse what cannot or must not be written to."""
        found = read_recipients(super().clean(value))
        if self.required and not found:
            raise forms.ValidationError(_("Enter at least one recipient."))
        return found
