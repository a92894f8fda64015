"""The forms of scheduled reports: when they are sent, what and to whom."""

from django import forms
from django.utils.functional import lazy
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from accounting.forms.profile import language_choices
from accounting.forms.recipients import RecipientsField
from accounting.forms.recurrence import RecurrenceForm
from accounting.services.recipients import LONGEST_LIST
from reports.exports import FORMATS
from reports.forms.mailing import placeholders_in_words
from reports.mails.sending import MAIL_FORMATS
from reports.mails.wording import problem_in
from reports.models import ReportSchedule

LONGEST_TEXT = 4000


def known_placeholders(text: str) -> None:
    """Refuse a text with a placeholder that is none."""
    if problem := problem_in(text):
        raise forms.ValidationError(problem)


class ScheduleTimesForm(RecurrenceForm):
    """When a report is sent."""

    class Meta(RecurrenceForm.Meta):
        model = ReportSchedule


class ScheduleForm(ScheduleTimesForm):
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
    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False, choices=language_choices)

    class Meta(ScheduleTimesForm.Meta):
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
