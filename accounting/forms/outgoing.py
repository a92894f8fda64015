"""Filters of the list of outgoing mails."""

from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounting.models import MailPurpose, MailState, OutgoingMail
from callanalytics.web.filters import FilterForm

Mails = QuerySet[OutgoingMail]


class MailFilter(FilterForm):
    """Narrows the outgoing mails by state, purpose, and by recipient or subject."""

    other_keys = frozenset({"below"})

    state = forms.ChoiceField(label=gettext_lazy("State"), required=False)
    purpose = forms.ChoiceField(label=gettext_lazy("Purpose"), required=False)
    term = forms.CharField(label=gettext_lazy("Recipient or subject"), required=False, max_length=200)

    def __init__(self, params: QueryDict) -> None:
        super().__init__(params)
        for name, choices in (("state", MailState.choices), ("purpose", MailPurpose.choices)):
            self.fields[name].choices = [("", _("Any")), *choices]  # type: ignore[attr-defined]

    def by_state(self, mails: Mails, state: str) -> Mails:
        """Keep the mails in this state."""
        return mails.filter(state=state)

    def by_purpose(self, mails: Mails, purpose: str) -> Mails:
        """Keep the mails that are sent for this purpose."""
        return mails.filter(letter__purpose=purpose)

    def by_term(self, mails: Mails, term: str) -> Mails:
        """Keep the mails with this in their recipient or subject."""
        return mails.filter(Q(recipient__icontains=term) | Q(letter__subject__icontains=term))
