"""Phone systems, their gateways, extensions and phones."""

from django.contrib import admin

from accounting import models
from accounting.admin.site import ForAdministrators


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
