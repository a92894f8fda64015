"""Subject and text of a mail as people write them: with placeholders that are filled in when it is sent."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

PLACEHOLDERS: dict[str, str | Promise] = {
    "report": gettext_lazy("name of the report"),
    "period": gettext_lazy("its period with the days"),
    "date": gettext_lazy("day on which it is sent"),
    "time": gettext_lazy("time at which it is sent"),
    "author": gettext_lazy("your name"),
    "rows": gettext_lazy("number of rows"),
}
STANDARD_SUBJECT = "{report}: {period}"
MARK = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Wording:
    """What somebody has written, placeholders included."""

    subject: str = STANDARD_SUBJECT
    text: str = ""


def problem_in(text: str) -> str:
    """Return what is wrong with the placeholders of a text, '' when nothing is."""
    unknown = [name for name in MARK.findall(text) if name not in PLACEHOLDERS]
    if not unknown:
        return ""
    known = " ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    return _("There is no placeholder {%(name)s}. These are known: %(known)s") % {"name": unknown[0], "known": known}


def filled(text: str, facts: Mapping[str, str]) -> str:
    """Return a text with its placeholders replaced; what is none stays as it is."""
    return MARK.sub(lambda found: facts.get(found[1], found[0]), text)
