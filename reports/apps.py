"""The reports app: faces over several domains, first of them the home page."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportsConfig(AppConfig):
    """Home page and reports."""

    name = "reports"
    verbose_name = _("Reports")
