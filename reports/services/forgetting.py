"""Forgets a person who is erased: own reports and schedules, and the address among the recipients of others."""

from accounting.models import User
from reports.models import ReportSchedule, SavedReport, ScheduleRun


def forget_person(person: User, address: str) -> None:
    """Delete what a person has saved and scheduled, and send nothing to the person any more."""
    ReportSchedule.objects.filter(owner=person).delete()
    SavedReport.objects.filter(owner=person).delete()
    if not address:
        return
    for schedule in ReportSchedule.objects.only("pk", "recipients").iterator():
        others = [one for one in schedule.recipients if one.lower() != address.lower()]
        if others != schedule.recipients:
            ReportSchedule.objects.filter(pk=schedule.pk).update(recipients=others)
    ScheduleRun.objects.filter(text__icontains=address).update(text="")
