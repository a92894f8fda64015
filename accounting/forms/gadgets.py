"""The form of the rules for gadgets."""

import re

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounting.models import GadgetRules
from callanalytics.templatetags.ui import number

LONGEST_ORIGINS = 2000
"""They stand in a header of every page of gadgets, and web servers limit headers."""
ORIGIN = re.compile(r"https?://(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?")


class GadgetRulesForm(forms.ModelForm[GadgetRules]):
    """Whether gadgets can be opened, inside which pages, and how long a sign-in lasts."""

    class Meta:
        model = GadgetRules
        fields = ["enabled", "session_days", "origins"]
        widgets = {"origins": forms.Textarea(attrs={"rows": 3, "dir": "ltr", "spellcheck": "false"})}

    def clean_origins(self) -> str:
        """Return the origins in one line; each is checked, since they become part of a header."""
        typed = str(self.cleaned_data["origins"]).lower().split()
        if len(" ".join(typed)) > LONGEST_ORIGINS:
            text = _("Together the origins may have %(most)s characters at most.")
            raise ValidationError(text % {"most": number(LONGEST_ORIGINS)}, code="too_long")
        for one in typed:
            if not ORIGIN.fullmatch(one):
                text = _("“%(origin)s” is no origin: write https:// and a host name, without a path.")
                raise ValidationError(text % {"origin": one}, code="origin")
        return " ".join(dict.fromkeys(typed))
