"""Whole tariffs copied, the usual way to a new price list with other days and prices, and deleted."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from accounting.models import AuditedAction, Rate, Tariff, TariffBand
from accounting.services import auditing
from accounting.services.forgetting import delete_rows
from accounting.services.row_changes import record_rows, rows_in
from accounting.signals import reference_changed
from callanalytics.lib.turns import bulk_transaction

MILLIONTH = Decimal("0.000001")
HUNDRED = Decimal(100)
HIGHEST = Decimal("999999.999999")
BATCH = 2_000
PRICES = ("connection_fee", "price_per_minute", "minimum", "maximum")


@dataclass(frozen=True, slots=True)
class Copy:
    """How a copy differs from its tariff."""

    name: str
    valid_from: date | None
    valid_to: date | None
    percent: Decimal
    """By how much every price rises; negative: falls."""
    ended: Tariff | None = None
    """The tariff that ends where the new one begins."""


class CopyRefused(ValueError):  # noqa: N818  (what people read)
    """The copy cannot be made; the text says why."""


def copy_tariff(tariff: Tariff, wish: Copy) -> Tariff:
    """Return a copy of a tariff with all its bands and rates; raises CopyRefused when a price leaves its bounds."""
    with bulk_transaction():
        with auditing.unrecorded():
            made = Tariff.objects.get(pk=tariff.pk)
            made.pk = None
            made.name, made.valid_from, made.valid_to = wish.name, wish.valid_from, wish.valid_to
            made.save(force_insert=True)
            count = copy_rates(tariff, made, wish.percent)
        if wish.ended:
            wish.ended.valid_to = wish.valid_from
            wish.ended.save(update_fields=["valid_to"])
        whole = auditing.record(
            AuditedAction.ADDED, "tariff", str(made), subject_id=made.pk, copy_of=str(tariff), rates=count,
            percent=str(wish.percent),
        )  # fmt: skip
        record_rows(whole, [one for table in tables_of(made) for one in rows_in(table)])
        reference_changed()
    return made


def tables_of(tariff: Tariff) -> list[models.QuerySet[Any]]:
    """Return the rows that belong to a tariff."""
    return [TariffBand.objects.filter(tariff=tariff), Rate.objects.filter(tariff=tariff)]


def delete_tariff(tariff: Tariff) -> None:
    """Delete a tariff with its bands and rates: one entry in the audit log, and below it one for each row."""
    with bulk_transaction():
        gone = [one.reversed() for table in tables_of(tariff) for one in rows_in(table)]
        values = {name: [before, ""] for name, (_new, before) in auditing.differences(None, tariff).items()}
        rates = sum(one.model is Rate for one in gone)
        whole = auditing.record(
            AuditedAction.DELETED, "tariff", str(tariff), subject_id=tariff.pk, changes=values, rates=rates
        )
        record_rows(whole, gone)
        delete_rows(Rate.objects.filter(tariff=tariff))
        with auditing.unrecorded():
            tariff.delete()
        reference_changed()


def copy_rates(tariff: Tariff, made: Tariff, percent: Decimal) -> int:
    """Copy bands and rates with changed prices; return the number of rates."""
    bands = copied_bands(tariff, made)
    count = 0
    for rates in batches(Rate.objects.filter(tariff=tariff)):
        for rate in rates:
            renew(rate, made, bands, percent)
        Rate.objects.bulk_create(rates, batch_size=BATCH)
        count += len(rates)
    return count


def copied_bands(tariff: Tariff, made: Tariff) -> dict[int, int]:
    """Copy the bands; return the new band's id by the old one's."""
    found = {}
    for band in TariffBand.objects.filter(tariff=tariff):
        old, band.pk, band.tariff = band.pk, None, made
        band.save(force_insert=True)
        found[old] = band.pk
    return found


def renew(rate: Rate, tariff: Tariff, bands: dict[int, int], percent: Decimal) -> None:
    """Make a rate one of the new tariff: its band and its prices."""
    rate.pk = None
    rate.tariff = tariff
    rate.band_id = bands.get(rate.band_id) if rate.band_id else None
    for name in PRICES:
        amount = getattr(rate, name)
        if amount is not None:
            setattr(rate, name, raised(amount, percent))


def raised(amount: Decimal, percent: Decimal) -> Decimal:
    """Return an amount changed by a percentage, rounded commercially to millionths."""
    found = (amount * (HUNDRED + percent) / HUNDRED).quantize(MILLIONTH, ROUND_HALF_UP)
    if not 0 <= found <= HIGHEST:
        raise CopyRefused(_("A price would leave its bounds: %(amount)s.") % {"amount": found})
    return found


def batches(rates: models.QuerySet[Rate]) -> Iterator[list[Rate]]:
    """Yield the rates of a tariff in handy numbers, as they were before the copy."""
    ids = list(rates.values_list("pk", flat=True))
    for start in range(0, len(ids), BATCH):
        yield list(Rate.objects.filter(pk__in=ids[start : start + BATCH]).order_by("pk"))
