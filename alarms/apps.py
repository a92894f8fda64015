"""The alarms app: what the product speaks up about."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AlarmsConfig(AppConfig):
    """Alarm rules, what they have raised, and who was told."""

    name = "alarms"
    verbose_name = _("Alarms")

    def ready(self) -> None:
        """Hear of erased people and of the demo, and let the audit log record and name what is set up."""
        from accounting.services.audit_words import MODELS, OTHER_SUBJECTS  # noqa: PLC0415  (needs the models)
        from accounting.services.auditing import AUDITED  # noqa: PLC0415
        from alarms import receivers  # noqa: F401, PLC0415
        from alarms.models import Alarm, AlarmRule, Webhook  # noqa: PLC0415

        AUDITED.add(Webhook)
        for model in (Alarm, AlarmRule, Webhook):
            MODELS[model._meta.model_name or ""] = model
        OTHER_SUBJECTS["webhook_message"] = _("webhook message")
