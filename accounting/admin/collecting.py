"""The ledger of collected files and the rows that could not be taken."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounting import models
from accounting.admin.site import ForAdministrators, ReadOnlyAdmin


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
    search_help_text = _("File name")
    inlines = (RejectedRowInline,)


@admin.register(models.RejectedRow)
class RejectedRowAdmin(ReadOnlyAdmin):
    """Rows that could not be read, kept whole."""

    list_display = ("file", "line", "reason_code", "reason")
    list_filter = ("reason_code", "file__phone_system")
    list_select_related = ("file",)
    search_fields = ("file__name", "content")
    search_help_text = _("File name or content")
