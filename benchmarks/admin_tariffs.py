"""How long the preview of a price list of 40,000 rates takes, from the file to the stored plan."""

import random
from datetime import date
from decimal import Decimal

import phonenumbers

from accounting.models import Carrier, SheetImport, Tariff
from accounting.services import sheet_imports, sheets, tariff_review
from accounting.sheets.base import Scope
from accounting.sheets.rates import Rates
from benchmarks.figures import note, seconds, show
from callanalytics.lib import spreadsheets

RATES = 40_000
CHANGED = 0.3
"""The share of prices that a new list changes."""
MISSING = 0.02
LIMIT = 10
CHANGE_DAY = date(2027, 1, 1)


def measure() -> None:
    """Fill a tariff, and preview and apply new lists of the same size as XLSX and as CSV."""
    chance = random.Random(1)
    tariff = Tariff.objects.create(carrier=Carrier.objects.create(name="Price list"), name="Forty thousand")
    prices = {prefix: chance.randrange(1, 9_000) for prefix in prefixes(chance)}
    sheet = Rates(Scope(tariff=tariff))
    first = sheets.plan(sheet, sheets.rows_of(sheet, spreadsheets.read(price_list(prices, spreadsheets.CSV))))
    note(f"applying {RATES:,} new rates: {seconds(lambda: sheets.apply(sheet, first)):.3g} s")
    slowest = 0.0
    for form in (spreadsheets.XLSX, spreadsheets.CSV):
        held = SheetImport(
            kind="rates", tariff=tariff, remove_missing=True, effective_on=CHANGE_DAY,
            content=price_list(changed(prices, chance), form),
        )  # fmt: skip
        taken = seconds(lambda held=held: sheet_imports.preview(held))  # type: ignore[misc]
        note(f"preview of {form}: {taken:.3g} s, {held.counts}")
        slowest = max(slowest, taken)
    note(f"applying it on a day of change: {seconds(lambda: sheet_imports.apply(held)):.3g} s")
    note(f"review of the tariff: {seconds(lambda: tariff_review.tariff_problems(tariff)):.3g} s")
    show("tariff_preview_seconds", slowest, LIMIT, most=True)


def prefixes(chance: random.Random) -> list[str]:
    """Return prefixes of every country, as many as a large carrier's list has."""
    codes = [str(code) for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE]
    found: set[str] = set()
    while len(found) < RATES:
        found.add(chance.choice(codes) + str(chance.randrange(10 ** chance.randrange(1, 6))))
    return sorted(found)


def changed(prices: dict[str, int], chance: random.Random) -> dict[str, int]:
    """Return prices some of which are others, and some missing."""
    kept = ((prefix, price) for prefix, price in prices.items() if chance.random() > MISSING)
    return {prefix: price + 7 if chance.random() < CHANGED else price for prefix, price in kept}


def price_list(prices: dict[str, int], form: str) -> bytes:
    """Return a carrier's file: all columns but days."""
    names = [column.name for column in Rates.columns if not column.name.startswith("valid_")]
    values = {"incoming": "no", "connection_fee": "0", "first_increment": "60", "increment": "1", "minimum": "0"}
    rows = (
        values
        | {
            "prefix": prefix,
            "destination": f"Destination {prefix[:3]}",
            "price_per_minute": str(Decimal(price).scaleb(-4)),
            "free_seconds": "0",
        }
        for prefix, price in prices.items()
    )
    return spreadsheets.written(form, "rates", names, ([row.get(name, "") for name in names] for row in rows))
