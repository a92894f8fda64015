"""What phones fetch and ask when the portal shows a lock on their displays."""

from functools import cache
from io import BytesIO

import structlog
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from PIL import Image, ImageDraw

from phonelock.services.authentication import FAULT, verdict_on
from phonelock.services.displays import phone_seen, shown_on
from xmlservices.asking import Asked
from xmlservices.documents import Document, StatusFile, Text
from xmlservices.services.identity import lines_for, lines_on
from xmlservices.views.answering import page, reading

log = structlog.get_logger(__name__)
SIDE, SCALE = 64, 4
LONGEST = 128
"""Characters of what phones send to be authenticated."""


@page
def status(asked: Asked) -> Document | StatusFile:
    """Show which lines of a phone are locked: above the calls where the phone can, else as a text."""
    lines = lines_on(asked.device_name)
    phone_seen(asked.device_name, asked.model.name)
    with reading(asked, lines[0].holder if lines else None):
        locked = lines_for(shown_on(asked.device_name))
        numbers = ", ".join(line.extension.number for line in locked)
        if not locked:
            return Text(_("Phone Lock"), text=_("This phone is not locked any more."))
        if "StatusFile" in asked.shows:
            return StatusFile(
                _("Locked: %(numbers)s") % {"numbers": numbers},
                asked.address("phone_lock_icon", lines[0].base if lines else ""),
            )
        text = _("Outgoing calls are barred on line %(numbers)s. Emergency calls are possible.")
        return Text(_("Phone Lock"), _("LOCKED"), text % {"numbers": numbers})


def lock_icon(request: HttpRequest) -> HttpResponse:
    """Send the padlock that phones show."""
    return HttpResponse(drawn_lock(), content_type="image/png")


@cache
def drawn_lock() -> bytes:
    """Return a padlock as PNG: drawn larger and made smaller, so that its curves are smooth."""
    side = SIDE * SCALE
    picture = Image.new("RGB", (side, side), "white")
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((side * 0.16, side * 0.44, side * 0.84, side * 0.92), side * 0.08, fill="#b42318")
    draw.arc((side * 0.28, side * 0.08, side * 0.72, side * 0.64), 180, 360, fill="#b42318", width=int(side * 0.09))
    draw.line((side * 0.325, side * 0.34, side * 0.325, side * 0.5), fill="#b42318", width=int(side * 0.09))
    draw.line((side * 0.675, side * 0.34, side * 0.675, side * 0.5), fill="#b42318", width=int(side * 0.09))
    draw.ellipse((side * 0.44, side * 0.58, side * 0.56, side * 0.7), fill="white")
    draw.rectangle((side * 0.475, side * 0.66, side * 0.525, side * 0.8), fill="white")
    buffer = BytesIO()
    picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


@csrf_exempt
def authenticate(request: HttpRequest) -> HttpResponse:
    """Answer a phone that asks whether a message to it is authorised: one word, few headers, no line end."""
    try:
        asked = request.POST if request.method == "POST" else request.GET
        names = {key.lower(): str(value)[:LONGEST].replace("\0", "") for key, value in asked.dict().items()}
        word = verdict_on(names.get("devicename", ""), names.get("userid", ""), names.get("password", ""))
    except Exception:
        log.exception("phone_not_answered")
        word = FAULT
    answer = HttpResponse(word, content_type="text/html")
    answer["Content-Length"] = str(len(word))
    return answer
