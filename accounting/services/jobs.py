"""Long work in the background with progress, cancelling and a result: `Job` rows, claimed by a worker.

An app names its kinds of jobs in a module `jobs.py`, which is loaded at the start:

    register(JobKind("recost", _("Re-costing"), run=recost, page=lambda job: reverse("correction", args=[...])))

`run(progress)` does the work in steps that are transactions of their own, so that a job whose worker was killed can be
run again from its beginning; it returns the result as JSON. The database row is the truth: a broker may lose messages.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog
from celery import current_app
from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounting.models import AuditedAction, Job, JobState, User
from accounting.models.jobs import ACTIVE
from accounting.services.auditing import acting, actor_of, record
from accounting.services.zones import zone_of

log = structlog.get_logger(__name__)
TASK, QUEUE = "accounting.tasks.run_job", "jobs"
LEASE = timedelta(minutes=15)
"""A running job that was not heard of for so long has lost its worker; each step must take less."""
MESSAGE_LOST = timedelta(seconds=30)
MOST_ATTEMPTS = 3
TOLD_EVERY = 0.5  # seconds


class JobFailed(Exception):  # noqa: N818  (what people read)
    """The work cannot be done; the text says why, in the language of the person who started it."""


class JobCancelled(Exception):  # noqa: N818  (no error)
    """The person who started the job has asked to end it."""


@dataclass(slots=True)
class Progress:
    """How the work tells how far it is."""

    job: Job
    _told: float = field(default=0.0)

    @property
    def parameters(self) -> dict[str, Any]:
        """What the job was started with."""
        return dict(self.job.parameters)

    def step(self, done: int, total: int | None = None) -> None:
        """Tell how many steps of how many are done; raise JobCancelled when the job is to end."""
        now = time.monotonic()
        if now - self._told < TOLD_EVERY and done != total:
            return
        self._told = now
        mine = Job.objects.filter(pk=self.job.pk, state=JobState.RUNNING, attempts=self.job.attempts)
        if not mine.filter(cancel_requested=False).update(done=done, total=total, heard_at=timezone.now()):
            raise JobCancelled


@dataclass(frozen=True, slots=True)
class JobKind:
    """One kind of work."""

    name: str
    label: str | Promise
    run: Callable[[Progress], dict[str, Any]]
    page: Callable[[Job], str] | None = None
    """The page to go to when it is done; None: the job's own page."""


KINDS: dict[str, JobKind] = {}


def register(kind: JobKind) -> None:
    """Make a kind of jobs known."""
    KINDS[kind.name] = kind


def start(kind: str, user: User | None, *, title: str = "", unique_key: str = "", **parameters: Any) -> Job:
    """Return a new job, handed to a worker after the commit; with a key, the one that is already under way."""
    job = Job(kind=kind, title=title[:200], parameters=parameters, unique_key=unique_key, started_by=user)
    try:
        return entered(job)
    except Job.DoesNotExist:
        # The one under way has ended in between.
        return entered(job)


def entered(job: Job) -> Job:
    """Store a job and return it, or the one under way with its key; raise DoesNotExist when that has just ended."""
    try:
        with transaction.atomic():
            job.save()
    except IntegrityError:
        return Job.objects.get(unique_key=job.unique_key, state__in=ACTIVE)
    transaction.on_commit(lambda: enqueue(job.pk))
    return job


def enqueue(job_id: int) -> None:
    """Hand a job to the workers."""
    current_app.send_task(TASK, [job_id], queue=QUEUE)


def cancel(job: Job) -> None:
    """Ask a job to end: at once when it waits, at its next step when it runs."""
    now = timezone.now()
    waiting = Job.objects.filter(pk=job.pk, state=JobState.WAITING)
    if not waiting.update(state=JobState.CANCELLED, finished_at=now, cancel_requested=True):
        Job.objects.filter(pk=job.pk, state=JobState.RUNNING).update(cancel_requested=True)


def run(job_id: int) -> None:
    """Do a waiting job, for its person: in the language, zone and name of the one who started it."""
    now = timezone.now()
    claimed = Job.objects.filter(pk=job_id, state=JobState.WAITING)
    if not claimed.update(
        state=JobState.RUNNING, started_at=now, heard_at=now, attempts=models.F("attempts") + 1, done=0, total=None
    ):
        return
    job = Job.objects.select_related("started_by").get(pk=job_id)
    person = job.started_by
    language = (person.language if person else "") or settings.LANGUAGE_CODE
    with acting(actor_of(person)), translation.override(language), timezone.override(zone_of(person)):
        finish(job, *outcome(job))


def outcome(job: Job) -> tuple[JobState, dict[str, Any], str]:
    """Do the work; return how it ended, the result and what went wrong."""
    kind = KINDS.get(job.kind)
    try:
        if kind is None:
            raise JobFailed(_("This version does not know this kind of work."))
        return JobState.DONE, kind.run(Progress(job)), ""
    except JobCancelled:
        return JobState.CANCELLED, {}, ""
    except JobFailed as error:
        return JobState.FAILED, {}, str(error)
    except Exception:
        log.exception("job_failed", job=job.pk, kind=job.kind)
        return JobState.FAILED, {}, _("An unexpected error ended this work; the log of the server tells more.")


def finish(job: Job, state: JobState, result: dict[str, Any], error: str) -> None:
    """Store how a job ended, unless another worker has taken it over meanwhile."""
    mine = Job.objects.filter(pk=job.pk, state=JobState.RUNNING, attempts=job.attempts)
    if mine.update(state=state, result=result, error=error, finished_at=timezone.now()) and error:
        record_failure(job, error)


def record_failure(job: Job, error: str) -> None:
    """Enter failed work in the audit log; of work by the timetable that fails again and again the same way, once."""
    earlier = Job.objects.filter(kind=job.kind, started_by=None, pk__lt=job.pk).exclude(finished_at=None)
    last = None if job.started_by_id else earlier.order_by("-pk").first()
    if last is None or (last.state, last.error) != (JobState.FAILED, error):
        record(AuditedAction.FAILED, job.kind, job.title, subject_id=job.pk, reason=error)


def sweep() -> None:
    """Hand out again what the broker has lost, and what has lost its worker; give up after MOST_ATTEMPTS."""
    now = timezone.now()
    lost = Job.objects.filter(state=JobState.RUNNING, heard_at__lt=now - LEASE)
    error = _("The work was interrupted several times.")
    for job in lost.filter(attempts__gte=MOST_ATTEMPTS):
        here = Job.objects.filter(pk=job.pk, state=JobState.RUNNING, attempts=job.attempts)
        if here.update(state=JobState.FAILED, finished_at=now, error=error):
            record_failure(job, error)
    lost.update(state=JobState.WAITING, heard_at=now)
    waiting = Job.objects.filter(state=JobState.WAITING, created_at__lt=now - MESSAGE_LOST)
    unheard = models.Q(heard_at=None) | models.Q(heard_at__lt=now - MESSAGE_LOST)
    for pk in waiting.filter(unheard).values_list("pk", flat=True):
        Job.objects.filter(pk=pk).update(heard_at=now)
        enqueue(pk)


def label_of(job: Job) -> str | Promise:
    """Return what kind of work a job is, in words."""
    kind = KINDS.get(job.kind)
    return kind.label if kind else job.kind


def page_of(job: Job) -> str | None:
    """Return the address of what a finished job has made, None when its own page says everything."""
    kind = KINDS.get(job.kind)
    return kind.page(job) if kind and kind.page else None
