"""Carriers, tariffs, rates and holidays."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounting import models
from accounting.admin.site import ForAdministrators, SetUpAdmin
from accounting.services.tariff_copies import delete_tariff


class BoundGatewayInline(ForAdministrators, admin.TabularInline[models.GatewayCarrier, models.Carrier]):
    """The gateways behind which a carrier stands, and since when."""

    model = models.GatewayCarrier
    extra = 0


@admin.register(models.Carrier)
class CarrierAdmin(SetUpAdmin):
    """Carriers."""

    search_fields = ("name",)
    inlines = (BoundGatewayInline,)


class BandFormSet(BaseInlineFormSet[models.TariffBand, models.Tariff, Any]):
    """The bands of one tariff; one with rates stays, because its rates would silently go with it."""

    def clean(self) -> None:
        """Refuse to delete a band that has rates, and two bands of one name."""
        super().clean()
        names = [form.cleaned_data.get("name") for form in self.forms if form not in self.deleted_forms]
        if any(name and names.count(name) > 1 for name in names):
            raise forms.ValidationError(_("Two bands of a tariff cannot have the same name."))
        for form in self.deleted_forms:
            rates = models.Rate.objects.filter(band_id=form.instance.pk).count() if form.instance.pk else 0
            if rates:
                text = ngettext(
                    "The band %(band)s has %(count)d rate; change or delete it first.",
                    "The band %(band)s has %(count)d rates; change or delete them first.",
                    rates,
                )
                raise forms.ValidationError(text % {"band": form.instance.name, "count": rates})


class BandInline(ForAdministrators, admin.TabularInline[models.TariffBand, models.Tariff]):
    """The hours of a tariff with prices of their own."""

    model = models.TariffBand
    formset = BandFormSet
    extra = 0


@admin.register(models.Tariff)
class TariffAdmin(SetUpAdmin):
    """Tariffs."""

    list_display = ("name", "carrier", "currency", "valid_from", "valid_to", "page")
    list_filter = ("carrier", "currency")
    list_select_related = ("carrier",)
    search_fields = ("name", "carrier__name")
    inlines = (BandInline,)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[list[Any], Any, set[str], list[Any]]:
        """Return what deleting would take along: numbers, since a price list has tens of thousands of rates."""
        parts = (models.Tariff, models.TariffBand, models.Rate)
        bands, rates = (model.objects.filter(tariff__in=objs).count() for model in parts[1:])
        counts = (len(objs), bands, rates)
        told = {model._meta.verbose_name_plural: count for model, count in zip(parts, counts, strict=True) if count}
        return [str(tariff) for tariff in objs], told, set(), []

    def delete_model(self, request: HttpRequest, obj: models.Tariff) -> None:
        """Delete a tariff with all its rates."""
        delete_tariff(obj)

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: int) -> HttpResponse:
        """Lead back to the time line of the tariffs, from where people come."""
        super().response_delete(request, obj_display, obj_id)
        return redirect("tariffs")

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[models.Tariff]) -> None:
        """Delete several tariffs."""
        for tariff in queryset.select_related("carrier"):
            delete_tariff(tariff)

    @admin.display(description=_("rates"))
    def page(self, tariff: models.Tariff) -> SafeString:
        """Return the way to the tariff's own page with its rates, bands and warnings."""
        return format_html('<a href="{}">{}</a>', reverse("tariff", args=[tariff.pk]), _("Open the tariff"))

    def view_on_site(self, tariff: models.Tariff) -> str:
        """Return the tariff's own page."""
        return reverse("tariff", args=[tariff.pk])


class RateForm(forms.ModelForm[models.Rate]):
    """A rate with the bands of its own tariff to choose from."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tariff = self.instance.tariff_id or self.initial.get("tariff")
        bands = models.TariffBand.objects.select_related("tariff__carrier")
        field = self.fields.get("band")
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = bands.filter(tariff=tariff) if str(tariff or "").isdecimal() else bands
            field.label_from_instance = band_label  # type: ignore[method-assign, assignment]


def band_label(band: models.TariffBand) -> str:
    """Return a band with its tariff, as all bands stand in one list while the tariff is open."""
    return f"{band.tariff}: {band.name}"


@admin.register(models.Rate)
class RateAdmin(SetUpAdmin):
    """Rates by prefix."""

    form = RateForm
    list_display = ("prefix", "destination", "tariff", "band", "price_per_minute", "connection_fee", "incoming")
    list_filter = ("tariff", "incoming", "call_type")
    list_select_related = ("tariff__carrier", "band__tariff__carrier")
    show_full_result_count = False
    search_fields = ("prefix", "destination")
    autocomplete_fields = ("tariff",)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Look a prefix up as it is written on price lists, with or without +."""
        return super().get_search_results(request, queryset, search_term.removeprefix("+"))


@admin.register(models.PublicHoliday)
class PublicHolidayAdmin(SetUpAdmin):
    """Holidays beyond or against the country's calendar."""

    list_display = ("day", "name", "office", "is_holiday")
    list_filter = ("office", "is_holiday")
