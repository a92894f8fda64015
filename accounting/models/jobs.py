"""Long work in the background that people watch: imports, re-costing, synchronisation."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class JobState(models.TextChoices):
    """How far a job is."""

    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


ACTIVE = (JobState.WAITING, JobState.RUNNING)


class Job(models.Model):
    """One piece of work in the background, its progress and its result; see services.jobs."""

    kind = models.SlugField(_("kind"), max_length=40)
    title = models.CharField(_("title"), max_length=200, blank=True)
    """What it works on, as data: a file's name, a period; the kind's label says what it does."""
    parameters = models.JSONField(default=dict)
    unique_key = models.CharField(max_length=100, blank=True)
    """While a job with this key waits or runs, another start finds it; empty: any number at once."""
    state = models.CharField(_("state"), max_length=10, choices=JobState.choices, default=JobState.WAITING)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(null=True)
    """Steps to do, None while unknown."""
    result = models.JSONField(default=dict)
    error = models.TextField(_("error"), blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    cancel_requested = models.BooleanField(default=False)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="jobs", verbose_name=_("by")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    started_at = models.DateTimeField(_("started"), null=True)
    heard_at = models.DateTimeField(null=True)
    """When the worker last gave a sign of life."""
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["unique_key"],
                condition=Q(state__in=("waiting", "running")) & ~Q(unique_key=""),
                name="job_once_at_a_time",
            )
        ]
        indexes = [models.Index(fields=["state", "heard_at"], name="job_by_state")]

    def __str__(self) -> str:
        return f"{self.kind} {self.title}".strip()

    @property
    def is_active(self) -> bool:
        """Whether it waits or runs."""
        return self.state in ACTIVE

    @property
    def percent(self) -> int | None:
        """Progress in percent, None while the whole is unknown."""
        return min(100, self.done * 100 // self.total) if self.total else None
