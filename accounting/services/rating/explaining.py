"""The steps that led to a price, told by the rating engine itself while it prices (COST-5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounting.services.rating import charging
from accounting.services.rating.calendars import HOLIDAY, Place
from accounting.services.rating.charging import SIXTIETHS, Run
from accounting.services.rating.tariffs import RateLine, TariffTable
from callanalytics.lib.money import MICRO, from_micro

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Topic(StrEnum):
    """What a step is about, so that a page can show each in its own way."""

    NUMBER = "number"
    CHARGEABLE = "chargeable"
    CARRIER = "carrier"
    TARIFF = "tariff"
    BAND = "band"
    CANDIDATE = "candidate"
    RATE = "rate"
    FREE = "free"
    TIME = "time"
    FEE = "fee"
    SUM = "sum"
    BOUND = "bound"
    ROUNDING = "rounding"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: a translatable sentence with named placeholders, and the values that belong into it."""

    topic: Topic
    text: StrOrPromise
    values: Mapping[str, Any]

    def __str__(self) -> str:
        """Return the sentence in the active language."""
        return str(self.text % self.values)


def exact_amount(sixtieths: int) -> str:
    """Return an amount in sixtieths of a millionth as a decimal number, or with its fraction when it has no end."""
    amount = Fraction(sixtieths, SIXTIETHS * MICRO)
    shown = Decimal(amount.numerator) / Decimal(amount.denominator)
    return f"{shown:f}" if Fraction(shown) == amount else f"{shown.quantize(Decimal('1.00000000')):f}…"


def shorter_prefixes(candidates: Iterable[RateLine], chosen: RateLine) -> tuple[str, ...]:
    """Return the prefixes that meet the number, too, but are shorter than the chosen one."""
    shorter = (line.prefix or "*" for line in candidates if len(line.prefix) < len(chosen.prefix))
    return tuple(dict.fromkeys(shorter))


class Trail:
    """Collects the steps of one price."""

    def __init__(self) -> None:
        """Begin without steps."""
        self.steps: list[Step] = []

    def _tell(self, topic: Topic, text: StrOrPromise, **values: Any) -> None:
        self.steps.append(Step(topic, text, values))

    def not_chargeable(self, *, answered: bool) -> None:
        """Tell why there is nothing to charge from the start."""
        if answered:
            self._tell(Topic.CHARGEABLE, _("Calls inside the organisation are not charged."))
        else:
            self._tell(Topic.CHARGEABLE, _("Unanswered calls are not charged."))

    def contract(self, gateway: str, local: datetime, carrier: str, tariff: TariffTable | None) -> None:
        """Tell whose tariff holds at the gateway on the local day of the answer."""
        values = {"gateway": gateway, "day": local.date(), "zone": str(local.tzinfo), "carrier": carrier}
        if not carrier:
            text = _("Gateway %(gateway)s has no carrier on %(day)s (%(zone)s).")
            return self._tell(Topic.CARRIER, text, **values)
        self._tell(Topic.CARRIER, _("Carrier of gateway %(gateway)s on %(day)s (%(zone)s): %(carrier)s."), **values)
        if tariff is None:
            return self._tell(Topic.TARIFF, _("%(carrier)s has no tariff on %(day)s."), **values)
        return self._tell(
            Topic.TARIFF,
            _("Tariff of the day: %(tariff)s, in %(currency)s."),
            tariff=tariff.name,
            currency=tariff.currency,
            tariff_id=tariff.id,
        )

    def choice(
        self,
        tariff: TariffTable,
        place: Place,
        local: datetime,
        bands: frozenset[int],
        candidates: tuple[RateLine, ...],
        chosen: RateLine | None,
        *,
        incoming: bool,
    ) -> None:
        """Tell the bands in force, the rates that were looked at, and the one that was taken."""
        if tariff.week.bands:
            self._bands(tariff, place, local, bands)
        for line in candidates:
            if line is chosen:
                break
            self._refused(line, local)
        if chosen is not None:
            self._tell(
                Topic.RATE,
                _("Longest prefix with a rate: %(prefix)s, %(price)s per minute."),
                prefix=chosen.prefix or "*",
                price=from_micro(chosen.price_per_minute),
                rate_id=chosen.id,
                destination=chosen.destination,
                shorter=shorter_prefixes(candidates, chosen),
            )
        elif incoming:
            self._tell(Topic.RATE, _("No rate for incoming calls: not charged."))
        else:
            self._tell(Topic.RATE, _("No rate meets the number: the call is unpriced."))

    def _bands(self, tariff: TariffTable, place: Place, local: datetime, bands: frozenset[int]) -> None:
        names = ", ".join(band.name for band in tariff.week.bands if band.id in bands)
        on_holiday = tariff.week.day_sign(place, local.date()) == HOLIDAY
        if on_holiday:
            text = _("%(moment)s on a public holiday: band %(bands)s.")
        else:
            text = _("%(moment)s: band %(bands)s.")
        if not names:
            text = _("%(moment)s on a public holiday: in no band.") if on_holiday else _("%(moment)s: in no band.")
        self._tell(Topic.BAND, text, moment=f"{local:%Y-%m-%d %H:%M:%S}", bands=names)

    def _refused(self, line: RateLine, local: datetime) -> None:
        values = {"prefix": line.prefix or "*", "rate_id": line.id, "destination": line.destination}
        if line.valid_on(local.date()):
            self._tell(Topic.CANDIDATE, _("Rate for %(prefix)s: for another band."), **values)
        else:
            self._tell(Topic.CANDIDATE, _("Rate for %(prefix)s: not valid on that day."), **values)

    def no_rate_in_band(self) -> None:
        """Tell that a later band has no rate."""
        self._tell(Topic.TIME, _("The call goes on into a band without a rate: the call is unpriced."))

    def runs(self, tariff: TariffTable, line: RateLine, seconds: int, runs: tuple[Run, ...]) -> None:
        """Tell the free and the charged time."""
        if line.free_seconds:
            self._tell(
                Topic.FREE,
                ngettext_lazy(
                    "The first %(free)d second is covered by the connection fee.",
                    "The first %(free)d seconds are covered by the connection fee.",
                    "free",
                ),
                free=line.free_seconds,
            )
        names = {band.id: band.name for band in tariff.week.bands}
        for index, run in enumerate(runs):
            self._run(run, seconds, names.get(run.line.band_id or 0, ""), is_first=index == 0)

    def _run(self, run: Run, seconds: int, band: str, *, is_first: bool) -> None:
        first, following = charging.units(run.line)
        text = _("From second %(begin)d of %(seconds)d: %(charged)d s at %(price)s per minute (%(increments)s).")
        self._tell(
            Topic.TIME,
            text,
            begin=run.begin,
            seconds=seconds,
            charged=run.seconds,
            band=band,
            price=from_micro(run.line.price_per_minute),
            rate_id=run.line.id,
            increments=f"{first}/{following}" if is_first else f"{following}",
        )

    def amount(self, tariff: TariffTable, line: RateLine, exact: int, bounded: int, micro: int) -> None:
        """Tell fee, sum, minimum or maximum, and rounding."""
        if line.connection_fee:
            self._tell(Topic.FEE, _("Connection fee: %(fee)s."), fee=from_micro(line.connection_fee))
        self._tell(Topic.SUM, _("Sum before rounding: %(sum)s."), sum=exact_amount(exact))
        if bounded > exact:
            self._tell(Topic.BOUND, _("Raised to the minimum charge: %(amount)s."), amount=from_micro(line.minimum))
        elif bounded < exact:
            self._tell(Topic.BOUND, _("Lowered to the maximum charge: %(amount)s."), amount=exact_amount(bounded))
        if tariff.rounds_up:
            text = _("Rounded up to %(decimals)d decimals: %(cost)s %(currency)s.")
        else:
            text = _("Rounded commercially to %(decimals)d decimals: %(cost)s %(currency)s.")
        self._tell(Topic.ROUNDING, text, decimals=tariff.decimals, cost=from_micro(micro), currency=tariff.currency)
