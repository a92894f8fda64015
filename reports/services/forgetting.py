"""Forgets an erased person: own dashboard, reports and schedules, and the address among the recipients of others."""

from accounting.models import Job, User
from reports.mails.sending import KIND
from reports.models import Dashboard, ReportSchedule, SavedReport, ScheduleRun


def forget_person(person: User, address: str) -> None:
    """Delete what a person has saved, arranged, scheduled and mailed, and send nothing to the person any more."""
    ReportSchedule.objects.filter(owner=person).delete()
    SavedReport.objects.filter(owner=person).delete()
    Dashboard.objects.filter(owner=person).delete()
    mailed = Job.objects.filter(kind=KIND).exclude(finished_at=None)
    mailed.filter(started_by=person).delete()
    if not address:
        return
    for schedule in ReportSchedule.objects.only("pk", "recipients").iterator():
        others = without(address, schedule.recipients)
        if others != schedule.recipients:
            ReportSchedule.objects.filter(pk=schedule.pk).update(recipients=others)
    for job in mailed.only("pk", "parameters").iterator():
        others = without(address, job.parameters["recipients"])
        if others != job.parameters["recipients"]:
            Job.objects.filter(pk=job.pk).update(parameters=job.parameters | {"recipients": others})
    ScheduleRun.objects.filter(text__icontains=address).update(text="")


def without(address: str, recipients: list[str]) -> list[str]:
    """Return recipients without one of them."""
    return [one for one in recipients if one.lower() != address.lower()]
