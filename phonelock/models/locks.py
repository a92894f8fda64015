"""Why lines are locked, and everything that ever happened to their locks."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounting.models import Extension
from phonelock.querysets import EventQuerySet, LockQuerySet


class Reason(models.TextChoices):
    """Why a line is locked: it is while any reason holds, and each is lifted by its own side only (LOCK-7)."""

    SELF = "self", _("By the person")
    ADMINISTRATION = "admin", _("By the administration")
    BUDGET = "budget", _("Budget used up")
    TIMETABLE = "timetable", _("Timetable")


class Through(models.TextChoices):
    """What somebody used to lock or release."""

    PORTAL = "portal", _("Portal")
    PHONE = "phone", _("Desk phone")
    DESKTOP = "desktop", _("Desktop companion")
    API = "api", _("Programming interface")
    GADGET = "gadget", _("Gadget")
    BUDGET = "budget", _("Budget Control")
    TIMETABLE = "timetable", _("Timetable")
    COMMAND = "command", _("Command line")


class Lock(models.Model):
    """One reason that holds for one extension; released reasons have no row."""

    extension = models.ForeignKey(Extension, models.CASCADE, related_name="locks", verbose_name=_("extension"))
    number = models.CharField(_("number"), max_length=50)
    """As the extension's when it was locked."""
    reason = models.CharField(_("reason"), max_length=10, choices=Reason.choices)
    since = models.DateTimeField(_("since"), default=timezone.now)
    until = models.DateTimeField(_("until"), null=True, blank=True)
    """When it ends by itself; not included. None: until somebody lifts it."""
    by = models.CharField(_("by"), max_length=200, blank=True)
    by_user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    by_administrator = models.BooleanField(default=False)
    """Only administrators lift what an administrator has locked; supervisors lift what supervisors have locked."""
    note = models.CharField(_("note"), max_length=200, blank=True)

    objects = LockQuerySet.as_manager()

    class Meta:
        verbose_name = _("lock")
        verbose_name_plural = _("locks")
        constraints = [models.UniqueConstraint(fields=["extension", "reason"], name="reason_once_on_line")]
        indexes = [models.Index(fields=["until"], name="lock_that_ends", condition=~models.Q(until=None))]

    def __str__(self) -> str:
        return f"{self.number}: {self.reason}"


class Happened(models.TextChoices):
    """What happened to a line or a PIN."""

    LOCKED = "locked", pgettext_lazy("line", "Locked")
    RELEASED = "released", _("Released")
    TOLD = "told", _("Phone system updated")
    FAILED = "failed", _("Phone system could not be updated")
    RECONCILED = "reconciled", _("Put right on the phone system")
    PIN_SET = "pin_set", _("PIN changed")
    PIN_RESET = "pin_reset", _("PIN reset")
    PIN_WRONG = "pin_wrong", _("Wrong PIN")
    PIN_BLOCKED = "pin_blocked", _("PIN blocked after wrong tries")


class LockEvent(models.Model):
    """One line of the history: who did what to which line, when and through what; rows are only added."""

    at = models.DateTimeField(_("when"), default=timezone.now)
    kind = models.CharField(_("what"), max_length=12, choices=Happened.choices)
    extension = models.ForeignKey(Extension, models.SET_NULL, null=True, related_name="lock_events")
    number = models.CharField(_("extension"), max_length=50, blank=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="lock_events")
    """Who held the line then."""
    reason = models.CharField(_("reason"), max_length=10, choices=Reason.choices, blank=True)
    through = models.CharField(_("through"), max_length=10, choices=Through.choices, blank=True)
    by = models.CharField(_("by"), max_length=200, blank=True)
    by_user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    until = models.DateTimeField(_("until"), null=True)
    locked = models.BooleanField(_("locked afterwards"), default=False)
    """Whether any reason still holds."""
    note = models.CharField(_("note"), max_length=200, blank=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name = _("lock event")
        verbose_name_plural = _("lock history")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["extension", "-id"], name="lock_event_by_line"),
            models.Index(fields=["person", "-id"], name="lock_event_by_person"),
            models.Index(fields=["at"], name="lock_event_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.kind}"
