"""The forms of alarm rules: what is watched, how often and who is told; and muting."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounting.forms.profile import language_choices
from accounting.forms.recipients import RecipientsField
from accounting.forms.recurrence import RecurrenceForm
from accounting.models import MailServer, User
from accounting.services.recipients import LONGEST_LIST
from alarms.kinds.base import Kind, ParametersForm
from alarms.models import AlarmRule, Webhook
from callanalytics.web.fields import RowsField

LONGEST_TEXT = 4000
PREFIX = "kind"
"""Before the names of a kind's parameters, which may be called as a field of the rule is."""
USUAL_MINUTES = 15


def clock_field(label: Any) -> forms.TimeField:
    """Return a field for a time of day that may be empty."""
    return forms.TimeField(
        label=label, required=False, input_formats=["%H:%M", "%H:%M:%S"],
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
    )  # fmt: skip


class RuleForm(RecurrenceForm):
    """An alarm rule without the parameters of its kind."""

    recipients = RecipientsField(
        label=gettext_lazy("Recipients"), max_length=LONGEST_LIST, required=False,
        help_text=gettext_lazy("Addresses or names, with commas between them. Without any, alarms are only listed."),
    )  # fmt: skip
    webhooks = RowsField(
        label=gettext_lazy("Also post to"), queryset=Webhook.objects.none(), required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    text = forms.CharField(
        label=gettext_lazy("Text"), required=False, max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
        help_text=gettext_lazy("What the recipients should know or do; it stands in each message."),
    )  # fmt: skip
    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False, choices=language_choices)
    quiet_from = clock_field(gettext_lazy("Quiet from"))
    quiet_until = clock_field(gettext_lazy("Quiet until"))

    class Meta(RecurrenceForm.Meta):
        model = AlarmRule
        fields = (
            *RecurrenceForm.Meta.fields, "name", "recipients", "webhooks", "text", "language", "send_quiet",
            "quiet_from", "quiet_until",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = Q(rules=self.instance.pk) if self.instance.pk else Q(pk__in=[])
        webhooks = self.fields["webhooks"]
        assert isinstance(webhooks, forms.ModelMultipleChoiceField)
        webhooks.queryset = Webhook.objects.filter(Q(active=True) | chosen).distinct()

    def clean_name(self) -> str:
        """Return the name on one line: it stands in subjects and headings."""
        return " ".join(self.cleaned_data["name"].split())

    def clean(self) -> dict[str, Any]:
        """Refuse quiet hours that have no beginning, no end or no length."""
        cleaned = super().clean()
        begin, end = cleaned.get("quiet_from"), cleaned.get("quiet_until")
        if {"quiet_from", "quiet_until"} & self.errors.keys():
            return cleaned
        if begin is not None and begin == end:
            self.add_error("quiet_until", _("Quiet hours end at another time than they begin."))
        if begin is None and end is not None:
            self.add_error("quiet_from", _("Enter when the quiet hours begin, or leave both empty."))
        if end is None and begin is not None:
            self.add_error("quiet_until", _("Enter when the quiet hours end, or leave both empty."))
        return cleaned


class TimesForm(RecurrenceForm):
    """How often a rule looks."""

    class Meta(RecurrenceForm.Meta):
        model = AlarmRule


def usual_times() -> dict[str, Any]:
    """Return how often new rules look: every quarter of an hour, unless that is too often here."""
    return {
        "unit": AlarmRule.Units.MINUTES, "every": max(USUAL_MINUTES, MailServer.current().shortest_interval),
        "at": time(0), "zone": timezone.get_current_timezone_name(), "first_day": timezone.localdate(),
        "weekdays": list(range(5)),
    }  # fmt: skip


def usual_settings(kind: Kind, owner: User) -> dict[str, Any]:
    """Return what the form of a new rule begins with."""
    return {
        "name": str(kind.label), "recipients": [owner.email] if owner.email else [], **usual_times(),
    }  # fmt: skip


def parameters_form(kind: Kind, owner: User, data: Any = None, stored: dict[str, Any] | None = None) -> ParametersForm:
    """Return the form of a kind's parameters: typed, stored, or as new rules begin."""
    form = kind.form(data, owner=owner, prefix=PREFIX, initial=stored)
    for field in form.fields.values():
        # Several of a list are ticked: choosing them with a key held down is known to few.
        if isinstance(field, forms.MultipleChoiceField | forms.ModelMultipleChoiceField):
            choices: Any = field.choices
            field.widget = forms.CheckboxSelectMultiple(choices=choices)
    return form


class MuteForm(forms.Form):
    """For how long a rule tells nobody."""

    HOURS = {"1": 1, "8": 8}
    length = forms.ChoiceField(
        label=gettext_lazy("Mute"),
        choices=[
            ("1", gettext_lazy("for an hour")), ("8", gettext_lazy("for 8 hours")),
            ("tomorrow", gettext_lazy("until tomorrow, 7:00")), ("day", gettext_lazy("until a day")),
        ],
    )  # fmt: skip
    day = forms.DateField(
        label=gettext_lazy("Until the day"), required=False, input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Compute the end in the active zone; refuse days that are over or more than a year away."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        length, day, now = cleaned.get("length"), cleaned.get("day"), timezone.localtime()
        if length in self.HOURS:
            cleaned["until"] = timezone.now() + timedelta(hours=self.HOURS[length])  # whatever the clocks do meanwhile
        elif length == "tomorrow":
            cleaned["until"] = morning(now + timedelta(days=1))
        elif length == "day" and "day" not in self.errors:
            if day is None or not now.date() < day <= now.date() + timedelta(days=366):
                self.add_error("day", _("Enter a day between tomorrow and a year from now."))
            else:
                cleaned["until"] = datetime.combine(day, time(), now.tzinfo)
        return cleaned


def morning(moment: datetime) -> datetime:
    """Return when people begin to work on the day of a local moment."""
    return datetime.combine(moment.date(), time(7), moment.tzinfo)
