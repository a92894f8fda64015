"""The form of one masking rule."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounting.models import CallType, Direction, MaskingRule

MOST_DIGITS = 20


class MaskingRuleForm(forms.ModelForm[MaskingRule]):
    """Which role does not see how many digits of which calls."""

    direction = forms.TypedChoiceField(
        label=gettext_lazy("Direction"), required=False, coerce=int, empty_value=None,
        choices=[("", gettext_lazy("Both")), *Direction.choices],
    )  # fmt: skip
    call_type = forms.TypedChoiceField(
        label=gettext_lazy("Call type"), required=False, coerce=int, empty_value=None,
        choices=[("", gettext_lazy("All")), *CallType.choices],
    )  # fmt: skip
    digits = forms.IntegerField(label=gettext_lazy("Hidden digits"), min_value=1, max_value=MOST_DIGITS, initial=3)

    class Meta:
        model = MaskingRule
        fields = ("role", "digits", "direction", "call_type", "own_calls")

    def clean(self) -> dict[str, Any]:
        """Refuse a second rule for the same calls of the same role: the stricter one would hold anyway."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        same = MaskingRule.objects.filter(
            role=cleaned.get("role"), direction=cleaned.get("direction"), call_type=cleaned.get("call_type"),
            own_calls=cleaned.get("own_calls", False),
        ).exclude(pk=self.instance.pk)  # fmt: skip
        if not self.errors and same.exists():
            raise forms.ValidationError(_("There is a rule for these calls of this role already: change that one."))
        return cleaned
