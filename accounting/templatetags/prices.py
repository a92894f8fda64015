"""Template tags of prices: the steps of a price in the reader's formats, percentages, prefixes."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from babel.numbers import format_decimal, format_percent, get_decimal_symbol
from django import template
from django.utils import formats
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from accounting.services.rating import Step, Topic
from callanalytics.templatetags.ui import icon, reader_locale

register = template.Library()

AMOUNT = re.compile(r"-?\d+\.\d+…?|-?\d+…?")
MOST_DECIMALS = 6
AMOUNTS = frozenset({"sum", "amount", "price", "fee", "cost"})
SIGNS = {
    Topic.NUMBER: "hash",
    Topic.CHARGEABLE: "ban",
    Topic.CARRIER: "building",
    Topic.TARIFF: "receipt-text",
    Topic.BAND: "clock",
    Topic.CANDIDATE: "circle-minus",
    Topic.RATE: "target",
    Topic.FREE: "gift",
    Topic.TIME: "timer",
    Topic.FEE: "circle-plus",
    Topic.SUM: "sigma",
    Topic.BOUND: "arrow-up-down",
    Topic.ROUNDING: "equal",
}


@register.simple_tag
def step_sign(step: Step) -> SafeString:
    """Return the sign of what a step is about."""
    return icon(SIGNS[step.topic])


@register.simple_tag
def step_text(step: Step) -> SafeString:
    """Return the sentence of a step with its values in the reader's formats."""
    return mark_safe(str(step.text % shown_values(step.values)))  # noqa: S308  (the sentence is ours, values are escaped)


def shown_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as HTML in the reader's formats; whole numbers stay, as sentences count by them."""
    return {name: value if isinstance(value, int) else shown_value(name, value) for name, value in values.items()}


def shown_value(name: str, value: Any) -> SafeString:
    """Return one value as HTML."""
    if isinstance(value, Decimal):
        text = format_decimal(value, "#,##0.00####", locale=reader_locale())
    elif isinstance(value, date):
        text = formats.date_format(value, "SHORT_DATE_FORMAT")
    elif name == "moment":
        moment = datetime.fromisoformat(value)
        text = f"{formats.date_format(moment, 'SHORT_DATE_FORMAT')} {formats.time_format(moment, 'TIME_FORMAT')}"
    elif name in AMOUNTS and AMOUNT.fullmatch(value):
        return shown_amount(value)
    else:
        text = str(value)
    return format_html("<bdi>{}</bdi>", text)


def shown_amount(exact: str) -> SafeString:
    """Return an amount of a step with at most six decimals; what is cut off stands in its title, for auditors."""
    point = get_decimal_symbol(reader_locale())
    whole, _point, decimals = exact.partition(".")
    text = exact.replace(".", point)
    if len(decimals.rstrip("…")) <= MOST_DECIMALS:
        return format_html("<bdi>{}</bdi>", text)
    return format_html('<bdi title="{}">{}{}{}…</bdi>', text, whole, point, decimals[:MOST_DECIMALS])


@register.filter
def price(amount: Decimal | None) -> str:
    """Return a price with two to six decimals, without its currency."""
    return "" if amount is None else format_decimal(amount, "#,##0.00####", locale=reader_locale())


@register.filter
def signed_percent(percent: Decimal | None) -> str:
    """Return a difference in percent with its sign."""
    return "" if percent is None else format_percent(percent / 100, "+#,##0.0 %;-#,##0.0 %", locale=reader_locale())


@register.filter
def prefix(digits: str) -> str:
    """Return a prefix as price lists write it: with +, or an asterisk for every number."""
    return f"+{digits}" if digits else "*"
