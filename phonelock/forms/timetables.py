"""The form of a timetable: for whom, in which hours, and who is left alone."""

import re
from typing import Any

from django import forms
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounting.models import Department, Office, User
from accounting.services.tariff_pictures import DAY_NAMES
from budget.forms.budgets import by_user_name, one_person
from phonelock.models import Timetable, TimetableExemption

OFFICE, DEPARTMENT = "office", "department"
BUSINESS, OWN = "business", "own"
MOST_EXEMPT = 2_000
WEEKDAYS = [(int(number), name) for number, name in DAY_NAMES if number.isdigit()]


class TimetableForm(forms.ModelForm[Timetable]):
    """A timetable with its exemptions."""

    unit = forms.ChoiceField(
        label=gettext_lazy("For"), widget=forms.RadioSelect, initial=OFFICE,
        choices=[(OFFICE, gettext_lazy("An office")), (DEPARTMENT, gettext_lazy("A department"))],
    )  # fmt: skip
    office = forms.ModelChoiceField(
        label=gettext_lazy("Office"),
        queryset=Office.objects.all(),
        required=False,
        empty_label=gettext_lazy("Choose …"),
    )
    department = forms.ModelChoiceField(
        label=gettext_lazy("Department"), queryset=Department.objects.all(), required=False,
        empty_label=gettext_lazy("Choose …"),
        help_text=gettext_lazy("With all departments below it."),
    )  # fmt: skip
    when = forms.ChoiceField(
        label=gettext_lazy("Locked"), widget=forms.RadioSelect, initial=BUSINESS,
        choices=[
            (BUSINESS, gettext_lazy("outside the business hours of each person's office")),
            (OWN, gettext_lazy("in these hours:")),
        ],
    )  # fmt: skip
    weekdays = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Beginning on"), required=False, coerce=int, choices=WEEKDAYS,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    exempt = forms.CharField(
        label=gettext_lazy("Exempt"), required=False, max_length=200_000,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false", "dir": "auto"}),
        help_text=gettext_lazy(
            "People whose lines stay as they are, for instance the night watch: names, user names or extensions, one a "
            "line or with commas between them."
        ),
    )  # fmt: skip

    class Meta:
        model = Timetable
        fields = ("name", "office", "department", "hours", "weekdays", "holidays")

    def __init__(self, *args: Any, reader: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reader = reader
        self.fields["hours"].help_text = _("For instance 19:00-07:00, or 12:00-13:00, 19:00-07:00.")
        if self.instance.pk:
            self.initial["unit"] = OFFICE if self.instance.office_id else DEPARTMENT
            self.initial["when"] = BUSINESS if self.instance.outside_business_hours else OWN
            names = self.instance.exemptions.select_related("person").order_by("person__username")
            self.initial["exempt"] = "\n".join(one.person.username for one in names)

    def clean_exempt(self) -> list[User]:
        """Return the people who are exempt, each once."""
        words = [word.strip() for word in re.split(r"[\n,;]+", self.cleaned_data["exempt"])]
        typed = list(dict.fromkeys(word for word in words if word))
        if len(typed) > MOST_EXEMPT:
            raise forms.ValidationError(_("At most %(most)s people can be exempt.") % {"most": MOST_EXEMPT})
        known = by_user_name(typed)
        found = [known.get(word) or one_person(word, self.reader) for word in typed]
        return list({person.pk: person for person in found}.values())

    def clean(self) -> dict[str, Any]:
        """Keep the one unit that is chosen, and ask for the hours where they are needed."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        unit = cleaned.get("unit")
        for name in (OFFICE, DEPARTMENT):
            if name != unit:
                cleaned[name] = None
            elif not cleaned.get(name) and name not in self.errors:
                self.add_error(name, _("Choose the office.") if name == OFFICE else _("Choose the department."))
        if cleaned.get("when") == BUSINESS:
            self.errors.pop("hours", None)
            cleaned["hours"], cleaned["weekdays"] = "", []
        elif not cleaned.get("hours") and "hours" not in self.errors:
            self.add_error("hours", _("Enter the hours in which lines are locked."))
        self.instance.outside_business_hours = cleaned.get("when") == BUSINESS
        return cleaned

    def save(self, commit: bool = True) -> Timetable:
        """Store the timetable and its exemptions."""
        with transaction.atomic():
            timetable = super().save(commit=commit)
            wanted = {person.pk for person in self.cleaned_data["exempt"]}
            for gone in timetable.exemptions.exclude(person__in=wanted):
                gone.delete()
            known = set(timetable.exemptions.values_list("person_id", flat=True))
            for person in wanted - known:
                TimetableExemption.objects.create(timetable=timetable, person_id=person)
        return timetable
