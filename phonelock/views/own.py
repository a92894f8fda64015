"""My phone: the state of the own lines, one button each, the own PIN, history and refused calls (LOCK-2)."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounting.models import Extension
from accounting.views.live import unless_known, view_mark
from callanalytics.web.requests import AuthenticatedRequest, page_of
from phonelock.forms.locks import EndForm, PinForm
from phonelock.models import LockEvent, Pin, Reason, RefusedCall, Through
from phonelock.services import locking, pins
from phonelock.services.refusing import refused_rows
from phonelock.services.seeing import LineView, lines_held_by, views_of
from phonelock.services.words import event_in_words, told_of

PAGE = 50
LAYOUT = 3
"""Raise it when the template of the live part changes, so that open pages fetch the new form."""


@require_safe
@login_required
def my_phone(request: AuthenticatedRequest) -> HttpResponse:
    """Show the own lines, and the form of the PIN."""
    return shown(request)


def shown(
    request: AuthenticatedRequest, form: PinForm | None = None, ends: Mapping[int, EndForm] | None = None
) -> HttpResponse:
    """Show the page with new forms, or with those that have errors: of the PIN, or of the end of a line's lock."""
    lines = lines_held_by(request.user)
    pin = Pin.objects.filter(user=request.user).first()
    context = {
        "fragment": rendered(request, lines, ends or {}), "etag": tag_of(request, lines), "tab": "phone",
        "pin": pin, "form": form or PinForm(asks_current=asks_current(pin)),
    }  # fmt: skip
    return render(request, "phonelock/mine.html", context)


@require_safe
@login_required
def my_phone_live(request: AuthenticatedRequest) -> HttpResponse:
    """Return the part that updates itself; 304 when nothing has changed."""
    lines = lines_held_by(request.user)
    return unless_known(request, tag_of(request, lines), lambda: rendered(request, lines, {}))


def tag_of(request: AuthenticatedRequest, lines: Sequence[LineView]) -> str:
    """Return a text that differs with everything that the live part shows."""
    return view_mark(request, request.user.is_overseer, LAYOUT, [mark_of(line) for line in lines])


def mark_of(line: LineView) -> tuple[Any, ...]:
    """Return what is shown of a line."""
    reasons = [(one.reason, one.since, one.until, one.by, one.note, one.by_administrator) for one in line.reasons]
    return line.extension.pk, line.extension.number, line.status, line.error, reasons


def rendered(request: AuthenticatedRequest, lines: Sequence[LineView], ends: Mapping[int, EndForm]) -> str:
    """Return the live part; `ends` are forms with errors, by line."""
    cards = [told_of(line) | {"end": ends.get(line.extension.pk) or end_form(line.extension.pk)} for line in lines]
    context = {"cards": cards, "user": request.user}
    return render_to_string("phonelock/mine_live.html", context, request)


def end_form(line: int, data: QueryDict | None = None) -> EndForm:
    """Return the form for the end of a line's lock; a page may show several."""
    return EndForm(data, auto_id=f"line-{line}-%s")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def lock_own_line(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Lock an own line for the person's own reason, with an end if one is chosen."""
    line = own_line(request, pk)
    if request.method != "POST":
        # For instance another language, chosen while the page shows what was wrong with an end.
        return redirect("my_phone")
    form = end_form(line.pk, request.POST)
    if not form.is_valid():
        return shown(request, ends={line.pk: form})
    locking.lock([line.pk], Reason.SELF, locking.Actor(Through.PORTAL, request.user), until=form.until)
    if form.until:
        until = formats.date_format(timezone.localtime(form.until), "SHORT_DATETIME_FORMAT")
        text = _("Your lock on %(number)s is set until %(until)s.") % {"number": line.number, "until": until}
    else:
        text = _("Your lock on %(number)s is set.") % {"number": line.number}
    messages.success(request, text)
    return redirect("my_phone")


@require_POST
@login_required
def release_own_line(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Lift the person's own reason from an own line; others hold on."""
    line = own_line(request, pk)
    locking.release([line.pk], Reason.SELF, locking.Actor(Through.PORTAL, request.user))
    (view,) = views_of([line])
    if view.is_locked:
        others = ", ".join(one.get_reason_display() for one in view.reasons)
        text = _("Your own lock on %(number)s is lifted. The line stays locked: %(reasons)s.")
        messages.warning(request, text % {"number": line.number, "reasons": others})
    else:
        messages.success(request, _("Your lock on %(number)s is lifted.") % {"number": line.number})
    return redirect("my_phone")


def own_line(request: AuthenticatedRequest, pk: int) -> Extension:
    """Return a line that the reader holds now; 404 otherwise."""
    if pk not in locking.lines_of([request.user.pk]):
        raise Http404
    return Extension.objects.get(pk=pk)


@sensitive_post_parameters("current", "new", "again")
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def set_own_pin(request: AuthenticatedRequest) -> HttpResponse:
    """Give the reader the PIN that they chose; the present one is asked for unless somebody else has given it."""
    if request.method != "POST":
        # For instance another language, chosen while the page shows what was wrong with a PIN.
        return redirect("my_phone")
    user, actor = request.user, locking.Actor(Through.PORTAL, request.user)
    pin = Pin.objects.filter(user=user).first()
    form = PinForm(request.POST, asks_current=asks_current(pin))
    if not form.is_valid():
        return shown(request, form)
    try:
        pins.validate_pin(form.cleaned_data["new"])
    except ValidationError as error:
        form.add_error("new", error)
        return shown(request, form)
    if asks_current(pin) and (fault := current_fault(form.cleaned_data["current"], request, actor)):
        form.add_error("current", fault)
        return shown(request, form)
    pins.set_pin(user, form.cleaned_data["new"], actor)
    messages.success(request, _("Your PIN is changed.") if pin else _("Your PIN is set."))
    return redirect("my_phone")


def current_fault(typed: str, request: AuthenticatedRequest, actor: locking.Actor) -> str:
    """Return what is wrong with the present PIN as typed, '' when it is right."""
    check = pins.check_pin(request.user, typed, actor)
    if check.right:
        return ""
    if check.blocked_until:
        until = formats.date_format(timezone.localtime(check.blocked_until), "SHORT_DATETIME_FORMAT")
        return _("Too many wrong tries: your PIN is blocked until %(until)s.") % {"until": until}
    return _("This is not your present PIN.")


def asks_current(pin: Pin | None) -> bool:
    """Return whether the present PIN is asked for: one that the person chose."""
    return bool(pin and not pin.is_temporary)


@require_safe
@login_required
def own_lock_history(request: AuthenticatedRequest) -> HttpResponse:
    """List what happened to the reader's lines and PIN."""
    events, paging = page_of(request, LockEvent.objects.filter(person=request.user), PAGE)
    context = {"events": [(one, event_in_words(one)) for one in events], "tab": "history", **paging}
    return render(request, "phonelock/own_history.html", context)


@require_safe
@login_required
def own_refused_calls(request: AuthenticatedRequest) -> HttpResponse:
    """List the reader's calls that were refused."""
    calls, paging = page_of(request, RefusedCall.objects.filter(user_id=request.user.pk), PAGE)
    context = {"calls": refused_rows(calls, request.user), "tab": "refused", **paging}
    return render(request, "phonelock/own_refused.html", context)
