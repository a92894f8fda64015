"""The budget app: Budget Control."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BudgetConfig(AppConfig):
    """Budgets, their ledger and their history."""

    name = "budget"
    verbose_name = _("Budget Control")

    def ready(self) -> None:
        """Hear of calls that arrive or change, and let the audit log record and name budgets."""
        from accounting.services.audit_words import DETAILS, MODELS  # noqa: PLC0415  (needs the models)
        from accounting.services.auditing import AUDITED  # noqa: PLC0415
        from budget import receivers  # noqa: F401, PLC0415
        from budget.models import Budget, BudgetException, Threshold  # noqa: PLC0415

        for model in (Budget, BudgetException, Threshold):
            AUDITED.add(model)
            MODELS[model._meta.model_name or ""] = model
        DETAILS["topped_up"] = _("Topped up")
