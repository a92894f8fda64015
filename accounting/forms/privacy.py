"""Forms around one person's data."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounting.models import User


class ErasureForm(forms.Form):
    """The typed confirmation of an erasure."""

    username = forms.CharField(
        label=gettext_lazy("Type the user name to confirm"), max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip

    def __init__(self, person: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person

    def clean_username(self) -> str:
        """Return the user name; refuse another one than the person's."""
        typed: str = self.cleaned_data["username"]
        if typed != self.person.username:
            raise forms.ValidationError(_("This is not the user name of the person."))
        return typed
