"""The ledger of collected files; rows that could not be taken have a workbench of their own."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounting import models
from accounting.admin.site import ReadOnlyAdmin


@admin.register(models.ImportFile)
class ImportFileAdmin(ReadOnlyAdmin):
    """The ledger of collected files."""

    list_display = ("name", "phone_system", "state", "imported_at", "records", "duplicates", "rejected", "reason_code")
    list_filter = ("phone_system", "state")
    list_select_related = ("phone_system",)
    search_fields = ("name",)
    search_help_text = _("File name")
