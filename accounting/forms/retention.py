"""The form of a phone system's term."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounting.models import PhoneSystem

LONGEST_TERM = 36_500


class RetentionForm(forms.Form):
    """How long calls are kept, and what becomes of them then."""

    keep_days = forms.IntegerField(
        label=_("Keep calls for"), required=False, min_value=1, max_value=LONGEST_TERM,
        help_text=_("Days. Empty: without limit."),
    )  # fmt: skip
    after_term = forms.ChoiceField(label=_("Then"), choices=PhoneSystem.AfterTerm.choices)
