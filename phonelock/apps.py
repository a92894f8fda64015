"""The phonelock app: Phone Lock."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PhoneLockConfig(AppConfig):
    """Reasons that lock lines, the engines that bar their calls, and PINs."""

    name = "phonelock"
    verbose_name = _("Phone Lock")

    def ready(self) -> None:
        """Hear of budgets, and let the audit log record and name the settings."""
        from accounting.services.audit_words import MODELS, OTHER_SUBJECTS  # noqa: PLC0415  (needs the models)
        from accounting.services.auditing import AUDITED  # noqa: PLC0415
        from phonelock import receivers  # noqa: F401, PLC0415
        from phonelock.models import AllowedNumber, LockSetUp, Timetable, TimetableExemption  # noqa: PLC0415

        for model in (AllowedNumber, LockSetUp, Timetable, TimetableExemption):
            AUDITED.add(model)
            MODELS[model._meta.model_name or ""] = model
        OTHER_SUBJECTS["phone_locks"] = _("locks of lines")
