"""Which extensions and departments are watched, as a parameter."""

import re
from collections.abc import Collection
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounting.filters import units_seen_by
from accounting.models import Department, User
from accounting.querysets.organization import subtree
from alarms.kinds.base import CannotLook, Parameters, ParametersForm
from alarms.kinds.reasons import WRONG_PARAMETERS
from callanalytics.lib.phone_numbers import plain_digits
from callanalytics.web.fields import RowsField

MOST_EXTENSIONS, LONGEST = 10_000, 50
RANGE = re.compile(r"(\d{1,12})\s*[-–]\s*(\d{1,12})", re.ASCII)
MOST_NAMED = 3


def read_extensions(text: str) -> list[str]:
    """Return the extensions of a list with ranges such as 2100-2199; raises ValidationError."""
    found: dict[str, None] = {}
    for part in (part.strip() for part in re.split(r"[\n,;]+", plain_digits(text))):
        match = RANGE.fullmatch(part)
        if match is None:
            if len(part) > LONGEST or "\0" in part or re.search(r"\s", part):
                raise forms.ValidationError(_("“%(value)s” is not an extension.") % {"value": part[:60]})
            found |= {part: None} if part else {}
            continue
        first, last = match[1], match[2]
        if len(first) != len(last) or int(first) > int(last):
            text_ = _("“%(value)s” is not a range of extensions, for instance 2100-2199.")
            raise forms.ValidationError(text_ % {"value": part[:60]})
        if int(last) - int(first) + len(found) >= MOST_EXTENSIONS:
            raise forms.ValidationError(_("Enter at most %(most)s extensions.") % {"most": MOST_EXTENSIONS})
        found |= {f"{number:0{len(first)}}": None for number in range(int(first), int(last) + 1)}
    return list(found)


class LinesForm(ParametersForm):
    """Asks which lines are watched."""

    extensions = forms.CharField(
        label=gettext_lazy("Extensions to watch"), required=False, max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "dir": "ltr"}),
        help_text=gettext_lazy(
            "With commas between them or one a line, also ranges, for instance 2001, 2100-2199. "
            "Without extensions and departments, all lines that you may see are watched."
        ),
    )  # fmt: skip
    departments = RowsField(
        label=gettext_lazy("Departments to watch"), required=False, queryset=Department.objects.none(),
        help_text=gettext_lazy("Each with all below it."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        departments = units_seen_by(self.owner)["department"]
        if departments is None:
            del self.fields["departments"]
        else:
            self.fields["departments"].queryset = departments  # type: ignore[attr-defined]

    def clean_extensions(self) -> str:
        """Refuse what is no list of extensions."""
        text: str = self.cleaned_data["extensions"]
        read_extensions(text)
        return text.strip()


def checked_units(kind: str, ids: Collection[int], owner: User) -> list[int]:
    """Return ids of departments, cost centres or offices that exist and that the owner may see; raises CannotLook."""
    wanted = set(ids)
    if not wanted:
        return []
    units = units_seen_by(owner)[kind]
    known = set() if units is None else set(units.filter(pk__in=wanted).values_list("pk", flat=True))
    if known != wanted:
        raise CannotLook(WRONG_PARAMETERS)
    return sorted(wanted)


def on_lines(parameters: Parameters, owner: User) -> Q:
    """Return the test for calls of the lines that are watched; raises CannotLook."""
    test = Q()
    try:
        extensions = read_extensions(str(parameters.get("extensions") or ""))
    except forms.ValidationError as error:
        raise CannotLook(WRONG_PARAMETERS) from error
    if extensions:
        test |= Q(extension__among=extensions)
    if departments := checked_units("department", parameters.get("departments") or [], owner):
        test |= Q(department_id__among=sorted(subtree(departments)))
    return test


def lines_in_words(parameters: Parameters) -> list[str]:
    """Return which lines are watched; nothing for all."""
    found = []
    if text := str(parameters.get("extensions") or ""):
        numbers = ", ".join(part.strip() for part in re.split(r"[\n,;]+", text) if part.strip())
        found.append(_("extensions %(numbers)s") % {"numbers": numbers[:60] + ("…" if len(numbers) > 60 else "")})
    if ids := list(parameters.get("departments") or []):
        found.append(named_units(Department, ids))
    return found


def named_units(model: Any, ids: Collection[int]) -> str:
    """Return the names of some chosen units."""
    names = [str(row) for row in model.objects.filter(pk__in=list(ids)[:MOST_NAMED])]
    more = len(ids) - len(names)
    if more <= 0:
        return ", ".join(names)
    text = ngettext("%(names)s and %(number)s more", "%(names)s and %(number)s more", more)
    return text % {"names": ", ".join(names), "number": more}
