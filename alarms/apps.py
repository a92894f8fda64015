"""The alarms app: what the product speaks up about."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AlarmsConfig(AppConfig):
    """Alarm rules, what they have raised, and who was told."""

    name = "alarms"
    verbose_name = _("Alarms")

    def ready(self) -> None:
        """Let the audit log record and name the rules."""
        from accounting.services.audit_words import MODELS  # noqa: PLC0415  (needs the models)
        from accounting.services.auditing import AUDITED  # noqa: PLC0415
        from alarms.models import Webhook  # noqa: PLC0415

        AUDITED.add(Webhook)
        MODELS["webhook"] = Webhook
