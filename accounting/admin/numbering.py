"""The sites' own rules for numbers, and what is hidden from whom."""

from django.contrib import admin

from accounting import models
from accounting.admin.site import ForAdministrators


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
