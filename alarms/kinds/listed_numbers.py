"""Calls with numbers of a list (ALM-2)."""

import re
from functools import lru_cache, reduce
from operator import or_
from typing import NamedTuple

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounting.models import Office
from accounting.services.masking import mask_for
from accounting.services.public_numbers import Country
from alarms.kinds.base import CallKind, CannotLook, Parameters, ParametersForm
from alarms.kinds.looking import Look
from alarms.kinds.outside_hours import DIRECTION_CHOICES, DIRECTION_WORDS, DIRECTIONS
from alarms.kinds.reasons import WRONG_PARAMETERS
from alarms.models import Alarm
from callanalytics.lib.phone_numbers import plain_digits
from callanalytics.templatetags.ui import number

MOST_NUMBERS, MOST_NAMED, AT_ONCE = 200, 3, 50
SIGNS = re.compile(r"[\s()./\-\u00a0]")
NUMBER = re.compile(r"\+?[0-9#]{1,40}(\*?)|\*[0-9#*]{1,20}|[^\s*\0]{1,120}@[^\s*\0]{1,120}", re.ASCII)
EXTENSION_DIGITS = 6


class Listed(NamedTuple):
    """One line of the list."""

    number: str
    begins: bool
    """Whether every number counts that begins so."""


def read_numbers(text: str) -> list[Listed]:
    """Return the numbers and prefixes (with * at their end) of a list; raises ValidationError."""
    found: dict[Listed, None] = {}
    for typed in (part.strip() for part in re.split(r"[\n,;]+", plain_digits(text))):
        cleaned = typed if "@" in typed else SIGNS.sub("", typed)
        if not cleaned:
            continue
        match = NUMBER.fullmatch(cleaned)
        if match is None:
            wrong = _("“%(value)s” is neither a number nor a prefix such as +44*.")
            raise forms.ValidationError(wrong % {"value": typed[:60]})
        plain = cleaned[:-1] if match[1] else cleaned
        found[Listed(f"+{plain[2:]}" if plain.startswith("00") and len(plain) > 2 else plain, bool(match[1]))] = None
    if len(found) > MOST_NUMBERS:
        raise forms.ValidationError(_("Enter at most %(most)s numbers.") % {"most": MOST_NUMBERS})
    return list(found)


class ListedNumbersForm(ParametersForm):
    """Asks for the numbers."""

    numbers = forms.CharField(
        label=gettext_lazy("Numbers and prefixes"), max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false", "dir": "ltr"}),
        help_text=gettext_lazy(
            "One a line. With * at its end, every number that begins so, for instance +44* or 0900*. Numbers without + "
            "are extensions and short numbers; with the prefix for calls in the country, such as 0900*, they are read "
            "as they are dialled in your offices."
        ),
    )  # fmt: skip
    direction = forms.ChoiceField(label=gettext_lazy("Calls"), choices=DIRECTION_CHOICES, initial="outgoing")

    def clean_numbers(self) -> str:
        """Refuse what is no number."""
        text: str = self.cleaned_data["numbers"]
        if not read_numbers(text):
            raise forms.ValidationError(_("Enter at least one number."))
        return text.strip()


class ListedNumbers(CallKind):
    """Calls whose other party is on a list; private calls of others and hidden digits never decide."""

    slug = "listed_numbers"
    label = gettext_lazy("Calls with certain numbers")
    description = gettext_lazy("Tells of calls to or from numbers of a list, whole numbers or prefixes.")
    icon = "list-x"
    form = ListedNumbersForm

    def condition(self, parameters: Parameters, look: Look) -> Q:
        """Return the test for the listed numbers, as far as the owner may see their digits."""
        try:
            listed = read_numbers(str(parameters.get("numbers") or ""))
        except forms.ValidationError as error:
            raise CannotLook(WRONG_PARAMETERS) from error
        masker, countries, test = mask_for(look.owner), dialled_in(), Q(pk__in=[])
        directions = Q(direction__in=DIRECTIONS[parameters.get("direction", "outgoing")])
        meant = [Listed(typed, one.begins) for one in listed for typed in (one.number, *abroad(one.number, countries))]
        numbers = list(dict.fromkeys(meant))
        for start in range(0, len(numbers), AT_ONCE):
            some = (masker.condition(typed, begins=begins) for typed, begins in numbers[start : start + AT_ONCE])
            # With the directions in each, they stay together: SQLite takes no more than 1000 in one row.
            test |= reduce(or_, some) & directions
        return test

    def sentence(self, alarm: Alarm) -> str:
        """Return how many calls there were."""
        text = ngettext("%(number)s call with a listed number", "%(number)s calls with listed numbers", alarm.calls)
        return text % {"number": number(alarm.calls)}

    def in_words(self, parameters: Parameters) -> list[str]:
        """Return the first numbers, and which calls."""
        lines = [part.strip() for part in re.split(r"[\n,;]+", str(parameters.get("numbers") or "")) if part.strip()]
        words, more = ", ".join(lines[:MOST_NAMED]), len(lines) - MOST_NAMED
        if more > 0:
            text = ngettext("%(names)s and %(number)s more", "%(names)s and %(number)s more", more)
            words = text % {"names": words, "number": number(more)}
        return [words, str(DIRECTION_WORDS.get(parameters.get("direction", "outgoing"), ""))]


def dialled_in() -> list[Country]:
    """Return the countries of the offices."""
    return [country_of(code.upper()) for code in Office.objects.order_by().values_list("country", flat=True).distinct()]


@lru_cache(maxsize=64)
def country_of(code: str) -> Country:
    """Return the number plan of a country."""
    return Country(code, "")


def abroad(typed: str, countries: list[Country]) -> list[str]:
    """Return with + and country code what is typed as it is dialled in these countries; nothing for extensions."""
    if not typed.isdigit():
        return []
    return [
        f"+{one.calling_code}{typed.removeprefix(one.national_prefix)}"
        for one in countries
        if one.national_prefix and typed.startswith(one.national_prefix) and typed != one.national_prefix
        and (one.national_prefix.startswith("0") or len(typed) > EXTENSION_DIGITS)
    ]  # fmt: skip
