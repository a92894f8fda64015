"""The filters of the list of alarms."""

from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounting.models import CostCentre, Department, Gateway, Office, User
from accounting.services.finding import people_matching
from alarms.kinds import KINDS
from alarms.models import Alarm, AlarmRule
from alarms.services.wording import known_to
from callanalytics.lib import periods
from callanalytics.lib.phone_numbers import plain_digits
from callanalytics.web.filters import FilterForm

Alarms = QuerySet[Alarm]
PERIODS = ("today", "yesterday", "7d", "30d", "month", "last_month", "365d")
OPEN, ACKNOWLEDGED, ALL = "open", "acknowledged", "all"
SHOWN = {OPEN: pgettext_lazy("alarms", "Open"), ACKNOWLEDGED: gettext_lazy("Acknowledged"), ALL: gettext_lazy("All")}


class AlarmFilter(FilterForm):
    """What the list shows: open alarms unless something else is asked for."""

    other_keys = frozenset({"after", "before", "size"})
    hidden_chips = frozenset({"show"})

    show = forms.ChoiceField(label=gettext_lazy("State"), required=False, choices=list(SHOWN.items()))
    who = forms.CharField(
        label=gettext_lazy("About"), required=False, max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), required=False)
    rule = forms.ModelChoiceField(
        label=gettext_lazy("Scheduled alarm"), required=False, queryset=AlarmRule.objects.none(),
        empty_label=gettext_lazy("Any"),
    )  # fmt: skip
    period = forms.ChoiceField(label=gettext_lazy("Raised"), required=False)
    run = forms.IntegerField(label=gettext_lazy("Check"), required=False, min_value=1, max_value=2**62)

    def __init__(self, params: QueryDict, *, reader: User) -> None:
        super().__init__(params)
        self.reader = reader
        self.fields["kind"].choices = [  # type: ignore[attr-defined]
            ("", _("Any")), *((slug, kind.label) for slug, kind in KINDS.items()),
        ]  # fmt: skip
        named = [(name, periods.NAMES[name]) for name in PERIODS]
        self.fields["period"].choices = [("", _("Any time")), *named]  # type: ignore[attr-defined]
        rules = AlarmRule.objects.visible_to(reader).kept()
        self.fields["rule"].queryset = rules  # type: ignore[attr-defined]

    def clean_who(self) -> str:
        """Return what is searched for with plain digits."""
        text: str = self.cleaned_data["who"]
        if "\0" in text:
            raise forms.ValidationError(_("The search holds a character that no name has."))
        return plain_digits(text)

    @property
    def shown(self) -> str:
        """Which state is shown."""
        return self.cleaned_data["show"] or OPEN

    def narrow(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the alarms that meet all filters, the open ones without one for the state."""
        found = super().narrow(queryset)
        return found if self.cleaned_data["show"] else self.by_show(found, OPEN)

    def in_words(self, name: str, value: Any) -> str:
        """Return the value of a filter as people say it."""
        return "" if name == "run" else super().in_words(name, value)

    def by_show(self, alarms: Alarms, value: str) -> Alarms:
        """Keep alarms of one state."""
        if value == ALL:
            return alarms
        return alarms.filter(acknowledged_at__isnull=value == OPEN)

    def by_who(self, alarms: Alarms, text: str) -> Alarms:
        """Keep alarms about people, lines, units and gateways that are called so, as far as the reader knows them."""
        called = Q(extension__startswith=text) | Q(user_id__in=people_matching(self.reader, text).values("pk"))
        for field, model in (("department_id", Department), ("cost_centre_id", CostCentre), ("office_id", Office)):
            units: QuerySet[Any] = QuerySet(model).filter(name__icontains=text)
            # Those about a person or a line name the units beside it.
            called |= Q(extension="", user_id=None) & Q(**{f"{field}__in": units.values("pk")})
        called |= Q(extension="", gateway_id__in=gateways_called(text).values("pk"))
        return alarms.filter(called & known_to(self.reader))

    def by_kind(self, alarms: Alarms, slug: str) -> Alarms:
        """Keep alarms of one kind."""
        return alarms.filter(rule__kind=slug)

    def by_rule(self, alarms: Alarms, rule: AlarmRule) -> Alarms:
        """Keep alarms of one rule."""
        return alarms.filter(rule=rule)

    def by_run(self, alarms: Alarms, run: int) -> Alarms:
        """Keep what one check has raised."""
        return alarms.filter(run_id=run)

    def by_period(self, alarms: Alarms, name: str) -> Alarms:
        """Keep what was raised in a period."""
        period = periods.named(name)
        if period.start:
            alarms = alarms.filter(raised_at__gte=period.start)
        return alarms.filter(raised_at__lt=period.end) if period.end else alarms


def gateways_called(text: str) -> QuerySet[Gateway]:
    """Return gateways by a part of their names."""
    return Gateway.objects.filter(Q(name__icontains=text) | Q(device_name__icontains=text))
