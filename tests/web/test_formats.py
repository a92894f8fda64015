"""Money, numbers, durations and moments as people of seven languages read them."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.conf import settings
from django.utils import formats, translation
from django.utils.html import strip_tags

from callanalytics.templatetags import ui

WHEN = datetime(2026, 11, 1, 12, 5, 9, tzinfo=UTC)


def plain(text: str) -> str:
    return strip_tags(text).replace("\xa0", " ").replace("\u202f", " ").replace("\u200f", "").strip()


@pytest.mark.parametrize(
    ("language", "amount", "moment", "number"),
    [
        ("en", "€1,234.50", "1 Nov 2026 13:05:09", "12,345"),
        ("de", "1.234,50 €", "01.11.2026 13:05:09", "12.345"),
        ("fr", "1 234,50 €", "01/11/2026 13:05:09", "12 345"),
        ("es", "1.234,50 €", "01/11/2026 13:05:09", "12.345"),
        ("it", "1.234,50 €", "01/11/2026 13:05:09", "12.345"),
        ("pl", "1 234,50 €", "01-11-2026 13:05:09", "12 345"),
        ("ar", "1,234.50 €", "1/11/2026 13:05:09", "12,345"),
    ],
)
def test_each_language_has_its_formats(language: str, amount: str, moment: str, number: str) -> None:
    with translation.override(language):
        assert plain(ui.money(Decimal("1234.5"), "EUR")) == amount
        assert plain(ui.moment(WHEN)) == moment
        assert plain(ui.number(12345)) == number


@pytest.mark.parametrize("language", [code for code, _ in settings.LANGUAGES])
def test_dates_are_never_american(language: str) -> None:
    with translation.override(language):
        shown = formats.date_format(datetime(2026, 2, 13, tzinfo=UTC), "SHORT_DATE_FORMAT")
        assert shown.index("13") < shown.index("2026")
        assert "/13" not in shown


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("0.0123", "EUR", "€0.0123"),
        ("0.5", "EUR", "€0.50"),
        ("0", "EUR", "€0.00"),
        ("0.00001", "EUR", "€0.00"),
        ("12.3456", "EUR", "€12.35"),
        ("12.3456", "JPY", "JP¥12"),
        ("12.3456", "BHD", "BHD 12.346"),
    ],
)
def test_small_amounts_show_more_decimals_and_currencies_their_own(amount: str, currency: str, text: str) -> None:
    assert plain(ui.money(Decimal(amount), currency)) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00:00"), (59, "0:00:59"), (3725, "1:02:05"), (360000, "100:00:00")]
)
def test_durations(seconds: int, text: str) -> None:
    assert ui.duration(seconds) == text


def test_icons_are_silent_unless_labelled() -> None:
    assert 'aria-hidden="true"' in ui.icon("phone")
    assert "<script>" not in ui.icon("phone", "<script>")


@pytest.mark.parametrize(("name", "text"), [("Ana Ruiz", "AR"), ("admin", "a"), ("Ana María de Ruiz", "AR"), ("", "")])
def test_initials(name: str, text: str) -> None:
    assert ui.initials(name) == text
