"""Reports that are sent by themselves, and each time that was done (REP-8)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounting.models import Recurring, TimesTrouble
from reports.models.saved import SavedReport
from reports.querysets import ReportScheduleQuerySet


class PausedBecause(models.TextChoices):
    """Why a schedule does not send by itself."""

    NO = "", _("Active")
    ASKED = Recurring.ASKED, _("Paused")
    FAILURES = "failures", _("Paused after failures")
    LEFT = Recurring.LEFT, _("Without owner")
    BROKEN = Recurring.BROKEN, _("Cannot be sent")


class ReportSchedule(Recurring):
    """A report that is sent to some people at its times, with the rights that its owner has then."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="report_schedules",
        verbose_name=_("owner"),
    )  # fmt: skip
    slug = models.CharField(_("report"), max_length=60)
    """The public report."""
    saved = models.ForeignKey(
        SavedReport, models.SET_NULL, null=True, blank=True, related_name="schedules", verbose_name=_("saved report")
    )
    query = models.TextField(_("question"), blank=True)
    """The whole address of the question; empty: what the saved report asks when the schedule is due."""
    format = models.CharField(_("format"), max_length=8)
    subject = models.CharField(_("subject"), max_length=200)
    """May hold placeholders."""
    text = models.TextField(_("text"), blank=True)
    recipients = models.JSONField(_("recipients"), default=list)
    """E-mail addresses."""
    send_empty = models.BooleanField(_("send also when empty"), default=False)
    language = models.CharField(_("language"), max_length=8, blank=True)
    """Empty: the owner's."""

    paused_because = models.CharField(
        _("state"), max_length=8, choices=PausedBecause.choices, default=PausedBecause.NO, blank=True
    )
    failures = models.PositiveSmallIntegerField(default=0)
    """Failed runs since the last good one."""

    objects = ReportScheduleQuerySet.as_manager()

    class Meta:
        verbose_name = _("scheduled report")
        verbose_name_plural = _("scheduled reports")
        ordering = ["name", "pk"]
        constraints = [models.CheckConstraint(condition=Q(every__gte=1), name="schedule_comes_round")]


class RunState(models.TextChoices):
    """How far a run is, or how it ended."""

    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    SENT = "sent", _("Sent")
    EMPTY = "empty", _("Empty, not sent")
    FAILED = "failed", _("Failed")
    SKIPPED = "skipped", _("Skipped")


class RunReason(models.TextChoices):
    """Why a run did not send; what is wrong with the report itself stands in its text."""

    NONE = "", _("None")
    UNDER_WAY = "under_way", _("The run before it was still under way.")
    STOPPED = "stopped", _("The schedule was paused or deleted before it began.")
    NO_OWNER = "no_owner", _("The schedule has no owner with whose rights it could run.")
    ZONE_GONE = TimesTrouble.ZONE_GONE.value, TimesTrouble.ZONE_GONE.label
    NO_TIMES = TimesTrouble.NO_TIMES.value, TimesTrouble.NO_TIMES.label
    DISK_FULL = "disk_full", _("The server’s disk has no room for the attached file.")
    INTERRUPTED = "interrupted", _("The work was interrupted several times.")
    TOO_LONG = "too_long", _("It took too long. Narrow the report, or send it as CSV.")
    UNEXPECTED = "unexpected", _("An unexpected error ended it; the log of the server tells more.")


UNFINISHED = (RunState.WAITING, RunState.RUNNING)


class ScheduleRun(models.Model):
    """One due time of a schedule: worked off once, however many timetables and workers there are."""

    schedule = models.ForeignKey(ReportSchedule, models.CASCADE, related_name="runs", verbose_name=_("schedule"))
    due_at = models.DateTimeField(_("due"))
    manual = models.BooleanField(_("by hand"), default=False)
    missed = models.PositiveIntegerField(default=0)
    """Further due times for which it stands, since nobody looked at the clock then."""
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    """Who asked for it, None when its time had come."""
    state = models.CharField(_("result"), max_length=8, choices=RunState.choices, default=RunState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    """While it runs: when its worker counts as lost. While it waits: when it is handed out again."""
    started_at = models.DateTimeField(_("started"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    rows = models.PositiveIntegerField(_("rows"), null=True)
    address = models.TextField(blank=True)
    """The report as sent: path and query string, with the days of then."""
    reason = models.CharField(_("reason"), max_length=12, choices=RunReason.choices, default=RunReason.NONE, blank=True)
    text = models.TextField(blank=True)
    """What is wrong with the report or its recipients, in the owner's language."""

    class Meta:
        verbose_name = _("run of a scheduled report")
        verbose_name_plural = _("runs of scheduled reports")
        ordering = ["-due_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["schedule", "due_at"], name="schedule_run_once"),
            models.UniqueConstraint(
                fields=["schedule"], condition=Q(state__in=("waiting", "running")), name="schedule_run_at_a_time"
            ),
        ]
        indexes = [
            models.Index(fields=["lease_until"], condition=Q(state__in=("waiting", "running")), name="run_by_lease")
        ]

    def __str__(self) -> str:
        return f"{self.schedule_id} {self.due_at:%Y-%m-%d %H:%M} {self.state}"

    @property
    def letter_key(self) -> str:
        """By which the outbox knows the letter of this run."""
        return f"schedule-run:{self.pk}"

    @property
    def is_unfinished(self) -> bool:
        """Whether it still waits or runs."""
        return self.state in UNFINISHED
