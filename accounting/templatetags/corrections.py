"""Template filters of the set-up's pages about past calls."""

from django import template

from callanalytics.templatetags.ui import reader_locale

register = template.Library()


@register.filter
def country_name(code: str) -> str:
    """Return the name of a country in the reader's language, its code when it has none, '' for no country's."""
    return "" if code.isdigit() else str(reader_locale().territories.get(code, code))
