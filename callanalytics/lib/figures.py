"""Figures as a language writes them, letter by letter as Babel does, but many times as fast: a page has hundreds."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache

from babel.numbers import format_decimal, format_percent, get_decimal_symbol, get_group_symbol

HUNDRED = Decimal(100)
SIGNED, UNSIGNED = "+#,##0.0 %;-#,##0.0 %", "#,##0.0 %"


@dataclass(frozen=True, slots=True)
class Signs:
    """The signs between the digits of a figure."""

    group: str
    point: str
    by_thousands: bool
    """Whether every three digits are a group, and from the fourth on."""


@lru_cache(maxsize=64)
def signs_of(locale: str) -> Signs:
    """Return the signs of a locale, for instance "de" or "en_GB"."""
    group, point = get_group_symbol(locale), get_decimal_symbol(locale)
    million = format_decimal(Decimal("1001000.5"), locale=locale)
    four = format_decimal(1000, locale=locale)
    return Signs(group, point, million == f"1{group}001{group}000{point}5" and four == f"1{group}000")


def whole(value: int, locale: str) -> str:
    """Return a whole number with its digits in groups."""
    signs = signs_of(locale)
    if value < 0 or not signs.by_thousands:
        return str(format_decimal(value, locale=locale))
    return f"{value:,}".replace(",", signs.group)


def fixed(value: Decimal, places: int, locale: str) -> str:
    """Return a decimal with so many places, halves rounded to the even digit."""
    signs = signs_of(locale)
    if value < 0 or not value.is_finite() or not signs.by_thousands:
        return str(format_decimal(value, f"#,##0.{'0' * places}" if places else "#,##0", locale=locale))
    digits, _point, rest = f"{value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN):,f}".partition(".")
    digits = digits.replace(",", signs.group)
    return f"{digits}{signs.point}{rest}" if rest else digits


def percent(share: Decimal, locale: str) -> str:
    """Return a share as a percentage with one decimal."""
    if share < 0 or not share.is_finite():
        return str(format_percent(share, UNSIGNED, locale=locale))
    before, after = around("percent", locale, lambda: str(format_percent(0, UNSIGNED, locale=locale)), 1)
    return f"{before}{fixed(share * HUNDRED, 1, locale)}{after}"


def change(share: Decimal, locale: str) -> str:
    """Return by which share something has changed, as a percentage with one decimal and its sign."""
    tenths = round(share, 3) if share.is_finite() else share
    if not tenths:
        return percent(abs(share), locale)
    if not share.is_finite() or not signs_of(locale).by_thousands:
        return str(format_percent(share, SIGNED, locale=locale))
    what, zero = ("more", Decimal(0)) if share > 0 else ("less", Decimal("-0"))
    before, after = around(what, locale, lambda: str(format_percent(zero, SIGNED, locale=locale)), 1)
    return f"{before}{fixed(abs(share) * HUNDRED, 1, locale)}{after}"


_frames: dict[tuple[str, str, int], tuple[str, str]] = {}


def around(what: str, locale: str, zero: Callable[[], str], places: int) -> tuple[str, str]:
    """Return what stands before and behind the digits of a kind of figure; `zero` writes one of them."""
    frame = _frames.get((what, locale, places))
    if frame is None:
        before, _digits, after = zero().partition(fixed(Decimal(0), places, locale))
        frame = _frames[what, locale, places] = (before, after)
    return frame
