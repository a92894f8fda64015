"""Figures are written as Babel writes them, whatever the language and the size."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from babel.numbers import format_decimal, format_percent, get_currency_precision
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from callanalytics.lib import figures
from callanalytics.templatetags.ui import _figure, _money, reader_locale
from reports.engine.writing import price

LOCALES = ("en_GB", "de", "fr", "es", "ar", "pl", "it", "hi", "pt_PT", "de_CH", "he")
AMOUNTS = st.decimals(min_value=-10, max_value=10**12, places=6)


@pytest.mark.parametrize("locale", LOCALES)
@given(value=st.integers(-10, 10**13) | st.sampled_from((0, 999, 1000, 9999, 10_000)))
def test_whole_numbers_are_babels(locale: str, value: int) -> None:
    assert figures.whole(value, locale) == format_decimal(value, locale=locale)


@pytest.mark.parametrize("locale", LOCALES)
@given(value=AMOUNTS | st.sampled_from((Decimal("0.125"), Decimal("1E+4"), Decimal("2.675"))), places=st.integers(0, 4))
def test_decimals_are_babels(locale: str, value: Decimal, places: int) -> None:
    pattern = f"#,##0.{'0' * places}" if places else "#,##0"
    assert figures.fixed(value, places, locale) == format_decimal(value, pattern, locale=locale)


@pytest.mark.parametrize("locale", LOCALES)
@given(share=st.decimals(min_value=-1, max_value=2000, places=7))
def test_percentages_are_babels(locale: str, share: Decimal) -> None:
    assert figures.percent(share, locale) == format_percent(share, "#,##0.0 %", locale=locale)


@pytest.mark.parametrize("locale", LOCALES)
@given(
    share=st.decimals(min_value=-2, max_value=2000, places=7) | st.sampled_from((Decimal("-0.0004"), Decimal("0.0005")))
)
def test_changes_are_babels_with_their_signs(locale: str, share: Decimal) -> None:
    if round(share, 3):
        assert figures.change(share, locale) == format_percent(share, "+#,##0.0 %;-#,##0.0 %", locale=locale)
    else:
        assert figures.change(share, locale) == format_percent(0, "#,##0.0 %", locale=locale), "no sign of nothing"


@pytest.mark.parametrize("language", ["en", "de", "ar"])
@given(cost=AMOUNTS)
def test_costs_of_single_calls_are_babels(language: str, cost: Decimal) -> None:
    with translation.override(language):
        rounded = cost.quantize(Decimal("0.0001"), ROUND_HALF_UP)
        assert price(cost) == format_decimal(rounded, "#,##0.00##", locale=reader_locale())


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("currency", ["EUR", "GBP", "AED", "USD", "JPY", "XAU"])
@given(amount=AMOUNTS)
def test_amounts_are_babels(locale: str, currency: str, amount: Decimal) -> None:
    places = max(2, get_currency_precision(currency))
    rounded = amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    assert _money(amount, currency, locale, 2) == _figure(rounded, currency, locale, places)
