"""The kinds of background work of Phone Lock."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounting.models import Job
from accounting.services.jobs import JobKind, register
from phonelock.services import by_program, many


def people_page(job: Job) -> str:
    """Return the list of people, where the outcome is told."""
    return f"{reverse('lock_users')}?job={job.pk}"


def people(_job: Job) -> str:
    """Return the list of people."""
    return reverse("lock_users")


register(JobKind(many.JOB, _("Locks of many lines"), many.run, people_page))
register(JobKind(by_program.JOB, _("Locks of many lines, asked for by a program"), by_program.run, people))
