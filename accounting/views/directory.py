"""The directory in the set-up: its settings, what a synchronisation would change, and the log of all runs."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounting.forms.directory import DirectoryForm
from accounting.models import Directory, DirectoryRun, Job
from accounting.models.jobs import ACTIVE
from accounting.services import directory_sync, journals, sheets
from accounting.services.directory_access import DirectoryFault, current_access, entered_access
from accounting.services.directory_plan import remarks_on, shown_changes
from callanalytics.web.permissions import administrators, require
from callanalytics.web.requests import AuthenticatedRequest

SHOWN_RUNS = 50
CHANGES_ON_PAGE = 100
TRIED = 5
KINDS: dict[str, str | Promise] = {"added": _("New"), "changed": _("Changed"), "removed": _("Closed")}
OTHER_COUNTS: dict[str, str | Promise] = {"unchanged": _("Unchanged"), "errors": _("Not taken")}


@require_safe
@require(administrators)
def overview(request: AuthenticatedRequest) -> HttpResponse:
    """Show the state of the connection, the timetable, and the latest runs."""
    access = current_access()
    entered = Directory.current()
    # The password for look-ups travels even while nobody signs in with the directory.
    used = entered_access(entered) if entered.server_uri else access
    context = {
        "directory": entered,
        "access": access,
        "unencrypted": used is not None and not used.is_encrypted,
        "runs": DirectoryRun.objects.defer("plan").select_related("started_by")[:SHOWN_RUNS],
        "trouble": directory_sync.trouble(),
        "last_done": DirectoryRun.objects.defer("plan").filter(state=DirectoryRun.State.DONE).first(),
        "job": Job.objects.filter(kind=directory_sync.KIND, state__in=ACTIVE).first(),
    }
    return render(request, "accounting/directory.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(administrators)
def settings_page(request: AuthenticatedRequest) -> HttpResponse:
    """Change the settings; "try" reads a few people with them and stores nothing."""
    form = DirectoryForm(request.POST or None, instance=Directory.current())
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        if "try" not in request.POST:
            directory_sync.schedule(form.save())
            messages.success(request, _("The settings are stored. They hold from the next sign-in on."))
            return redirect("directory")
        context |= tried(form.save(commit=False))
    return render(request, "accounting/directory_settings.html", context)


def tried(directory: Directory) -> dict[str, Any]:
    """Return the first people as they would come out, or why the directory cannot be read."""
    try:
        reading = directory_sync.read(directory, most=TRIED)
    except DirectoryFault as fault:
        return {"tried": True, "fault": str(fault)}
    found = {"people": reading.people, "problems": reading.problems, "remarks": remarks_on(directory, reading)}
    return {"tried": True, **found}


@require_POST
@require(administrators)
def test_connection(request: AuthenticatedRequest) -> HttpResponse:
    """Connect as synchronisation does, read a few entries, and say how that went."""
    try:
        found = directory_sync.read(Directory.current(), most=TRIED).entries
    except DirectoryFault as fault:
        messages.error(request, str(fault))
        return redirect("directory")
    if found:
        words = ngettext(
            "The connection works: %(count)s entry was read as a test.",
            "The connection works: %(count)s entries were read as a test.",
            found,
        )
        messages.success(request, words % {"count": found})
    else:
        messages.warning(request, _("The connection works, but the filter finds nobody below this branch."))
    return redirect("directory")


@require_POST
@require(administrators)
def synchronise(request: AuthenticatedRequest) -> HttpResponse:
    """Start a synchronisation or its preview in the background."""
    if not Directory.current().server_uri:
        messages.error(request, _("Enter the directory first."))
        return redirect("directory_settings")
    return redirect("job", pk=directory_sync.start(request.user, preview="preview" in request.POST).pk)


@require_POST
@require(administrators)
def apply_run(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Make the changes that a preview or a held-back run shows."""
    run = get_object_or_404(DirectoryRun, pk=pk, state__in=DirectoryRun.APPLICABLE)
    return redirect("job", pk=directory_sync.start(request.user, approved=run).pk)


@require_safe
@require(administrators)
def run_page(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Show what one run has changed, or would change, person by person."""
    run = get_object_or_404(DirectoryRun.objects.select_related("started_by"), pk=pk)
    made = sheets.unpacked(bytes(run.plan))
    kind = request.GET.get("kind", "")
    chosen = [change for change in made.changes if not kind or change.kind == kind]
    page = Paginator(chosen, CHANGES_ON_PAGE).get_page(request.GET.get("page"))
    context = {
        "run": run,
        "page": page,
        "changes": [shown | {"label": KINDS[shown["kind"]]} for shown in shown_changes(list(page.object_list))],
        "problems": made.errors,
        "notes": made.notes,
        "kind": kind,
        "kinds": [("", _("All")), *((name, label) for name, label in KINDS.items() if run.counts.get(name))],
        "counted": [(label, run.counts.get(name, 0)) for name, label in (KINDS | OTHER_COUNTS).items()],
        "undo_entry": journals.of_run(run) if run.state == DirectoryRun.State.DONE else None,
        "timetabled": bool(Directory.current().interval),
        "applicable": run.state in DirectoryRun.APPLICABLE and bool(made.changes) and not is_overtaken(run),
    }
    return render(request, "accounting/directory_run.html", context)


def is_overtaken(run: DirectoryRun) -> bool:
    """Return whether a later run has changed people, so that what this one shows is no longer the question."""
    return DirectoryRun.objects.filter(pk__gt=run.pk, state=DirectoryRun.State.DONE).exists()
