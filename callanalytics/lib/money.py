"""Exact money: Decimal outside, whole millionths of the currency unit in the database and in the rating engine."""

from decimal import Decimal
from typing import Any

from django.db import models

MICRO = 1_000_000


def to_micro(amount: Decimal | int | str) -> int:
    """Return an amount of currency units as whole millionths; raises ValueError when it has more than six decimals."""
    scaled = Decimal(amount) * MICRO
    micro = int(scaled)
    if micro != scaled:
        raise ValueError(f"{amount} has more than six decimals")
    return micro


def from_micro(micro: int) -> Decimal:
    """Return whole millionths as an amount with six decimals."""
    return Decimal(micro).scaleb(-6)


class MoneyField(models.BigIntegerField[Any, Any]):
    """A column of whole millionths that reads and writes Decimal; sums stay exact and as fast as integers."""

    description = "An exact amount of money"

    def from_db_value(self, value: int | None, expression: Any, connection: Any) -> Decimal | None:
        """Return the stored millionths as Decimal."""
        return None if value is None else from_micro(int(value))

    def to_python(self, value: Any) -> Decimal | None:
        """Return what a form or fixture gave as Decimal."""
        return None if value is None else Decimal(value)

    def get_prep_value(self, value: Any) -> int | None:
        """Return the millionths to store or compare with."""
        return None if value is None else to_micro(value)
