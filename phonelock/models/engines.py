"""How each phone system locks lines, what it was told, and what its phones show."""

from datetime import timedelta
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounting.models import Extension, PhoneSystem
from callanalytics.lib.secrets import EncryptedField

Former = dict[str, Any]
"""What a line had before it was locked, as the engine wants to find it again."""
SILENT = timedelta(hours=1)
COMPARISONS_MISSED = 3


class EngineKind(models.TextChoices):
    """What bars the calls of a locked line."""

    NONE = "none", _("Nothing: locks are kept here only")
    CALL_CONTROL = "ecc", _("External Call Control: UCM asks the portal about each call")
    AXL = "axl", _("AXL: the line's calling search space is exchanged")


class LockSetUp(models.Model):
    """How Phone Lock works with one phone system (LOCK-8)."""

    class OnFailure(models.TextChoices):
        """What call control answers when the portal cannot look up locks."""

        PERMIT = "permit", _("Let the call pass")
        DENY = "deny", _("Refuse the call, unless it is an emergency")

    phone_system = models.OneToOneField(
        PhoneSystem, models.CASCADE, related_name="lock_set_up", verbose_name=_("phone system")
    )
    engine = models.CharField(_("engine"), max_length=5, choices=EngineKind.choices, default=EngineKind.NONE)

    call_control_key = EncryptedField(_("key of the address"), blank=True, default="")
    """Part of the address that UCM asks; whoever knows it may ask which lines are locked."""
    on_failure = models.CharField(
        _("when locks cannot be looked up"), max_length=6, choices=OnFailure.choices, default=OnFailure.PERMIT
    )
    asked_at = models.DateTimeField(null=True, editable=False)
    """When UCM last asked or looked whether the portal is there; kept to the half minute."""

    axl_schema = models.CharField(_("AXL version"), max_length=6, default="14.0")
    route_partition = models.CharField(
        _("partition of the lines"), max_length=50, blank=True, help_text=_("Empty: lines without a partition.")
    )
    locked_css = models.CharField(
        _("calling search space of locked lines"), max_length=50, blank=True,
        help_text=_("Its patterns must block what the phones' own calling search spaces allow."),
    )  # fmt: skip
    line_text = models.BooleanField(_("show the lock as text on the line"), default=False)
    reconcile_minutes = models.PositiveSmallIntegerField(
        _("compare with the phone system every"), default=15, validators=[MinValueValidator(1)],
        help_text=_("Minutes."),
    )  # fmt: skip
    reconciled_at = models.DateTimeField(null=True, editable=False)
    fault = models.CharField(max_length=300, blank=True, editable=False)
    """Why the phone system could last not be reached or compared; empty when it could."""

    push = models.BooleanField(_("show the lock on the phones' displays"), default=False)
    phone_networks = models.CharField(
        _("networks of the phones"), max_length=500, blank=True,
        help_text=_("For instance 10.1.0.0/16, 10.2.0.0/16. Nothing is sent to other addresses."),
    )  # fmt: skip
    phone_address = models.CharField(
        _("address of the portal for phones"), max_length=200, blank=True,
        help_text=_("For instance http://portal.example.com:8000. Empty: as the phone asked."),
    )  # fmt: skip
    push_again_minutes = models.PositiveSmallIntegerField(
        _("show it again every"), default=10,
        help_text=_("Minutes; phones forget what they show when they restart. 0: never."),
    )  # fmt: skip
    authentication_address = models.CharField(
        _("authentication address of UCM"), max_length=200, blank=True,
        help_text=_(
            "Where phones asked before they were told to ask the portal; questions that are not about the portal's own "
            "messages are passed on to it."
        ),
    )  # fmt: skip
    pin_for_calls = models.BooleanField(
        _("ask for the PIN before calls and budgets are shown on a phone"), default=True
    )
    match_address = models.BooleanField(
        _("serve a phone only at the address that UCM knows"), default=False,
        help_text=_("Needs AXL access. Not for phones behind address translation or a proxy."),
    )  # fmt: skip

    barred_before: tuple[object, ...] | None = None
    """How lines were barred before the row was last saved (`phonelock.receivers`)."""

    class Meta:
        verbose_name = _("Phone Lock of a phone system")
        verbose_name_plural = _("Phone Lock of phone systems")

    def __str__(self) -> str:
        return str(self.phone_system)

    @property
    def barring_engine(self) -> str:
        """What bars calls as far as is known: call control that UCM has never asked bars nothing."""
        never_asked = self.engine == EngineKind.CALL_CONTROL and self.asked_at is None
        return EngineKind.NONE if never_asked else self.engine

    @property
    def is_silent(self) -> bool:
        """Whether UCM, which looks for the portal every half a minute, has not asked for long."""
        return self.asked_at is not None and timezone.now() - self.asked_at > SILENT

    @property
    def is_overdue(self) -> bool:
        """Whether lines should have been compared long ago."""
        late = timedelta(minutes=COMPARISONS_MISSED * self.reconcile_minutes)
        return self.reconciled_at is not None and timezone.now() - self.reconciled_at > late


class LineStatus(models.TextChoices):
    """What is true for the calls of a line, as far as the product knows."""

    OPEN = "open", pgettext_lazy("line", "Unlocked")
    LOCKED = "locked", pgettext_lazy("line", "Locked")
    LOCKING = "locking", _("Being locked")
    OPENING = "opening", _("Being unlocked")
    NOT_BARRED = "idle", _("Locked here, but nothing bars calls")


class LineState(models.Model):
    """What a phone system should do about one line, and what it has confirmed; made at the line's first lock."""

    extension = models.OneToOneField(Extension, models.CASCADE, related_name="lock_state")
    phone_system = models.ForeignKey(PhoneSystem, models.CASCADE, related_name="+")
    wanted = models.BooleanField(default=False)
    """Whether any reason holds."""
    applied = models.BooleanField(null=True)
    """What the phone system has confirmed; None: not known."""
    changed_at = models.DateTimeField(auto_now_add=True)
    """When `wanted` last changed."""
    confirmed_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    """When the engine should work on it; None: nothing to do."""
    working_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    former = models.JSONField(null=True)
    """What the line had before it was last locked, to be put back exactly; stays known after that."""

    class Meta:
        indexes = [
            models.Index(fields=["phone_system", "due_at"], name="line_due", condition=~models.Q(due_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.extension_id}: {self.wanted}"

    def status(self, engine: str) -> LineStatus:
        """Return what to show: never locked while calls may pass."""
        if self.wanted:
            if engine == EngineKind.NONE:
                return LineStatus.NOT_BARRED
            return LineStatus.LOCKED if self.applied else LineStatus.LOCKING
        may_be_barred = self.applied or (self.applied is None and is_exchanged(self.former))
        return LineStatus.OPENING if may_be_barred else LineStatus.OPEN


def is_exchanged(former: Former | None) -> bool:
    """Whether a line may have something that is not its own; what was put back stays known, for late effects."""
    return bool(former and not former.get("back"))


class PhoneDisplay(models.Model):
    """The lock indicator of one phone: what its display should show, and what was sent to it."""

    phone_system = models.ForeignKey(PhoneSystem, models.CASCADE, related_name="+")
    device_name = models.CharField(max_length=129)
    extension = models.ForeignKey(Extension, models.CASCADE, related_name="displays")
    wanted = models.BooleanField(default=False)
    shown = models.BooleanField(null=True)
    """What the phone has accepted; None: not known."""
    address = models.GenericIPAddressField(null=True)
    """As registered with the phone system when it was last looked up."""
    model = models.CharField(max_length=40, blank=True)
    looked_up_at = models.DateTimeField(null=True)
    secret = models.CharField(max_length=64, blank=True)
    """By which the phone's question whether a push is authorised is answered; new for each push."""
    sent_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    working_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["phone_system", "device_name", "extension"], name="display_once_for_line")
        ]
        indexes = [models.Index(fields=["due_at"], name="display_due", condition=~models.Q(due_at=None))]

    def __str__(self) -> str:
        return f"{self.device_name}: {self.wanted}"
