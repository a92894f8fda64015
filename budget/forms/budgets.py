"""The form of budgets: for whom, how much of what, how long, and what happens at which share."""

import re
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounting.models import CallType, CostCentre, Department, Tariff, User
from accounting.services.finding import SeveralPeopleError, find_person
from budget.models import Budget, BudgetException, Cycle, Mode, Threshold, Unit
from budget.services.cycles import boundary_until
from budget.services.quantities import entered, stored
from callanalytics.web.fields import RowsField

PEOPLE, DEPARTMENTS, COST_CENTRES = "people", "departments", "cost_centres"
ROWS = 4
"""Thresholds that the form offers."""
MOST_PEOPLE = 2_000
NAMES_AT_ONCE = 1_000
MOST_AMOUNT = Decimal(10_000_000)
OWNERS = ((PEOPLE, gettext_lazy("People")), (DEPARTMENTS, gettext_lazy("Departments")),
          (COST_CENTRES, gettext_lazy("Cost centres")))  # fmt: skip
TYPES = [(int(one), one.label) for one in CallType if one not in (CallType.INTERNAL, CallType.UNKNOWN)]
DATE: dict[str, Any] = {
    "widget": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    "input_formats": ["%Y-%m-%d"],
}


class ThresholdForm(forms.ModelForm[Threshold]):
    """One threshold; without a share it is none."""

    percent = forms.IntegerField(label=gettext_lazy("At percent"), min_value=1, max_value=1000, required=False)

    class Meta:
        model = Threshold
        fields = ("percent", "mail_person", "mail_supervisor", "mail_administrators", "lock")


class RulesForm(forms.Form):
    """What may still be changed of a budget that is in force."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    amount = forms.DecimalField(label=gettext_lazy("Amount"), min_value=0, max_value=MOST_AMOUNT, decimal_places=2)
    cycle = forms.ChoiceField(label=gettext_lazy("Period"), choices=Cycle.choices, initial=Cycle.MONTH)
    weekday = forms.TypedChoiceField(
        label=gettext_lazy("First day of the week"), coerce=int, required=False,
        choices=[(number + 1, name) for number, name in WEEKDAYS.items()],
    )  # fmt: skip
    month_day = forms.IntegerField(
        label=gettext_lazy("First day of the month"), min_value=1, max_value=28, required=False, initial=1
    )
    carry_over = forms.BooleanField(label=gettext_lazy("Carry over what is left"), required=False)
    carry_ceiling = forms.DecimalField(
        label=gettext_lazy("At most"), min_value=0, max_value=MOST_AMOUNT, decimal_places=2, required=False,
        help_text=gettext_lazy("Empty: everything that is left."),
    )  # fmt: skip
    valid_until = forms.DateField(
        label=gettext_lazy("Last day"), required=False, help_text=gettext_lazy("Empty: until further notice."), **DATE
    )
    exceptions = forms.CharField(
        label=gettext_lazy("Exceptions"), required=False, max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "dir": "auto"}),
        help_text=gettext_lazy(
            "One person a line, with another amount, or “none”. For instance: jdoe = 50, or jdoe = none. "
            "Two columns of a spreadsheet can be pasted, too."
        ),
    )  # fmt: skip

    def __init__(self, *args: Any, reader: User, budget: Budget | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reader, self.budget = reader, budget
        rows = list(budget.thresholds.all()) if budget else standard_thresholds()
        rows += [Threshold(mail_person=True)] * (ROWS - len(rows))
        data = self.data if self.is_bound else None
        self.thresholds = [ThresholdForm(data, prefix=f"t{place}", instance=row) for place, row in enumerate(rows)]

    @property
    def measured_in(self) -> str:
        """What the amounts are given in."""
        return self.budget.unit if self.budget else str(self.cleaned_data.get("unit", Unit.MONEY))

    def is_valid(self) -> bool:
        """Return whether all of it, with its thresholds, can be stored."""
        rows = [row.is_valid() for row in self.thresholds]
        return super().is_valid() and all(rows)

    def clean(self) -> dict[str, Any]:
        """Read the exceptions, and refuse thresholds that are there twice."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        percents = [row.cleaned_data.get("percent") for row in self.thresholds if row.is_valid()]
        given = [one for one in percents if one]
        if len(set(given)) != len(given):
            self.add_error(None, _("Two thresholds have the same percentage."))
        try:
            typed = cleaned.get("exceptions", "")
            cleaned["read_exceptions"] = list(read_exceptions(typed, self.reader, self.measured_in))
        except forms.ValidationError as error:
            self.add_error("exceptions", error)
        return cleaned

    def clean_valid_until(self) -> Any:
        """Refuse an end of a stored budget before its begin, or one that has passed: what was counted stays."""
        last = self.cleaned_data["valid_until"]
        if last and self.budget and last != self.budget.valid_until:
            if last < self.budget.valid_from:
                raise forms.ValidationError(_("The last day is before the first one."))
            if last < timezone.localdate():
                raise forms.ValidationError(_("The last day has passed. A budget can end today at the earliest."))
        return last

    def fill(self, budget: Budget) -> Budget:
        """Put what was entered into a budget; it is not stored."""
        cleaned = self.cleaned_data
        budget.name, budget.cycle = cleaned["name"], cleaned["cycle"]
        budget.amount = stored(budget.unit, cleaned["amount"])
        chosen = cleaned["weekday"] if budget.cycle == Cycle.WEEK else cleaned["month_day"]
        budget.first_day = int(chosen or 1)
        budget.carry_over, ceiling = cleaned["carry_over"], cleaned["carry_ceiling"]
        budget.carry_ceiling = stored(budget.unit, ceiling) if budget.carry_over and ceiling is not None else None
        budget.valid_until = cleaned["valid_until"]
        return budget

    def keep_parts(self, budget: Budget) -> None:
        """Store thresholds and exceptions of a stored budget."""
        kept = []
        for row in self.thresholds:
            if percent := row.cleaned_data.get("percent"):
                fields = {name: row.cleaned_data[name] for name in ThresholdForm.Meta.fields if name != "percent"}
                Threshold.objects.update_or_create(budget=budget, percent=percent, defaults=fields)
                kept.append(percent)
        for gone in budget.thresholds.exclude(percent__in=kept):
            gone.delete()
        wanted = dict(self.cleaned_data["read_exceptions"]) if budget.per_person else {}
        for gone_one in budget.exceptions.exclude(person__in=wanted):
            gone_one.delete()
        for person, amount in wanted.items():
            BudgetException.objects.update_or_create(budget=budget, person=person, defaults={"amount": amount})


class EditForm(RulesForm):
    """A stored budget: what it counts, and for whom, stays."""

    def __init__(self, *args: Any, budget: Budget, **kwargs: Any) -> None:
        kwargs.setdefault("initial", initial_of(budget))
        super().__init__(*args, budget=budget, **kwargs)


class NewBudgetForm(RulesForm):
    """New budgets: one for each person or unit that is chosen."""

    owners = forms.ChoiceField(label=gettext_lazy("For"), choices=OWNERS, initial=PEOPLE, widget=forms.RadioSelect)
    people = forms.CharField(
        label=gettext_lazy("People"), required=False, max_length=200_000,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false", "dir": "auto"}),
        help_text=gettext_lazy("Names, user names or extensions, one a line or with commas between them."),
    )  # fmt: skip
    departments = RowsField(
        label=gettext_lazy("Departments"), required=False, queryset=Department.objects.all(),
        help_text=gettext_lazy("Each with all below it."),
    )  # fmt: skip
    cost_centres = RowsField(label=gettext_lazy("Cost centres"), required=False, queryset=CostCentre.objects.all())
    mode = forms.ChoiceField(
        label=gettext_lazy("Shared"), choices=Mode.choices, initial=Mode.EACH, widget=forms.RadioSelect
    )
    unit = forms.ChoiceField(label=gettext_lazy("Limits"), choices=Unit.choices, initial=Unit.MONEY)
    currency = forms.ChoiceField(
        label=gettext_lazy("Currency"), required=False,
        help_text=gettext_lazy("Calls in other currencies use nothing of it."),
    )  # fmt: skip
    call_types = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Call types"), required=False, coerce=int, choices=TYPES,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    count_private = forms.BooleanField(
        label=gettext_lazy("Private calls count, too"), required=False,
        help_text=gettext_lazy("Else they do not: their person pays them."),
    )  # fmt: skip
    valid_from = forms.DateField(label=gettext_lazy("First day"), **DATE)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        counted = Counter(Tariff.objects.values_list("currency", flat=True))
        names = [name for name, _number in counted.most_common() if name] or ["EUR"]
        self.fields["currency"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]
        self.fields["valid_from"].initial = boundary_until(timezone.localdate(), Cycle.MONTH, 1)

    def clean_people(self) -> list[User]:
        """Return the people who are meant, each once."""
        words = [word.strip() for word in re.split(r"[\n,;]+", self.cleaned_data["people"])]
        typed = list(dict.fromkeys(word for word in words if word))
        if len(typed) > MOST_PEOPLE:
            raise forms.ValidationError(_("At most %(most)s people at once.") % {"most": MOST_PEOPLE})
        known = by_user_name(typed)
        return list(dict.fromkeys(known.get(word) or one_person(word, self.reader) for word in typed))

    def clean_valid_from(self) -> Any:
        """Refuse a begin that lies far back or ahead: the calls of all days since then are charged."""
        first = self.cleaned_data["valid_from"]
        if not -400 <= (first - timezone.localdate()).days <= 400:
            raise forms.ValidationError(_("The first day must lie within thirteen months of today."))
        return first

    def clean(self) -> dict[str, Any]:
        """Refuse a form without an owner, or one whose days are in the wrong order."""
        cleaned = super().clean()
        owners = cleaned.get("owners")
        if owners and owners not in self.errors and not cleaned.get(owners):
            self.add_error(owners, _("Choose at least one."))
        if cleaned.get("unit") == Unit.MONEY and not cleaned.get("currency") and "currency" not in self.errors:
            self.add_error("currency", _("Choose a currency."))
        first, last = cleaned.get("valid_from"), cleaned.get("valid_until")
        if first and last and last < first:
            self.add_error("valid_until", _("The last day is before the first one."))
        return cleaned

    def budgets(self) -> list[Budget]:
        """Return the budgets that were entered; they are not stored."""
        cleaned, owners = self.cleaned_data, self.cleaned_data["owners"]
        field = {PEOPLE: "person", DEPARTMENTS: "department", COST_CENTRES: "cost_centre"}[owners]
        return [
            self.fill(
                Budget(
                    mode=Mode.EACH if owners == PEOPLE else cleaned["mode"], unit=cleaned["unit"],
                    currency=cleaned["currency"] if cleaned["unit"] == Unit.MONEY else "",
                    call_types=cleaned["call_types"], count_private=cleaned["count_private"],
                    valid_from=cleaned["valid_from"], **{field: owner},
                )
            )
            for owner in cleaned[owners]
        ]  # fmt: skip


class TopUpForm(forms.Form):
    """A one-time addition to the present period."""

    amount = forms.DecimalField(
        label=gettext_lazy("Amount"), min_value=-MOST_AMOUNT, max_value=MOST_AMOUNT, decimal_places=2,
        help_text=gettext_lazy("A negative amount takes back what was topped up by mistake."),
    )  # fmt: skip
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)

    def clean_amount(self) -> Decimal:
        """Refuse nothing at all."""
        amount: Decimal = self.cleaned_data["amount"]
        if not amount:
            raise forms.ValidationError(_("Enter how much is to be added."))
        return amount


class ManyForm(forms.Form):
    """What is to be done with several budgets at once."""

    act = forms.ChoiceField(
        label=gettext_lazy("With those chosen"),
        choices=[("amount", gettext_lazy("Set the amount")), ("pause", gettext_lazy("Pause")),
                 ("resume", gettext_lazy("Resume"))],
    )  # fmt: skip
    amount = forms.DecimalField(
        label=gettext_lazy("Amount"), min_value=0, max_value=MOST_AMOUNT, decimal_places=2, required=False
    )

    def clean(self) -> dict[str, Any]:
        """Refuse a new amount that is none."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("act") == "amount" and cleaned.get("amount") is None and "amount" not in self.errors:
            self.add_error("amount", _("Enter the new amount."))
        return cleaned


def standard_thresholds() -> list[Threshold]:
    """Return what a new budget begins with."""
    return [
        Threshold(percent=80, mail_person=True),
        Threshold(percent=100, mail_person=True, mail_supervisor=True),
    ]


def initial_of(budget: Budget) -> dict[str, Any]:
    """Return the form's values of a stored budget."""
    lines = [
        f"{one.person.username} = {'none' if one.amount is None else entered(budget.unit, one.amount)}"
        for one in budget.exceptions.select_related("person")
    ]
    ceiling = budget.carry_ceiling
    return {
        "name": budget.name, "amount": entered(budget.unit, budget.amount), "cycle": budget.cycle,
        "weekday": budget.first_day if budget.cycle == Cycle.WEEK else 1,
        "month_day": budget.first_day if budget.cycle == Cycle.MONTH else 1, "carry_over": budget.carry_over,
        "carry_ceiling": None if ceiling is None else entered(budget.unit, ceiling),
        "valid_until": budget.valid_until, "exceptions": "\n".join(lines),
    }  # fmt: skip


def read_exceptions(text: str, reader: User, unit: str) -> Iterable[tuple[User, int | None]]:
    """Yield people with their amounts (None: no budget); raise ValidationError with the line that is not readable."""
    # Lines from a spreadsheet have a tab between the two.
    lines = [line.replace("\t", "=", 1) for line in text.splitlines()]
    known = by_user_name(line.partition("=")[0].strip() for line in lines)
    for number, line in enumerate(lines, start=1):
        if not line.strip("= "):
            continue
        name, sign, amount = line.partition("=")
        amount = amount.strip().casefold()
        if not sign or not re.fullmatch(rf"\d{{1,8}}([.,]\d{{1,2}})?|none|{re.escape(_('none').casefold())}", amount):
            text = _("Line %(number)s: write a name, “=”, and an amount or “none”.")
            raise forms.ValidationError(text % {"number": number})
        given = Decimal(amount.replace(",", ".")) if amount[0].isdigit() else None
        person = known.get(name.strip()) or one_person(name.strip(), reader)
        yield person, None if given is None else stored(unit, given)


def by_user_name(words: Iterable[str]) -> dict[str, User]:
    """Return the active people whose whole user names these are; some queries for any number."""
    wanted, found = [word for word in words if "\0" not in word], dict[str, User]()
    for start in range(0, len(wanted), NAMES_AT_ONCE):
        rows = User.objects.filter(username__in=wanted[start : start + NAMES_AT_ONCE], is_active=True)
        found |= {person.username: person for person in rows}
    return found


def one_person(word: str, reader: User) -> User:
    """Return the one person who is meant; raise ValidationError."""
    try:
        found = find_person(reader, word)
    except SeveralPeopleError as error:
        names = ", ".join(f"{person} ({person.username})" for person in error.people)
        text = _("Several people are called “%(word)s”: %(names)s. Type the user name.")
        raise forms.ValidationError(text % {"word": word, "names": names}) from error
    if found is None or not found.is_active:
        raise forms.ValidationError(_("Nobody is called “%(word)s”.") % {"word": word})
    return found
