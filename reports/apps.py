"""The reports app: faces over several domains, first of them the home page."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportsConfig(AppConfig):
    """Home page and reports."""

    name = "reports"
    verbose_name = _("Reports")

    def ready(self) -> None:
        """Hear of erased people and of the demo, and let the audit log name what was changed of a schedule."""
        from accounting.services.audit_words import MODELS  # noqa: PLC0415  (needs the models)
        from reports import receivers  # noqa: F401, PLC0415
        from reports.models import ReportSchedule  # noqa: PLC0415

        MODELS["reportschedule"] = ReportSchedule
