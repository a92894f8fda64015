"""What people enter about their lock: when it ends, and their PIN."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

NEVER, EVENING, MOMENT = "never", "evening", "moment"
EVENING_HOUR = 18
LONGEST = timedelta(days=366)


class EndForm(forms.Form):
    """When a lock ends by itself, if at all."""

    end = forms.ChoiceField(label=gettext_lazy("It holds"), required=False)
    moment = forms.DateTimeField(
        label=gettext_lazy("Until"), required=False, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        widget=forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(NEVER, _("until it is lifted")), (MOMENT, _("until a moment of your choice"))]
        if self.evening > timezone.now():
            choices.insert(1, (EVENING, _("until 18:00 today")))
        self.fields["end"].choices = choices  # type: ignore[attr-defined]

    @property
    def evening(self) -> datetime:
        """The end of the working day by the reader's clock."""
        return timezone.localtime().replace(hour=EVENING_HOUR, minute=0, second=0, microsecond=0)

    def clean(self) -> dict[str, Any]:
        """Refuse ends that have passed, lie beyond a year, or are missing."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("end") != MOMENT or "moment" in self.errors:
            return cleaned
        moment, now = cleaned.get("moment"), timezone.now()
        if moment is None:
            self.add_error("moment", _("Enter the day and the time at which the lock ends."))
        elif not now < moment <= now + LONGEST:
            self.add_error("moment", _("The end must lie in the future, within a year."))
        return cleaned

    @property
    def until(self) -> datetime | None:
        """The end that was chosen; None: none."""
        chosen = self.cleaned_data.get("end")
        moment: datetime | None = self.cleaned_data.get("moment")
        return {EVENING: self.evening, MOMENT: moment}.get(chosen or NEVER)

    @property
    def fault(self) -> str:
        """What is wrong with it, in one text."""
        return " ".join(str(text) for texts in self.errors.values() for text in texts)


class NoteForm(EndForm):
    """The end and the reason of a lock by the administration."""

    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, max_length=200,
        help_text=gettext_lazy("The people concerned see it. For instance: lost badge."),
    )  # fmt: skip


def pin_field(label: Any, autocomplete: str) -> forms.CharField:
    """Return a field for a PIN that browsers neither show nor keep."""
    attributes = {"inputmode": "numeric", "autocomplete": autocomplete, "maxlength": 12, "dir": "ltr"}
    return forms.CharField(label=label, max_length=64, widget=forms.PasswordInput(attrs=attributes))


class PinForm(forms.Form):
    """A new PIN, typed twice, and the present one where there is one of the person's own."""

    current = pin_field(gettext_lazy("Present PIN"), "off")
    new = pin_field(gettext_lazy("New PIN"), "new-password")
    again = pin_field(gettext_lazy("New PIN again"), "new-password")

    def __init__(self, *args: Any, asks_current: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new"].help_text = _("4 to 12 digits; not all the same, no steps, no year.")
        if not asks_current:
            del self.fields["current"]

    def clean(self) -> dict[str, Any]:
        """Refuse two different new PINs."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("new") and cleaned.get("again") and cleaned["new"] != cleaned["again"]:
            self.add_error("again", _("The two new PINs differ."))
        return cleaned
