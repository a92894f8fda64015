"""The form of “What does this call cost?”: its address can be shared, so it is sent by GET."""

import re
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounting.models import Gateway
from accounting.services.simulating import Question, zone_at

CLOCK = re.compile(r"(?:(?:(\d{1,3}):)?(\d{1,2}):)?(\d{1,7})")
LONGEST = 31 * 86_400
FIRST_YEAR, LAST_YEAR = 1990, 2100
OUTGOING, INCOMING = "outgoing", "incoming"


class DurationField(forms.CharField):
    """Seconds, or minutes and seconds, or h:mm:ss; becomes whole seconds."""

    def clean(self, value: Any) -> int:
        """Return the seconds."""
        text = super().clean(value)
        found = CLOCK.fullmatch(text.strip())
        hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, -1)
        total = hours * 3600 + minutes * 60 + seconds
        if not 0 <= total <= LONGEST or (":" in text and (seconds > 59 or (hours and minutes > 59))):
            raise forms.ValidationError(_("A duration like 0:03:25, 3:25 or 205 (seconds), at most 31 days."))
        return total


class WallClockField(forms.DateTimeField):
    """A moment as a clock shows it, without a zone: whose clock it is, another field says."""

    def to_python(self, value: Any) -> datetime | None:
        """Return the moment without a zone; refuse years in which nobody telephones."""
        # In UTC no moment is missing or ambiguous, as it may be by the reader's clock.
        with timezone.override(UTC):
            found = super().to_python(value)
        if found is not None and not FIRST_YEAR <= found.year <= LAST_YEAR:
            raise forms.ValidationError(_("A moment between 1990 and 2100."))
        return found and found.replace(tzinfo=None)


class SimulatorForm(forms.Form):
    """A call that may be made."""

    number = forms.CharField(
        label=_("Number"), max_length=60,
        help_text=_("As dialled or shown at the gateway's office, or international with +."),
        widget=forms.TextInput(attrs={"dir": "ltr", "inputmode": "tel", "autocomplete": "off"}),
    )  # fmt: skip
    gateway = forms.ModelChoiceField(label=_("Gateway"), queryset=Gateway.objects.none())
    direction = forms.ChoiceField(
        label=_("Direction"), choices=((OUTGOING, _("Outgoing")), (INCOMING, _("Incoming"))), required=False
    )
    moment = WallClockField(
        label=_("Answered at"), required=False,
        help_text=_("By the clock of the gateway's office. Empty: now."),
        input_formats=["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S"),
    )  # fmt: skip
    duration = DurationField(
        label=_("Duration"), required=True, initial="0:03:00", help_text=_("h:mm:ss or seconds."),
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off"}),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        gateways = Gateway.objects.select_related("office", "phone_system__office")
        self.fields["gateway"].queryset = gateways  # type: ignore[attr-defined]

    def question(self) -> Question:
        """Return the call that is asked about."""
        found = self.cleaned_data
        naive: datetime | None = found["moment"]
        answered_at = (
            naive.replace(tzinfo=zone_at(found["gateway"])) if naive else timezone.now().replace(microsecond=0)
        )
        return Question(
            found["number"], found["gateway"], answered_at, found["duration"],
            incoming=found["direction"] == INCOMING,
        )  # fmt: skip
