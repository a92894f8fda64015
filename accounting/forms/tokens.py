"""The form in which people make an access token, and the filters of the list of all."""

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounting.models import FOR_OVERSEERS, ApiToken, Scope, TokenClient, User
from callanalytics.web.filters import FilterForm

TERMS = (("30", _("30 days")), ("90", _("90 days")), ("365", _("One year")), ("", _("Until it is revoked")))


class TokenForm(forms.Form):
    """What a new token is for, what it opens, and for how long."""

    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("By which you recognise it, for instance “Laptop”.")
    )
    client = forms.ChoiceField(
        label=_("Used by"), choices=[("", _("Choose …")), *TokenClient.choices],
        help_text=_("The history of locks tells the two apart."),
    )  # fmt: skip
    days = forms.ChoiceField(label=_("Valid"), choices=TERMS, initial="365", required=False)
    opens = forms.MultipleChoiceField(
        label=_("Opens"), widget=forms.CheckboxSelectMultiple, initial=[Scope.OWN_LOCKS],
        error_messages={"required": _("Choose what the token opens.")},
    )  # fmt: skip

    def __init__(self, *args: object, user: User, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["opens"].choices = [  # type: ignore[attr-defined]
            (scope.value, scope.label) for scope in Scope if user.is_overseer or scope not in FOR_OVERSEERS
        ]

    @property
    def scopes(self) -> list[Scope]:
        """What the token opens."""
        return [Scope(scope) for scope in self.cleaned_data["opens"]]

    @property
    def term(self) -> int | None:
        """For how many days it is valid; None: until it is revoked."""
        return int(self.cleaned_data["days"]) if self.cleaned_data["days"] else None


class TokenFilter(FilterForm):
    """Narrows the tokens of everybody."""

    other_keys = frozenset({"below"})

    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[("", _("Any")), ("alive", _("Valid")), ("ended", pgettext_lazy("token", "Ended"))],
    )
    term = forms.CharField(label=_("Person or name"), required=False, max_length=80)

    def by_state(self, tokens: QuerySet[ApiToken], state: str) -> QuerySet[ApiToken]:
        """Keep those that open something, or those that do not any more."""
        alive = ApiToken.objects.alive().values("pk")
        return tokens.filter(pk__in=alive) if state == "alive" else tokens.exclude(pk__in=alive)

    def by_term(self, tokens: QuerySet[ApiToken], term: str) -> QuerySet[ApiToken]:
        """Keep those of people with all these words in their names, and those with the words in their own."""
        of_person, own = Q(), Q()
        for word in term.split():
            named = Q(user__first_name__icontains=word) | Q(user__last_name__icontains=word)
            of_person &= named | Q(user__username__icontains=word)
            own &= Q(name__icontains=word)
        return tokens.filter(of_person | own)
