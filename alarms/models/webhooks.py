"""Webhooks: where alarms are posted beside mail, and the messages on their way there."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounting.models import Delivery
from callanalytics.lib.secrets import EncryptedField


class WebhookKind(models.TextChoices):
    """What the receiver understands."""

    GENERIC = "generic", _("JSON")
    WEBEX = "webex", _("Webex space")
    TEAMS = "teams", _("Microsoft Teams channel")


class Webhook(models.Model):
    """An address that takes alarms; entered by administrators, chosen by owners of rules."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    kind = models.CharField(_("kind"), max_length=8, choices=WebhookKind.choices, default=WebhookKind.GENERIC)
    address = EncryptedField(_("address"), help_text=_("Who knows it can post there; it is stored encrypted."))
    secret = EncryptedField(
        _("secret"), blank=True, default="", help_text=_("Signs each message, so that the receiver can trust it.")
    )
    verify_tls = models.BooleanField(_("check the certificate"), default=True)
    active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class WebhookFault(models.TextChoices):
    """Why a message was not taken."""

    NONE = "", _("None")
    UNREACHABLE = "unreachable", _("The address does not answer.")
    CERTIFICATE = "certificate", _("The certificate of the address cannot be trusted.")
    POSTPONED = "postponed", _("The receiver asks to try again later.")
    REFUSED = "refused", _("The receiver refuses the message.")
    GONE = "gone", _("The address no longer exists.")
    SWITCHED_OFF = "switched_off", _("The webhook is switched off.")
    INTERRUPTED = "interrupted", _("The sending was interrupted several times.")
    EXPIRED = "expired", _("The receiver took it neither at once nor later.")


class WebhookMessage(Delivery):
    """One message to one webhook, posted in the transaction that causes it."""

    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="messages", verbose_name=_("webhook"))
    key = models.CharField(max_length=100)
    """Its cause, so that the same is never posted twice to one webhook."""
    cause = models.CharField(max_length=100, blank=True, db_index=True)
    sender = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    body: models.JSONField[Any, dict[str, Any]] = models.JSONField()
    fault = models.CharField(
        _("reason"), max_length=12, choices=WebhookFault.choices, blank=True, default=WebhookFault.NONE
    )
    answer = models.CharField(_("answer of the receiver"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("webhook message")
        verbose_name_plural = _("webhook messages")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["webhook", "key"], name="webhook_message_once")]
        indexes = [
            models.Index(fields=["next_attempt_at"], name="webhook_message_due", condition=Q(state="waiting")),
            models.Index(fields=["lease_until"], name="webhook_message_leased", condition=Q(state="sending")),
        ]

    def __str__(self) -> str:
        return f"{self.webhook_id} {self.key}"
