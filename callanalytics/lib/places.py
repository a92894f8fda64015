"""Names of countries in the reader's language."""

from functools import lru_cache

from babel import Locale
from django.utils.translation import get_language, to_locale


def country_name(code: str) -> str:
    """Return the name of a country (ISO 3166 alpha-2, or 001 for networks without a country), else the code itself."""
    return _territories(get_language() or "en").get(code, code)


def country_names() -> dict[str, str]:
    """Return all countries (ISO 3166 alpha-2) with their names in the reader's language."""
    return {code: name for code, name in _territories(get_language() or "en").items() if code.isalpha()}


@lru_cache(maxsize=16)
def _territories(language: str) -> dict[str, str]:
    return dict(Locale.parse(to_locale(language)).territories)
