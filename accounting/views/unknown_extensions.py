"""Unknown extensions: the list, adopting one or many, and giving past calls to whoever holds a line now."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounting.forms.recosting import PeriodForm
from accounting.forms.unknown_extensions import AdoptionForm, UnknownFilter
from accounting.models import CorrectionKind, Extension, User
from accounting.services import unknown_extensions as unknowns
from accounting.services.audit_words import tell_entries
from accounting.services.finding import (
    MOST_FOUND,
    SeveralPeopleError,
    find_person,
    people_matching,
    with_extensions,
)
from accounting.services.masking import mask_for
from accounting.services.selecting import Selection
from accounting.services.unknown_extensions import SeenExtension
from accounting.views.corrections import dry_run
from callanalytics.lib.periods import midnight
from callanalytics.web.pagination import COUNTED_TO, SIZES, Paging, counted
from callanalytics.web.permissions import administrators, require
from callanalytics.web.requests import AuthenticatedRequest, chosen_ids
from callanalytics.web.views import refused

LONGEST_NAME = 150
FIELD, ASSIGN_ONE = "person-", "assign-"
"""The fields for people, and the buttons of single rows, are called by the extension's id."""


@dataclass(frozen=True, slots=True)
class Row:
    """One extension in the list with what was typed beside it."""

    seen: SeenExtension
    typed: str = ""
    error: str = ""
    chosen: bool = False


@require_http_methods(["GET", "HEAD", "POST"])
@require(administrators)
def unknown_extensions(request: AuthenticatedRequest) -> HttpResponse:
    """Show the extensions that nobody holds, and do what is asked with those that are chosen."""
    filters = UnknownFilter(request.GET)
    try:
        paging = Paging.read(request.GET)
        problems = filters.problems()
    except ValueError as error:
        problems = [str(error), *filters.problems()]
    if problems:
        return refused(request, problems, reverse("unknown_extensions"))
    ignored = filters.cleaned_data["show"] == "ignored"
    errors: dict[int, str] = {}
    form = AdoptionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        done = act(request, unknowns.unknown(ignored=ignored), form, errors)
        if done:
            return done
    extensions = filters.narrow(unknowns.unknown(ignored=ignored))
    page, count = paging.page(extensions, "first_seen"), counted(extensions)
    context = {
        "rows": rows_of(request, unknowns.seen(page.rows, mask_for(request.user)), errors),
        "form": form, "filters": filters, "ignored": ignored, "paging": paging, "page": page, "sizes": SIZES,
        "count": min(count, COUNTED_TO), "more": count > COUNTED_TO, "first_page": filters.without(),
        "without_size": filters.without("size"), "query": request.GET.urlencode(),
        "latest_work": tell_entries(unknowns.latest_work()),
    }  # fmt: skip
    return render(request, "accounting/unknown_extensions.html", context)


def rows_of(request: AuthenticatedRequest, found: list[SeenExtension], errors: dict[int, str]) -> list[Row]:
    """Return the rows of the list; after a mistake with everything that was typed."""
    chosen = set(request.POST.getlist("extension"))
    return [
        Row(
            one, request.POST.get(f"{FIELD}{one.extension.pk}", ""), errors.get(one.extension.pk, ""),
            str(one.extension.pk) in chosen,
        )
        for one in found
    ]  # fmt: skip


def act(
    request: AuthenticatedRequest, extensions: QuerySet[Extension], form: AdoptionForm, errors: dict[int, str]
) -> HttpResponse | None:
    """Do what a button says; None when something typed is wrong, `errors` says what by extension."""
    action = request.POST.get("action", "")
    if action == "assign":
        return assign(request, extensions, form, errors, typed_people(request.POST))
    if action.startswith(ASSIGN_ONE):
        typed = typed_people(request.POST)
        one = {pk: name for pk, name in typed.items() if str(pk) == action.removeprefix(ASSIGN_ONE)}
        return assign(request, extensions, form, errors, one)
    chosen = list(extensions.filter(pk__in=chosen_ids(request, "extension")))
    if not chosen:
        messages.warning(request, _("Choose at least one extension."))
        return None
    if action == "enter":
        unknowns.enter_without_holder(chosen)
        text = ngettext("%(count)s own number entered.", "%(count)s own numbers entered.", len(chosen))
    elif action in ("ignore", "list"):
        unknowns.ignore(chosen, ignored=action == "ignore")
        text = ngettext("%(count)s extension moved.", "%(count)s extensions moved.", len(chosen))
    else:
        return refused(request, [_("This page has no such action.")], reverse("unknown_extensions"))
    messages.success(request, text % {"count": len(chosen)})
    return back(request)


def assign(
    request: AuthenticatedRequest, extensions: QuerySet[Extension], form: AdoptionForm, errors: dict[int, str],
    typed: dict[int, str],
) -> HttpResponse | None:  # fmt: skip
    """Give extensions to the people typed beside them; all or none."""
    if not typed:
        messages.warning(request, _("Type the person beside the extension first."))
        return None
    holders: dict[Extension, User] = {}
    for extension in extensions.filter(pk__in=typed):
        try:
            holders[extension] = person_of(request.user, typed[extension.pk])
        except LookupError as error:
            errors[extension.pk] = str(error)
    if errors or not form.is_valid():
        messages.error(request, _("Nothing was stored: correct the marked fields."))
        return None
    day = form.cleaned_data["valid_from"]
    unknowns.adopt(holders, midnight(day) if day else None)
    text = ngettext("%(count)s extension adopted.", "%(count)s extensions adopted.", len(holders))
    messages.success(request, text % {"count": len(holders)})
    if form.cleaned_data["past"] != "reassign" or not holders:
        return back(request)
    start = midnight(day).isoformat() if day else ""
    selection = Selection(start=start, extensions=tuple(extension.pk for extension in holders))
    return dry_run(request.user, CorrectionKind.OWNER, selection)


def typed_people(posted: QueryDict) -> dict[int, str]:
    """Return what was typed beside extensions, by the extension's id."""
    found = {name.removeprefix(FIELD): str(value).strip() for name, value in posted.items() if name.startswith(FIELD)}
    return {int(pk): value for pk, value in found.items() if pk.isascii() and pk.isdigit() and len(pk) < 19 and value}


def person_of(reader: User, typed: str) -> User:
    """Return the person who is meant; raises LookupError that says why nobody is."""
    try:
        found = find_person(reader, typed[:LONGEST_NAME])
    except SeveralPeopleError as error:
        people = ", ".join(f"{person} ({person.username})" for person in error.people)
        raise LookupError(_("Several people: %(people)s… Enter the user name.") % {"people": people}) from error
    if found is None:
        raise LookupError(_("Nobody has this name, user name or extension."))
    return found


def back(request: AuthenticatedRequest) -> HttpResponse:
    """Return to the list as it was filtered."""
    query = request.GET.urlencode()
    return redirect(f"{reverse('unknown_extensions')}{f'?{query}' if query else ''}")


@require_safe
@require(administrators)
def suggested_holders(request: AuthenticatedRequest) -> HttpResponse:
    """Return people as suggestions for what is typed beside an extension."""
    typed = next((str(value) for name, value in request.GET.items() if name.startswith(FIELD)), "")
    people = with_extensions(people_matching(request.user, typed[:LONGEST_NAME]))[:MOST_FOUND]
    return render(request, "accounting/people.html", {"people": people})


@require_http_methods(["GET", "HEAD", "POST"])
@require(administrators)
def reassign_calls(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Start the dry run that gives an extension's calls of a period to whoever is entered as its holder."""
    extension = get_object_or_404(Extension.objects.select_related("phone_system"), pk=pk)
    form = PeriodForm(request.POST if request.method == "POST" else None, initial={"period": "all"})
    if request.method == "POST" and form.is_valid():
        start, end = form.bounds()
        selection = Selection(start=start, end=end, extensions=(extension.pk,))
        return dry_run(request.user, CorrectionKind.OWNER, selection)
    context: dict[str, Any] = {
        "extension": extension,
        "form": form,
        "holders": extension.assignments.select_related("user").order_by("valid_from"),
    }
    return render(request, "accounting/unknown_reassign.html", context)
