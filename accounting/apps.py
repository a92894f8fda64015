"""The accounting app: people, lines, numbers, prices, calls."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class AccountingConfig(AppConfig):
    """Call accounting."""

    name = "accounting"
    verbose_name = _("Call accounting")

    def ready(self) -> None:
        """Connect the counter of reference changes and the audit log; load every app's kinds of jobs."""
        from accounting import signals  # noqa: F401, PLC0415  (receivers need the models)
        from accounting.services import auditing  # noqa: F401, PLC0415

        autodiscover_modules("jobs")
