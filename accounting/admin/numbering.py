"""The sites' own rules for numbers; masking rules have pages of their own."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounting import models
from accounting.admin.site import SetUpAdmin


@admin.register(models.NumberRule)
class NumberRuleAdmin(SetUpAdmin):
    """The sites' own rules for numbers."""

    list_display = ("first", "last", "kind", "office", "call_type", "destination")
    list_filter = ("kind", "office", "call_type")
    list_select_related = ("office",)
    search_fields = ("first", "destination")
    search_help_text = _("Number or destination")
    fieldsets = ((None, {"fields": (("kind", "office"), ("first", "last"), ("call_type", "destination"))}),)
