"""The reports app: faces over several domains, first of them the home page."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportsConfig(AppConfig):
    """Home page and reports."""

    name = "reports"
    verbose_name = _("Reports")

    def ready(self) -> None:
        """Let the audit log name what was changed of a schedule, and erased people be forgotten here, too."""
        from accounting.services.audit_words import MODELS  # noqa: PLC0415  (needs the models)
        from accounting.signals import person_erased  # noqa: PLC0415
        from reports.models import ReportSchedule  # noqa: PLC0415
        from reports.services.forgetting import forget_person  # noqa: PLC0415

        person_erased.connect(forget_person, dispatch_uid="forget_reports")
        MODELS["reportschedule"] = ReportSchedule
