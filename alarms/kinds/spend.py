"""Who spends more than an amount (ALM-3)."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django import forms
from django.db.models.functions import Trunc
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounting.filters import units_seen_by
from accounting.models import CostCentre, Department, Tariff, User
from accounting.querysets.organization import above
from accounting.services.finding import SeveralPeopleError, find_person, people_seen_by
from alarms.kinds.base import CannotLook, Finding, Kind, Parameters, ParametersForm, Subject
from alarms.kinds.lines import checked_units, named_units
from alarms.kinds.looking import Look
from alarms.kinds.occasions import DAY, MONTH, WEEK, Occasion, Occasions
from alarms.kinds.reasons import WRONG_PARAMETERS
from alarms.kinds.spending import (
    people_spending,
    reached_at,
    steps_of_person,
    steps_of_units,
    units_spending,
)
from alarms.models import Alarm
from callanalytics.lib.money import from_micro, to_micro
from callanalytics.templatetags.ui import money_as_text
from callanalytics.web.fields import RowsField

PEOPLE, DEPARTMENTS, COST_CENTRES = "people", "departments", "cost_centres"
EACH_PERSON, EACH_DEPARTMENT, EACH_COST_CENTRE = "each_person", "each_department", "each_cost_centre"
KINDS_OF_UNITS = {
    DEPARTMENTS: "department", EACH_DEPARTMENT: "department",
    COST_CENTRES: "cost_centre", EACH_COST_CENTRE: "cost_centre",
}  # fmt: skip
WHO = {
    EACH_PERSON: gettext_lazy("each person"),
    EACH_DEPARTMENT: gettext_lazy("each department, with all below it"),
    EACH_COST_CENTRE: gettext_lazy("each cost centre"),
    PEOPLE: gettext_lazy("certain people, each"),
    DEPARTMENTS: gettext_lazy("certain departments, each with all below it"),
    COST_CENTRES: gettext_lazy("certain cost centres, each"),
}
PERIODS = {
    DAY: gettext_lazy("a day"),
    WEEK: gettext_lazy("a week, from Monday"),
    MONTH: gettext_lazy("a calendar month"),
}
MOST_PEOPLE = 500
MOST_AMOUNT = Decimal(10_000_000)


class SpendForm(ParametersForm):
    """Asks who must not spend more than what in which time."""

    amount = forms.DecimalField(
        label=gettext_lazy("More than"), min_value=0, max_value=MOST_AMOUNT, decimal_places=2, initial=Decimal(50)
    )
    currency = forms.ChoiceField(
        label=gettext_lazy("Currency"), help_text=gettext_lazy("Calls in other currencies do not count.")
    )
    period = forms.ChoiceField(label=gettext_lazy("In"), choices=list(PERIODS.items()), initial=MONTH)
    who = forms.ChoiceField(label=gettext_lazy("Who"), initial=EACH_PERSON)
    people = forms.CharField(
        label=gettext_lazy("People"), required=False, max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false", "dir": "auto"}),
        help_text=gettext_lazy("Names, user names or extensions, one a line or with commas between them."),
    )  # fmt: skip
    departments = RowsField(label=gettext_lazy("Departments"), required=False, queryset=Department.objects.none())
    cost_centres = RowsField(label=gettext_lazy("Cost centres"), required=False, queryset=CostCentre.objects.none())

    def __init__(self, *args: Any, initial: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, initial=named_people(dict(initial or {})), **kwargs)
        counted = Counter(Tariff.objects.values_list("currency", flat=True))
        names = [name for name, _number in counted.most_common() if name] or ["EUR"]
        if (chosen := self.initial.get("currency")) and chosen not in names:
            names.append(str(chosen))
        self.fields["currency"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]
        self.fields["currency"].initial = names[0]
        units, offered = units_seen_by(self.owner), dict(WHO)
        for name, each, kind in (
            (DEPARTMENTS, EACH_DEPARTMENT, "department"), (COST_CENTRES, EACH_COST_CENTRE, "cost_centre"),
        ):  # fmt: skip
            if units[kind] is None:
                del offered[name], offered[each], self.fields[name]
            else:
                self.fields[name].queryset = units[kind]  # type: ignore[attr-defined]
        self.fields["who"].choices = list(offered.items())  # type: ignore[attr-defined]

    def clean_people(self) -> list[int]:
        """Return the ids of the people who are meant; raises ValidationError for others."""
        words = [word.strip() for word in re.split(r"[\n,;]+", self.cleaned_data["people"])]
        typed = list(dict.fromkeys(word for word in words if word))
        if len(typed) > MOST_PEOPLE:
            raise forms.ValidationError(_("Enter at most %(most)s people.") % {"most": MOST_PEOPLE})
        return list(dict.fromkeys(self.person(one).pk for one in typed))

    def person(self, typed: str) -> User:
        """Return who is meant; raises ValidationError."""
        try:
            found = find_person(self.owner, typed)
        except SeveralPeopleError as error:
            text = _("“%(value)s” fits several people. Enter the user name or the extension.")
            raise forms.ValidationError(text % {"value": typed[:60]}) from error
        if found is None:
            text = _("Nobody whose calls you may see is called “%(value)s” or has that extension.")
            raise forms.ValidationError(text % {"value": typed[:60]})
        return found

    def clean(self) -> dict[str, Any]:
        """Refuse a choice of certain people or units without any."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        who = cleaned.get("who")
        if who in (PEOPLE, DEPARTMENTS, COST_CENTRES) and who in cleaned and not cleaned[who]:
            self.add_error(who, _("Choose at least one."))
        return cleaned


def named_people(initial: dict[str, Any]) -> dict[str, Any]:
    """Return stored parameters with the user names of people in place of their ids."""
    if isinstance(initial.get("people"), list):
        names = User.objects.filter(pk__in=initial["people"]).order_by("username").values_list("username", flat=True)
        initial["people"] = "\n".join(names)
    return initial


class Spender(NamedTuple):
    """A person or unit that has spent too much in a time."""

    kind: str
    """person, department or cost_centre."""
    pk: int
    time: Occasion
    spent: int
    """Millionths."""
    reached: datetime | None


class Spend(Kind):
    """People, departments or cost centres whose calls cost more than an amount in a day, week or month."""

    slug = "spend"
    label = gettext_lazy("Spending")
    description = gettext_lazy(
        "Tells when the calls of a person, a department or a cost centre cost more than an amount, once in each period."
    )
    icon = "wallet"
    form = SpendForm
    needs_arrivals = False
    """Costs also change when calls are priced anew."""

    def find(self, parameters: Parameters, look: Look) -> Iterator[Finding]:
        """Return a finding for each of them and each period that arrivals touch, or that runs."""
        try:
            limit, currency, who = to_micro(parameters["amount"]), str(parameters["currency"]), parameters["who"]
        except (KeyError, ValueError, ArithmeticError) as error:
            raise CannotLook(WRONG_PARAMETERS) from error
        occasions = Occasions(str(parameters.get("period", MONTH)), look.zone)
        found = units_over if who in KINDS_OF_UNITS else people_over
        for one in found(parameters, look, occasions, limit, currency):
            named = {name: one.pk if one.kind == name else None for name in ("person", "department", "cost_centre")}
            subject = Subject(
                user_id=named["person"], department_id=named["department"], cost_centre_id=named["cost_centre"]
            )
            yield Finding(
                f"{one.kind}:{one.pk}:{one.time.name}", one.time.start, subject, until=one.time.end,
                amount=from_micro(one.spent), currency=currency,
                facts={
                    "limit": str(parameters["amount"]), "period": occasions.length,
                    "reached": one.reached.isoformat() if one.reached else "",
                },
                query="direction=outgoing", known_at=one.reached or min(one.time.end, look.now),
            )  # fmt: skip

    def sentence(self, alarm: Alarm) -> str:
        """Return that more was spent than the limit, and since when."""
        limit = money_as_text(Decimal(str(alarm.facts.get("limit", 0))), alarm.currency)
        reached = str(alarm.facts.get("reached") or "")
        if not reached:
            return _("Spent more than %(limit)s") % {"limit": limit}
        moment = timezone.localtime(datetime.fromisoformat(reached))
        when = formats.date_format(moment, "SHORT_DATETIME_FORMAT")
        return _("Spent more than %(limit)s, reached on %(when)s") % {"limit": limit, "when": when}

    def in_words(self, parameters: Parameters) -> list[str]:
        """Return who, how much and in which time."""
        who, amount = str(parameters.get("who", "")), Decimal(str(parameters.get("amount", 0)))
        limit = money_as_text(amount, str(parameters.get("currency", "")))
        period = PERIODS.get(str(parameters.get("period", MONTH)), "")
        words = [str(WHO.get(who, "")), _("more than %(limit)s in %(period)s") % {"limit": limit, "period": period}]
        if who in (PEOPLE, DEPARTMENTS, COST_CENTRES):
            model = {PEOPLE: User, DEPARTMENTS: Department, COST_CENTRES: CostCentre}[who]
            words.insert(1, named_units(model, list(parameters.get(who) or [])))
        return words


def people_over(
    parameters: Parameters, look: Look, occasions: Occasions, limit: int, currency: str
) -> Iterator[Spender]:
    """Yield the people who have spent more than the limit: those chosen, or those whose calls have arrived."""
    chosen = set(parameters.get("people") or []) if parameters["who"] == PEOPLE else None
    touched: dict[Occasion, set[int]] = defaultdict(set)
    extensions: dict[int, set[str]] = defaultdict(set)
    arrivals = look.arrivals().filter(currency=currency, cost__gt=0, user_id__isnull=False)
    if chosen is not None:
        if set(people_seen_by(look.owner).filter(pk__in=chosen).values_list("pk", flat=True)) != chosen:
            raise CannotLook(WRONG_PARAMETERS)
        touched[occasions.of(look.now)] = set(chosen)
        arrivals = arrivals.filter(user_id__in=chosen)
    rows = arrivals.order_by().values_list("user_id", "extension", beginning(occasions)).distinct()
    for person, extension, begun in look.rows(rows):
        touched[occasions.of(begun)].add(person)
        extensions[person].add(extension)
    for time, people in sorted(touched.items()):
        known = {extension for person in people for extension in extensions[person]}
        for pk, spent in people_spending(look, people, known, time, currency).items():
            if spent > limit:
                steps = steps_of_person(look, pk, extensions[pk], time, currency)
                yield Spender("person", pk, time, spent, reached_at(steps, limit))


def units_over(
    parameters: Parameters, look: Look, occasions: Occasions, limit: int, currency: str
) -> Iterator[Spender]:
    """Yield the departments or cost centres that have spent more than the limit."""
    who = parameters["who"]
    kind = KINDS_OF_UNITS[who]
    members = members_of(parameters, look, kind)
    every = {pk for some in members.values() for pk in some}
    arrivals = look.arrivals().filter(**{f"{kind}_id__among": sorted(every)}, currency=currency, cost__gt=0)
    begun = arrivals.order_by().values_list(beginning(occasions), flat=True).distinct()
    times = {occasions.of(moment) for moment in look.rows(begun)}
    for time in sorted(times | {occasions.of(look.now)}):
        own = units_spending(look, kind, every, time, currency)
        for pk, some in members.items():
            spent = sum(own.get(one, 0) for one in some)
            if spent > limit:
                yield Spender(kind, pk, time, spent, reached_at(steps_of_units(kind, some, time, currency), limit))


def beginning(occasions: Occasions) -> Trunc:
    """Return the local midnight with which the day, week or month of a call begins, for the database."""
    return Trunc("started_at", occasions.length, tzinfo=occasions.zone)


def members_of(parameters: Parameters, look: Look, kind: str) -> dict[int, set[int]]:
    """Return the units that are watched, each with all below it; raises CannotLook."""
    who = parameters["who"]
    if who in (DEPARTMENTS, COST_CENTRES):
        watched = checked_units(kind, parameters.get(who) or [], look.owner)
    else:
        units = units_seen_by(look.owner)[kind]
        if units is None:
            raise CannotLook(WRONG_PARAMETERS)
        watched = list(units.values_list("pk", flat=True))
    members = {pk: {pk} for pk in watched}
    if kind == "department":
        parents = dict(Department.objects.values_list("pk", "parent_id"))
        for pk in parents:
            for one in above([pk], parents) & members.keys():
                members[one].add(pk)
    return members
