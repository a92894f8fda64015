"""The filters of the audit log."""

from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounting.models import AuditedAction, AuditEntry
from accounting.services.audit_words import subject_kinds
from accounting.services.sign_in_entries import SIGN_IN
from callanalytics.lib import periods
from callanalytics.web.filters import FilterForm
from callanalytics.web.requests import HIGHEST_ID

Entries = QuerySet[AuditEntry]


A = AuditedAction
PRESETS: dict[str, tuple[str | Promise, Q]] = {
    "changes": (gettext_lazy("Changes"), Q(action__in=(A.ADDED, A.CHANGED, A.DELETED, A.IMPORTED, A.UNDONE))),
    "access": (gettext_lazy("Views and exports"), Q(action__in=(A.VIEWED, A.EXPORTED, A.SENT))),
    "sign_ins": (gettext_lazy("Sign-ins"), Q(subject_type=SIGN_IN)),
    "work": (
        gettext_lazy("Dry runs and failures"),
        Q(action__in=(A.STARTED, A.DRY_RUN, A.FAILED, A.REFUSED)) & ~Q(subject_type=SIGN_IN),
    ),
}
"""What auditors usually look for: name, label and entries."""
ROWS = "each"


class AuditFilter(FilterForm):
    """Narrows the audit log by time, person, action, kind and words.

    Entries of single rows stand below that of the whole (an import, a synchronisation) and are shown on request only.
    """

    other_keys = frozenset({"after", "before", "size", "sort"})
    hidden_chips = frozenset({"show"})

    show = forms.ChoiceField(label=gettext_lazy("Show"), required=False, widget=forms.HiddenInput)
    since = forms.DateField(
        label=pgettext_lazy("date", "From"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    until = forms.DateField(
        label=gettext_lazy("To, included"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    person = forms.CharField(label=pgettext_lazy("actor", "By"), required=False, max_length=150)
    action = forms.ChoiceField(label=gettext_lazy("Action"), required=False)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), required=False)
    words = forms.CharField(label=gettext_lazy("What"), required=False, max_length=100)
    rows = forms.ChoiceField(
        label=gettext_lazy("Imports and the like"),
        required=False,
        choices=[("", gettext_lazy("One line each")), (ROWS, gettext_lazy("Each row, too"))],
    )
    whole = forms.IntegerField(
        label=gettext_lazy("Rows of entry"), required=False, min_value=1, max_value=HIGHEST_ID,
        widget=forms.HiddenInput,
    )  # fmt: skip

    def __init__(self, params: QueryDict) -> None:
        super().__init__(params)
        presets = [(name, label) for name, (label, _entries) in PRESETS.items()]
        self.fields["show"].choices = [("", _("Everything")), *presets]  # type: ignore[attr-defined]
        self.fields["action"].choices = [("", _("Any")), *AuditedAction.choices]  # type: ignore[attr-defined]
        self.fields["kind"].choices = [("", _("Any")), *subject_kinds()]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Check that the days are in order and the words can be searched for."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and since > until:
            raise forms.ValidationError(_("The first day is after the last one."))
        return cleaned

    def narrow(self, rows: Any) -> Any:
        """Return the entries that meet the filters; those of single rows only where they are asked for."""
        found = super().narrow(rows)
        asked = self.cleaned_data.get("rows") or self.cleaned_data.get("whole")
        return found if asked else found.filter(whole_id=None)

    def by_show(self, entries: Entries, preset: str) -> Entries:
        """Keep the entries of a preset."""
        return entries.filter(PRESETS[preset][1])

    def by_rows(self, entries: Entries, _chosen: str) -> Entries:
        """Keep entries of single rows, too."""
        return entries

    def by_whole(self, entries: Entries, pk: int) -> Entries:
        """Keep the rows of one import, synchronisation or other work."""
        return entries.filter(whole_id=pk)

    def by_since(self, entries: Entries, day: Any) -> Entries:
        """Keep the entries of this day and later."""
        return entries.filter(at__gte=periods.midnight(day))

    def by_until(self, entries: Entries, day: Any) -> Entries:
        """Keep the entries of this day and earlier."""
        end = periods.between(None, day).end
        return entries.filter(at__lt=end) if end else entries

    def by_person(self, entries: Entries, typed: str) -> Entries:
        """Keep what people with this name or user name did."""
        return entries.filter(actor__icontains=typed)

    def by_action(self, entries: Entries, action: str) -> Entries:
        """Keep one kind of action."""
        return entries.filter(action=action)

    def by_kind(self, entries: Entries, kind: str) -> Entries:
        """Keep one kind of subject."""
        return entries.filter(subject_type=kind)

    def by_words(self, entries: Entries, typed: str) -> Entries:
        """Keep the entries whose subject, address, changes or details contain the text."""
        found = Q(subject__icontains=typed) | Q(changes__icontains=typed) | Q(details__icontains=typed)
        return entries.filter(found | Q(address__icontains=typed))
