"""Money, numbers, durations and moments as people of seven languages read them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.conf import settings
from django.utils import formats, translation
from django.utils.html import strip_tags

from callanalytics.templatetags import ui

WHEN = datetime(2026, 11, 1, 12, 5, 9, tzinfo=UTC)


def plain(text: str) -> str:
    return strip_tags(text).replace("\xa0", " ").replace("\u202f", " ").replace("\u200f", "").strip()


@pytest.mark.parametrize(
    ("language", "moment", "long", "month", "number"),
    [
        ("en", "1 Nov 2026 13:05:09", "1 November 2026", "November 2026", "12,345.5"),
        ("de", "01.11.2026 13:05:09", "1. November 2026", "November 2026", "12.345,5"),
        ("fr", "01/11/2026 13:05:09", "1 novembre 2026", "novembre 2026", "12 345,5"),
        ("es", "01/11/2026 13:05:09", "1 de noviembre de 2026", "noviembre de 2026", "12.345,5"),
        ("it", "01/11/2026 13:05:09", "1 nov 2026", "nov 2026", "12.345,5"),
        ("pl", "01.11.2026 13:05:09", "1 listopada 2026", "Listopad 2026", "12 345,5"),
        ("ar", "1/11/2026 13:05:09", "1 نوفمبر 2026", "نوفمبر 2026", "12,345.5"),
    ],
)
def test_each_language_has_its_formats(language: str, moment: str, long: str, month: str, number: str) -> None:
    with translation.override(language):
        assert plain(ui.moment(WHEN)) == moment
        assert formats.date_format(WHEN, "DATE_FORMAT") == long
        assert formats.date_format(WHEN, "YEAR_MONTH_FORMAT") == month
        assert formats.date_format(WHEN, "DATETIME_FORMAT").endswith("12:05")
        assert plain(ui.number(Decimal("12345.5"))) == number
        assert plain(formats.number_format(Decimal("12345.5"))) == number, "Django's own numbers look the same"


@pytest.mark.parametrize(
    ("language", "euros", "pounds", "dirhams", "dollars"),
    [
        ("en", "€1,234.50", "£1,234.50", "AED 1,234.50", "USD 1,234.50"),
        ("de", "1.234,50 €", "1.234,50 £", "1.234,50 AED", "1.234,50 $"),
        ("fr", "1 234,50 €", "1 234,50 £", "1 234,50 AED", "1 234,50 USD"),
        ("es", "1.234,50 €", "1.234,50 GBP", "1.234,50 AED", "1.234,50 USD"),
        ("it", "1.234,50 €", "1.234,50 £", "1.234,50 AED", "1.234,50 USD"),
        ("pl", "1 234,50 €", "1 234,50 GBP", "1 234,50 AED", "1 234,50 USD"),
        ("ar", "1,234.50 €", "1,234.50 £", "1,234.50 د.إ.", "1,234.50 USD"),
    ],
)
def test_amounts_name_their_currency_clearly(
    language: str, euros: str, pounds: str, dirhams: str, dollars: str
) -> None:
    with translation.override(language):
        shown = [plain(ui.money(Decimal("1234.5"), currency)) for currency in ("EUR", "GBP", "AED", "USD")]
    assert shown == [euros, pounds, dirhams, dollars]


@pytest.mark.parametrize("language", [code for code, _ in settings.LANGUAGES])
def test_dates_are_never_american(language: str) -> None:
    with translation.override(language):
        shown = formats.date_format(datetime(2026, 2, 13, tzinfo=UTC), "SHORT_DATE_FORMAT")
        assert shown.index("13") < shown.index("2026")
        assert "/13" not in shown


@pytest.mark.parametrize(
    ("amount", "currency", "decimals", "text"),
    [
        ("0.0123", "EUR", None, "€0.0123"),
        ("0.5", "EUR", None, "€0.50"),
        ("0", "EUR", None, "€0.00"),
        ("0.00001", "EUR", None, "€0.00"),
        ("12.3456", "EUR", None, "€12.3456"),
        ("12.34", "EUR", 4, "€12.3400"),
        ("12.345", "EUR", 0, "€12.35"),
        ("0.00005", "EUR", 4, "€0.0001"),
        ("12.3456", "JPY", 0, "JPY 12"),
        ("12.3456", "BHD", 0, "BHD 12.346"),
        ("-1.5", "EUR", 4, "-€1.5000"),
    ],
)
def test_amounts_show_the_decimals_of_their_list(amount: str, currency: str, decimals: int | None, text: str) -> None:
    assert plain(ui.money(Decimal(amount), currency, decimals)) == text


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(seconds=1), "1 second ago"),
        (timedelta(seconds=89), "89 seconds ago"),
        (timedelta(minutes=5), "5 minutes ago"),
        (timedelta(hours=2), "2 hours ago"),
        (timedelta(hours=30), "30 hours ago"),
        (timedelta(days=1200), "1,200 days ago"),
    ],
)
def test_ages_in_the_largest_fitting_unit(ago: timedelta, text: str) -> None:
    with time_machine.travel(WHEN, tick=False):
        assert ui.age(WHEN - ago) == text


@pytest.mark.parametrize(("seconds", "text"), [(None, "–"), (1, "1 second"), (3540, "59 minutes"), (7200, "2 hours")])
def test_spans_of_time(seconds: int | None, text: str) -> None:
    assert ui.span(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00:00"), (59, "0:00:59"), (3725, "1:02:05"), (360000, "100:00:00")]
)
def test_durations(seconds: int, text: str) -> None:
    assert ui.duration(seconds) == text


def test_icons_are_silent_unless_labelled() -> None:
    assert 'aria-hidden="true"' in ui.icon("phone")
    assert "<script>" not in ui.icon("phone", "<script>")


def test_mail_addresses_break_after_signs_only() -> None:
    assert ui.mail_address("o'neil.a@example.org") == "o&#x27;neil.<wbr>a@<wbr>example.<wbr>org"


@pytest.mark.parametrize(("name", "text"), [("Ana Ruiz", "AR"), ("admin", "a"), ("Ana María de Ruiz", "AR"), ("", "")])
def test_initials(name: str, text: str) -> None:
    assert ui.initials(name) == text


@pytest.mark.parametrize(("language", "comma"), [("en", ", "), ("ar", "، ")])
def test_names_stand_with_the_comma_of_the_readers_language(language: str, comma: str) -> None:
    with translation.override(language):
        assert ui.listed(["Ana", "<Ben>"]) == f"<bdi>Ana</bdi>{comma}<bdi>&lt;Ben&gt;</bdi>"
