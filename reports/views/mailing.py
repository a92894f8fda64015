"""The page from which a report is mailed, its preview, and what became of the mail (REP-6)."""

import base64
from dataclasses import replace
from typing import Any

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_safe

from accounting.models import MailServer
from accounting.models.outgoing import UNSENT
from accounting.services.connection_tests import is_entered
from accounting.services.recipients import MOST_FOUND, people_to_mail, reach, written
from callanalytics.web.requests import AuthenticatedRequest
from callanalytics.web.views import refused
from reports.engine.words import chips_of
from reports.exports import FORMATS
from reports.exports.asking import Asked, AskedWrongly, file_name, read_asked
from reports.exports.base import TooManyRows
from reports.exports.preparing import prepare
from reports.forms.mailing import MailForm, new_token
from reports.mails import sending
from reports.mails.composing import Page, page_of
from reports.mails.sending import Order
from reports.mails.wording import Wording
from reports.models import SavedReport
from reports.views.reports import find_report

SAVED = "saved"
"""Key of the address that names the saved report whose page has led here."""
LONGEST_NAME = 150
PREVIEW_POLICY = {
    "default-src": [NONE],
    "script-src": [NONE],
    "style-src": [UNSAFE_INLINE],  # a mail carries its looks in its elements
    "img-src": ["data:"],
    "frame-ancestors": [SELF],
}


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def mail_report(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """Mail the report that the address asks for, to several people or as a test to oneself."""
    try:
        asked, saved = asked_in(request, slug)
    except AskedWrongly as error:
        return refused(request, str(error).splitlines(), reverse("report", args=[slug]))
    is_test = request.POST.get("do") == "test"
    form = MailForm(request.POST or None, with_recipients=not is_test)
    with timezone.override(asked.asker.zone):
        if request.method == "POST" and form.is_valid():
            if is_test:
                send_test(request, asked, form)
            elif (answer := sent(request, asked, form)) is not None:
                return answer
        return render(request, "reports/mail.html", context_of(request, asked, saved, form))


def asked_in(request: AuthenticatedRequest, slug: str) -> tuple[Asked, SavedReport | None]:
    """Return what the address asks, under the name of the saved report it names; raise AskedWrongly or 404."""
    find_report(slug, request)
    params = request.GET.copy()
    named = params.pop(SAVED, [""])[-1]
    asked = read_asked(slug, params.urlencode(), request.user)
    visible = SavedReport.objects.visible_to(request.user).filter(slug=slug)
    saved = visible.filter(pk=named).first() if str(named).isdecimal() and len(str(named)) < 19 else None
    if saved is not None:
        asked = replace(asked, report=replace(asked.report, name=saved.name))
    return asked, saved


def context_of(
    request: AuthenticatedRequest, asked: Asked, saved: SavedReport | None, form: MailForm
) -> dict[str, Any]:
    """Return what the page shows."""
    params = request.GET.copy()
    params.pop(SAVED, None)
    page = reverse("saved_report", args=[saved.pk]) if saved else reverse("report", args=[asked.report.slug])
    return {
        "form": form,
        "report": asked.report,
        "chips": chips_of(asked.question, asked.report.standard, asked.asker),
        "back": f"{page}?{params.urlencode()}",
        "preview": f"{reverse('preview_mail', args=[asked.report.slug])}?{request.GET.urlencode()}",
        "reach": reach(),
        "is_entered": is_entered(MailServer.current()),
        "own_address": request.user.email,
    }


def sent(request: AuthenticatedRequest, asked: Asked, form: MailForm) -> HttpResponse | None:
    """Send the mail and lead to what becomes of it; None when it cannot be sent, which the form says then."""
    order = order_of(asked, form, tuple(form.cleaned_data["recipients"]), form.cleaned_data["token"])
    try:
        letter = sending.send(order, at_once=True)
    except TooManyRows:
        return redirect("job", pk=sending.begin(order).pk)
    except sending.REFUSALS as error:
        form.add_error(None, str(error))
        return None
    return redirect("sent_mail", pk=letter.pk)


def send_test(request: AuthenticatedRequest, asked: Asked, form: MailForm) -> None:
    """Send the mail to its author only; the page stays as it is and says so."""
    if not request.user.email:
        form.add_error(None, _("Your account has no e-mail address."))
        return
    order = order_of(asked, form, (request.user.email,), new_token())
    subject = _("Test: %(subject)s") % {"subject": order.wording.subject}
    order = replace(order, wording=Wording(subject, order.wording.text))
    try:
        sending.send(order, at_once=True)
    except TooManyRows:
        sending.begin(order)
    except sending.REFUSALS as error:
        form.add_error(None, str(error))
        return
    messages.success(request, _("A test is on its way to %(address)s.") % {"address": request.user.email})


def order_of(asked: Asked, form: MailForm, recipients: tuple[str, ...], token: str) -> Order:
    """Return what the form asks to be sent."""
    return Order(asked, FORMATS[form.cleaned_data["format"]], form.wording(), recipients, token)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@xframe_options_sameorigin
@csp_replace(PREVIEW_POLICY)  # type: ignore[arg-type]  # it is typed for strangers' requests
def preview_mail(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """Return the mail as it will be read, for the frame on the page; with the standard wording before it is typed."""
    try:
        asked, _saved = asked_in(request, slug)
    except AskedWrongly as error:
        return render(request, "emails/problems.html", {"problems": str(error).splitlines()})
    form = MailForm(request.POST or None)
    form.is_valid()
    problems = [message for name in ("format", "subject", "text") for message in form.errors.get(name, [])]
    if problems:
        return render(request, "emails/problems.html", {"problems": problems})
    try:
        return HttpResponse(with_pictures(drawn(request, asked, form)))
    except TooManyRows as error:
        return render(request, "emails/problems.html", {"problems": [str(error)]})


def drawn(request: AuthenticatedRequest, asked: Asked, form: MailForm) -> Page:
    """Return the mail with its envelope: from whom, to whom, subject and file."""
    data = form.cleaned_data if form.is_bound else {}
    file = FORMATS[data.get("format", sending.MAIL_FORMATS[0])]
    wording = form.wording() if form.is_bound else Wording()
    with timezone.override(asked.asker.zone):
        document = prepare(asked.report, asked.question, asked.asker, file)
        recipients = ", ".join(data.get("recipients") or [])
        envelope = [
            (_("From"), str(request.user)),
            *([(_("To"), recipients)] if recipients else []),
            (_("Attached file"), file_name(asked.report, file.name)),
        ]
        return page_of(asked, document, wording, envelope=envelope)


def with_pictures(page: Page) -> str:
    """Return the HTML of a mail with its pictures in it, as a browser shows them."""
    html = page.html
    for image in page.images:
        html = html.replace(f"cid:{image.cid}", f"data:image/png;base64,{base64.b64encode(image.content).decode()}")
    return html


@require_safe
@login_required
def sent_mail(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Show what became of a report that the reader has mailed, by itself anew while it is on its way."""
    letter = sending.own_letter(request.user, pk)
    if letter is None:
        raise Http404
    mails = list(letter.mails.order_by("recipient"))
    context = {
        "letter": letter,
        "mails": mails,
        "files": [file["name"] for file in letter.files if not file["cid"]],
        "on_its_way": any(mail.state in UNSENT for mail in mails),
    }
    return render(request, "reports/mail_state.html" if request.htmx else "reports/sent_mail.html", context)


@require_safe
@login_required
def people(request: AuthenticatedRequest) -> HttpResponse:
    """Return people of the organisation with their addresses as suggestions for what is typed."""
    found = people_to_mail(request.GET.get("person", "")[:LONGEST_NAME])[:MOST_FOUND]
    return render(request, "reports/mail_people.html", {"people": [written(person) for person in found]})
