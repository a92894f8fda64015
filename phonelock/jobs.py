"""The kinds of background work of Phone Lock."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounting.models import Job
from accounting.services.jobs import JobKind, register
from phonelock.services import many


def people_page(job: Job) -> str:
    """Return the list of people, where the outcome is told."""
    return f"{reverse('lock_users')}?job={job.pk}"


register(JobKind(many.JOB, _("Locks of many lines"), many.run, people_page))
