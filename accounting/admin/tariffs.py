"""Carriers, tariffs, rates and holidays."""

from django.contrib import admin

from accounting import models
from accounting.admin.site import ForAdministrators


@admin.register(models.Carrier)
class CarrierAdmin(ForAdministrators, admin.ModelAdmin[models.Carrier]):
    """Carriers."""

    search_fields = ("name",)


class BandInline(ForAdministrators, admin.TabularInline[models.TariffBand, models.Tariff]):
    """The hours of a tariff with prices of their own."""

    model = models.TariffBand
    extra = 0


@admin.register(models.Tariff)
class TariffAdmin(ForAdministrators, admin.ModelAdmin[models.Tariff]):
    """Tariffs."""

    list_display = ("name", "carrier", "currency", "valid_from", "valid_to")
    list_filter = ("carrier", "currency")
    search_fields = ("name", "carrier__name")
    inlines = (BandInline,)


@admin.register(models.Rate)
class RateAdmin(ForAdministrators, admin.ModelAdmin[models.Rate]):
    """Rates by prefix."""

    list_display = ("prefix", "destination", "tariff", "band", "price_per_minute", "connection_fee", "incoming")
    list_filter = ("tariff", "incoming", "call_type")
    list_select_related = ("tariff__carrier", "band__tariff__carrier")
    search_fields = ("prefix", "destination")
    autocomplete_fields = ("tariff",)


@admin.register(models.PublicHoliday)
class PublicHolidayAdmin(ForAdministrators, admin.ModelAdmin[models.PublicHoliday]):
    """Holidays beyond or against the country's calendar."""

    list_display = ("day", "name", "office", "is_holiday")
    list_filter = ("office", "is_holiday")
