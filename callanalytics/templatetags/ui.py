"""Template tags and filters of the portal: icons, money, durations, moments, numbers."""

import copy
import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from html import unescape
from typing import Any

from babel import Locale
from babel.core import UnknownLocaleError
from babel.numbers import format_currency, format_decimal, get_currency_precision, get_currency_symbol
from django import template
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, ngettext
from lucide.templatetags.lucide import lucide as draw

from callanalytics.lib import figures
from callanalytics.lib.phone_numbers import spaced

register = template.Library()

LETTER_BESIDE_FIGURE = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
AFTER_SIGN = re.compile(r"(?<=[@.])")
FINEST = Decimal("0.0001")
FIGURE, FIGURE_END = '<bdi class="figure">', "</bdi>"
DIRECTIONAL = frozenset({"arrow-left", "arrow-right", "chevron-left", "chevron-right", "log-out", "list", "route"})


@lru_cache(maxsize=512)
def _svg(name: str) -> str:
    classes = "icon icon-directional" if name in DIRECTIONAL else "icon"
    drawing = draw(name, size=None, **{"class": classes, "aria-hidden": "true", "focusable": "false"})
    return drawing.replace("\n", "")


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """Return a Lucide icon inline, hidden from screen readers; a label is read out in its place."""
    if not label:
        return mark_safe(_svg(name))  # noqa: S308  (drawings of a package, no input)
    return format_html('{}<span class="visually-hidden">{}</span>', mark_safe(_svg(name)), label)  # noqa: S308


@lru_cache(maxsize=32)
def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en")


def reader_locale() -> Locale:
    """Return Babel's locale for the language of this request; English amounts and dates are British."""
    language = get_language() or "en"
    return _locale("en-GB" if language == "en" else language)


def locale_name() -> str:
    """Return the name of the same locale, as `callanalytics.lib.figures` takes it."""
    return _locale_name(get_language() or "en")


@lru_cache(maxsize=32)
def _locale_name(language: str) -> str:
    return str(_locale("en-GB" if language == "en" else language))


@register.simple_tag
def money(amount: Decimal | None, currency: str, decimals: int | None = None) -> str:
    """Return an amount in the reader's format.

    `decimals` are shown, or as many as the currency has; without, up to four where the amount needs them.
    """
    if amount is None:
        return ""
    rounded = amount.quantize(FINEST, ROUND_HALF_UP)
    wanted = decimals_of(rounded) if decimals is None else decimals
    return _money(rounded if decimals is None else amount, currency, locale_name(), wanted)


def money_as_text(amount: Decimal | None, currency: str, decimals: int | None = None) -> str:
    """Return the same without mark-up."""
    return unescape(money(amount, currency, decimals).removeprefix(FIGURE).removesuffix(FIGURE_END))


def decimals_of(amount: Decimal) -> int:
    """Return how many decimals an amount has, zeros at its end left out."""
    exponent = amount.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


@lru_cache(maxsize=8192)
def _money(amount: Decimal, currency: str, locale: str, wanted: int) -> SafeString:
    shown = max(wanted, get_currency_precision(currency))
    rounded = amount.quantize(Decimal(1).scaleb(-shown), ROUND_HALF_UP)
    if rounded.is_signed() or not figures.signs_of(locale).by_thousands:
        return _figure(rounded, currency, locale, shown)
    zero = Decimal(0)
    before, after = figures.around(currency, locale, lambda: _figure(zero, currency, locale, shown), shown)
    return mark_safe(f"{before}{figures.fixed(rounded, shown, locale)}{after}")  # noqa: S308  (escaped by _figure)


def _figure(amount: Decimal, currency: str, locale: str, shown: int) -> SafeString:
    pattern = copy.copy(Locale.parse(locale).currency_formats["standard"])
    pattern.frac_prec = (shown, shown)
    text = format_currency(amount, currency, pattern, locale=locale, currency_digits=False)
    text = text.replace(get_currency_symbol(currency, locale), _sign(currency, locale))
    # Babel leaves out the blank that CLDR wants between letters and figures, as in AED 1.43.
    return mark_safe(FIGURE + escape(LETTER_BESIDE_FIGURE.sub("\u00a0", text)) + FIGURE_END)  # noqa: S308  (escaped)


def _sign(currency: str, locale: str) -> str:
    """Return the sign of a currency; mixtures such as £GB and US$ give way to the plain pound and to ISO codes."""
    symbol = get_currency_symbol(currency, locale)
    has_letters = any(character.isascii() and character.isalpha() for character in symbol)
    if not has_letters or all(unicodedata.category(character) != "Sc" for character in symbol):
        return symbol
    return "£" if currency == "GBP" else currency


@register.filter
def duration(seconds: int | None) -> str:
    """Return seconds as h:mm:ss."""
    if seconds is None:
        return ""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


@register.filter
def moment(when: datetime | None) -> SafeString | str:
    """Return date and time with seconds in the reader's zone and format."""
    if when is None:
        return ""
    local = timezone.localtime(when)
    language = get_language() or "en"
    day, clock = _day(local.date(), language), _clock(local.hour, local.minute, language)
    return mark_safe(  # noqa: S308  (digits and signs; escaped below)
        f'<time datetime="{local.isoformat()}"><bdi>{day}</bdi> <bdi>{clock}'
        f'<span class="seconds">:{local.second:02}</span></bdi></time>'
    )


@lru_cache(maxsize=1024)
def _day(day: date, language: str) -> str:
    """Return a day in the format of the active language; calls of a list share a few."""
    return escape(formats.date_format(day, "SHORT_DATE_FORMAT"))


@lru_cache(maxsize=1440)
def _clock(hour: int, minute: int, language: str) -> str:
    """Return hours and minutes in the format of the active language."""
    return escape(formats.time_format(time(hour, minute), "TIME_FORMAT"))


@register.filter
def number(value: int | Decimal | None) -> str:
    """Return a number grouped as the reader is used to."""
    if value is None:
        return ""
    if isinstance(value, int):
        return figures.whole(value, locale_name())
    return str(format_decimal(value, locale=reader_locale()))


@register.filter
def phone(value: str) -> str:
    """Return a telephone number with the blanks of its country."""
    return spaced(value)


@register.filter
def mail_address(value: str) -> SafeString:
    """Return an e-mail address that a narrow column may break after its signs, not inside words."""
    return mark_safe(AFTER_SIGN.sub("<wbr>", escape(value)))  # noqa: S308  (escaped)


@register.simple_tag
def zone() -> SafeString:
    """Return the zone in which times are shown with its offset now, for instance Europe/Berlin (UTC+01:00)."""
    now = timezone.localtime()
    offset = now.strftime("%z")
    return format_html(
        "<bdi>{}</bdi> <bdi>(UTC{}:{})</bdi>", timezone.get_current_timezone_name(), offset[:3], offset[3:5]
    )


@register.filter
def age(when: datetime | None) -> str:
    """Return how long ago a moment was, in the largest fitting unit."""
    if when is None:
        return ""
    seconds = max(0, int((timezone.now() - when).total_seconds()))
    if seconds < 90:
        words = ngettext("%(count)s second ago", "%(count)s seconds ago", count := seconds)
    elif seconds < 90 * 60:
        words = ngettext("%(count)s minute ago", "%(count)s minutes ago", count := round(seconds / 60))
    elif seconds < 36 * 3600:
        words = ngettext("%(count)s hour ago", "%(count)s hours ago", count := round(seconds / 3600))
    else:
        words = ngettext("%(count)s day ago", "%(count)s days ago", count := round(seconds / 86400))
    return words % {"count": number(count)}


@register.filter
def span(seconds: int | None) -> str:
    """Return a number of seconds in the largest fitting unit, for instance a delay."""
    if seconds is None:
        return "–"
    if seconds < 90:
        words = ngettext("%(count)s second", "%(count)s seconds", count := int(seconds))
    elif seconds < 90 * 60:
        words = ngettext("%(count)s minute", "%(count)s minutes", count := round(seconds / 60))
    else:
        words = ngettext("%(count)s hour", "%(count)s hours", count := round(seconds / 3600))
    return words % {"count": number(count)}


@register.filter
def initials(name: object) -> str:
    """Return the first letters of the first and the last word of a name."""
    words = str(name).split()
    return "".join(word[0] for word in {0: words[:1], 1: words[:1] + words[-1:]}[len(words) > 1])


@register.filter
def listed(names: Iterable[object]) -> SafeString:
    """Return names with the comma of the reader's language between them."""
    return format_html_join(gettext(", "), "<bdi>{}</bdi>", ((one,) for one in names))


@register.filter
def passes(trail: Iterable[Any] | None, address: str) -> bool:
    """Return whether the steps that lead to a page of the set-up contain an address."""
    return any(reverse(step.url_name) == address for step in trail or ())
