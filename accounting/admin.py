"""The set-up: every table that administrators keep or look into, with search and filters."""

from typing import Any

from axes.models import AccessAttempt
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db import models as fields
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounting import models

admin.site.site_header = _("Set-up")
admin.site.site_title = "Call Analytics"
admin.site.index_title = _("Settings")
# Roles decide what people may do; groups would be a second, silent way.
admin.site.unregister(Group)


class ForAdministrators:
    """Opens a table to every administrator: the role decides, there are no permissions to hand out one by one."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the table is listed."""
        return is_administrator(request)

    def has_view_permission(self, request: HttpRequest, obj: fields.Model | None = None) -> bool:
        """Whether rows may be seen."""
        return is_administrator(request)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """Whether rows may be added."""
        return is_administrator(request)

    def has_change_permission(self, request: HttpRequest, obj: fields.Model | None = None) -> bool:
        """Whether rows may be changed."""
        return is_administrator(request)

    def has_delete_permission(self, request: HttpRequest, obj: fields.Model | None = None) -> bool:
        """Whether rows may be deleted."""
        return is_administrator(request)


def is_administrator(request: HttpRequest) -> bool:
    """Return whether an administrator asks."""
    return isinstance(request.user, models.User) and request.user.is_administrator


class ReadOnlyAdmin(ForAdministrators, admin.ModelAdmin[Any]):
    """Rows that only the collecting of calls writes."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """Nobody adds them by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: fields.Model | None = None) -> bool:
        """Nobody changes them by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: fields.Model | None = None) -> bool:
        """Nobody deletes them by hand."""
        return False


class LineInline(ForAdministrators, admin.TabularInline[models.LineAssignment, models.User]):
    """The extensions of a person."""

    model = models.LineAssignment
    extra = 0
    autocomplete_fields = ("extension",)
    # Without its entry the calls of a person would be nobody's.
    can_delete = False

    def get_formset(self, request: HttpRequest, obj: models.User | None = None, **kwargs: Any) -> Any:
        """Return the form, which says how a line is given up."""
        until = _("Not included. Empty: until further notice.")
        help_text = f"{until} {_('End it by its date; calls keep their person.')}"
        return super().get_formset(request, obj, help_texts={"valid_to": help_text}, **kwargs)


class MembershipInline(ForAdministrators, admin.TabularInline[models.Membership, models.User]):
    """The units of a person."""

    model = models.Membership
    extra = 0
    autocomplete_fields = ("department", "cost_centre", "office")


class SupervisionInline(ForAdministrators, admin.TabularInline[models.Supervision, models.User]):
    """The units whose calls a person sees."""

    model = models.Supervision
    extra = 0
    autocomplete_fields = ("department", "cost_centre", "office")


@admin.register(models.User)
class PersonAdmin(ForAdministrators, UserAdmin[models.User]):
    """People."""

    list_display = ("username", "last_name", "first_name", "role", "is_active")
    list_filter = ("role", "is_active")
    search_fields = ("username", "last_name", "first_name", "email", "lines__extension__number")
    ordering = ("last_name", "first_name")
    filter_horizontal = ()
    inlines = (LineInline, MembershipInline, SupervisionInline)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email")}),
        (_("Access"), {"fields": ("role", "is_active")}),
        (_("Language and formats"), {"fields": ("language", "time_zone")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")


@admin.register(models.Office)
class OfficeAdmin(ForAdministrators, admin.ModelAdmin[models.Office]):
    """Offices."""

    list_display = ("name", "country", "area_code", "time_zone", "access_code")
    search_fields = ("name", "country")


@admin.register(models.Department)
class DepartmentAdmin(ForAdministrators, admin.ModelAdmin[models.Department]):
    """Departments."""

    list_display = ("name", "parent")
    list_select_related = ("parent",)
    search_fields = ("name",)
    autocomplete_fields = ("parent",)


@admin.register(models.CostCentre)
class CostCentreAdmin(ForAdministrators, admin.ModelAdmin[models.CostCentre]):
    """Cost centres."""

    list_display = ("code", "name")
    search_fields = ("code", "name")


@admin.register(models.PhoneSystem)
class PhoneSystemAdmin(ForAdministrators, admin.ModelAdmin[models.PhoneSystem]):
    """Phone systems."""

    list_display = ("name", "kind", "office", "enabled", "quiet_minutes")
    list_filter = ("enabled", "kind")
    search_fields = ("name",)


class GatewayCarrierInline(ForAdministrators, admin.TabularInline[models.GatewayCarrier, models.Gateway]):
    """The carriers behind a gateway."""

    model = models.GatewayCarrier
    extra = 0


@admin.register(models.Gateway)
class GatewayAdmin(ForAdministrators, admin.ModelAdmin[models.Gateway]):
    """Gateways."""

    list_display = ("device_name", "name", "phone_system", "office", "network", "found_in_calls")
    list_filter = ("phone_system", "office", "network", "found_in_calls")
    search_fields = ("device_name", "name")
    inlines = (GatewayCarrierInline,)


@admin.register(models.Extension)
class ExtensionAdmin(ForAdministrators, admin.ModelAdmin[models.Extension]):
    """Extensions."""

    list_display = ("number", "phone_system", "found_in_calls", "first_seen")
    list_filter = ("phone_system", "found_in_calls")
    search_fields = ("number",)


@admin.register(models.Device)
class DeviceAdmin(ForAdministrators, admin.ModelAdmin[models.Device]):
    """Phones and the extensions seen on them."""

    list_display = ("name", "number", "first_seen", "phone_system")
    list_filter = ("phone_system",)
    search_fields = ("name", "number")


@admin.register(models.NumberRule)
class NumberRuleAdmin(ForAdministrators, admin.ModelAdmin[models.NumberRule]):
    """The sites' own rules for numbers."""

    list_display = ("first", "last", "kind", "office", "call_type", "destination")
    list_filter = ("kind", "office", "call_type")
    search_fields = ("first", "destination")


@admin.register(models.MaskingRule)
class MaskingRuleAdmin(ForAdministrators, admin.ModelAdmin[models.MaskingRule]):
    """Which role does not see how many digits."""

    list_display = ("role", "digits", "direction", "call_type", "own_calls")
    list_filter = ("role",)


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


class RejectedRowInline(ForAdministrators, admin.TabularInline[models.RejectedRow, models.ImportFile]):
    """The rows of a file that could not be read."""

    model = models.RejectedRow
    extra = 0
    can_delete = False
    show_change_link = True
    fields = readonly_fields = ("line", "reason_code", "reason", "content")
    max_num = 0


@admin.register(models.ImportFile)
class ImportFileAdmin(ReadOnlyAdmin):
    """The ledger of collected files."""

    list_display = ("name", "phone_system", "state", "imported_at", "records", "duplicates", "rejected", "reason_code")
    list_filter = ("phone_system", "state")
    list_select_related = ("phone_system",)
    search_fields = ("name",)
    inlines = (RejectedRowInline,)


@admin.register(models.RejectedRow)
class RejectedRowAdmin(ReadOnlyAdmin):
    """Rows that could not be read, kept whole."""

    list_display = ("file", "line", "reason_code", "reason")
    list_filter = ("reason_code", "file__phone_system")
    list_select_related = ("file",)
    search_fields = ("file__name", "content")


@admin.register(AccessAttempt)
class WrongPasswordAdmin(ForAdministrators, admin.ModelAdmin[AccessAttempt]):
    """Wrong passwords by name and address; deleting a row lifts the lock."""

    list_display = ("username", "ip_address", "attempt_time", "failures_since_start")
    search_fields = ("username", "ip_address")
    readonly_fields = ("username", "ip_address", "user_agent", "attempt_time", "failures_since_start")
    fields = readonly_fields

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """Nobody adds them by hand."""
        return False
