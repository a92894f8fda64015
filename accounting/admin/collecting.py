"""The ledger of collected files; rows that could not be taken have a workbench of their own."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounting import models
from accounting.admin.site import ReadOnlyAdmin
from accounting.sources.base import REASONS


@admin.register(models.ImportFile)
class ImportFileAdmin(ReadOnlyAdmin):
    """The ledger of collected files."""

    list_display = (
        "name",
        "phone_system",
        "state",
        "imported_at",
        "records",
        "duplicates",
        "rejected",
        "reason_in_words",
    )
    list_filter = ("phone_system", "state")
    list_select_related = ("phone_system",)
    search_fields = ("name",)
    search_help_text = _("File name")

    @admin.display(description=_("reason"), ordering="reason_code")
    def reason_in_words(self, file: models.ImportFile) -> str:
        """Return why a file was set aside."""
        return str(REASONS.get(file.reason_code, file.reason_code)) or "–"
