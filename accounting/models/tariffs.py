"""What a carrier charges: tariffs with dates, bands of the week, rates by prefix."""

from typing import Any

from babel.numbers import list_currencies
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounting.models.calls import CallType
from accounting.models.lines import Gateway
from accounting.models.organization import Office

DAY_SIGNS = "1234567H"
MOST_DECIMALS = 6


def wrong_dates(row: Any) -> dict[str, str | Promise]:
    """Return what is wrong with the days of a row that holds from one to another, by field; {} when nothing is."""
    if row.valid_from and row.valid_to and row.valid_to <= row.valid_from:
        return {"valid_to": _("The end must lie after the beginning; the last day itself is not included.")}
    return {}


def refuse(problems: dict[str, str | Promise]) -> None:
    """Raise a ValidationError that names each field, if there are problems."""
    if problems:
        raise ValidationError({name: str(text) for name, text in problems.items()})


class Carrier(models.Model):
    """A telephone company."""

    name = models.CharField(_("name"), max_length=80, unique=True)

    class Meta:
        verbose_name = _("carrier")
        verbose_name_plural = _("carriers")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class GatewayCarrier(models.Model):
    """The carrier behind a gateway from one day to another (days of the gateway's office)."""

    gateway = models.ForeignKey(Gateway, models.CASCADE, related_name="carriers", verbose_name=_("gateway"))
    carrier = models.ForeignKey(Carrier, models.PROTECT, verbose_name=_("carrier"))
    valid_from = models.DateField(_("valid from"), null=True, blank=True, help_text=_("Empty: since ever."))
    valid_to = models.DateField(
        _("valid to"), null=True, blank=True, help_text=_("Not included. Empty: until further notice.")
    )

    class Meta:
        verbose_name = _("carrier of a gateway")
        verbose_name_plural = _("carriers of gateways")
        ordering = ["gateway", "valid_from"]

    def __str__(self) -> str:
        return f"{self.gateway}: {self.carrier}"

    def clean(self) -> None:
        """Refuse an end before the beginning."""
        refuse(wrong_dates(self))


class Tariff(models.Model):
    """A carrier's price list for a time; money is Decimal here and whole millionths inside the rating engine."""

    class BandRule(models.TextChoices):
        """Which band of the week prices a call that crosses from one into another."""

        START = "start", _("The band in which the call is answered")
        SPLIT = "split", _("Each charged unit by the band in which it begins")

    class Rounding(models.TextChoices):
        """How the sum of a call is rounded, once."""

        HALF_UP = "half_up", _("Commercially (half up)")
        UP = "up", _("Always up")

    carrier = models.ForeignKey(Carrier, models.PROTECT, related_name="tariffs", verbose_name=_("carrier"))
    name = models.CharField(_("name"), max_length=80)
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    valid_from = models.DateField(_("valid from"), null=True, blank=True, help_text=_("Empty: since ever."))
    valid_to = models.DateField(
        _("valid to"), null=True, blank=True, help_text=_("Not included. Empty: until further notice.")
    )
    band_rule = models.CharField(
        _("calls across bands"), max_length=5, choices=BandRule.choices, default=BandRule.START
    )
    decimals = models.PositiveSmallIntegerField(_("decimals of a call's cost"), default=4)
    rounding = models.CharField(_("rounding"), max_length=7, choices=Rounding.choices, default=Rounding.HALF_UP)

    class Meta:
        verbose_name = _("tariff")
        verbose_name_plural = _("tariffs")
        ordering = ["carrier", "valid_from"]

    def __str__(self) -> str:
        return f"{self.carrier} {self.name}"

    def clean(self) -> None:
        """Refuse wrong days, unknown currencies and more decimals than money has."""
        problems = wrong_dates(self)
        self.currency = self.currency.upper()
        if self.currency not in list_currencies():
            problems["currency"] = _("Not a currency of ISO 4217, for instance EUR.")
        if self.decimals is not None and self.decimals > MOST_DECIMALS:
            problems["decimals"] = _("At most six decimals.")
        refuse(problems)


class TariffBand(models.Model):
    """Hours of the week with prices of their own, in the zone of the gateway's office."""

    tariff = models.ForeignKey(Tariff, models.CASCADE, related_name="bands", verbose_name=_("tariff"))
    name = models.CharField(_("name"), max_length=40)
    days = models.CharField(
        _("days"),
        max_length=8,
        default="12345",
        help_text=_("1 Monday to 7 Sunday, H public holidays, for instance 67H."),
    )
    start = models.TimeField(_("from"))
    end = models.TimeField(_("to"), help_text=_("Not included; 00:00 is the end of the day."))

    class Meta:
        verbose_name = _("tariff band")
        verbose_name_plural = _("tariff bands")
        ordering = ["tariff", "start"]

    def __str__(self) -> str:
        return f"{self.tariff} {self.name}"

    def clean(self) -> None:
        """Refuse other signs than those of days; keep each once, in the order of the week."""
        days = self.days.upper().replace(" ", "").replace(",", "")
        if not days or set(days) - set(DAY_SIGNS):
            refuse({"days": _("Only 1 (Monday) to 7 (Sunday) and H for public holidays, for instance 12345.")})
        self.days = "".join(sign for sign in DAY_SIGNS if sign in days)


class Rate(models.Model):
    """The price of one prefix: the longest prefix that has a rate for the moment wins."""

    tariff = models.ForeignKey(Tariff, models.CASCADE, related_name="rates", verbose_name=_("tariff"))
    prefix = models.CharField(
        _("prefix"),
        max_length=20,
        blank=True,
        help_text=_("Country code and following digits without +, for instance 4930. Empty: every number."),
    )
    call_type = models.PositiveSmallIntegerField(
        _("call type"), choices=CallType.choices, null=True, blank=True, help_text=_("Empty: every type.")
    )
    incoming = models.BooleanField(
        _("for incoming calls"), default=False, help_text=_("For instance own toll-free numbers.")
    )
    band = models.ForeignKey(
        TariffBand, models.CASCADE, null=True, blank=True, verbose_name=_("band"), help_text=_("Empty: at all times.")
    )
    destination = models.CharField(_("destination"), max_length=60, blank=True)
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(_("valid to"), null=True, blank=True, help_text=_("Not included."))
    connection_fee = models.DecimalField(_("connection fee"), max_digits=12, decimal_places=6, default=0)
    price_per_minute = models.DecimalField(_("price per minute"), max_digits=12, decimal_places=6, default=0)
    first_increment = models.PositiveIntegerField(_("first increment"), default=1, help_text=_("Seconds."))
    increment = models.PositiveIntegerField(_("following increment"), default=1, help_text=_("Seconds."))
    minimum = models.DecimalField(_("minimum charge"), max_digits=12, decimal_places=6, default=0)
    free_seconds = models.PositiveIntegerField(
        _("free seconds"), default=0, help_text=_("At the beginning of the call, covered by the connection fee.")
    )
    maximum = models.DecimalField(_("maximum charge"), max_digits=12, decimal_places=6, null=True, blank=True)

    class Meta:
        verbose_name = _("rate")
        verbose_name_plural = _("rates")
        ordering = ["tariff", "prefix"]
        indexes = [models.Index(fields=["tariff", "prefix"], name="rate_by_prefix")]

    def __str__(self) -> str:
        return f"{self.prefix or '*'} {self.destination}"

    def clean(self) -> None:
        """Refuse what cannot be a price, a band of another tariff, and wrong days."""
        self.prefix = self.prefix.strip().removeprefix("+")
        problems = wrong_dates(self) | self._wrong_amounts()
        if self.prefix and not (self.prefix.isascii() and self.prefix.isdecimal()):
            problems["prefix"] = _("Only digits, beginning with the country code, for instance 4930.")
        if self.band is not None and self.band.tariff_id != self.tariff_id:
            problems["band"] = _("This band belongs to another tariff.")
        refuse(problems)

    def _wrong_amounts(self) -> dict[str, str | Promise]:
        problems: dict[str, str | Promise] = {}
        for name in ("connection_fee", "price_per_minute", "minimum", "maximum"):
            amount = getattr(self, name)
            if amount is not None and amount < 0:
                problems[name] = _("A price cannot be negative.")
        for name in ("first_increment", "increment"):
            seconds = getattr(self, name)
            if seconds is not None and seconds < 1:
                problems[name] = _("At least one second.")
        if self.maximum is not None and self.minimum is not None and self.maximum < self.minimum:
            problems.setdefault("maximum", _("The maximum charge is below the minimum charge."))
        return problems


class PublicHoliday(models.Model):
    """A holiday of an office beyond or against the country's calendar."""

    office = models.ForeignKey(Office, models.CASCADE, related_name="holidays", verbose_name=_("office"))
    day = models.DateField(_("day"))
    name = models.CharField(_("name"), max_length=80, blank=True)
    is_holiday = models.BooleanField(
        _("holiday"), default=True, help_text=_("Off: an ordinary day although the country's calendar says holiday.")
    )

    class Meta:
        verbose_name = _("public holiday")
        verbose_name_plural = _("public holidays")
        ordering = ["office", "day"]
        constraints = [models.UniqueConstraint(fields=["office", "day"], name="holiday_once_in_office")]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"

    @property
    def heading(self) -> str:
        """Its name over pages, with the reader's date; the audit log keeps the same name for every reader."""
        return f"{formats.date_format(self.day, 'SHORT_DATE_FORMAT')} {self.name}".rstrip()
