"""Amounts of budgets as people write and read them: money with its currency, or minutes."""

from decimal import ROUND_HALF_UP, Decimal

from django.utils.html import format_html
from django.utils.translation import gettext as _

from budget.models import Budget, Unit
from callanalytics.lib.money import from_micro, to_micro
from callanalytics.templatetags.ui import money, number


def stored(unit: str, amount: Decimal) -> int:
    """Return an amount of money or minutes as the ledger keeps it; raise ValueError for more than six decimals."""
    return to_micro(amount) if unit == Unit.MONEY else int((amount * 60).to_integral_value(ROUND_HALF_UP))


def entered(unit: str, quantity: int) -> Decimal:
    """Return a quantity of the ledger as people enter it."""
    if unit == Unit.MONEY:
        amount = from_micro(quantity)
        return amount.quantize(Decimal("0.01")) if amount == amount.quantize(Decimal("0.01")) else amount.normalize()
    minutes = (Decimal(quantity) / 60).quantize(Decimal("0.01"))
    return minutes.quantize(Decimal(1)) if minutes == int(minutes) else minutes


def left_in_words(budget: Budget, left: int) -> str:
    """Return what is left, with its unit: minutes rounded up, so that used and left make the whole."""
    return in_words(budget, left if budget.unit == Unit.MONEY else -(-left // 60) * 60)


def in_words(budget: Budget, quantity: int) -> str:
    """Return a quantity with its unit, in the active language; minutes are rounded to whole ones, towards zero."""
    if budget.unit == Unit.MONEY:
        return money(from_micro(quantity), budget.currency, 0)
    minutes = abs(quantity) // 60 * (1 if quantity >= 0 else -1)
    return format_html('<bdi class="figure">{}</bdi>', _("%(minutes)s min") % {"minutes": number(minutes)})
