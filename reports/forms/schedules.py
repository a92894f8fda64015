"""The forms of scheduled reports: when they are sent, what and to whom; and to whom they are handed over."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.dates import WEEKDAYS
from django.utils.functional import lazy
from django.utils.safestring import SafeString
from django.utils.translation import get_language_info, gettext_lazy, ngettext, pgettext_lazy
from django.utils.translation import gettext as _

from accounting.forms.profile import zone_choices
from accounting.models import MailServer, User
from accounting.services.finding import SeveralPeopleError, find_person
from callanalytics.lib.recurrence import LAST_DAY
from callanalytics.middleware import ZONES
from reports.exports import FORMATS
from reports.forms.mailing import placeholders_in_words
from reports.mails.recipients import LONGEST_LIST, read_recipients
from reports.mails.sending import MAIL_FORMATS
from reports.mails.wording import problem_in
from reports.models import ReportSchedule

Units = ReportSchedule.Units
MOST_UNITS = {Units.MINUTES: 10_080, Units.DAYS: 366, Units.WEEKS: 52, Units.MONTHS: 24}
LONGEST_TEXT = 4000


class RecurrenceForm(forms.ModelForm[ReportSchedule]):
    """When a report is sent, by plain controls; those of other units than the chosen one are passed over."""

    every = forms.IntegerField(label=gettext_lazy("Every"), min_value=1, max_value=10_080)
    weekdays = forms.TypedMultipleChoiceField(
        label=gettext_lazy("On"), required=False, coerce=int, choices=list(WEEKDAYS.items()),
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    day_of_month = forms.TypedChoiceField(
        label=gettext_lazy("Day of the month"), coerce=int, required=False,
        choices=[*((day, str(day)) for day in range(1, LAST_DAY)), (LAST_DAY, gettext_lazy("Last day"))],
        help_text=gettext_lazy("In shorter months: their last day."),
    )  # fmt: skip
    at = forms.TimeField(
        label=pgettext_lazy("time of day", "Time"), widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        input_formats=["%H:%M", "%H:%M:%S"],
    )  # fmt: skip
    zone = forms.ChoiceField(label=gettext_lazy("Time zone"), choices=zone_choices)
    first_day = forms.DateField(
        label=gettext_lazy("First day"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        input_formats=["%Y-%m-%d"],
    )  # fmt: skip

    class Meta:
        model = ReportSchedule
        fields: tuple[str, ...] = ("unit", "every", "weekdays", "day_of_month", "at", "zone", "first_day")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shortest = MailServer.current().shortest_interval
        said = ngettext(
            "Not more often than every minute.", "Not more often than every %(number)s minutes.", self.shortest
        )
        self.fields["every"].help_text = said % {"number": self.shortest}
        zones = self.fields["zone"]
        if self.instance.pk and self.instance.zone not in ZONES and isinstance(zones, forms.ChoiceField):
            zones.choices = [("", _("Choose a time zone")), *zone_choices()]

    def clean_day_of_month(self) -> int:
        """Return the day; the first where the control was not shown."""
        return int(self.cleaned_data["day_of_month"] or 1)

    def clean(self) -> dict[str, Any]:
        """Refuse weeks without a day and numbers that no calendar needs."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        unit, every = cleaned.get("unit"), cleaned.get("every")
        if unit and every and every > MOST_UNITS[Units(unit)]:
            text = _("At most %(most)s.") % {"most": MOST_UNITS[Units(unit)]}
            self.add_error("every", text)
        if unit == Units.MINUTES and every and every < self.shortest:
            self.add_error("every", self.fields["every"].help_text)
        if unit == Units.WEEKS and "weekdays" in cleaned and not cleaned["weekdays"]:
            self.add_error("weekdays", _("Choose at least one day of the week."))
        first = cleaned.get("first_day")
        if first and not 2000 <= first.year <= 2100:
            self.add_error("first_day", _("The first day must lie between 2000 and 2100."))
        return cleaned


class RecipientsField(forms.CharField):
    """Addresses and names of people, with commas between them; stored as a list of addresses."""

    widget = forms.Textarea(attrs={"rows": 2, "autocomplete": "off", "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        """Return the text of a stored list."""
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        """Return the addresses, each once; refuse what cannot or must not be written to."""
        found = read_recipients(super().clean(value))
        if not found:
            raise forms.ValidationError(_("Enter at least one recipient."))
        return found


def known_placeholders(text: str) -> None:
    """Refuse a text with a placeholder that is none."""
    if problem := problem_in(text):
        raise forms.ValidationError(problem)


class ScheduleForm(RecurrenceForm):
    """A scheduled report: its name, its mail and its times."""

    recipients = RecipientsField(
        label=gettext_lazy("Recipients"), max_length=LONGEST_LIST,
        help_text=gettext_lazy("Addresses or names, with commas between them."),
    )  # fmt: skip
    format = forms.ChoiceField(
        label=gettext_lazy("Attached file"), choices=[(name, FORMATS[name].label) for name in MAIL_FORMATS]
    )
    subject = forms.CharField(
        label=gettext_lazy("Subject"), max_length=200, validators=[known_placeholders],
        help_text=lazy(placeholders_in_words, SafeString)(), widget=forms.TextInput(attrs={"dir": "auto"}),
    )  # fmt: skip
    text = forms.CharField(
        label=gettext_lazy("Text"), required=False, max_length=LONGEST_TEXT, validators=[known_placeholders],
        widget=forms.Textarea(attrs={"rows": 5, "dir": "auto"}),
        help_text=gettext_lazy("Stands above the figures; the same placeholders can be used."),
    )  # fmt: skip
    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False)

    class Meta(RecurrenceForm.Meta):
        fields = (
            *RecurrenceForm.Meta.fields,
            "name",
            "recipients",
            "format",
            "subject",
            "text",
            "language",
            "send_empty",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own_names = [(code, get_language_info(code)["name_local"].capitalize()) for code, _name in settings.LANGUAGES]
        language = self.fields["language"]
        assert isinstance(language, forms.ChoiceField)
        language.choices = [("", _("The owner's language")), *own_names]


class HandOverForm(forms.Form):
    """To whom a scheduled report is handed over."""

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
