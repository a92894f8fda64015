"""Search that minds neither capitals nor accents, in both databases: what `icontains` and its like mean in the product.

SQLite knows the capitals of ASCII only, PostgreSQL those of its locale, and neither that an accent may be left out.
"""

import re
import unicodedata
from typing import Any

from django.db import models
from django.db.backends.signals import connection_created
from django.db.models import lookups

MARKS = r"[\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670]+"
"""Accents and vowel marks, once they stand behind their letters."""
SPELLED = {"ß": "ss", "æ": "ae", "œ": "oe"}
PLAIN = {"ø": "o", "ł": "l", "đ": "d", "ı": "i", "ς": "σ"}
"""Letters that hold their accent without a mark."""
_marks, _escapes = re.compile(MARKS), re.compile(r"\\u([0-9a-f]{4})")
_letters = str.maketrans(SPELLED | PLAIN)


def folded(text: str | None) -> str | None:
    """Return a text as it is searched: small letters without accents."""
    if text is None or text.isascii():
        return text.lower() if text else text
    return _marks.sub("", unicodedata.normalize("NFKD", text)).lower().translate(_letters)


def search_for(text: str, lookup: str) -> str:
    """Return the lookup that minds no capitals in place of one that does; for digits that suffices and is quicker."""
    return f"i{lookup}" if any(map(str.isalpha, text)) else lookup


def folded_json(text: str | None) -> str | None:
    """Return stored JSON as it is searched; SQLite's holds other letters than ASCII as numbers."""
    return folded(_escapes.sub(lambda found: chr(int(found[1], 16)), text) if text else text)


def same_case(text: str | None) -> str | None:
    """Return a text as it is compared whole: capitals do not matter, accents do."""
    return text.casefold() if text else text


def folded_sql(text: str) -> str:
    """Return PostgreSQL's expression for folded()."""
    spelled = f"lower(regexp_replace(normalize({text}::text, NFKD), '{MARKS}', '', 'g'))"
    for letter, letters in SPELLED.items():
        spelled = f"replace({spelled}, '{letter}', '{letters}')"
    return f"translate({spelled}, '{''.join(PLAIN)}', '{''.join(PLAIN.values())}')"


class Folded(lookups.PatternLookup):
    """A search for a part of a text."""

    on_sqlite = "folded"

    def get_prep_lookup(self) -> Any:
        """Fold what is searched for."""
        value = super().get_prep_lookup()
        return folded(value) if isinstance(value, str) else value

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        """Return the comparison of the folded texts."""
        column, parameters = self.process_lhs(compiler, connection)
        sought, values = self.process_rhs(compiler, connection)
        if connection.vendor == "sqlite" or getattr(connection, "knows_folded", False):
            return f"{self.on_sqlite}({column}) LIKE {sought} ESCAPE '\\'", (*parameters, *values)
        return f"{folded_sql(column)} LIKE {sought}", (*parameters, *values)


class FoldedContains(Folded):
    """Holds the text anywhere."""

    lookup_name = "icontains"


class FoldedStart(Folded):
    """Begins with the text."""

    lookup_name = "istartswith"
    param_pattern = "%s%%"


class FoldedJson(Folded):
    """Holds the text in a name or value of JSON."""

    lookup_name = "icontains"
    on_sqlite = "folded_json"


class SameCase(lookups.IExact):
    """Is the text but for capitals, also those that SQLite does not know."""

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        """Return the comparison of small letters; PostgreSQL's own is right."""
        column, parameters = self.process_lhs(compiler, connection)
        return f"same_case({column}) = same_case(%s)", (*parameters, self.rhs)


def teach(connection: Any, **_others: Any) -> None:
    """Let a connection to SQLite know how to fold."""
    if connection.vendor == "sqlite":
        for function in (folded, folded_json, same_case):
            connection.connection.create_function(function.__name__, 1, function, deterministic=True)


def register() -> None:
    """Let every text field be searched so."""
    for field in (models.CharField, models.TextField):
        for lookup in (FoldedContains, FoldedStart, SameCase):
            field.register_lookup(lookup)
    models.JSONField.register_lookup(FoldedJson)
    connection_created.connect(teach, dispatch_uid="folding")
