"""The outbox: what the portal mails, kept until it is delivered, one row for each recipient."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class MailPurpose(models.TextChoices):
    """Why a mail is sent."""

    REPORT = "report", _("Report")
    SCHEDULE = "schedule", _("Scheduled report")
    EXPORT = "export", _("Export")
    ALARM = "alarm", _("Alarm")
    BUDGET = "budget", _("Budget")
    NOTICE = "notice", _("Notice")


class MailState(models.TextChoices):
    """How far a mail is."""

    WAITING = "waiting", _("Waiting")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Not sent")
    CANCELLED = "cancelled", _("Cancelled")


UNSENT = (MailState.WAITING, MailState.SENDING)


class MailFault(models.TextChoices):
    """Why a mail was not delivered, as the people who look after the mail server need to know it."""

    NONE = "", _("None")
    UNREACHABLE = "unreachable", _("The mail server does not answer.")
    SIGN_IN = "sign_in", _("The mail server refuses the user name, the password or the encryption.")
    SENDER = "sender", _("The mail server refuses the sender.")
    POSTPONED = "postponed", _("The mail server asks to try again later.")
    RECIPIENT = "recipient", _("The mail server refuses the recipient.")
    CONTENT = "content", _("The mail server refuses this mail.")
    DOMAIN = "domain", _("The set-up of the mail server does not allow this recipient.")
    UNFIT = "unfit", _("The address or the content cannot be put into a mail.")
    FILES = "files", _("An attached file is no longer there.")
    INTERRUPTED = "interrupted", _("The sending was interrupted several times.")
    EXPIRED = "expired", _("The mail server took it neither at once nor later.")


class OutgoingLetter(models.Model):
    """What is sent to several recipients: subject, text and files; see services.outbox."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    """Names the folder of its files."""
    key = models.CharField(max_length=200, unique=True)
    """Purpose and cause, so that the same is never posted twice."""
    cause = models.CharField(max_length=100, blank=True, db_index=True)
    """What has caused it, for lists: "schedule:12"."""
    purpose = models.CharField(_("purpose"), max_length=10, choices=MailPurpose.choices)
    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    """On whose behalf it is sent: answers go to this person."""
    language = models.CharField(max_length=8, blank=True)
    subject = models.CharField(_("subject"), max_length=255)
    text = models.TextField()
    html = models.TextField(blank=True)
    files = models.JSONField(default=list)
    """Attachments and inline images: [{"path", "name", "type", "cid"}], the path within the outbox folder."""
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("letter")
        verbose_name_plural = _("letters")

    def __str__(self) -> str:
        return self.subject


class Delivery(models.Model):
    """Something on its way to one receiver, in the hands of one deliverer at a time (services.claims)."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    """The same at each attempt, for receivers that recognise repetitions; of a mail, the Message-ID."""
    state = models.CharField(_("state"), max_length=10, choices=MailState.choices, default=MailState.WAITING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"))
    claim = models.UUIDField(null=True)
    """Who sends it at present; guards what that one stores afterwards."""
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    """When it was sent, given up or cancelled."""

    class Meta:
        abstract = True


class OutgoingMail(Delivery):
    """One letter to one recipient: a letter that one recipient's server refuses is not sent twice to the others."""

    letter = models.ForeignKey(OutgoingLetter, models.CASCADE, related_name="mails")
    recipient = models.EmailField(_("to"))
    fault = models.CharField(_("reason"), max_length=12, choices=MailFault.choices, blank=True, default=MailFault.NONE)
    answer = models.CharField(_("answer of the mail server"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("mails")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["letter", "recipient"], name="mail_once_to_each")]
        indexes = [
            models.Index(fields=["next_attempt_at"], name="mail_due", condition=Q(state="waiting")),
            models.Index(fields=["lease_until"], name="mail_leased", condition=Q(state="sending")),
            models.Index(fields=["state", "-id"], name="mail_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.letter_id} → {self.recipient}"

    @property
    def message_id(self) -> str:
        """The Message-ID without its angle brackets."""
        return f"{self.uuid}@mail.callanalytics"
