"""Users: the lines of people in scope, the administration's lock, new PINs, and locks of many at once (LOCK-3)."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounting.models import Extension, Job, JobState, User
from accounting.querysets.validity import held_now
from accounting.services.finding import with_extensions
from callanalytics.web.permissions import overseers, require
from callanalytics.web.requests import AuthenticatedRequest, page_of, read_id
from phonelock.forms.locks import NoteForm
from phonelock.forms.people import choice_of
from phonelock.models import LockEvent, Pin, RefusedCall, Through
from phonelock.querysets import people_led_by
from phonelock.services import locking, many, pins
from phonelock.services.choosing import Choice, own_lines, people_chosen
from phonelock.services.refusing import refused_rows
from phonelock.services.seeing import LineView, views_of
from phonelock.services.words import event_in_words, sign_of, told_of

PAGE = 25
FIRST = 20
"""Of many lines so many are named before they are changed."""


@require_safe
@require(overseers)
def lock_users(request: AuthenticatedRequest) -> HttpResponse:
    """List the people whom the reader leads with their lines."""
    form, choice = choice_of(request.GET, request.user)
    found = with_extensions(people_chosen(request.user, choice)) if choice else User.objects.none()
    people, paging = page_of(request, found, PAGE)
    kept = f"&{choice.query}" if choice and choice.query else ""
    context = {
        "rows": rows_of(people, request.user), "form": form, **paging, "kept": kept,
        "choice": choice, "outcome": outcome_of_job(request), "is_narrowed": bool(kept) or not choice,
    }  # fmt: skip
    return render(request, "phonelock/people.html", context)


def rows_of(people: list[User], reader: User) -> list[dict[str, Any]]:
    """Return people with their lines and PINs; some queries for any number of them."""
    held = {person.pk: [row.extension for row in person.current_lines] for person in people}  # type: ignore[attr-defined]
    lines = {line.pk: line for some in held.values() for line in some}
    views = {view.extension.pk: view for view in views_of(lines.values())}
    with_pin = set(Pin.objects.filter(user__in=people).values_list("user_id", flat=True))
    own = lines_of_reader(reader)
    return [
        {
            "person": person, "has_pin": person.pk in with_pin,
            "lines": [cell_of(views[line.pk], reader, own) for line in held[person.pk]],
        }
        for person in people
    ]  # fmt: skip


def lines_of_reader(reader: User) -> set[int]:
    """Return the lines whose administration's lock is not the reader's to change, since they are the reader's own."""
    return set() if reader.is_administrator else set(own_lines(reader).values_list("extension_id", flat=True))


def cell_of(view: LineView, reader: User, own: set[int]) -> dict[str, Any]:
    """Return a line with its icon, and why its administration's lock is not the reader's to change ('' if it is)."""
    return {"line": view, "sign": sign_of(view), "barred": barred(view, reader, own)}


def barred(view: LineView, reader: User, own: set[int]) -> str:
    """Return why the reader cannot change the administration's lock of a line, '' when nothing speaks against it."""
    if view.extension.pk in own:
        return _("Your own line: somebody else decides.")
    lock = view.administration
    if lock and lock.by_administrator and not reader.is_administrator:
        return _("Set by an administrator, who alone lifts it.")
    return ""


def outcome_of_job(request: AuthenticatedRequest) -> str:
    """Return what the reader's job has done of which the address speaks, '' when it speaks of none."""
    asked = read_id(request.GET.get("job", ""))
    job = Job.objects.filter(pk=asked, kind=many.JOB, started_by=request.user, state=JobState.DONE).first()
    return outcome(job.result["lines"], locked=job.result["locked"]) if job else ""


@require_http_methods(["GET", "HEAD", "POST"])
@require(overseers)
def lock_for_administration(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Set or lift the administration's lock of one line, as the check box or the line's page says."""
    line, form = line_in_scope(request.user, pk), NoteForm(request.POST)
    if request.method != "POST":
        # For instance another language, chosen while the page shows what was wrong with an end.
        return redirect("lock_line", pk=pk)
    (view,) = views_of([line])
    if reason := barred(view, request.user, lines_of_reader(request.user)):
        messages.error(request, reason)
        return back(request, pk)
    if not form.is_valid():
        return line_page(request, line, form)
    locked, actor = request.POST.get("locked") == "1", locking.Actor(Through.PORTAL, request.user)
    many.change_lines([pk], actor, locked=locked, until=form.until, note=form.cleaned_data["note"])
    messages.success(request, told(views_of([line])[0], locked=locked))
    return back(request, pk)


def told(view: LineView, *, locked: bool) -> str:
    """Return what has become of a line."""
    number = {"number": view.extension.number}
    if locked:
        return _("The administration's lock on %(number)s is set.") % number
    if view.is_locked:
        others = ", ".join(one.get_reason_display() for one in view.reasons)
        text = _("The administration's lock on %(number)s is lifted. The line stays locked: %(reasons)s.")
        return text % {**number, "reasons": others}
    return _("The administration's lock on %(number)s is lifted.") % number


def back(request: AuthenticatedRequest, pk: int) -> HttpResponseRedirect:
    """Return to where the reader was: the list as it was narrowed, or the page of the line."""
    came_from = request.POST.get("back", "")
    if came_from == "line":
        return redirect("lock_line", pk=pk)
    query = QueryDict(came_from[:500])
    _form, choice = choice_of(query, request.user)
    kept = choice.query if choice else ""
    page = query.get("page", "")
    if page.isascii() and page.isdigit() and len(page) < 6:
        kept = f"{kept}&{urlencode({'page': page})}"
    return HttpResponseRedirect(f"{reverse('lock_users')}?{kept}#line-{pk}")


def line_in_scope(reader: User, pk: int) -> Extension:
    """Return a line that somebody whom the reader leads holds now, administrators any; 404 otherwise."""
    line = get_object_or_404(Extension.objects.select_related("phone_system"), pk=pk)
    held = held_now().filter(extension=line, user__in=people_led_by(reader))
    if not reader.is_administrator and not held.exists():
        raise Http404
    return line


@require_safe
@require(overseers)
def lock_line(request: AuthenticatedRequest, pk: int, tab: str = "history") -> HttpResponse:
    """Show one line: why it is locked, what happened to it, and its refused calls."""
    return line_page(request, line_in_scope(request.user, pk), NoteForm(), tab)


def line_page(request: AuthenticatedRequest, line: Extension, form: NoteForm, tab: str = "history") -> HttpResponse:
    """Return the page of a line with a new form, or with one that has errors."""
    (view,) = views_of([line])
    context: dict[str, Any] = {
        **told_of(view), "tab": tab,
        "barred": barred(view, request.user, lines_of_reader(request.user)),
        "holders": list(User.objects.filter(pk__in=held_now().filter(extension=line).values("user_id"))),
        "form": form, "with_person": True,
    }  # fmt: skip
    if tab == "refused":
        calls, paging = page_of(request, RefusedCall.objects.visible_to(request.user).filter(extension=line), PAGE)
        context |= {"calls": refused_rows(calls, request.user), **paging}
    else:
        found = LockEvent.objects.visible_to(request.user).filter(extension=line).select_related("person")
        events, paging = page_of(request, found, PAGE)
        context |= {"events": [(one, event_in_words(one)) for one in events], **paging}
    return render(request, "phonelock/line.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@require(overseers)
def reset_pin(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Give a person a new PIN, and tell it once."""
    if request.method != "POST":
        # For instance another language, chosen while a PIN is told.
        return redirect("lock_users")
    person = get_object_or_404(people_led_by(request.user), pk=pk)
    pin = pins.reset_pin(person, locking.Actor(Through.PORTAL, request.user))
    return render(request, "phonelock/pin_told.html", {"person": person, "pin": pin})


@require_http_methods(["GET", "HEAD", "POST"])
@require(overseers)
def lock_many(request: AuthenticatedRequest, locked: bool) -> HttpResponse:
    """Ask whether all lines that are found are to be locked or unlocked, and do it."""
    _form, choice = choice_of(request.GET, request.user)
    if choice is None:
        raise Http404
    form = NoteForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        lines = many.lines_for(request.user, choice, locked=locked)
        context = {
            "form": form, "choice": choice, "lines": len(lines), "first": first_of(lines), "is_lock": locked,
            "more": max(0, len(lines) - FIRST),
        }  # fmt: skip
        return render(request, "phonelock/many.html", context)
    try:
        changed, job = many.change(
            request.user, choice, locked=locked, until=form.until, note=form.cleaned_data["note"]
        )
    except many.StillBusy as busy:
        messages.error(request, _("Nothing was changed: your former change of many lines is still under way."))
        return redirect("job", pk=busy.job.pk)
    if job:
        return redirect("job", pk=job.pk)
    messages.success(request, outcome(changed, locked=locked))
    return HttpResponseRedirect(f"{reverse('lock_users')}?{back_to(choice)}")


def first_of(lines: list[int]) -> list[tuple[Extension, User | None]]:
    """Return the first of many lines, by number, with their holders."""
    found = list(Extension.objects.filter(pk__in=lines).order_by("number", "pk")[:FIRST])
    holders = locking.holders_of(line.pk for line in found)
    people = User.objects.in_bulk(set(holders.values()))
    return [(line, people.get(holders.get(line.pk, 0))) for line in found]


def back_to(choice: Choice) -> str:
    """Return the list without the state, which has just changed."""
    return Choice(choice.search, "", choice.department, choice.office).query


def outcome(changed: int, *, locked: bool) -> str:
    """Return how many lines were locked or unlocked."""
    if locked:
        text = ngettext(
            "%(number)s line is now locked by the administration.",
            "%(number)s lines are now locked by the administration.", changed,
        )  # fmt: skip
    else:
        text = ngettext(
            "The administration's lock of %(number)s line is lifted.",
            "The administration's locks of %(number)s lines are lifted.", changed,
        )  # fmt: skip
    return text % {"number": changed}
