"""The form of "Send mail"."""

import secrets
from typing import Any

from django import forms
from django.utils.functional import lazy
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounting.services.recipients import LONGEST_LIST, read_recipients
from reports.exports import FORMATS
from reports.mails.sending import MAIL_FORMATS
from reports.mails.wording import PLACEHOLDERS, STANDARD_SUBJECT, Wording, problem_in

TOKEN = r"^[\w-]{16,64}$"  # noqa: S105  (the form of one)


def placeholders_in_words() -> SafeString:
    """Return the sentence that names the placeholders."""
    marks = format_html_join(", ", "<bdi><code>{{{}}}</code></bdi> {}", PLACEHOLDERS.items())
    return format_html("{} {}.", _("Placeholders:"), marks)


def new_token() -> str:
    """Return what marks one press of a button."""
    return secrets.token_urlsafe(24)


class MailForm(forms.Form):
    """Recipients, format, subject and text of a mail; a test goes to its author, whoever the recipients are."""

    recipients = forms.CharField(
        label=gettext_lazy("Recipients"), max_length=LONGEST_LIST, required=False,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto", "autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy("Addresses or names, with commas between them."),
    )  # fmt: skip
    format = forms.ChoiceField(label=gettext_lazy("Attached file"))
    subject = forms.CharField(
        label=gettext_lazy("Subject"), max_length=200, initial=STANDARD_SUBJECT,
        widget=forms.TextInput(attrs={"dir": "auto"}),
        help_text=lazy(placeholders_in_words, SafeString)(),
    )  # fmt: skip
    text = forms.CharField(
        label=gettext_lazy("Text"), max_length=4000, required=False,
        widget=forms.Textarea(attrs={"rows": 5, "dir": "auto"}),
        help_text=gettext_lazy("Stands above the figures; the same placeholders can be used."),
    )  # fmt: skip
    token = forms.RegexField(TOKEN, widget=forms.HiddenInput, initial=new_token)

    def __init__(self, *args: Any, with_recipients: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.with_recipients = with_recipients
        choices = self.fields["format"]
        assert isinstance(choices, forms.ChoiceField)
        choices.choices = [(name, FORMATS[name].label) for name in MAIL_FORMATS]

    def clean_recipients(self) -> list[str]:
        """Return the addresses."""
        if not self.with_recipients:
            return []
        found = read_recipients(self.cleaned_data["recipients"])
        if not found:
            raise forms.ValidationError(_("Enter at least one recipient."))
        return found

    def clean_subject(self) -> str:
        """Return the subject when its placeholders are known."""
        return self.with_known_placeholders("subject")

    def clean_text(self) -> str:
        """Return the text when its placeholders are known."""
        return self.with_known_placeholders("text")

    def with_known_placeholders(self, name: str) -> str:
        """Return what was typed into a field; raise ValidationError when a placeholder is none."""
        typed: str = self.cleaned_data[name]
        if problem := problem_in(typed):
            raise forms.ValidationError(problem)
        return typed

    def wording(self) -> Wording:
        """Return subject and text as they were typed."""
        return Wording(self.cleaned_data["subject"], self.cleaned_data["text"])
