"""The form that gives something to another owner."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounting.models import User
from accounting.services.finding import SeveralPeopleError, find_person


class HandOverForm(forms.Form):
    """To whom something is handed over."""

    person = forms.CharField(
        label=gettext_lazy("New owner"), max_length=150,
        help_text=gettext_lazy("Name, user name or extension"), widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by

    def clean_person(self) -> User:
        """Return the one person who is meant and can sign in."""
        try:
            found = find_person(self.by, self.cleaned_data["person"])
        except SeveralPeopleError as error:
            names = ", ".join(f"{person} ({person.username})" for person in error.people)
            text = _("Several people are called so: %(names)s. Type the user name.")
            raise forms.ValidationError(text % {"names": names}) from error
        if found is None:
            raise forms.ValidationError(_("Nobody is called so."))
        if not found.is_active:
            raise forms.ValidationError(_("%(person)s has left.") % {"person": found})
        return found
