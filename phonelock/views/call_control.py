"""The address that UCM asks about calls: answers before sessions, languages and sign-ins are looked at."""

import logging

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from phonelock.call_control import ANSWERS, CONTENT_TYPE, LARGEST_QUESTION, Decision, Question, UnreadableError, read
from phonelock.services.call_rules import BOOK
from phonelock.services.deciding import Verdict, knows, verdict_on
from phonelock.services.refusal_log import REFUSALS, Refusal

log = logging.getLogger(__name__)


@csrf_exempt
def answer(request: HttpRequest, key: str) -> HttpResponse:
    """Answer a question with permit or deny, and whatever else is sent here with XML that decides nothing.

    UCM looks by HEAD whether the portal is there; a wrong key is told then only, so that UCM shows a failed connection.
    GET is for people and the portal's own check, and no sign of UCM.
    """
    if request.method == "POST":
        return answered(request, key)
    known, profile = knows(key), BOOK.profile(key)
    if request.method != "HEAD":
        return told(Decision.NOT_APPLICABLE, 200 if known else 404)
    if profile is not None:
        REFUSALS.asked(profile.set_up_id, key)
    return HttpResponse(status=200 if known else 404, content_type=CONTENT_TYPE)


def answered(request: HttpRequest, key: str) -> HttpResponse:
    """Answer a question."""
    try:
        question = question_in(request)
    except UnreadableError as error:
        log.warning("A question about a call cannot be read: %s", error)
        return told(Decision.NOT_APPLICABLE)
    verdict = verdict_on(key, question)
    if verdict.profile is not None:
        REFUSALS.asked(verdict.profile.set_up_id, key)
    note_refusal(verdict, question)
    return told(verdict.decision)


def question_in(request: HttpRequest) -> Question:
    """Return the question in a request; raises UnreadableError without reading what is too long."""
    try:
        length = int(request.headers.get("Content-Length") or 0)
    except ValueError as error:
        raise UnreadableError("of no known length") from error
    if length > LARGEST_QUESTION:
        raise UnreadableError("longer than 64 KB")
    try:
        return read(request.read(LARGEST_QUESTION + 1))
    except OSError as error:
        raise UnreadableError("broken off") from error


def note_refusal(verdict: Verdict, question: Question) -> None:
    """Keep a refused call for the log of refused calls."""
    if not verdict.is_refused_for_lock or verdict.profile is None or verdict.extension_id is None:
        return
    refusal = Refusal(
        timezone.now(), verdict.profile.phone_system_id, verdict.extension_id, verdict.number,
        question.called_numbers[0] if question.called_numbers else question.called, question.device_name,
        verdict.reasons,
    )  # fmt: skip
    REFUSALS.note(refusal)


def told(decision: Decision, status: int = 200) -> HttpResponse:
    """Return an answer with few headers."""
    body = ANSWERS[decision]
    # No answer in pieces: not every HTTP client of a phone system puts them together.
    return HttpResponse(body, content_type=CONTENT_TYPE, status=status, headers={"Content-Length": str(len(body))})
