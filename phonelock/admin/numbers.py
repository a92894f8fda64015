"""Numbers that may be called from locked lines."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounting.admin.site import SetUpAdmin
from phonelock.models import AllowedNumber


@admin.register(AllowedNumber)
class AllowedNumberAdmin(SetUpAdmin):
    """Allowed numbers."""

    list_display = ("digits", "is_prefix", "office", "note")
    list_filter = ("is_prefix", "office")
    list_select_related = ("office",)
    search_fields = ("digits", "note")
    search_help_text = _("Number or note")
    fieldsets = (
        (
            None,
            {
                "fields": (("digits", "is_prefix"), ("office", "note")),
                "description": _(
                    "Locked lines may call these numbers where UCM asks the portal about calls (External Call "
                    "Control). Emergency numbers always pass and need no entry."
                ),
            },
        ),
    )
