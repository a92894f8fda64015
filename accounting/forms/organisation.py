"""Forms of offices, and of what people belong to from one moment to another."""

import unicodedata
from typing import Any

from babel import Locale
from django import forms
from django.conf import settings
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.translation import get_language, get_language_info
from django.utils.translation import gettext_lazy as _
from phonenumbers import SUPPORTED_REGIONS

from accounting.forms.profile import zone_choices
from accounting.models import LineAssignment, Membership, Office, Supervision, User

UNITS = ("department", "cost_centre", "office")


def country_choices() -> list[tuple[str, str]]:
    """Return the countries with their names in the reader's language, in its order of letters."""
    names = Locale.parse(get_language() or "en", sep="-").territories
    named = [(code, f"{names.get(code, code)} ({code})") for code in SUPPORTED_REGIONS]
    return [("", "–"), *sorted(named, key=lambda one: _letters(one[1]))]


def language_choices() -> list[tuple[str, Any]]:
    """Return the portal's languages by their own names."""
    own_names = [(code, get_language_info(code)["name_local"].capitalize()) for code, _name in settings.LANGUAGES]
    return [("", _("The browser's language")), *own_names]


def _letters(name: str) -> str:
    """Return a name without accents, in small letters, by which it is sorted."""
    return "".join(part for part in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(part))


SIGN_IN_NAME = _("For sign-in: letters, digits and @ . + - _ only, at most 150.")


class PersonForm(UserChangeForm[User]):
    """A person; language and zone come from lists, the password has a page of its own."""

    password = None  # type: ignore[assignment]  # this is how Django leaves an inherited field out
    language = forms.ChoiceField(label=_("language"), required=False, choices=language_choices)
    time_zone = forms.ChoiceField(
        label=_("time zone"),
        required=False,
        choices=lambda: [("", _("The zone of the person's office")), *zone_choices()],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].help_text = SIGN_IN_NAME
        self.fields["is_active"].help_text = _("May sign in. Whoever has left is closed, not deleted: past calls stay.")


class NewPersonForm(AdminUserCreationForm[User]):
    """A new person, with a password of the portal or without one."""

    usable_password = forms.ChoiceField(
        label=_("Sign-in"), required=False, initial="true",
        widget=forms.RadioSelect(attrs={"class": "radiolist inline"}),
        choices=[("true", _("With a password set here")), ("false", _("With the directory only, or not at all"))],
        help_text=_("A password can also be set or removed later."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].help_text = SIGN_IN_NAME


class OfficeForm(forms.ModelForm[Office]):
    """An office; country and zone come from lists."""

    country = forms.ChoiceField(
        label=_("country"), choices=country_choices, help_text=_("Its number plan reads what people dial.")
    )
    time_zone = forms.ChoiceField(
        label=_("time zone"), choices=zone_choices, initial=settings.TIME_ZONE,
        help_text=_("For the hours of tariffs and reports."),
    )  # fmt: skip

    class Meta:
        model = Office
        fields = "__all__"  # noqa: DJ007  (every field is a setting)


class PeriodForm(forms.ModelForm[Any]):
    """A row that is valid from one moment to another."""

    def clean(self) -> dict[str, Any]:
        """Refuse an end before the beginning."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        begin, end = cleaned.get("valid_from"), cleaned.get("valid_to")
        if begin and end and end <= begin:
            self.add_error("valid_to", ValidationError(_("The end must come after the beginning.")))
        return cleaned


class LineForm(PeriodForm):
    """An extension of a person."""

    class Meta:
        model: type[Model] = LineAssignment
        fields = ("extension", "valid_from", "valid_to")


class MembershipForm(PeriodForm):
    """The units of a person."""

    class Meta:
        model: type[Model] = Membership
        fields = (*UNITS, "valid_from", "valid_to")

    def clean(self) -> dict[str, Any]:
        """Refuse a membership of nothing."""
        cleaned = super().clean()
        if not self.errors and not any(cleaned.get(unit) for unit in UNITS):
            raise ValidationError(_("Choose a department, a cost centre or an office."))
        return cleaned


class SupervisionForm(forms.ModelForm[Supervision]):
    """One unit whose calls a person sees."""

    class Meta:
        model = Supervision
        fields = UNITS

    def clean(self) -> dict[str, Any]:
        """Refuse anything but exactly one unit."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and sum(bool(cleaned.get(unit)) for unit in UNITS) != 1:
            raise ValidationError(_("Choose exactly one: a department, a cost centre or an office."))
        return cleaned


class ChosenOfficeForm(forms.Form):
    """The office that many rows get at once."""

    value = forms.ModelChoiceField(label=_("office"), queryset=Office.objects.all(), required=True)
