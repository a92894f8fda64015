"""Filter bars: read from the address, refuse what they do not know, narrow a queryset, and say themselves in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _

from callanalytics.web.requests import read_id

MAX_VALUE_LENGTH = 400
PLACES = ("after", "before", "below", "page", "job")
"""Keys of the address that say which page of a list is shown, or what was just done with it."""


@dataclass(frozen=True, slots=True)
class Chip:
    """One active filter in words."""

    label: str
    value: str
    remove: str
    """The query string without this filter; '' when it cannot be removed."""


class FilterForm(forms.Form):
    """The filters of one list; a field `x` narrows by the method `by_x(queryset, value)`.

    Attributes:
        other_keys: keys of the address that belong to paging and sorting.
        modifiers: fields that only shape how other filters work.
        hidden_chips: filters that are not shown as chips of their own.
    """

    other_keys: frozenset[str] = frozenset()
    modifiers: frozenset[str] = frozenset()
    hidden_chips: frozenset[str] = frozenset()

    def __init__(self, params: QueryDict, **kwargs: Any) -> None:
        super().__init__(params, **kwargs)
        self.params = params

    def problems(self) -> list[str]:
        """Return what is wrong with the address, in sentences; an empty list means that every filter holds."""
        return [*self._unreadable_keys(), *self._wrong_values()]

    def narrow(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows that meet all filters."""
        for name in self.active():
            queryset = getattr(self, f"by_{name}")(queryset, self.cleaned_data[name])
        return queryset

    def active(self) -> list[str]:
        """Return the names of the filters that are set."""
        named = (name for name in self.fields if name not in self.modifiers)
        return [name for name in named if self.cleaned_data.get(name) not in (None, "", False)]

    def chips(self) -> list[Chip]:
        """Return the active filters in words, each with the address that is left without it."""
        return [self.chip(name) for name in self.active() if name not in self.hidden_chips]

    def chip(self, name: str) -> Chip:
        """Return one filter in words."""
        return Chip(str(self.fields[name].label), self.in_words(name, self.cleaned_data[name]), self.without(name))

    def in_words(self, name: str, value: Any) -> str:
        """Return the value of a filter as people say it."""
        field = self.fields[name]
        if isinstance(field, forms.ModelChoiceField):
            return str(value)
        if isinstance(field, forms.ChoiceField):
            return str(_flat(field.choices).get(str(value), value))
        return _("yes") if value is True else str(value)

    def without(self, *names: str) -> str:
        """Return the query string without some filters, on the first page."""
        left = self.params.copy()
        for name in (*names, *PLACES):
            left.pop(name, None)
        return left.urlencode()

    def _unreadable_keys(self) -> Iterable[str]:
        for key in self.params:
            shown = key[:40]
            if key not in self.fields and key not in self.other_keys:
                yield _("“%(key)s” is not a filter of this list.") % {"key": shown}
            elif len(self.params.getlist(key)) > 1:
                yield _("“%(key)s” is given more than once.") % {"key": shown}
            elif len(self.params[key]) > MAX_VALUE_LENGTH:
                yield _("The value of “%(key)s” is too long.") % {"key": shown}
            elif key == "below" and not read_id(str(self.params[key])):
                yield _("The page of the list is not readable.")

    def _wrong_values(self) -> Iterable[str]:
        for name, errors in self.errors.items():
            label = self.fields[name].label if name in self.fields else _("Filter")
            for error in errors:
                yield f"{label}: {error}"


def _flat(choices: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, label in choices:
        if isinstance(label, (list, tuple)):
            found |= {str(inner): text for inner, text in label}
        else:
            found[str(key)] = label
    return found
